package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const (
	// leastConnections is how many the application needs to work at all: a
	// migration holds a lock on one while it works on another.
	leastConnections = 4
	// usualConnections is how many there may be if DATABASE_URL does not say. The
	// driver's default of as many as there are cores is about the server's work,
	// and most of what a transaction takes is waiting for the server's disk.
	usualConnections = 10
	// notForTransactions is how many of them stay for reads and for the queue.
	notForTransactions = 3
	// connectWithin bounds making a connection, if DATABASE_URL does not say. The
	// driver's default is two minutes. How long a statement may take is for its
	// caller to say.
	connectWithin = 10 * time.Second
)

func openPostgres(ctx context.Context, databaseURL string, change func(*pgxpool.Config)) (*Store, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		// The driver's error can quote the address, and that has the password.
		return nil, errors.New("open the PostgreSQL database: DATABASE_URL is not an address that PostgreSQL understands")
	}
	if !strings.Contains(databaseURL, "pool_max_conns") {
		config.MaxConns = usualConnections
	}
	if config.MaxConns < leastConnections {
		return nil, fmt.Errorf("open the PostgreSQL database: pool_max_conns in DATABASE_URL has to be at least %d", leastConnections)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectWithin
	}
	change(config)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return &Store{
		kind: Postgres, write: db, read: db, pool: pool,
		turnstile: turnstile{free: int(config.MaxConns) - notForTransactions},
	}, nil
}

// waitForNoFlush lets what is committed outside InTx become durable a moment
// later: it is the job queue's own bookkeeping, such as which job runs, and the
// like of it. Should the server's machine die in that moment, the rows still say
// what is due; the death of this process loses nothing.
func waitForNoFlush(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET synchronous_commit = off`)
	return err //nolint:wrapcheck // the driver says that it connects
}

// beginDurable begins a transaction that is as durable as the server is set up
// to make transactions.
const beginDurable = `BEGIN; SET LOCAL synchronous_commit TO DEFAULT`

// inPostgresTx begins the transaction on the driver's own connection, because
// River wants that, and runs our statements on the same connection through
// database/sql. Those that have to wait for a connection go in the order in
// which their time is up.
func (s *Store) inPostgresTx(ctx context.Context, fn func(ctx context.Context, tx approval.Tx) error) error {
	if err := s.turnstile.await(ctx); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer s.turnstile.leave()
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer func() { _ = conn.Close() }()

	var tx pgx.Tx
	err = conn.Raw(func(driver any) error {
		var err error
		tx, err = driver.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: beginDurable})
		return err //nolint:wrapcheck // wrapped below
	})
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	// Rolled back even when the caller's time is up; after a commit it does
	// nothing. Raw, because a statement whose time was up before it was sent makes
	// database/sql let go of the connection: then another goroutine closes it,
	// and the driver panics if it is used meanwhile.
	defer func() {
		_ = conn.Raw(func(any) error { return tx.Rollback(context.WithoutCancel(ctx)) })
	}()
	together := func(ctx context.Context, commands ...command) (changed []int64, err error) {
		err = conn.Raw(func(any) error {
			changed, err = inOneTrip(ctx, tx, commands)
			return err
		})
		return changed, err
	}
	if err := fn(ctx, &Tx{q: conn, raw: tx, together: together, forUpdate: " FOR UPDATE"}); err != nil {
		return err
	}
	if err := conn.Raw(func(any) error { return tx.Commit(ctx) }); err != nil {
		return fmt.Errorf("commit a transaction: %w", err)
	}
	return nil
}

// inOneTrip sends statements together: what a click has to wait for is mostly
// the way to the server and back.
func inOneTrip(ctx context.Context, tx pgx.Tx, commands []command) ([]int64, error) {
	var batch pgx.Batch
	for _, s := range commands {
		batch.Queue(s.query, s.args...)
	}
	results := tx.SendBatch(ctx, &batch)
	changed := make([]int64, len(commands))
	for i := range commands {
		tag, err := results.Exec()
		if err != nil {
			return nil, errors.Join(err, results.Close())
		}
		changed[i] = tag.RowsAffected()
	}
	return changed, results.Close() //nolint:wrapcheck // wrapped by the callers
}
