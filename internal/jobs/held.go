package jobs

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const (
	// mostHeld bounds the jobs that are held back, some 2 MB; more are inserted by
	// the transactions that make them due.
	mostHeld = 10_000
	// heldAtOnce is how many are inserted together, and how long whoever wants to
	// write waits for them: some milliseconds on SQLite.
	heldAtOnce = 16
	// heldAgain is the wait before it is tried again.
	heldAgain = time.Second
)

// due is a job to be inserted.
type due struct {
	job approval.Job
	// metadata is that of what made it due.
	metadata []byte
	// since is when it was held back.
	since time.Time
}

// held are the jobs of decisions that came in a rush: to insert a job costs about
// as much as the decision, and whoever decides has to be answered first. They are
// inserted one after the other at the pace of a rush, and when it is over some
// at once. The process that dies loses them, and the sweep finds them.
type held struct {
	log   *slog.Logger
	clock func() time.Time

	mu sync.Mutex
	// jobs are in the order in which they came; known has the same.
	jobs  []due
	known map[approval.Job]bool
	calls chan struct{}

	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newHeld(log *slog.Logger, clock func() time.Time) *held {
	return &held{log: log, clock: clock, known: map[approval.Job]bool{}, calls: make(chan struct{}, 1)}
}

// add holds jobs back. Those that are held already stay where they are.
func (h *held) add(jobs []due) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range jobs {
		if !h.known[d.job] {
			d.since = h.clock()
			h.known[d.job] = true
			h.jobs = append(h.jobs, d)
		}
	}
	select {
	case h.calls <- struct{}{}:
	default: // it is known already that there are some
	}
}

// full reports whether no more are to be held back.
func (h *held) full() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.jobs) >= mostHeld
}

// addTo counts them as jobs that wait in their queues.
func (h *held) addTo(backlogs map[string]Backlog) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.jobs {
		queue, _ := lane(d.job.Kind)
		b := backlogs[queue]
		b.Waiting, b.Oldest = b.Waiting+1, max(b.Oldest, h.clock().Sub(d.since))
		backlogs[queue] = b
	}
}

// addJobsTo adds them to jobs that are not finished.
func (h *held) addJobsTo(all map[approval.Job]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.Copy(all, h.known)
}

// others gives those jobs that are not held back.
func (h *held) others(jobs []approval.Job) []approval.Job {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.jobs) == 0 {
		return jobs
	}
	return slices.DeleteFunc(slices.Clone(jobs), func(job approval.Job) bool { return h.known[job] })
}

// first gives the first of them, which stay until they are dropped.
func (h *held) first(n int) []due {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.jobs[:min(n, len(h.jobs))])
}

func (h *held) drop(jobs []due) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range jobs {
		delete(h.known, d.job)
	}
	h.jobs = h.jobs[len(jobs):]
	if len(h.jobs) == 0 {
		h.jobs = nil // it may have been thousands
	}
}

// insert inserts some jobs.
type insert func(ctx context.Context, jobs []due) error

// start inserts what is held back. Before each time it waits for pause, which
// tells how many may be inserted then.
func (h *held) start(ctx context.Context, pause func(ctx context.Context) (atOnce int), insert insert) {
	ctx, h.cancel = context.WithCancel(ctx)
	h.done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-h.calls:
			}
			for h.some(ctx, pause(ctx), insert) {
			}
		}
	})
}

// some inserts the first of them, and reports whether there may be more to do.
func (h *held) some(ctx context.Context, atOnce int, insert insert) bool {
	jobs := h.first(atOnce)
	if len(jobs) == 0 || ctx.Err() != nil {
		return false
	}
	err := insert(ctx, jobs)
	if err == nil {
		h.drop(jobs)
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	h.log.Warn("jobs that were held back could not be put in the queue; it is tried again", slog.String("error", err.Error()))
	again := time.NewTimer(heldAgain)
	defer again.Stop()
	select {
	case <-again.C:
	case <-ctx.Done():
	}
	return true
}

// stop inserts the rest, as far as the context allows.
func (h *held) stop(ctx context.Context, insert insert) {
	h.cancel()
	h.done.Wait()
	for {
		jobs := h.first(heldAtOnce)
		if len(jobs) == 0 || insert(ctx, jobs) != nil {
			return // the sweep of the next start finds what is left
		}
		h.drop(jobs)
	}
}
