package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPercentilesAndMedians(t *testing.T) {
	t.Parallel()
	values := []float64{9, 1, 8, 2, 7, 3, 6, 4, 5, 10}
	require.InDelta(t, 5, percentile(values, 50), 0)
	require.InDelta(t, 9, percentile(values, 90), 0)
	require.InDelta(t, 10, percentile(values, 99), 0)
	require.InDelta(t, 5.5, median(values), 0)
	require.InDelta(t, 3, median([]float64{3}), 0)
	require.Zero(t, median(nil))
	require.Zero(t, percentile(nil, 50))
}

func TestAMissedTargetIsBold(t *testing.T) {
	t.Parallel()
	r := newResults([]*subject{{name: onSQLite}, {name: onPostgres}, {name: peer}})
	r.add(peer, figures{coldStart: 400, answeredAt(8): 100, answerP(99, 400): 40})
	r.add(onSQLite, figures{coldStart: 101, answeredAt(8): 149, answerP(99, 400): 20})
	r.add(onPostgres, figures{coldStart: 99, answeredAt(8): 100, answerP(99, 400): 21})
	ratios := map[string][2]string{}
	for _, line := range rows() {
		ratios[line.figure] = [2]string{r.ratio(line, onSQLite), r.ratio(line, onPostgres)}
	}
	require.Equal(t, [2]string{"**0.25**", "0.25"}, ratios[coldStart])
	require.Equal(t, [2]string{"**1.49**", "1.00"}, ratios[answeredAt(8)], "a target of SQLite alone")
	require.Equal(t, [2]string{"0.50", "**0.53**"}, ratios[answerP(99, 400)])
	require.Contains(t, r.markdown(machine{}, options{rounds: 1, plan: fullPlan()}),
		"| figure | Frontdesk, SQLite | ratio | Frontdesk, PostgreSQL | ratio | Bolt | to reach |\n|---|---|---|---|---|---|---|\n")
}

func TestOnlyTheTablesOfThePageAreWritten(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600))
	for range 2 {
		require.NoError(t, writePage(page, "new\n"))
	}
	written, err := os.ReadFile(page) //nolint:gosec // our own file
	require.NoError(t, err)
	require.Equal(t, "before\n"+begin+"\nnew\n\n"+end+"after\n", string(written))
	require.NoError(t, os.WriteFile(page, []byte("no marks"), 0o600))
	require.ErrorContains(t, writePage(page, "new\n"), "has no")
}
