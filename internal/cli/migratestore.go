package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// moveFlags are what the command line says.
type moveFlags struct{ from, to, envFile string }

func migrateStoreCommand(w World) *cobra.Command {
	var f moveFlags
	cmd := &cobra.Command{
		Use:   "migrate-store",
		Short: "Move everything to another database, such as from SQLite to PostgreSQL",
		Long: "Copies all that Frontdesk keeps to another, empty database, and compares both sides in the end. Nothing may run\n" +
			"on either meanwhile, and nothing is changed in the old one. If it fails or is stopped, the new one stays empty\n" +
			"and the command can be repeated.\n\n" +
			"Of the two addresses one may be left out; it is then DATABASE_URL, also from DATABASE_URL_FILE. That keeps a\n" +
			"password off the command line, where every user of the machine can see it.",
		Example: "  frontdesk migrate-store --from sqlite:frontdesk.db    # to the PostgreSQL that DATABASE_URL names",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return migrateStore(cmd.Context(), w, f)
		},
	}
	cmd.Flags().StringVar(&f.from, "from", "", "the database to move from, as DATABASE_URL names one")
	cmd.Flags().StringVar(&f.to, "to", "", "the empty database to move to")
	cmd.Flags().StringVar(&f.envFile, "env-file", ".env", "the file with settings; the real environment wins over it")
	return cmd
}

func migrateStore(ctx context.Context, w World, f moveFlags) error {
	if f.from == "" && f.to == "" {
		return &usageError{errors.New("say what to move with --from, or where to with --to; the other one is then DATABASE_URL")}
	}
	from, err := f.database("--from", f.from)
	if err != nil {
		return err
	}
	to, err := f.database("--to", f.to)
	if err != nil {
		return err
	}
	if from == to {
		return &usageError{errors.New("both addresses name the same database; give the other one with --from or --to")}
	}
	_, _ = fmt.Fprintf(w.Stderr, "moving from %s to %s\n", from.Redacted(), to.Redacted())
	progress, done := showProgress(w.Stderr)
	moved, err := store.Move(ctx, from.Reveal(), to.Reveal(), progress)
	done()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped before the end; repeat the command to move everything: %w", err)
	case err != nil:
		return fmt.Errorf("could not move everything: %w", err)
	}
	return report(w.Stdout, moved)
}

// database gives the address of a flag, or DATABASE_URL without one.
func (f moveFlags) database(name, text string) (config.DatabaseURL, error) {
	if text == "" {
		return config.LoadDatabaseURL(config.Options{EnvFile: f.envFile, Environ: config.Environ()})
	}
	return config.ReadDatabaseURL(name, text)
}

// report says what both databases hold now.
func report(out io.Writer, moved store.Moved) error {
	head := "Everything was moved; both sides hold the same:"
	if moved.Before {
		head = "Everything was moved before; both sides hold the same:"
	}
	_, _ = fmt.Fprintf(out, "%s\n\n", head)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(table, "table\trows\thash\n")
	for _, t := range moved.Tables {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%s\n", t.Table, t.Rows, t.Hash)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("everything was moved, but that cannot be printed: %w", err)
	}
	_, _ = fmt.Fprint(out, "\nNow let DATABASE_URL name the new database and start Frontdesk. Keep the old one until all is well, but\n"+
		"never start Frontdesk on it again: it would decide and post what the new one does too.\n")
	return nil
}

// showProgress shows how far a move is: as a bar to a person, and line by line
// to a file. done ends it.
func showProgress(out io.Writer) (progress store.Progress, done func()) {
	file, isFile := out.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		before := ""
		return func(step string, done, total int64) {
			if step != before {
				before = step
				_, _ = fmt.Fprintf(out, "%s (%d of %d)\n", step, done, total)
			}
		}, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(out), progressbar.OptionFullWidth(),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	return func(step string, done, total int64) {
		if bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		bar.Describe(step)
		_ = bar.Set64(done) // a terminal that is gone is no reason to stop
	}, func() { _ = bar.Finish() }
}
