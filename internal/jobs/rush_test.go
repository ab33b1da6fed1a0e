package jobs_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

func TestARush(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every time.Duration
		count int
		// lasts is how long a job waits that comes with the last decision.
		lasts time.Duration
	}{
		"nobody decides":        {0, 0, 0},
		"three at once":         {0, 3, 0},
		"four at once":          {0, 4, 100 * time.Millisecond},
		"four in 30 ms":         {10 * time.Millisecond, 4, 0},
		"four in 27 ms":         {9 * time.Millisecond, 4, 100 * time.Millisecond},
		"fifty a second":        {20 * time.Millisecond, 200, 0},
		"ninety a second":       {time.Second / 90, 200, 0},
		"four hundred a second": {2500 * time.Microsecond, 400, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rush := jobs.NewRush(now)
				for i := range c.count {
					if i > 0 {
						pass(c.every)
					}
					rush.Decided()
				}
				require.Equal(t, c.lasts, waitFor(t.Context(), rush))
			})
		})
	}
}

func TestJobsBeginInARushOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rush, waited := jobs.NewRush(now), make(chan time.Duration, 16)
		for i := range 4000 {
			rush.Decided()
			if i == 20 {
				for range cap(waited) {
					go func() { waited <- waitFor(t.Context(), rush) }()
				}
			}
			pass(2500 * time.Microsecond)
		}
		for i := range cap(waited) {
			require.Equal(t, time.Duration(i+1)*250*time.Millisecond, <-waited)
		}
		pass(time.Second)
		for range 4 {
			rush.Decided()
		}
		require.Equal(t, 100*time.Millisecond, waitFor(t.Context(), rush), "who waited in the last rush is forgotten")
	})
}

// TestWhoWaitsInARushHasTimeLeft: the wait counts as a part of the job.
func TestWhoWaitsInARushHasTimeLeft(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, jobs.LongestTurn(), jobs.JobTimeout/2)
}

// TestARushLastsOverAPause: the database may stand still for a moment, and who
// clicked meanwhile comes first after it.
func TestARushLastsOverAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rush := fourAtOnce()
		pass(90 * time.Millisecond)
		rush.Decided()
		require.Equal(t, 10*time.Millisecond, waitFor(t.Context(), rush), "one decision is none")
	})
}

func TestARushKeepsNobodyWhoIsToStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rush := fourAtOnce()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		require.Equal(t, 30*time.Millisecond, waitFor(ctx, rush))
	})
}

func TestDecisionsGoFirst(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		var seconds atomic.Int64 // the clock stands until it is put on
		q, begun, later := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 100), make(chan string, 1)
		q.RushBy(func() time.Time { return time.Unix(seconds.Load(), 0) })
		start(t, q, into(begun))
		beginRush(t, s, q, numbered(4))
		enqueue(t, s, q, approval.Job{Kind: approval.JobRewrite, Subject: "1"})
		require.Eventually(t, func() bool {
			return count(t, s, `SELECT COUNT(*) FROM river_job WHERE state = 'running'`) == 5
		}, patience, time.Millisecond)
		q.Later(0, func(context.Context) error { later <- "in a rush"; return nil })
		require.Never(t, func() bool { return len(begun) > 0 || len(later) > 0 }, 150*time.Millisecond, 10*time.Millisecond,
			"no job begins before its turn, and what is for later is left out")

		seconds.Add(1)
		for range 5 {
			next(t, begun)
		}
		q.Later(0, func(context.Context) error { later <- "after it"; return nil })
		require.Equal(t, "after it", next(t, later))
	})
}

func TestOtherJobsAreNoRush(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, begun := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 100)
		q.RushBy(func() time.Time { return time.Unix(0, 0) })
		start(t, q, into(begun))
		for i := range 20 {
			enqueue(t, s, q, approval.Job{Kind: approval.JobRewrite, Subject: strconv.Itoa(i)})
			next(t, begun)
		}
	})
}

// fourAtOnce gives a rush that has just begun.
func fourAtOnce() *jobs.Rush {
	rush := jobs.NewRush(now)
	for range 4 {
		rush.Decided()
	}
	return rush
}

func waitFor(ctx context.Context, rush *jobs.Rush) time.Duration {
	began := now()
	rush.Wait(ctx)
	return now().Sub(began)
}

// now and pass are of the bubble that a test runs in.
func now() time.Time       { return time.Now() } //nolint:forbidigo // as above
func pass(d time.Duration) { time.Sleep(d) }     //nolint:forbidigo // as above
