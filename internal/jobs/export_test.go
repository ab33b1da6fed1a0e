package jobs

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// What tests and benchmarks see of the package's inside.
const (
	JobTimeout    = jobTimeout
	RescueAfter   = rescueAfter
	KeepCompleted = keepCompleted
	PollSQLite    = pollSQLite
	PollPostgres  = pollPostgres
)

// NewSQLiteTimed is NewSQLite with another poll interval.
func NewSQLiteTimed(ctx context.Context, db, read *sql.DB, log *slog.Logger, poll time.Duration) (*Queue, error) {
	return newSQLite(ctx, db, read, log, poll)
}

// NewPostgresTimed is NewPostgres with another poll interval.
func NewPostgresTimed(ctx context.Context, pool *pgxpool.Pool, read *sql.DB, log *slog.Logger, poll time.Duration) (*Queue, error) {
	return newPostgres(ctx, pool, read, log, poll)
}

// NextRetry asks the retry policy.
func NextRetry(now time.Time, job *rivertype.JobRow) time.Time {
	return retryPolicy{clock: func() time.Time { return now }}.NextRetry(job)
}

// WakeByRow wakes the queues of a SQLite database with jobs that are stored,
// which is what Wake is spared.
func (q *Queue) WakeByRow(ctx context.Context) error {
	var params []river.InsertManyParams
	for queue := range queues() {
		params = append(params, river.InsertManyParams{
			Args: step{Step: "nothing"}, InsertOpts: &river.InsertOpts{Queue: queue},
		})
	}
	_, err := q.engine.(*riverEngine[*sql.Tx]).client.InsertMany(ctx, params)
	return err
}

// PresenceClass is the first half of the keys of the replicas' locks.
const PresenceClass = presenceClass

// LoseLock makes the queue believe that it could not look for too long.
func (q *Queue) LoseLock() { q.presence.absent() }

// NewOnce keeps back what is repeated.
func NewOnce(h slog.Handler) slog.Handler { return newOnce(h) }

// Rush is what knows whether decisions come in a rush.
type Rush struct{ rush rush }

// NewRush gives one in which nobody has decided yet.
func NewRush(clock func() time.Time) *Rush { return &Rush{rush{clock: clock}} }

// LongestTurn is how long a job waits for its turn in a rush if as many wait as
// can.
func LongestTurn() time.Duration {
	waiting := 0
	for _, atOnce := range queues() {
		waiting += atOnce
	}
	return time.Duration(waiting) * rushPace
}

// Decided is a decision now.
func (r *Rush) Decided() { r.rush.decided() }

// Wait is what a job does before it begins.
func (r *Rush) Wait(ctx context.Context) { r.rush.wait(ctx) }

// RushBy makes the queue take the time from a clock to see whether there is a
// rush. It is called before Start.
func (q *Queue) RushBy(clock func() time.Time) { q.rush.clock = clock }

// HeldAtOnce is how many held jobs are inserted together.
const HeldAtOnce = heldAtOnce

// Held is what holds jobs back.
type Held struct {
	held *held
	// Insert gets the jobs when their turn comes.
	Insert func(ctx context.Context, jobs []approval.Job) error
}

// NewHeld holds nothing yet.
func NewHeld(log *slog.Logger, clock func() time.Time) *Held { return &Held{held: newHeld(log, clock)} }

// Add holds jobs back.
func (h *Held) Add(jobs ...approval.Job) { h.held.add(dueIn(context.Background(), jobs)) }

// Full reports whether there is no room for more.
func (h *Held) Full() bool { return h.held.full() }

// Start inserts at the pace of a rush.
func (h *Held) Start(ctx context.Context, rush *Rush) { h.held.start(ctx, rush.rush.some, h.insert) }

// Stop inserts the rest.
func (h *Held) Stop(ctx context.Context) { h.held.stop(ctx, h.insert) }

func (h *Held) insert(ctx context.Context, all []due) error {
	jobs := make([]approval.Job, len(all))
	for i, d := range all {
		jobs[i] = d.job
	}
	return h.Insert(ctx, jobs)
}
