package cli

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/config"
)

// drainWithin is how long a Frontdesk that is told to stop may take.
const drainWithin = 9 * time.Second

func serveCommand(w World) *cobra.Command {
	var envFile string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run Frontdesk, with settings from the environment and .env",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), w, envFile)
		},
	}
	cmd.Flags().StringVar(&envFile, "env-file", ".env", "the file with settings; the real environment wins over it")
	return cmd
}

// hangups begins to take the signals that ask for secrets to be read again.
func (w World) hangups() (signals <-chan os.Signal, stop func()) {
	if w.Hangups == nil {
		return nil, func() {}
	}
	return w.Hangups()
}

func serve(ctx context.Context, w World, envFile string) error {
	hangups, stop := w.hangups()
	defer stop()
	from := config.Options{EnvFile: envFile, Environ: config.Environ()}
	settings, warnings, err := config.Load(from)
	if err != nil {
		for _, warning := range warnings {
			_, _ = fmt.Fprintln(w.Stderr, warning)
		}
		return err
	}
	log, err := newLog(w.Stderr, settings.LogLevel, settings.LogFormat)
	if err != nil {
		return err
	}
	for _, warning := range warnings {
		log.Warn(warning.String())
	}
	log.Infof("frontdesk %s", version())
	desk, err := app.Start(ctx, app.Options{
		Config: settings, Version: version(), Clock: w.Clock, Log: log, Hangups: hangups,
		Reload: func() (config.Config, error) {
			again, _, err := config.Load(from)
			return again, err
		},
	})
	if err != nil {
		return fmt.Errorf("could not start: %w", err)
	}
	tending, stopTending := context.WithCancel(ctx)
	var tended sync.WaitGroup
	tended.Go(func() { tendMemory(tending) })
	defer tended.Wait()
	defer stopTending()
	var failed error
	select {
	case <-ctx.Done():
		log.Info("stopping: what is under way is finished, or goes on at the next start")
	case failed = <-desk.Failed():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	if err := desk.Stop(ctx); err != nil {
		log.WithError(err).Warn("not everything stopped in time")
	}
	if failed != nil {
		return fmt.Errorf("stopped by itself: %w", failed)
	}
	return nil
}
