// Command frontdesk is the desk in Slack where a company answers what its
// customers ask for. It parses the command line and exits; everything else is
// in internal/cli and below.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // the image has no time zones of its own

	"github.com/frontdesk-hq/frontdesk/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, cli.World{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Clock:   time.Now, //nolint:forbidigo // the one place that the clock comes from
		Hangups: hangups,
	})
	stop()
	os.Exit(code)
}

// hangups takes SIGHUP, which would end the program otherwise.
func hangups() (signals <-chan os.Signal, stop func()) {
	taken := make(chan os.Signal, 1)
	signal.Notify(taken, syscall.SIGHUP)
	return taken, func() { signal.Stop(taken) }
}
