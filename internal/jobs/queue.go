// Package jobs is the durable queue behind approval.Jobs: River, on SQLite or
// PostgreSQL, in the same database as the requests.
//
// It may import the domain, River and the database drivers. It promises that a
// job is inserted by the transaction that made it due, that equal jobs wait
// once, that a job is picked up at once and not at the next poll, and that a
// job of a killed process is freed: at once on SQLite, within a minute on
// PostgreSQL. What a job does is not known here.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Timings of the queue. Why they are what they are is measured in
// docs/adr/0001-river-on-both-databases.md.
const (
	// jobTimeout bounds one run of a job. rescueAfter must be longer, and with
	// River's fixed 30 s between rescues and 5 s between schedulings it keeps
	// the job of a killed replica from waiting longer than a minute.
	jobTimeout  = 20 * time.Second
	rescueAfter = 21 * time.Second
	// fetchCooldown is the least time between two fetches of a queue.
	fetchCooldown = 10 * time.Millisecond
	// notifyCooldown is the least time between two notifications on PostgreSQL.
	// River drops those in between for good, so it is as short as River allows.
	notifyCooldown = time.Millisecond
	// pollSQLite is a net below the wake-ups, and what a short wait is rounded
	// up to; pollPostgres also catches a notification that was dropped.
	pollSQLite   = time.Second
	pollPostgres = 500 * time.Millisecond
	// keepCompleted is how long finished jobs stay, for a look by an operator.
	keepCompleted = 10 * time.Minute
	// maxAttempts bounds what River keeps of a job that always fails. What is
	// due is for the row to say: the sweep enqueues it afresh.
	maxAttempts = 100
)

// workers says how many jobs of a kind run at once in one process. Posts go
// one by one, in the order of age, because Slack takes one a second.
func workers(kind approval.JobKind) int {
	switch kind {
	case approval.JobCarryOut:
		return 16
	case approval.JobPost:
		return 1
	case approval.JobRewrite:
		return 16
	case approval.JobTell:
		return 4
	}
	return 1
}

// Work does what a job wakes up. A positive wait asks for the job again after
// it; an error asks for it again after a back-off.
type Work func(ctx context.Context, job approval.Job) (wait time.Duration, err error)

// timings are those that differ between databases, and that benchmarks vary.
type timings struct{ poll, notifyCooldown time.Duration }

// Queue is an approval.Jobs. Make one with NewSQLite or NewPostgres.
type Queue struct {
	work    atomic.Pointer[Work]
	engine  engine
	running atomic.Bool
	waker   waker
}

// engine hides which transaction type River was made for.
type engine interface {
	enqueue(ctx context.Context, tx any, jobs []approval.Job) (int, error)
	wake(ctx context.Context) error
	start(ctx context.Context) error
	stop(ctx context.Context) error
}

// NewSQLite makes a queue in a SQLite database, of which the caller must hold
// the only connection that writes and the exclusive right to serve: jobs that a
// process before left running are freed.
func NewSQLite(ctx context.Context, db *sql.DB, log *slog.Logger) (*Queue, error) {
	return newSQLite(ctx, db, log, timings{poll: pollSQLite, notifyCooldown: notifyCooldown})
}

func newSQLite(ctx context.Context, db *sql.DB, log *slog.Logger, t timings) (*Queue, error) {
	q := &Queue{waker: newWaker()}
	driver := riversqlite.New(db)
	if err := migrate(ctx, driver, log); err != nil {
		return nil, err
	}
	e, err := newEngine(driver, q, log, t)
	if err != nil {
		return nil, err
	}
	// A killed process leaves its jobs running and its leadership claimed, and
	// River would wait for both to run out.
	for _, statement := range []string{
		`UPDATE river_job SET state = 'available' WHERE state = 'running'`,
		`DELETE FROM river_leader`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("free the jobs of the process before: %w", err)
		}
	}
	q.engine = e
	return q, nil
}

// NewPostgres makes a queue in a PostgreSQL database, shared by any number of
// processes.
func NewPostgres(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) (*Queue, error) {
	return newPostgres(ctx, pool, log, timings{poll: pollPostgres, notifyCooldown: notifyCooldown})
}

func newPostgres(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger, t timings) (*Queue, error) {
	q := &Queue{waker: newWaker()}
	driver := riverpgxv5.New(pool)
	if err := alone(ctx, pool, func() error { return migrate(ctx, driver, log) }); err != nil {
		return nil, err
	}
	e, err := newEngine(driver, q, log, t)
	if err != nil {
		return nil, err
	}
	q.engine = e
	return q, nil
}

// Start begins to work. It may be called once. The end of the context does not
// end the work: only Stop does.
func (q *Queue) Start(ctx context.Context, work Work) error {
	ctx = context.WithoutCancel(ctx)
	q.work.Store(&work)
	if err := q.engine.start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	q.waker.start(ctx, q.engine.wake)
	q.running.Store(true)
	return nil
}

