package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

func backupCommand(w World) *cobra.Command {
	var envFile string
	cmd := &cobra.Command{
		Use:   "backup TARGET",
		Short: "Copy the SQLite database, also while Frontdesk runs",
		Long: "Copies the SQLite database that DATABASE_URL names to a new file, also while serve runs on it. The copy is of one\n" +
			"moment, checked, and on the disk when the command ends. TARGET must not exist. PostgreSQL has pg_dump for this.",
		Example: "  frontdesk backup /backups/frontdesk-$(date +%F).db",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("%s needs the one file to write to, such as frontdesk-backup.db", cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return backUp(cmd.Context(), w, envFile, args[0])
		},
	}
	cmd.Flags().StringVar(&envFile, "env-file", ".env", "the file with settings; the real environment wins over it")
	return cmd
}

func backUp(ctx context.Context, w World, envFile, target string) error {
	database, err := config.LoadDatabaseURL(config.Options{EnvFile: envFile, Environ: config.Environ()})
	if err != nil {
		return err
	}
	if database.IsPostgres() {
		return &usageError{errors.New("DATABASE_URL names a PostgreSQL database, and backup copies SQLite files: use pg_dump, " +
			"as docs/operations.md says")}
	}
	target = filepath.Clean(target)
	done, err := store.BackUp(ctx, filepath.Clean(database.SQLitePath()), target)
	if err != nil {
		return fmt.Errorf("no copy was made: %w", err)
	}
	_, _ = fmt.Fprintf(w.Stdout, "Copied %s to %s: %d requests, %d bytes, checked. To go back to it, stop Frontdesk and let\n"+
		"DATABASE_URL name the copy, or put it in the place of the old file; docs/operations.md says how.\n",
		database.SQLitePath(), target, done.Requests, done.Bytes)
	return nil
}
