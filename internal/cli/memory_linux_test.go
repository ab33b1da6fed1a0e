package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/cli"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// fileMemory gives how many kilobytes of a process are pages of its files.
func fileMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^RssFile:\s+(\d+) kB$`).FindSubmatch(status)
	require.NotNil(t, found, "%s", status)
	kilobytes, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return kilobytes
}

// collector asks the program how often it has collected, and at how many bytes it
// does so again.
func (s *servedProgram) collector() (times, next float64) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.address+"/metrics", nil)
	require.NoError(s.t, err)
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	metric := func(name string) float64 {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(text)
		require.NotNil(s.t, found, name)
		n, err := strconv.ParseFloat(string(found[1]), 64)
		require.NoError(s.t, err)
		return n
	}
	return metric("go_gc_duration_seconds_count"), metric("go_memstats_next_gc_bytes")
}

// TestAFrontdeskAtRestGivesMemoryBack: some seconds after the last click the real
// program has collected, and has let go of its file: nothing else takes pages of
// it away. What its own small work needs comes back at once, most of the half that
// it has at rest, so that less is asked for than a look at the right moment sees.
// The next click is decided as if nothing had been. All the time the collector
// waits for more than the little that lives would make it wait.
func TestAFrontdeskAtRestGivesMemoryBack(t *testing.T) {
	t.Parallel()
	s := serveForReal(t, practiceslack.Options{})
	for _, email := range []string{"first@northwind.example", "second@northwind.example"} {
		s.decide(email)
		before, _ := s.collector()
		busy := fileMemory(t, s.process.Process.Pid)
		var resting int
		require.Eventually(t, func() bool {
			resting = fileMemory(t, s.process.Process.Pid)
			return resting < busy*4/5
		}, time.Minute, 20*time.Millisecond, "it had %d kB", busy)
		times, next := s.collector()
		t.Logf("of the program's file in memory: %d kB after a decision, %d kB at rest; collected at %.0f kB", busy, resting, next/1024)
		require.Greater(t, times, before)
		require.Greater(t, next, float64(32<<20))
	}
	s.decide("third@northwind.example")
}

func TestOnlyWhatIsAsInTheFileIsLetGo(t *testing.T) {
	t.Parallel()
	const smaps = `00400000-00e5c000 r-xp 00000000 fe:00 1234      /opt/front desk
Size:              10608 kB
Rss:                9800 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
00e5c000-00e5d000 r-xp 00a5c000 fe:00 1234      /opt/front desk
Rss:                   4 kB
Anonymous:             4 kB
00e5d000-01e00000 r--p 00a5d000 fe:00 1234      /opt/front desk
Anonymous:             0 kB
01e00000-01e40000 rw-p 01a00000 fe:00 1234      /opt/front desk
Anonymous:             0 kB
01e40000-01e80000 r--p 00000000 fe:00 99        desk
Anonymous:             0 kB
01e80000-01ea0000 r--p 00000000 fe:00 98        /opt/front desk (deleted)
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:          4096 kB
7ffd1000-7ffd3000 r-xp 00000000 00:00 0         [vdso]
Anonymous:             0 kB
`
	require.Equal(t, [][2]uintptr{{0x400000, 0xe5c000}, {0xe5d000, 0x1e00000}}, cli.Unchanged([]byte(smaps), "/opt/front desk"))
	require.Empty(t, cli.Unchanged([]byte(smaps), "/opt/other"))
	require.Empty(t, cli.Unchanged([]byte("zz-00 r-xp 0 fe:00 1 x\nAnonymous: 0 kB\n0005-0001 r-xp 0 fe:00 1 x\nAnonymous: 0 kB\nAnonymous:\n"), "x"))
}
