package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// OpenTraced opens a PostgreSQL database as Open does, and tells a tracer of
// each statement.
func OpenTraced(ctx context.Context, databaseURL string, tracer pgx.QueryTracer) (*Store, error) {
	s, err := connect(ctx, databaseURL, func(config *pgxpool.Config) {
		shared(config)
		config.ConnConfig.Tracer = tracer
	})
	if err != nil {
		return nil, err
	}
	return s, s.migrate(ctx)
}

// OpenAtVersion opens a database and migrates it as far as a version only.
func OpenAtVersion(ctx context.Context, databaseURL string, version int64) (*Store, error) {
	s, err := connect(ctx, databaseURL, shared)
	if err != nil {
		return nil, err
	}
	provider, err := s.migrator()
	if err == nil {
		_, err = provider.UpTo(ctx, version)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// DB gives the connections that read and write.
func (s *Store) DB() *sql.DB { return s.write }

// Waiting gives how many transactions wait for their turn.
func (s *Store) Waiting() int {
	turns := &s.turnstile
	if s.writer != nil {
		turns = &s.writer.turns
	}
	turns.mu.Lock()
	defer turns.mu.Unlock()
	return len(turns.waiting)
}
