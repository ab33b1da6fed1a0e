package jobs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
)

func migrate[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], log *slog.Logger) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return fmt.Errorf("prepare to migrate the job queue: %w", err)
	}
	if _, err := migrator.ExistingVersions(ctx); err != nil {
		return fmt.Errorf("look at the job queue's tables (a version that is not found is of a newer frontdesk, and only that one "+
			"may use this database): %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// migrating names the lock that a replica holds while it migrates. Any number
// will do that nothing else in the database uses.
const migrating = 0x46726f6e7464 // "Frontd"

// alone runs fn while no other replica does: River's migrations take no lock,
// and replicas that start together would trip over each other.
func alone(ctx context.Context, pool *pgxpool.Pool, fn func() error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to migrate the job queue: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrating)); err != nil {
		return fmt.Errorf("wait to migrate the job queue: %w", err)
	}
	err = fn()
	if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrating)); unlockErr != nil {
		// The server lets go of the lock with the connection.
		_ = conn.Conn().Close(context.WithoutCancel(ctx))
	}
	return err
}

// lighten empties those of River's indexes that nothing here reads: they serve
// people who look through jobs by their kind or by what they carry. Each step of
// each job was written to them, and while a click's transaction inserts its job,
// somebody waits. They stay by name, for River rebuilds them once a day.
func lighten(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `DO $$
		DECLARE name text;
		BEGIN
			FOR name IN SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
				WHERE indrelid = 'river_job'::regclass AND pg_get_expr(indpred, indrelid) IS DISTINCT FROM 'false'
				AND relname IN ('river_job_args_index', 'river_job_metadata_index', 'river_job_kind')
			LOOP
				EXECUTE format('DROP INDEX %I', name);
				EXECUTE format('CREATE INDEX %I ON river_job (id) WHERE false', name);
			END LOOP;
		END $$`)
	if err != nil {
		return fmt.Errorf("empty the job queue's indexes that nothing reads: %w", err)
	}
	return nil
}
