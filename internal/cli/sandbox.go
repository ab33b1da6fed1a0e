package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
)

// sandboxFlags are what the command line says.
type sandboxFlags struct {
	port, requests int
	seed           uint64
	level, data    string
	open           bool
	newOnly        bool // something was asked for that only a new world heeds
}

func sandboxCommand(w World) *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "See Frontdesk work in a browser, with a practice Slack and a practice Conveyor",
		Long: "Runs a practice Slack workspace, a practice Conveyor room and Frontdesk between them, and serves a page\n" +
			"where you read the channel, press the buttons and file requests as a customer. It needs no account, reads\n" +
			"neither .env nor the environment, and forgets everything when it ends, unless --data names a folder to keep\n" +
			"it in.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.newOnly = cmd.Flags().Changed("seed") || cmd.Flags().Changed("requests")
			return runSandbox(cmd.Context(), w, f, openPage)
		},
	}
	cmd.Flags().IntVar(&f.port, "port", 8080, "the port of the page; 0 takes a free one")
	cmd.Flags().IntVar(&f.requests, "requests", 3, "how many requests wait at the start of a new world")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "the same seed gives a new world the same ids")
	cmd.Flags().StringVar(&f.data, "data", "", "a folder to keep everything in, and to go on from the next time")
	cmd.Flags().StringVar(&f.level, "log-level", "warn", "how much Frontdesk logs: debug, info, warn or error")
	cmd.Flags().BoolVar(&f.open, "open", false, "open the page in the default browser")
	return cmd
}

// runSandbox runs the sandbox until the context ends. open opens an address in
// a browser; that it cannot is no reason to end.
func runSandbox(ctx context.Context, w World, f sandboxFlags, open func(ctx context.Context, address string) error) error {
	log, err := newLog(w.Stderr, f.level, config.LogText)
	if err != nil {
		return &usageError{err}
	}
	world, err := sandbox.Start(ctx, sandbox.Options{
		Port: f.port, Data: f.data, Seed: f.seed, Requests: f.requests, Clock: w.Clock, Log: log, Version: version(),
	})
	if err != nil {
		return fmt.Errorf("could not start the sandbox: %w", err)
	}
	_, _ = fmt.Fprintf(w.Stdout, "Frontdesk runs in a practice workspace. Open %s in a browser; Ctrl+C ends it.\n", world.Page())
	tellOfData(w.Stdout, f, world.Resumed())
	if f.open {
		// Beside the rest: some desktops answer only when the browser is closed.
		go func() {
			if err := open(ctx, world.Page()); err != nil {
				_, _ = fmt.Fprintf(w.Stderr, "The page could not be opened by itself (%v); open it yourself.\n", err)
			}
		}()
	}
	select {
	case <-ctx.Done():
	case err = <-world.Failed():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 9*time.Second)
	defer cancel()
	return errors.Join(err, world.Close(ctx))
}

// tellOfData says what becomes of what happens, and what became of it before.
func tellOfData(out io.Writer, f sandboxFlags, resumed bool) {
	if f.data == "" {
		return
	}
	if !resumed {
		_, _ = fmt.Fprintf(out, "It keeps everything in %s, and goes on from there the next time.\n", f.data)
		return
	}
	_, _ = fmt.Fprintf(out, "It goes on with what %s keeps; to start afresh, end it and remove that folder.\n", f.data)
	if f.newOnly {
		_, _ = fmt.Fprintln(out, "--seed and --requests are for a new world: they change nothing here.")
	}
}

// openPage opens an address in the default browser of this desktop.
func openPage(ctx context.Context, address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	// The browser outlives the sandbox.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, args...) //nolint:gosec // one of three names, and our own address
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", name, err)
	}
	return nil
}
