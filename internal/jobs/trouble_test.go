package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// inTurn gives work that does something else each time it runs.
func inTurn(ran chan<- approval.Job, turns ...func() (time.Duration, error)) jobs.Work {
	var runs atomic.Int32
	return func(_ context.Context, job approval.Job) (time.Duration, error) {
		turn := int(runs.Add(1)) - 1
		ran <- job
		if turn < len(turns) {
			return turns[turn]()
		}
		return 0, nil
	}
}

func TestAJobThatWaitsRunsAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		logged := &logs{}
		q, ran := newQueue(t, s, logged.logger()), make(chan approval.Job, 10)
		wait := func() (time.Duration, error) { return 10 * time.Millisecond, nil }
		start(t, q, inTurn(ran, wait, wait))
		want := job(approval.JobCarryOut, "r1")
		enqueue(t, s, q, want)
		for range 3 {
			require.Equal(t, want, next(t, ran))
		}
		eventually(t, s, 1, `SELECT count(*) FROM river_job WHERE state = 'completed'`)
		require.Empty(t, ran)
		require.NotContains(t, logged.String(), "level=ERROR", "to wait is no failure")
	})
}

func TestAJobThatWaitsLongRests(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
		start(t, q, inTurn(ran, func() (time.Duration, error) { return time.Hour, nil }))
		enqueue(t, s, q, job(approval.JobCarryOut, "r1"))
		next(t, ran)
		eventually(t, s, 1, `SELECT count(*) FROM river_job WHERE state = 'scheduled'`)
		require.Equal(t, 0, enqueue(t, s, q, job(approval.JobCarryOut, "r1")), "what waits still keeps an equal job out")
		require.Empty(t, ran)
	})
}

func TestAFailedJobIsTriedAgainAndLogged(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		logged := &logs{}
		q, ran := newQueue(t, s, logged.logger()), make(chan approval.Job, 10)
		start(t, q, inTurn(ran,
			func() (time.Duration, error) { return 0, errors.New("the pencil broke") },
			func() (time.Duration, error) { panic("the desk broke") },
		))
		enqueue(t, s, q, job(approval.JobCarryOut, "r-4711"))
		for range 3 {
			require.Equal(t, "r-4711", next(t, ran).Subject)
		}
		eventually(t, s, 1, `SELECT count(*) FROM river_job WHERE state = 'completed'`)
		text := logged.String()
		require.Regexp(t, `level=ERROR msg="a job failed and will be tried again" error="the pencil broke" job=\d+ step=carry_out request=r-4711`, text)
		require.Regexp(t, `level=ERROR msg="a job panicked and will be tried again" error=.*trouble_test\.go.* job=\d+ step=carry_out request=r-4711`, text)
	})
}

func TestNextRetry(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_760_000_000_000).UTC()
	begun := now.Add(-jobs.JobTimeout) // the attempt took as long as it may
	for before, want := range map[int]time.Duration{
		0: time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 6: time.Minute, 100: time.Minute, 10_000: time.Minute,
	} {
		row := &rivertype.JobRow{AttemptedAt: &begun, Errors: make([]rivertype.AttemptError, before)}
		require.Equal(t, now.Add(want), jobs.NextRetry(now, row), "after %d failures", before)
	}
	require.Equal(t, now.Add(time.Second), jobs.NextRetry(now, &rivertype.JobRow{}))
}

func TestStopLetsAJobFinish(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		running, finish, stopped := make(chan error, 10), make(chan struct{}), make(chan error, 1)
		// The end of the context that the queue was started with ends nothing.
		begin, cancel := context.WithCancel(t.Context())
		require.NoError(t, q.Start(begin, func(ctx context.Context, j approval.Job) (time.Duration, error) {
			if j.Subject != "r1" {
				return 0, nil
			}
			running <- nil
			<-finish
			running <- ctx.Err()
			return 0, nil
		}))
		enqueue(t, s, q, job(approval.JobCarryOut, "r1"))
		require.NoError(t, next(t, running))
		cancel()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		go func() { stopped <- q.Stop(ctx) }()
		require.Eventually(t, func() bool { return !q.Running() }, patience, time.Millisecond)
		// A look for work that is under way may still find this one, and then it is
		// worked on before the end; else it is left to the next process.
		enqueue(t, s, q, job(approval.JobCarryOut, "r2"))
		close(finish)
		require.NoError(t, next(t, running), "the job was cancelled")
		require.NoError(t, next(t, stopped))
		enqueue(t, s, q, job(approval.JobCarryOut, "r3")) // too late to run here
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job WHERE state = 'completed' AND args ->> 'subject' = 'r1'`))
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job WHERE state IN ('completed', 'available') AND args ->> 'subject' = 'r2'`))
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job WHERE state = 'available' AND args ->> 'subject' = 'r3'`))
		require.NoError(t, q.Stop(ctx), "to stop twice does no harm")
	})
}

func TestStopCancelsAJobThatTakesTooLong(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, running := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan struct{}, 1)
		require.NoError(t, q.Start(t.Context(), func(ctx context.Context, _ approval.Job) (time.Duration, error) {
			running <- struct{}{}
			<-ctx.Done()
			return 0, ctx.Err()
		}))
		enqueue(t, s, q, job(approval.JobCarryOut, "r1"))
		next(t, running)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.NoError(t, q.Stop(ctx))
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
		// It is left to be tried again by the next process.
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job WHERE state = 'available'`))
	})
}

