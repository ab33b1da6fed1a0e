package attacktest_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
)

// clicksEvery is the pace of honest clicks. A click is made when its time has
// come, whatever became of those before.
const clicksEvery = 100 * time.Millisecond

// answered is what became of an honest click.
type answered struct {
	status int
	took   time.Duration
	err    error
}

// clicks makes honest clicks for a while, each on a request of its own and on a
// connection of its own every other time, and gives what became of them.
func (s *siege) clicks(ctx context.Context) []answered {
	kept := from(0)
	defer kept.CloseIdleConnections()
	var (
		mu   sync.Mutex
		all  []answered
		some sync.WaitGroup
	)
	tick := time.NewTicker(clicksEvery)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			some.Wait()
			return all
		case <-tick.C:
		}
		person := []string{sandbox.Ada, sandbox.Ben}[i%2]
		header, body := s.enemy.approval(s.next(), person, s.enemy.Secret, clock())
		some.Go(func() {
			client := kept
			if i%2 == 0 {
				client = from(0)
				defer client.CloseIdleConnections()
			}
			began := clock()
			// A click that was begun is waited for, also when the attack is over.
			status, err := s.enemy.post(context.WithoutCancel(ctx), client, "/slack/events", header, body)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, answered{status: status, took: clock().Sub(began), err: err})
		})
	}
}

// mustBeInTime fails unless every click was answered well within 3 seconds. It
// gives the median and the longest.
func mustBeInTime(t *testing.T, name string, all []answered) (median, worst time.Duration) {
	t.Helper()
	require.NotEmpty(t, all)
	took := make([]time.Duration, len(all))
	for i, a := range all {
		took[i] = a.took
		if a.err != nil || a.status != http.StatusOK || a.took >= 3*time.Second {
			t.Errorf("%s: an honest click was answered %d after %s: %v", name, a.status, a.took.Round(time.Millisecond), a.err)
		}
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)-1]
}
