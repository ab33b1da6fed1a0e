// Package cli is Frontdesk's commands. It may import everything below
// internal; only cmd/frontdesk imports it. It promises that a command fails
// with one sentence that says what to do, and with a fixed exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/config"
)

// Exit codes.
const (
	exitOK       = 0
	exitFailed   = 1
	exitSettings = 2
)

// World is what a command is given of the world around it.
type World struct {
	Args   []string
	Stdout io.Writer
	Stderr io.Writer
	Clock  approval.Clock
	// Hangups begins to take the signals that ask for secrets to be read again,
	// and gives them, and what ends that. Nil means that there are none.
	Hangups func() (signals <-chan os.Signal, stop func())
}

// Run runs the command line until it is done or the context ends, and gives
// the exit code: 0 for success, 2 for settings or a command line that cannot
// be used, 1 for any other failure.
func Run(ctx context.Context, w World) int {
	root := &cobra.Command{
		Use:   "frontdesk",
		Short: "Answer in Slack what customers ask for",
		Long: "Frontdesk brings access requests from a Conveyor trust room into Slack, where a reviewer\n" +
			"approves or rejects them, carries the decision out and shows what became of it.",
		SilenceUsage: true, SilenceErrors: true, Version: version(),
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(w.Args)
	root.SetOut(w.Stdout)
	root.SetErr(w.Stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(serveCommand(w), sandboxCommand(w), manifestCommand(w), checkCommand(w), migrateStoreCommand(w), backupCommand(w)) //nolint:contextcheck // cobra hands the context to the command
	root.AddCommand(healthcheckCommand(), versionCommand(w), sbomCommand(w))                                                           //nolint:contextcheck // the same

	err := root.ExecuteContext(ctx)
	var problems *config.Problems
	var usage *usageError
	var checked *checkedSettingsError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &problems):
		_, _ = fmt.Fprintln(w.Stderr, problems)
		return exitSettings
	case errors.Is(err, errChecked):
		return exitFailed
	case errors.As(err, &checked):
		_, _ = fmt.Fprintf(w.Stderr, "frontdesk: %v\n", err)
		return exitSettings
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(w.Stderr, "frontdesk: %v (frontdesk --help lists what there is)\n", err)
		return exitSettings
	}
	_, _ = fmt.Fprintf(w.Stderr, "frontdesk: %v\n", err)
	return exitFailed
}

// usageError says that the command line cannot be used.
type usageError struct{ error }

// Unwrap gives the cause.
func (e *usageError) Unwrap() error { return e.error }

// noArguments refuses arguments that a command has no use for.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), args[0])}
	}
	return nil
}

func newLog(out io.Writer, level string, format config.LogFormat) (*logrus.Logger, error) {
	log := logrus.New()
	log.SetOutput(out)
	parsed, err := logrus.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("set up the log: %w", err)
	}
	log.SetLevel(parsed)
	if format == config.LogJSON {
		log.SetFormatter(&logrus.JSONFormatter{})
	} else {
		log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
	}
	return log, nil
}
