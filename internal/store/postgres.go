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

// setUp prepares a connection.
//
// What is committed outside InTx becomes durable a moment later: it is the job
// queue's own bookkeeping, such as which job runs, and the like of it. Should the
// server's machine die in that moment, the rows still say what is due; the death
// of this process loses nothing.
//
// Tables are read by their indexes even if they are small. The server keeps the
// plan of a prepared statement, and a process that starts with few jobs keeps the
// one that is right for few: it read all jobs, twice, each time that it fetched
// one, as long as it lived. What has no index is read whole all the same; the
// server thinks that dear then, and would compile each such statement first.
func setUp(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET synchronous_commit = off; SET enable_seqscan = off; SET jit = off`)
	return err //nolint:wrapcheck // the driver says that it connects
}

// inPostgresTx runs the transaction on the driver's own connection, because
// River wants that, and our statements on the same connection through
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

	var pipe *pipeline
	err = conn.Raw(func(driver any) error {
		pipe = newPipeline(driver.(*stdlib.Conn).Conn())
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	own := guarded{conn, pipe}
	// Rolled back even when the caller's time is up; after a commit it does nothing.
	defer func() {
		_ = own.raw(func() error { return pipe.Rollback(context.WithoutCancel(ctx)) })
	}()
	soon := func(_ context.Context, w write) error {
		pipe.soon(w)
		return nil
	}
	tx := &Tx{q: own, raw: pipe, row: own.row, soon: soon, forUpdate: " FOR UPDATE"}
	err = fn(ctx, tx)
	if err == nil {
		if err = own.raw(func() error { return pipe.Commit(ctx) }); err != nil {
			err = fmt.Errorf("commit a transaction: %w", err)
		}
	}
	if pipe.err != nil {
		return pipe.err // whatever met it later says something else about it
	}
	if err == nil {
		tx.committed()
	}
	return err
}
