// Package jobs is the durable queue behind approval.Jobs: River, on SQLite or
// PostgreSQL, in the same database as the requests.
//
// It may import the domain, trail, tracing, River and the database drivers. It
// promises that a job is inserted by the transaction that made it due, or soon
// after it if decisions come in a rush, that equal jobs wait once, that a job is
// picked up at once and not at the next poll, that a job goes on with the trace
// of what made it due, and that a job of a killed process is freed: at once on
// SQLite; on PostgreSQL some seconds after its death, and within a minute in any
// case. What a job does is not known here.
package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
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
	// pollSQLite is a net below the wake-ups, and what a short wait is rounded
	// up to; pollPostgres is also how a replica finds what another one enqueued
	// and is too busy to do.
	pollSQLite   = time.Second
	pollPostgres = 500 * time.Millisecond
	// keepCompleted is how long finished jobs stay, for a look by an operator.
	keepCompleted = 10 * time.Minute
	// maxAttempts bounds what River keeps of a job that always fails. What is
	// due is for the row to say: the sweep enqueues it afresh.
	maxAttempts = 100
)

// The queues, and how many jobs of each run at once in one process. Posts go
// one by one, in the order of age, because Slack takes one a second. Menus are
// refreshed in the same queue after the posts, which show the new menu already.
// A queue costs something even when it is empty, so there is none for each kind.
const (
	queueCarryOut = "carry_out"
	queuePost     = "post"
	queueRewrite  = "rewrite"
	queueTell     = "tell"
)

func queues() map[string]int {
	return map[string]int{queueCarryOut: AtOnce, queuePost: 1, queueRewrite: AtOnce, queueTell: 4}
}

// AtOnce is the most jobs of a queue that run at once in one process.
const AtOnce = 16

// lane gives the queue of a kind of job, and its priority there: 1 is first.
func lane(kind approval.JobKind) (queue string, priority int) {
	switch kind {
	case approval.JobCarryOut:
		return queueCarryOut, 1
	case approval.JobOpen, approval.JobOverview:
		return queuePost, 1
	case approval.JobPost:
		return queuePost, 2
	case approval.JobRefresh:
		return queuePost, 3
	case approval.JobRewrite:
		return queueRewrite, 1
	case approval.JobTell:
		return queueTell, 1
	}
	return queueRewrite, 1
}

// Work does what a job wakes up. A positive wait asks for the job again after
// it; an error asks for it again after a back-off.
type Work func(ctx context.Context, job approval.Job) (wait time.Duration, err error)

// Queue is an approval.Jobs. Make one with NewSQLite or NewPostgres.
type Queue struct {
	work    atomic.Pointer[Work]
	read    *sql.DB
	engine  engine
	running atomic.Bool
	waker   *waker
	later   later
	rush    rush
	held    *held
	// presence is nil where there is one process only.
	presence *presence
	hasten   hasten
	backlog  string
	tracer   *tracing.Tracer
}

func newQueue(read *sql.DB, log *slog.Logger) *Queue {
	clock := time.Now //nolint:forbidigo // the queue goes by the machine's clock, as River and timers do
	return &Queue{read: read, waker: newWaker(), rush: rush{clock: clock}, held: newHeld(log, clock)}
}

// NewSQLite makes a queue in a SQLite database, of which the caller must hold
// the only connection that writes and the exclusive right to serve: jobs that a
// process before left running are freed. What is only looked at is read over
// other connections, which need not wait for the one that writes.
func NewSQLite(ctx context.Context, db, read *sql.DB, log *slog.Logger) (*Queue, error) {
	return newSQLite(ctx, db, read, log, pollSQLite)
}

