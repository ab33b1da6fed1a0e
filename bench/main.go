// Command bench measures Frontdesk beside a peer, a Bolt for JavaScript app that
// does the same job, and writes docs/benchmarks.md. `make bench` builds both
// and runs it.
//
// It may import the domain, the store, the job queue and the rendering, to put
// pending requests in place and to make the clicks on them. It promises that
// every subject gets the same clicks from the same stub of Slack and Conveyor,
// that no click decides a request twice over, and that no figure stands in the
// page that was not measured in one run with the others.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := options{}
	flag.StringVar(&o.frontdesk, "frontdesk", "bin/frontdesk", "the `binary` to measure")
	flag.StringVar(&o.peer, "peer", "bench/peer/peer.js", "the peer's `file`; empty leaves it out")
	flag.StringVar(&o.postgres, "postgres", "", "the `address` of a PostgreSQL server where databases can be made; empty leaves it out")
	flag.StringVar(&o.page, "page", "", "the `file` whose tables are written; empty writes none")
	flag.StringVar(&o.folder, "folder", ".", "the `folder` for the databases: its disk is what is measured")
	flag.StringVar(&o.keep, "keep", "", "keep the logs in this `folder`")
	flag.StringVar(&o.only, "only", "", "measure only subjects whose `name` has this in it")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each subject has its turn")
	scale := flag.Float64("scale", 1, "the `part` of the clicks to send; with few the figures mean little")
	flag.Parse()
	o.plan = fullPlan().scaled(*scale)
	clock := time.Now //nolint:forbidigo // the one place that the clock comes from
	if err := run(ctx, o, clock); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // only the signal handler is left
	}
}

type options struct {
	frontdesk, peer, postgres, page, folder, keep, only string
	rounds                                              int
	plan                                                plan
}

// run measures every subject in turn, round by round, so that what else the
// machine does falls on all of them.
func run(ctx context.Context, o options, clock func() time.Time) error {
	base, err := filepath.Abs(o.folder)
	if err != nil {
		return fmt.Errorf("find the folder for the databases: %w", err)
	}
	folder, err := os.MkdirTemp(base, ".bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the databases: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	machine, err := describeMachine(ctx, folder, clock)
	if err != nil {
		return err
	}
	say("%s", machine.line())
	subjects, err := newSubjects(ctx, o, folder, clock)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range subjects {
			s.store.remove(context.WithoutCancel(ctx))
		}
	}()
	results := newResults(subjects)
	for round := range o.rounds {
		for i := range subjects {
			s := subjects[(i+round)%len(subjects)]
			got, err := s.measure(ctx, o.plan, clock)
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", round+1, s.name, err)
			}
			results.add(s.name, got)
			say("round %d of %d, %s: %s", round+1, o.rounds, s.name, got.line())
		}
	}
	tables := results.markdown(machine, o)
	_, _ = fmt.Println(tables)
	if o.page == "" {
		return nil
	}
	return writePage(filepath.Clean(o.page), tables)
}

func say(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) }
