package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// inserted is what came of held jobs, and when.
type inserted struct {
	after time.Duration
	jobs  []approval.Job
}

func TestHeldJobsAreInsertedAtThePaceOfTheRush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []inserted
		began, rush, held := now(), fourAtOnce(), jobs.NewHeld(slog.New(slog.DiscardHandler), now)
		held.Insert = func(_ context.Context, all []approval.Job) error {
			got = append(got, inserted{now().Sub(began), all})
			return nil
		}
		held.Start(t.Context(), rush)
		many := numbered(40)
		held.Add(many...)
		held.Add(many[3], many[39])
		for now().Sub(began) < 600*time.Millisecond {
			pass(10 * time.Millisecond)
			for range 4 {
				rush.Decided()
			}
		}
		pass(time.Second)
		held.Stop(t.Context())
		require.Equal(t, []inserted{
			{250 * time.Millisecond, many[0:1]},
			{500 * time.Millisecond, many[1:2]},
			{700 * time.Millisecond, many[2:18]},
			{700 * time.Millisecond, many[18:34]},
			{700 * time.Millisecond, many[34:40]},
		}, got)
	})
}

func TestHeldJobsThatCannotBeInsertedStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log logs
		var tries []inserted
		began := now()
		held := jobs.NewHeld(log.logger(), now)
		held.Insert = func(_ context.Context, all []approval.Job) error {
			tries = append(tries, inserted{now().Sub(began), all})
			if len(tries) < 3 {
				return errors.New("the disk is full")
			}
			return nil
		}
		held.Start(t.Context(), jobs.NewRush(now))
		held.Add(numbered(2)...)
		pass(time.Minute)
		held.Stop(t.Context())
		require.Equal(t, []inserted{{0, numbered(2)}, {time.Second, numbered(2)}, {2 * time.Second, numbered(2)}}, tries)
		require.Equal(t, 2, strings.Count(log.String(), "could not be put in the queue; it is tried again\" error=\"the disk is full\""), log.String())
	})
}

func TestStopInsertsWhatIsHeldBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails int // the insert that fails
		want  int
	}{
		"all of it":    {0, 40},
		"what it can":  {2, jobs.HeldAtOnce},
		"nothing goes": {1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				held, tries, got := jobs.NewHeld(slog.New(slog.DiscardHandler), now), 0, []approval.Job{}
				held.Insert = func(_ context.Context, all []approval.Job) error {
					if tries++; tries == c.fails {
						return errors.New("the time is up")
					}
					got = append(got, all...)
					return nil
				}
				held.Start(t.Context(), fourAtOnce())
				held.Add(numbered(40)...)
				held.Stop(t.Context())
				require.Equal(t, numbered(40)[:c.want], got)
			})
		})
	}
}

func TestOnlySoManyJobsAreHeldBack(t *testing.T) {
	t.Parallel()
	held := jobs.NewHeld(slog.New(slog.DiscardHandler), now)
	held.Add(numbered(9_999)...)
	require.False(t, held.Full())
	held.Add(approval.Job{Kind: approval.JobCarryOut, Subject: "one more"})
	require.True(t, held.Full())
}

func TestInARushJobsAreHeldBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		var seconds atomic.Int64 // the clock stands until it is put on
		q, begun := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 100)
		q.RushBy(func() time.Time { return time.Unix(seconds.Load(), 0) })
		start(t, q, into(begun))
		all := numbered(24)
		beginRush(t, s, q, all[:4])
		for _, one := range all[4:] {
			decide(t.Context(), t, s, q, nil, one)
		}
		decide(t.Context(), t, s, q, nil, all[23])
		failure := errors.New("thought better of it")
		decide(t.Context(), t, s, q, failure, job(approval.JobCarryOut, "rolled back"))

		stored := `SELECT count(*) FROM river_job`
		require.Equal(t, 4, count(t, s, stored))
		backlogs, err := q.Backlogs(t.Context())
		require.NoError(t, err)
		require.Equal(t, 24, backlogs["carry_out"].Waiting+backlogs["carry_out"].Running)
		require.Positive(t, backlogs["carry_out"].Oldest)
		unfinished, err := q.Unfinished(t.Context())
		require.NoError(t, err)
		require.Len(t, unfinished, 24, "the sweep finds nothing lost")
		require.Zero(t, enqueue(t, s, q, all[4:]...))
		require.Equal(t, 4, count(t, s, stored))

		seconds.Add(1)
		seen := map[approval.Job]bool{}
		for range all {
			seen[next(t, begun)] = true
		}
		require.Len(t, seen, len(all))
		eventually(t, s, 24, stored+` WHERE state = 'completed'`)
		require.Equal(t, 24, enqueue(t, s, q, all...), "nothing is held back any more")
	})
}

// TestNothingIsHeldBackByWhoDoesNotWork: nobody would insert it.
func TestNothingIsHeldBackByWhoDoesNotWork(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		q.RushBy(func() time.Time { return time.Unix(0, 0) })
		for _, one := range numbered(10) {
			decide(t.Context(), t, s, q, nil, one)
		}
		require.Equal(t, 10, count(t, s, `SELECT count(*) FROM river_job`))
	})
}

// decide commits jobs as a decision does, unless it fails.
func decide(ctx context.Context, tb testing.TB, s *store.Store, q *jobs.Queue, failure error, all ...approval.Job) {
	tb.Helper()
	err := s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
		return errors.Join(q.EnqueueDecision(ctx, tx, all...), failure)
	})
	if failure != nil {
		require.ErrorIs(tb, err, failure)
		return
	}
	require.NoError(tb, err)
	q.Wake(all...)
}

// beginRush commits decisions that make a rush before a job of theirs begins.
func beginRush(tb testing.TB, s *store.Store, q *jobs.Queue, all []approval.Job) {
	tb.Helper()
	require.NoError(tb, s.InTx(tb.Context(), func(ctx context.Context, tx approval.Tx) error {
		for _, one := range all {
			if err := q.EnqueueDecision(ctx, tx, one); err != nil {
				return err
			}
		}
		return nil
	}))
	q.Wake(all...)
}

// numbered gives jobs that carry decisions out.
func numbered(n int) []approval.Job {
	all := make([]approval.Job, n)
	for i := range all {
		all[i] = approval.Job{Kind: approval.JobCarryOut, Subject: strconv.Itoa(i)}
	}
	return all
}
