package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// leastConnections is how many the application needs to work at all: the job
// queue keeps one to listen, and a migration holds a lock while it works.
const leastConnections = 4

func openPostgres(ctx context.Context, databaseURL string) (*Store, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		// The driver's error can quote the address, and that has the password.
		return nil, errors.New("open the PostgreSQL database: DATABASE_URL is not an address that PostgreSQL understands")
	}
	if config.MaxConns < leastConnections {
		return nil, fmt.Errorf("open the PostgreSQL database: pool_max_conns in DATABASE_URL has to be at least %d", leastConnections)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return &Store{kind: Postgres, write: db, read: db, pool: pool}, nil
}

// inPostgresTx begins the transaction on the driver's own connection, because
// River wants that, and runs our statements on the same connection through
// database/sql.
func (s *Store) inPostgresTx(ctx context.Context, fn func(ctx context.Context, tx approval.Tx) error) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer func() { _ = conn.Close() }()

	var tx pgx.Tx
	err = conn.Raw(func(driver any) error {
		var err error
		tx, err = driver.(*stdlib.Conn).Conn().Begin(ctx)
		return err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	// Rolled back even when the caller's time is up; after a commit it does nothing.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := fn(ctx, &Tx{q: conn, raw: tx, forUpdate: " FOR UPDATE"}); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit a transaction: %w", err)
	}
	return nil
}
