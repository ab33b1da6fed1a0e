package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

func (s *Store) migrate(ctx context.Context) error {
	dialect := goose.DialectSQLite3
	var options []goose.ProviderOption
	if s.kind == Postgres {
		dialect = goose.DialectPostgres
		// Replicas that start together take turns, for at most a minute.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return fmt.Errorf("prepare to migrate the %s database: %w", s.kind, err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("find the migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, s.write, files, options...)
	if err != nil {
		return fmt.Errorf("prepare to migrate the %s database: %w", s.kind, err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the %s database: %w", s.kind, err)
	}
	return nil
}