// Stop lets running jobs finish until the context ends, then cancels them and
// waits a moment for them to let go.
func (q *Queue) Stop(ctx context.Context) error {
	if !q.running.Swap(false) {
		return nil
	}
	q.waker.stop()
	if err := q.engine.stop(ctx); err != nil {
		return fmt.Errorf("stop the job queue: %w", err)
	}
	return nil
}

// Running reports whether the queue works.
func (q *Queue) Running() bool { return q.running.Load() }

// Enqueue implements approval.Jobs.
func (q *Queue) Enqueue(ctx context.Context, tx approval.Tx, jobs ...approval.Job) (int, error) {
	if len(jobs) == 0 {
		return 0, nil
	}
	driver, ok := tx.(interface{ Raw() any })
	if !ok {
		return 0, fmt.Errorf("enqueue %d jobs: %T is not a transaction of the store", len(jobs), tx)
	}
	n, err := q.engine.enqueue(ctx, driver.Raw(), jobs)
	if err != nil {
		return 0, fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
	}
	return n, nil
}

// Wake implements approval.Jobs. It does not wait.
func (q *Queue) Wake() { q.waker.call() }

// step is a job as River stores it.
type step struct {
	Step    approval.JobKind `json:"step"`
	Subject string           `json:"subject"`
	Version int64            `json:"version"`
}

// Kind implements river.JobArgs.
func (step) Kind() string { return "step" }

type stepWorker struct {
	river.WorkerDefaults[step]
	queue *Queue
}

// Work implements river.Worker.
func (w *stepWorker) Work(ctx context.Context, j *river.Job[step]) error {
	work := *w.queue.work.Load()
	wait, err := work(ctx, approval.Job{Kind: j.Args.Step, Subject: j.Args.Subject, Version: j.Args.Version})
	if err != nil {
		return err
	}
	if wait > 0 {
		return river.JobSnooze(wait) //nolint:wrapcheck // no failure, but how River is asked for a wait
	}
	return nil
}

type riverEngine[TTx any] struct {
	client *river.Client[TTx]
	driver riverdriver.Driver[TTx]
}

func newEngine[TTx any](driver riverdriver.Driver[TTx], q *Queue, log *slog.Logger, t timings) (*riverEngine[TTx], error) {
	registered := river.NewWorkers()
	river.AddWorker(registered, &stepWorker{queue: q})
	river.AddWorker(registered, &wakeWorker{})
	queues := map[string]river.QueueConfig{}
	for _, kind := range approval.JobKinds() {
		queues[string(kind)] = river.QueueConfig{MaxWorkers: workers(kind), FetchCooldown: fetchCooldown}
	}
	client, err := river.NewClient(driver, &river.Config{
		CompletedJobRetentionPeriod: keepCompleted,
		ErrorHandler:                &errorLog{log: log},
		FetchCooldown:               t.notifyCooldown,
		FetchPollInterval:           t.poll,
		JobTimeout:                  jobTimeout,
		Logger:                      slog.New(once{log.Handler()}),
		MaxAttempts:                 maxAttempts,
		Middleware:                  []rivertype.Middleware{&wakeOnly{}},
		Queues:                      queues,
		RescueStuckJobsAfter:        rescueAfter,
		RetryPolicy:                 retryPolicy{clock: time.Now}, //nolint:forbidigo // River compares its answer with the real time
		Workers:                     registered,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the job queue: %w", err)
	}
	return &riverEngine[TTx]{client: client, driver: driver}, nil
}

func (e *riverEngine[TTx]) enqueue(ctx context.Context, tx any, jobs []approval.Job) (int, error) {
	own, ok := tx.(TTx)
	if !ok {
		return 0, fmt.Errorf("the transaction is a %T", tx)
	}
	var params []river.InsertManyParams
	seen := make(map[approval.Job]bool, len(jobs)) // PostgreSQL takes no two equal ones in one statement
	for _, job := range jobs {
		if seen[job] {
			continue
		}
		seen[job] = true
		params = append(params, river.InsertManyParams{
			Args:       step{Step: job.Kind, Subject: job.Subject, Version: job.Version},
			InsertOpts: &river.InsertOpts{Queue: string(job.Kind), UniqueOpts: unfinishedOnce()},
		})
	}
	results, err := e.client.InsertManyTx(ctx, own, params)
	if err != nil {
		return 0, err //nolint:wrapcheck // wrapped by the caller
	}
	inserted := 0
	for _, res := range results {
		if !res.UniqueSkippedAsDuplicate {
			inserted++
		}
	}
	return inserted, nil
}

// unfinishedOnce keeps an equal job out as long as one is not finished.
func unfinishedOnce() river.UniqueOpts {
	return river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}
}

func (e *riverEngine[TTx]) start(ctx context.Context) error {
	return e.client.Start(ctx) //nolint:wrapcheck // wrapped by the caller
}

func (e *riverEngine[TTx]) stop(ctx context.Context) error {
	err := e.client.Stop(ctx)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err //nolint:wrapcheck // wrapped by the caller
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return e.client.StopAndCancel(ctx) //nolint:wrapcheck // wrapped by the caller
}
