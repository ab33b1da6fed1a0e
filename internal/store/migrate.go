package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// NewerError says that a newer Frontdesk has made the tables of a database.
type NewerError struct {
	// Has is the version of the tables, Knows the newest that is known here.
	Has, Knows int64
}

// Error says what to do.
func (e *NewerError) Error() string {
	return fmt.Sprintf("a newer frontdesk has made the tables of this database (version %d; this one knows them up to %d): "+
		"use that one, or a copy of the database from before its upgrade", e.Has, e.Knows)
}

// migrate makes the tables as they are known here. It goes forward only.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := s.migrator()
	if err != nil {
		return err
	}
	if err := known(ctx, s.kind, s.read); err != nil && !errors.Is(err, errNoStore) {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the %s database: %w", s.kind, err)
	}
	return nil
}

func (s *Store) migrator() (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	var options []goose.ProviderOption
	if s.kind == Postgres {
		dialect = goose.DialectPostgres
		// Replicas that start together take turns, for at most a minute.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return nil, fmt.Errorf("prepare to migrate the %s database: %w", s.kind, err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("find the migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, s.write, files, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare to migrate the %s database: %w", s.kind, err)
	}
	return provider, nil
}

// known returns a *NewerError if a newer Frontdesk was on a database, and
// errNoStore if none was.
func known(ctx context.Context, kind Kind, db *sql.DB) error {
	has, err := version(ctx, kind, db)
	if err != nil {
		return err
	}
	knows, err := newest()
	if err == nil && has > knows {
		return &NewerError{Has: has, Knows: knows}
	}
	return err
}

// newest gives the version that the migrations lead to.
func newest() (int64, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, fmt.Errorf("find the migrations: %w", err)
	}
	last := int64(0)
	for _, file := range files {
		n, err := goose.NumericComponent(file)
		if err != nil {
			return 0, fmt.Errorf("find the migrations: %w", err)
		}
		last = max(last, n)
	}
	return last, nil
}

// errNoStore says that no Frontdesk was on a database.
var errNoStore = errors.New("it holds nothing of a frontdesk")

// version gives the version of the tables, or errNoStore.
func version(ctx context.Context, kind Kind, db *sql.DB) (int64, error) {
	query := `SELECT COUNT(*) FROM sqlite_master WHERE name = 'goose_db_version'`
	if kind == Postgres {
		query = `SELECT COUNT(to_regclass('goose_db_version'))`
	}
	var found int
	if err := db.QueryRowContext(ctx, query).Scan(&found); err != nil {
		return 0, fmt.Errorf("look into the %s database: %w", kind, err)
	}
	if found == 0 {
		return 0, errNoStore
	}
	var has sql.NullInt64
	if err := db.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version WHERE is_applied`).Scan(&has); err != nil {
		return 0, fmt.Errorf("read the version of the %s database: %w", kind, err)
	}
	return has.Int64, nil
}
