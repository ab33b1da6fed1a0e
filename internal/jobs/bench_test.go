package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// engine is a way to run jobs that the benchmarks compare.
type engine struct {
	name  string
	store func(b *testing.B) *store.Store
	queue func(ctx context.Context, s *store.Store, log *slog.Logger) (*jobs.Queue, error)
	// wake makes the queue look for work after a commit; nil if nothing does.
	wake func(ctx context.Context, q *jobs.Queue) error
}

func sqliteStore(b *testing.B) *store.Store {
	b.Helper()
	return open(b, "sqlite:"+filepath.Join(b.TempDir(), "frontdesk.db"))
}

func postgresStore(b *testing.B) *store.Store {
	b.Helper()
	return open(b, postgrestest.URL(b))
}

func sqliteQueue(poll time.Duration) func(context.Context, *store.Store, *slog.Logger) (*jobs.Queue, error) {
	return func(ctx context.Context, s *store.Store, log *slog.Logger) (*jobs.Queue, error) {
		return jobs.NewSQLiteTimed(ctx, s.SQLite(), s.Reader(), log, poll)
	}
}

func postgresQueue(poll time.Duration) func(context.Context, *store.Store, *slog.Logger) (*jobs.Queue, error) {
	return func(ctx context.Context, s *store.Store, log *slog.Logger) (*jobs.Queue, error) {
		return jobs.NewPostgresTimed(ctx, s.Pool(), s.Reader(), log, poll)
	}
}

func callWake(_ context.Context, q *jobs.Queue) error {
	for _, kind := range approval.JobKinds() {
		q.Wake(approval.Job{Kind: kind})
	}
	return nil
}

func wakeByRow(ctx context.Context, q *jobs.Queue) error { return q.WakeByRow(ctx) }

// engines lists what is in use, named after its database, and what it is
// compared with.
func engines() []engine {
	return []engine{
		{"sqlite", sqliteStore, sqliteQueue(jobs.PollSQLite), callWake},
		{"sqlite/poll_1s_only", sqliteStore, sqliteQueue(time.Second), nil},
		{"sqlite/poll_100ms_only", sqliteStore, sqliteQueue(100 * time.Millisecond), nil},
		{"sqlite/stored_wake_row", sqliteStore, sqliteQueue(jobs.PollSQLite), wakeByRow},
		{"postgres", postgresStore, postgresQueue(jobs.PollPostgres), callWake},
		{"postgres/poll_250ms_only", postgresStore, postgresQueue(250 * time.Millisecond), nil},
	}
}

// BenchmarkTwoHops measures what the engine adds between a click and the
// rewritten message: the click's transaction changes the request and enqueues
// the job that carries it out, whose transaction does the same with the job
// that rewrites the message. An iteration ends when this one runs.
func BenchmarkTwoHops(b *testing.B) {
	for _, e := range engines() {
		b.Run(e.name, func(b *testing.B) { e.twoHops(b) })
	}
}

func (e engine) twoHops(b *testing.B) {
	b.Helper()
	s := e.store(b)
	q, err := e.queue(b.Context(), s, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	addRequest(b, s)
	rewritten := make(chan struct{}, 1)
	start(b, q, func(ctx context.Context, job approval.Job) (time.Duration, error) {
		switch job.Kind {
		case approval.JobCarryOut:
			return 0, e.step(ctx, s, q, approval.JobRewrite)
		case approval.JobRewrite:
			rewritten <- struct{}{}
		case approval.JobPost, approval.JobRefresh, approval.JobTell, approval.JobOpen, approval.JobOverview:
		}
		return 0, nil
	})
	var took []time.Duration
	for b.Loop() {
		began := b.Elapsed()
		require.NoError(b, e.step(b.Context(), s, q, approval.JobCarryOut))
		next(b, rewritten)
		took = append(took, b.Elapsed()-began)
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(0, "ns/op") // says the mean, which the two above say better
}

func addRequest(b *testing.B, s *store.Store) {
	b.Helper()
	event := approval.Event{
		Seq: 1, At: time.UnixMilli(1), Action: approval.Receive,
		Arrival: &approval.Arrival{Source: "conveyor", ExternalID: "x1", Requester: "ann@example.com"},
	}
	r, err := approval.Apply(approval.Request{ID: "r1"}, event)
	require.NoError(b, err)
	require.NoError(b, s.InTx(b.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Receive(ctx, r, event)
		return err
	}))
}

// step changes the request, adds an event and enqueues a job, all at once.
func (e engine) step(ctx context.Context, s *store.Store, q *jobs.Queue, kind approval.JobKind) error {
	err := s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
		r, err := tx.Request(ctx, "r1")
		if err != nil {
			return err
		}
		r.Version++
		if err := tx.Save(ctx, r, approval.Event{Seq: r.Version, At: time.UnixMilli(r.Version), Action: approval.Delay}); err != nil {
			return err
		}
		_, err = q.Enqueue(ctx, tx, approval.Job{Kind: kind, Subject: r.ID, Version: r.Version})
		return err
	})
	if err != nil || e.wake == nil {
		return err
	}
	return e.wake(ctx, q)
}

// BenchmarkIdle measures what share of a core this process uses while there is
// nothing to do.
func BenchmarkIdle(b *testing.B) {
	for _, e := range engines() {
		if e.name == "sqlite/stored_wake_row" {
			continue // idle, it is the same as sqlite
		}
		b.Run(e.name, func(b *testing.B) { e.idle(b) })
	}
}

func (e engine) idle(b *testing.B) {
	b.Helper()
	s := e.store(b)
	q, err := e.queue(b.Context(), s, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	start(b, q, func(context.Context, approval.Job) (time.Duration, error) {
		return 0, errors.New("there is no job")
	})
	// Starting costs something once; it is not counted.
	wait(b, 2*time.Second)
	b.ResetTimer()
	before := processorTime(b)
	for range b.N {
		wait(b, 10*time.Second)
	}
	used := processorTime(b) - before
	b.ReportMetric(100*used.Seconds()/b.Elapsed().Seconds(), "%core")
	b.ReportMetric(0, "ns/op") // is the length of the wait
}

func wait(b *testing.B, d time.Duration) {
	b.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.Context().Done():
	}
}

// processorTime gives what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
