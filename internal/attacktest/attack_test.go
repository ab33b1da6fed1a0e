package attacktest_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

var (
	lasts    = flag.Duration("attack", 0, "how long each attack lasts; zero skips them, because they have to run alone")
	clients  = flag.Int("clients", 2, "how many clients carry out each attack at once")
	pace     = flag.Duration("pace", 10*time.Millisecond, "the time between two requests of one client")
	halfOpen = flag.Int("half-open", 10_000, "how many connections are kept half open")
)

// most is how much memory Frontdesk may take under attack, in bytes.
const most = 400 << 20

// TestTheDoorUnderAttack attacks Frontdesk in every way, and then in all at
// once. Each honest click gets its answer in time and is carried out, no other
// has any effect, and what Frontdesk takes of the machine is bounded.
func TestTheDoorUnderAttack(t *testing.T) { //nolint:paralleltest // it measures, so nothing may run beside it
	needFiles(t, *halfOpen+2000)
	kinds := attacks(*halfOpen)
	rounds := time.Duration(len(kinds) + 3)
	clicks := (rounds**lasts + 40*time.Second) / clicksEvery //nolint:durationcheck // so many rounds
	s := besiege(t, int(clicks), 0)
	s.table()
	s.endure("none", *lasts)
	for _, kind := range kinds {
		s.endure(kind.name, kind.lasts())
	}
	s.endure(allAtOnce, kinds[len(kinds)-1].lasts())
	s.endure("none, after that", *lasts)
	s.settle()
}

// TestFewFilesUnderAttack is the same for a process that may have few files
// open: the clients must leave some for the database and for calls to Slack.
func TestFewFilesUnderAttack(t *testing.T) { //nolint:paralleltest // it measures, so nothing may run beside it
	needFiles(t, *halfOpen+2000)
	s := besiege(t, int((*lasts+20*time.Second)/clicksEvery), 1024)
	s.table()
	kinds := attacks(*halfOpen)
	s.endure(kinds[len(kinds)-1].name, kinds[len(kinds)-1].lasts())
	s.settle()
}

func needFiles(t *testing.T, n int) {
	t.Helper()
	if *lasts == 0 {
		t.Skip("it measures, so it runs alone: make attack, and a step of .ci/run")
	}
	limit := syscall.Rlimit{Cur: uint64(n), Max: uint64(n)} //nolint:gosec // it is positive
	var is syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &is))
	if is.Cur < limit.Cur && syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		t.Skipf("this process may open %d files, and %d are needed: raise ulimit -n, or lower -half-open", is.Cur, n)
	}
}

func (s *siege) table() {
	fmt.Printf("%-22s %8s  %-42s %6s %10s %10s %6s %7s\n",
		"attack", "sent", "answers", "clicks", "median", "worst", "files", "memory")
}

// endure lets a process of its own carry out an attack, with honest clicks
// meanwhile, and prints a line.
func (s *siege) endure(name string, lasts time.Duration) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), lasts)
	defer cancel()
	s.enemy.Attack, s.enemy.Lasts = name, lasts
	if strings.HasPrefix(name, "replayed") || name == allAtOnce {
		s.enemy.Replayed = s.next()
		s.replays++
	}
	y := newTally()
	var all sync.WaitGroup
	if !strings.HasPrefix(name, "none") {
		attacking := s.enemy.attacking(s.t)
		all.Go(func() { y = attacking() })
	}
	open, memory := 0, 0
	all.Go(func() {
		look := time.NewTicker(20 * time.Millisecond)
		defer look.Stop()
		for ctx.Err() == nil {
			open, memory = max(open, s.files()), max(memory, s.memory())
			<-look.C
		}
	})
	clicks := s.clicks(ctx)
	all.Wait()
	median, worst := mustBeInTime(s.t, name, clicks)
	fmt.Printf("%-22s %8d  %-42s %6d %10s %10s %6d %4d MB\n", name, y.Sent, y, len(clicks),
		median.Round(100*time.Microsecond), worst.Round(100*time.Microsecond), open, memory>>20)
	require.Less(s.t, memory, most, name)
	require.Less(s.t, open, s.mostFiles, name)
	for _, problem := range y.Problems {
		s.t.Errorf("%s: %s", name, problem)
	}
	s.clicked += len(clicks)
}

// settle sees that every honest click was carried out once and nothing else.
func (s *siege) settle() {
	s.t.Helper()
	decided := 1 + s.clicked + s.replays
	require.Eventually(s.t, func() bool { return len(s.world.Room.Authorizations()) == decided }, time.Minute, 50*time.Millisecond,
		"each decision is carried out")
	require.Equal(s.t, decided, s.world.Room.CallsTo(http.MethodPost, "/exchange/authorizations"), "and once")
	open := 0
	for _, r := range s.world.Room.Requests() {
		if r.Status == practiceconveyor.RequestRequested {
			open++
		}
	}
	require.Equal(s.t, 1+len(s.pending), open, "nobody else's click decided anything")
	// A line for each request that came in, two for each decision, and five a
	// second for signatures that are wrong.
	mostLines := len(s.world.Room.Requests()) + 2*decided + 7*int(clock().Sub(s.began).Seconds()) + 100
	require.Less(s.t, s.log.lines(), mostLines, "the log does not grow with the attack")
	require.NotContains(s.t, s.log.String(), "panic")
	fmt.Printf("%d clicks decided %d requests; %d lines in the log, of which %d warn of a wrong signature\n",
		s.clicked, s.clicked, s.log.lines(), strings.Count(s.log.String(), "does not come from Slack"))
}
