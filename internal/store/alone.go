package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// working names the lock that everyone who works on a PostgreSQL database
// shares, and that who has to be alone there takes for itself. Any number will
// do that nothing else in the database uses.
const working = 0x46726f6e7473 // "Fronts"

// errMoving says that somebody has taken the database for itself.
var errMoving = errors.New("a move into or out of this database is under way (frontdesk migrate-store); start again when it is done")

// shared makes each connection share the database with all others that work on
// it. Each does so, and not one for all: whichever is left after trouble with
// the network still tells that somebody works here.
//
// It also lets the server end a transaction in which nothing more is said, if
// DATABASE_URL does not say when: its process hangs, and others wait for what it
// holds.
func shared(config *pgxpool.Config) {
	config.AfterConnect = joinWorkers
	const setting, abandoned = "idle_in_transaction_session_timeout", "60s"
	if _, said := config.ConnConfig.RuntimeParams[setting]; !said {
		config.ConnConfig.RuntimeParams[setting] = abandoned
	}
}

// unshared is for who takes the database alone, also for a long transaction.
func unshared(*pgxpool.Config) {}

func joinWorkers(ctx context.Context, conn *pgx.Conn) error {
	var joined bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock_shared($1)`, int64(working)).Scan(&joined); err != nil {
		return fmt.Errorf("share the database: %w", err)
	}
	if !joined {
		return errMoving
	}
	return setUp(ctx, conn)
}

// takeAlone takes the database for this connection alone, as long as it lives.
// It reports false if somebody works there; but it waits for one who has just
// stopped, of whom the server does not know yet.
func takeAlone(ctx context.Context, conn *sql.Conn) (bool, error) {
	const tries, pause = 30, 100 * time.Millisecond
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for range tries {
		var taken bool
		if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, int64(working)).Scan(&taken); err != nil {
			return false, fmt.Errorf("take the database for a move: %w", err)
		}
		if taken {
			return true, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false, fmt.Errorf("take the database for a move: %w", ctx.Err())
		}
	}
	return false, nil
}