func newSQLite(ctx context.Context, db, read *sql.DB, log *slog.Logger, poll time.Duration) (*Queue, error) {
	q := newQueue(read, log)
	q.hasten, q.backlog = hastenSQLite(db), backlogSQLite
	driver := riversqlite.New(db)
	if err := migrate(ctx, driver, log); err != nil {
		return nil, err
	}
	e, err := newEngine(driver, q, log, poll)
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
// processes. What is only looked at is read over connections of its own.
func NewPostgres(ctx context.Context, pool *pgxpool.Pool, read *sql.DB, log *slog.Logger) (*Queue, error) {
	return newPostgres(ctx, pool, read, log, pollPostgres)
}

func newPostgres(ctx context.Context, pool *pgxpool.Pool, read *sql.DB, log *slog.Logger, poll time.Duration) (*Queue, error) {
	q := newQueue(read, log)
	q.hasten, q.backlog = hastenPostgres(pool), backlogPostgres
	driver := silentPostgres{riverpgxv5.New(pool)}
	err := alone(ctx, pool, func() error {
		if err := migrate(ctx, driver, log); err != nil {
			return err
		}
		return lighten(ctx, pool)
	})
	if err != nil {
		return nil, err
	}
	e, err := newEngine(driver, q, log, poll)
	if err != nil {
		return nil, err
	}
	q.engine = e
	q.presence = newPresence(pool.Config().ConnConfig, e.id(), log)
	return q, nil
}

// OnDeath says how the claims are freed that a replica leaves which dies beside
// this one. It is called before Start.
func (q *Queue) OnDeath(letGo LetGo) {
	if q.presence != nil {
		q.presence.letGo = letGo
	}
}

// Trace traces the work. It is called before Start.
func (q *Queue) Trace(tracer *tracing.Tracer) { q.tracer = tracer }

// Start begins to work. It may be called once. The end of the context does not
// end the work: only Stop does.
func (q *Queue) Start(ctx context.Context, work Work) error {
	ctx = context.WithoutCancel(ctx)
	q.work.Store(&work)
	if q.presence != nil {
		q.presence.start(ctx)
	}
	if err := q.engine.start(ctx); err != nil {
		if q.presence != nil {
			q.presence.stop()
		}
		return fmt.Errorf("start the job queue: %w", err)
	}
	q.waker.start(ctx, q.rush.pause, q.engine.wake)
	q.held.start(ctx, q.rush.some, q.insertHeld)
	q.later.start(ctx)
	q.running.Store(true)
	return nil
}

// Stop lets running jobs finish until the context ends, then cancels them and
// waits a moment for them to let go.
func (q *Queue) Stop(ctx context.Context) error {
	if !q.running.Swap(false) {
		return nil
	}
	q.later.stop()
	q.held.stop(ctx, q.insertHeld)
	q.waker.stop()
	err := q.engine.stop(ctx)
	if q.presence != nil {
		q.presence.stop()
	}
	if err != nil {
		return fmt.Errorf("stop the job queue: %w", err)
	}
	return nil
}

// Running reports whether the queue works.
func (q *Queue) Running() bool { return q.running.Load() }

// transaction is what the queue needs of a transaction of the store.
type transaction interface {
	// Raw gives the driver's transaction.
	Raw() any
	// AfterCommit has something called when it is committed.
	AfterCommit(do func())
}

// Enqueue implements approval.Jobs.
func (q *Queue) Enqueue(ctx context.Context, tx approval.Tx, jobs ...approval.Job) (int, error) {
	jobs = q.held.others(jobs)
	if len(jobs) == 0 {
		return 0, nil
	}
	own, err := ownTx(tx, jobs)
	if err != nil {
		return 0, err
	}
	n, err := q.engine.enqueue(ctx, own.Raw(), dueIn(ctx, jobs))
	if err != nil {
		return 0, fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
	}
	return n, nil
}

// EnqueueDecision implements approval.Jobs. In a rush the jobs are held back.
func (q *Queue) EnqueueDecision(ctx context.Context, tx approval.Tx, jobs ...approval.Job) error {
	inRush := q.rush.left() > 0
	q.rush.decided()
	if !inRush || q.held.full() || !q.running.Load() {
		_, err := q.Enqueue(ctx, tx, jobs...)
		return err
	}
	own, err := ownTx(tx, jobs)
	if err != nil {
		return err
	}
	later := dueIn(ctx, jobs)
	own.AfterCommit(func() { q.held.add(later) })
	return nil
}

func ownTx(tx approval.Tx, jobs []approval.Job) (transaction, error) {
	own, ok := tx.(transaction)
	if !ok {
		return nil, fmt.Errorf("enqueue %d jobs: %T is not a transaction of the store", len(jobs), tx)
	}
	return own, nil
}

// dueIn gives jobs that are due by what goes on in a context.
func dueIn(ctx context.Context, jobs []approval.Job) []due {
	from := packed(ctx)
	all := make([]due, len(jobs))
	for i, job := range jobs {
		all[i] = due{job: job, metadata: from}
	}
	return all
}

// insertHeld inserts jobs in a transaction of their own. River looks for them at
// once then.
func (q *Queue) insertHeld(ctx context.Context, jobs []due) error {
	_, err := q.engine.enqueue(ctx, nil, jobs)
	return err
}

// Wake implements approval.Jobs. It does not wait.
func (q *Queue) Wake(jobs ...approval.Job) {
	for _, job := range jobs {
		queue, _ := lane(job.Kind)
		q.waker.call(queue)
	}
}

// Later implements approval.Jobs. Before Start and after Stop it does nothing,
// nor while a rush lasts.
func (q *Queue) Later(wait time.Duration, do func(ctx context.Context) error) {
	q.later.add(wait, func(ctx context.Context) error {
		if q.rush.left() > 0 {
			return nil
		}
		return do(ctx)
	})
}
