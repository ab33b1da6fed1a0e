package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
)

func sandboxCommand(w World) *cobra.Command {
	var (
		port     int
		requests int
		seed     uint64
		level    string
	)
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "See Frontdesk work in a browser, with a practice Slack and a practice Conveyor",
		Long: "Runs a practice Slack workspace, a practice Conveyor room and Frontdesk between them, and serves a page\n" +
			"where you read the channel, press the buttons and file requests as a customer. It needs no account, reads\n" +
			"neither .env nor the environment, and forgets everything when it ends.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSandbox(cmd.Context(), w, level, requests, sandbox.Options{Port: port, Seed: seed})
		},
	}
	cmd.Flags().IntVar(&port, "port", 8080, "the port of the page; 0 takes a free one")
	cmd.Flags().IntVar(&requests, "requests", 3, "how many requests wait at the start")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "the same seed gives the same ids")
	cmd.Flags().StringVar(&level, "log-level", "warn", "how much Frontdesk logs: debug, info, warn or error")
	return cmd
}

func runSandbox(ctx context.Context, w World, level string, requests int, o sandbox.Options) error {
	log, err := newLog(w.Stderr, level, config.LogText)
	if err != nil {
		return &usageError{err}
	}
	o.Clock, o.Log, o.Version = w.Clock, log, version()
	world, err := sandbox.Start(ctx, o)
	if err != nil {
		return fmt.Errorf("could not start the sandbox: %w", err)
	}
	world.FileRequests(requests)
	_, _ = fmt.Fprintf(w.Stdout, "Frontdesk runs in a practice workspace. Open %s in a browser; Ctrl+C ends it.\n", world.Page())
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 9*time.Second)
	defer cancel()
	return world.Close(ctx)
}
