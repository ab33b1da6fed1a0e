// Package store keeps requests, events, access groups and notices in SQLite or
// PostgreSQL.
//
// It may import the domain, database drivers and the migration library, and no
// other package of ours. It promises that both databases behave the same: one
// set of statements serves them, and one suite of tests (storetest) runs on
// both.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Kind names a database.
type Kind string

// The databases.
const (
	SQLite   Kind = "sqlite"
	Postgres Kind = "postgres"
)

// Store is an approval.Store. Make one with Open.
type Store struct {
	kind  Kind
	write *sql.DB
	// writer is set on SQLite, where all transactions go through it; on
	// PostgreSQL they go through turnstile.
	writer    *writer
	turnstile turnstile
	read      *sql.DB
	pool      *pgxpool.Pool
	lent      *sql.DB
	lock      *fileLock
	turns     turns
}

// querier is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Open opens and migrates the database that a DATABASE_URL names: sqlite:PATH,
// or a postgres:// address. A SQLite file is locked until Close; a second Open
// returns an *InUseError.
func Open(ctx context.Context, databaseURL string) (*Store, error) {
	s, err := connect(ctx, databaseURL, shared)
	if err != nil {
		return nil, WithRemedy(err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(WithRemedy(err), s.Close())
	}
	return s, nil
}

// connect opens the database as it is. How connections to PostgreSQL are made
// can be changed.
func connect(ctx context.Context, databaseURL string, change func(*pgxpool.Config)) (*Store, error) {
	switch scheme, rest, _ := strings.Cut(databaseURL, ":"); scheme {
	case "sqlite":
		return openSQLite(ctx, rest)
	case "postgres", "postgresql":
		return openPostgres(ctx, databaseURL, change)
	}
	// The address is not repeated, because it may have a password.
	return nil, errors.New("open the database: DATABASE_URL is neither sqlite:PATH nor a postgres:// address")
}

// Kind tells which database it is.
func (s *Store) Kind() Kind { return s.kind }

// SQLite gives the connection that writes, for the job queue that shares the
// file; what it commits by itself becomes durable with the next transaction of
// InTx. It is nil on PostgreSQL.
func (s *Store) SQLite() *sql.DB { return s.lent }

// Pool gives the connections to PostgreSQL, for the job queue that shares the
// database. It is nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping reports whether the database answers and can be written. It really
// writes: a full disk takes whatever changes nothing.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO beats (id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = beats.n + 1`)
	if err != nil {
		return fmt.Errorf("write to the %s database: %w", s.kind, err)
	}
	return nil
}

// Close lets go of the database.
func (s *Store) Close() error {
	err := s.read.Close()
	if s.lent != nil {
		err = errors.Join(err, s.lent.Close())
	}
	if s.write != s.read {
		err = errors.Join(err, s.write.Close())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.release())
	}
	if err != nil {
		return fmt.Errorf("close the %s database: %w", s.kind, err)
	}
	return nil
}

// InTx implements approval.Store.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context, tx approval.Tx) error) error {
	if s.kind == Postgres {
		return s.inPostgresTx(ctx, fn)
	}
	return s.inSQLiteTx(ctx, fn)
}
