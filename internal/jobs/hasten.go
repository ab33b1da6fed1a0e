package jobs

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Hasten makes those jobs due that wait for a time farther away than any wait
// is planned (an hour, or a minute for what should run at once): they were put
// in before the clock was put back, and as long as they wait no equal job is
// let in. It gives how many there were.
func (q *Queue) Hasten(ctx context.Context) (int64, error) {
	n, err := q.hasten(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for jobs that wait for a time far ahead: %w", err)
	}
	if n > 0 {
		for queue := range queues() {
			q.waker.call(queue)
		}
	}
	return n, nil
}

// hasten is the same statement for each database but for how it tells the time:
// River compares with the machine's clock on SQLite, and with the server's on
// PostgreSQL.
type hasten func(ctx context.Context) (int64, error)

const hastened = `UPDATE river_job SET state = 'available', scheduled_at = %[1]s
	WHERE state IN ('available', 'scheduled', 'retryable') AND scheduled_at > %[2]s
	AND (state = 'available' OR scheduled_at > %[3]s)`

func hastenSQLite(db *sql.DB) hasten {
	statement := fmt.Sprintf(hastened, `datetime('now')`, `datetime('now', '+1 minute')`, `datetime('now', '+65 minutes')`)
	return func(ctx context.Context) (int64, error) {
		done, err := db.ExecContext(ctx, statement)
		if err != nil {
			return 0, err //nolint:wrapcheck // wrapped by the caller
		}
		return done.RowsAffected()
	}
}

func hastenPostgres(pool *pgxpool.Pool) hasten {
	statement := fmt.Sprintf(hastened, `now()`, `now() + interval '1 minute'`, `now() + interval '65 minutes'`)
	return func(ctx context.Context) (int64, error) {
		done, err := pool.Exec(ctx, statement)
		return done.RowsAffected(), err
	}
}