func TestWakeDoesNoHarm(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
		for range 3 {
			q.Wake(job(approval.JobPost, "none")) // not started yet
		}
		require.NoError(t, q.Start(t.Context(), into(ran)))
		// It does not wait for the one connection that writes.
		require.NoError(t, s.InTx(t.Context(), func(context.Context, approval.Tx) error {
			for range 100 {
				q.Wake(job(approval.JobPost, "none"))
			}
			return nil
		}))
		enqueue(t, s, q, job(approval.JobPost, "r1"))
		require.Equal(t, "r1", next(t, ran).Subject)
		stop(t, q)
		for range 3 {
			q.Wake(job(approval.JobPost, "none")) // not running any more
		}
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job`), "a wake-up was stored")
	})
}

func TestSQLiteFreesTheJobsOfAKilledProcess(t *testing.T) {
	t.Parallel()
	address := "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db")
	s, err := store.Open(t.Context(), address)
	require.NoError(t, err)
	enqueue(t, s, newQueue(t, s, slog.New(slog.DiscardHandler)), job(approval.JobCarryOut, "r1"))
	// What a process leaves that is killed at work: a job that runs, and
	// leadership that has not run out.
	_, err = s.SQLite().ExecContext(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1,
		attempted_at = datetime('now', 'subsec'), attempted_by = jsonb('["killed"]')`)
	require.NoError(t, err)
	_, err = s.SQLite().ExecContext(t.Context(), `INSERT INTO river_leader (elected_at, expires_at, leader_id)
		VALUES (datetime('now', 'subsec'), datetime('now', 'subsec', '+1 hour'), 'killed')`)
	require.NoError(t, err)
	require.NoError(t, s.Close())

	s = open(t, address)
	q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
	start(t, q, into(ran))
	late := time.NewTimer(2 * time.Second)
	defer late.Stop()
	select {
	case got := <-ran:
		require.Equal(t, job(approval.JobCarryOut, "r1"), got)
	case <-late.C:
		require.Fail(t, "work in flight does not go on within 2 s of a restart")
	}
	eventually(t, s, 1, `SELECT count(*) FROM river_leader WHERE leader_id <> 'killed'`)
}

// A replica that is killed cannot free its jobs, and others share the database:
// River's leader does it, at its first look and every 30 s after it.
func TestJobsOfAKilledReplicaAreRescued(t *testing.T) {
	t.Parallel()
	const betweenRescues, betweenSchedulings = 30 * time.Second, 5 * time.Second // River's own
	require.Greater(t, jobs.RescueAfter, jobs.JobTimeout, "a job could be taken away while it may run")
	require.Less(t, jobs.RescueAfter+betweenRescues+betweenSchedulings, time.Minute)
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
		enqueue(t, s, q, job(approval.JobCarryOut, "stuck"), job(approval.JobCarryOut, "at work"))
		ago := strconv.Itoa(int(jobs.RescueAfter/time.Second)+1) + " seconds"
		change(t, s,
			`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = datetime('now', 'subsec', '-`+ago+`')
				WHERE args ->> 'subject' = 'stuck'`,
			`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '`+ago+`'
				WHERE args ->> 'subject' = 'stuck'`)
		change(t, s,
			`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = datetime('now', 'subsec') WHERE args ->> 'subject' = 'at work'`,
			`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() WHERE args ->> 'subject' = 'at work'`)
		start(t, q, into(ran))
		require.Equal(t, "stuck", next(t, ran).Subject)
		eventually(t, s, 1, `SELECT count(*) FROM river_job WHERE state = 'completed'`)
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job WHERE state = 'running'`), "a job that may be at work was taken away")
		require.Empty(t, ran)
	})
}

func TestFinishedJobsAreCleaned(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, ran := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan approval.Job, 10)
		enqueue(t, s, q, job(approval.JobCarryOut, "old"), job(approval.JobCarryOut, "young"))
		minutes := strconv.Itoa(int(jobs.KeepCompleted / time.Minute))
		change(t, s,
			`UPDATE river_job SET state = 'completed', finalized_at = datetime('now', 'subsec', '-`+minutes+` minutes',
				iif(args ->> 'subject' = 'old', '-1 minutes', '+1 minutes'))`,
			`UPDATE river_job SET state = 'completed', finalized_at = now() - interval '`+minutes+` minutes'
				+ CASE args ->> 'subject' WHEN 'old' THEN interval '-1 minutes' ELSE interval '1 minutes' END`)
		start(t, q, into(ran))
		eventually(t, s, 1, `SELECT count(*) FROM river_job`)
		require.Equal(t, 1, count(t, s, `SELECT count(*) FROM river_job WHERE args ->> 'subject' = 'young'`))
		require.Empty(t, ran)
	})
}
