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
	JobTimeout     = jobTimeout
	RescueAfter    = rescueAfter
	KeepCompleted  = keepCompleted
	PollSQLite     = pollSQLite
	PollPostgres   = pollPostgres
	NotifyCooldown = notifyCooldown
)

// NewSQLiteTimed is NewSQLite with another poll interval.
func NewSQLiteTimed(ctx context.Context, db *sql.DB, log *slog.Logger, poll time.Duration) (*Queue, error) {
	return newSQLite(ctx, db, log, timings{poll: poll, notifyCooldown: notifyCooldown})
}

// NewPostgresTimed is NewPostgres with other timings.
func NewPostgresTimed(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger, poll, cooldown time.Duration) (*Queue, error) {
	return newPostgres(ctx, pool, log, timings{poll: poll, notifyCooldown: cooldown})
}

// NextRetry asks the retry policy.
func NextRetry(now time.Time, job *rivertype.JobRow) time.Time {
	return retryPolicy{clock: func() time.Time { return now }}.NextRetry(job)
}

// WakeByRow wakes the queues of a SQLite database with jobs that are stored,
// which is what Wake is spared.
func (q *Queue) WakeByRow(ctx context.Context) error {
	var params []river.InsertManyParams
	for _, kind := range approval.JobKinds() {
		params = append(params, river.InsertManyParams{
			Args: step{Step: "nothing"}, InsertOpts: &river.InsertOpts{Queue: string(kind)},
		})
	}
	_, err := q.engine.(*riverEngine[*sql.Tx]).client.InsertMany(ctx, params)
	return err
}
