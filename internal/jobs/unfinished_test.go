package jobs_test

import (
	"context"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// TestUnfinished: a job is known from its insertion until it is done, whatever it
// does meanwhile. That of a rush is known too: held_test.go.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		unfinished := func() map[approval.Job]bool {
			all, err := q.Unfinished(t.Context())
			require.NoError(t, err)
			return all
		}
		require.Empty(t, unfinished())

		done, runs := job(approval.JobCarryOut, "done"), job(approval.JobRewrite, "runs")
		waits, fails := approval.Job{Kind: approval.JobTell, Subject: "waits", Version: 7}, job(approval.JobPost, "fails")
		all := map[approval.Job]bool{done: true, runs: true, waits: true, fails: true}
		enqueue(t, s, q, done, runs, waits, fails)
		require.Equal(t, all, unfinished())

		hold := make(chan struct{})
		start(t, q, func(ctx context.Context, job approval.Job) (time.Duration, error) {
			switch job {
			case runs:
				select {
				case <-hold:
				case <-ctx.Done():
				}
			case waits:
				return time.Hour, nil
			case fails:
				return 0, context.DeadlineExceeded
			}
			return 0, nil
		})
		delete(all, done)
		settled := func() bool {
			return count(t, s, `SELECT count(*) FROM river_job WHERE state = 'scheduled'`) == 1 &&
				count(t, s, `SELECT count(*) FROM river_job WHERE state = 'running'`) == 1 &&
				count(t, s, `SELECT count(*) FROM river_job WHERE queue = 'post' AND errors IS NOT NULL`) == 1 &&
				maps.Equal(all, unfinished())
		}
		require.Eventually(t, settled, patience, 10*time.Millisecond)
		close(hold)
		delete(all, runs)
		require.Eventually(t, func() bool { return maps.Equal(all, unfinished()) }, patience, 10*time.Millisecond)
	})
}
