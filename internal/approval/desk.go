package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Timing holds the desk's durations. The zero value means the defaults.
type Timing struct {
	// Patience is how long passing trouble with a decision is retried.
	Patience time.Duration
	// Settle is how long "approving…" is held back, because updates are scarce
	// and the outcome often comes sooner.
	Settle time.Duration
	// Claim is how long whoever carries out or delivers has before another may
	// take over. It must be longer than a job is allowed to run.
	Claim time.Duration
	// Late is how long a posted message may take to be seen in the channel.
	Late time.Duration
	// Doubt is how long after its begin a rewrite that got no answer may still be
	// carried out.
	Doubt time.Duration
	// Stale is how old a closed request must be before a list that still has it
	// is taken as news and not as a page read before the closing.
	Stale time.Duration
	// Unseen is for how long the message of a pending request may go without
	// being seen, before it is looked after.
	Unseen time.Duration
	// Keep is for how long it is tried again to record what came of a call
	// outside, should the database fail.
	Keep time.Duration
	// BackoffMin and BackoffMax bound the wait between attempts.
	BackoffMin, BackoffMax time.Duration
}

func (t Timing) withDefaults() Timing {
	or := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	or(&t.Patience, 24*time.Hour)
	or(&t.Settle, 400*time.Millisecond)
	or(&t.Claim, 45*time.Second)
	or(&t.Late, 5*time.Second)
	or(&t.Doubt, 10*time.Second)
	or(&t.Stale, 5*time.Minute)
	or(&t.Unseen, time.Hour)
	or(&t.Keep, 8*time.Second)
	or(&t.BackoffMin, time.Second)
	or(&t.BackoffMax, 5*time.Minute)
	return t
}

// Watch is told of what an operator should know. Its methods must not block.
// The context is that of the work which they are called in.
type Watch interface {
	// Happened is called for every event when it is durable, with the request as
	// it is after it.
	Happened(ctx context.Context, r Request, e Event)
	// Decided is called when an outcome is confirmed.
	Decided(ctx context.Context, r Request)
	// Refused is called when a decision could not be carried out.
	Refused(ctx context.Context, r Request, reason RefusalReason, err error)
	// Delayed is called when carrying out failed for now.
	Delayed(ctx context.Context, r Request, err error)
	// Undelivered is called when a message could not be brought up to date.
	Undelivered(ctx context.Context, r Request, err error)
	// Vanished is called when most pending requests are missing at once.
	Vanished(source string, missing, pending int)
	// Swept is called with the number of steps that were due without a job.
	Swept(jobs int)
}

// Desk is the use cases of approvals. It is safe for concurrent use, also by
// several processes on one store.
type Desk struct {
	store   Store
	jobs    Jobs
	board   Board
	systems map[string]System
	watch   Watch
	clock   Clock
	newID   func() string
	timing  Timing
	flood   int
}

// Ports is what a Desk works with.
type Ports struct {
	Store   Store
	Jobs    Jobs
	Board   Board
	Systems map[string]System
	Watch   Watch
	Clock   Clock
	// NewID makes ids that are unique and sort by time.
	NewID func() string
	// Flood is how many requests of a source may wait to be posted one by one;
	// those beyond it wait behind the overview. Zero posts all.
	Flood int
}

// NewDesk makes a desk.
func NewDesk(p Ports, timing Timing) *Desk {
	// The store keeps milliseconds; finer times would change by being stored.
	clock := func() time.Time { return p.Clock().UTC().Truncate(time.Millisecond) }
	return &Desk{
		store: p.Store, jobs: p.Jobs, board: p.Board, systems: p.Systems, watch: p.Watch,
		clock: clock, newID: p.NewID, timing: timing.withDefaults(), flood: p.Flood,
	}
}

// Request gives a request by its id, or ErrUnknown.
func (d *Desk) Request(ctx context.Context, id string) (Request, error) {
	return d.store.Request(ctx, id)
}

// Groups gives the access groups that the request's room was last seen with.
func (d *Desk) Groups(ctx context.Context, source string) ([]Group, error) {
	return d.store.Groups(ctx, source)
}

// Work does what a job wakes up. A positive wait asks to be woken up again
// after it.
func (d *Desk) Work(ctx context.Context, job Job) (wait time.Duration, err error) {
	switch job.Kind {
	case JobCarryOut:
		wait, err = d.CarryOut(ctx, job.Subject)
	case JobPost, JobOpen, JobRewrite, JobRefresh:
		wait, err = d.Deliver(ctx, job.Subject)
	case JobTell:
		wait, err = d.Tell(ctx, job.Subject)
	case JobOverview:
		wait, err = d.DeliverOverview(ctx, job.Subject)
	default:
		return 0, fmt.Errorf("work on %q: no such kind of job", job.Kind)
	}
	if errors.Is(err, ErrUnknown) {
		// The row is the truth: without one there is nothing to do.
		return 0, nil
	}
	return wait, err
}

// step applies one event to a request and commits it with the jobs and notices
// that follow. It gives the request as it is afterwards, which is as it was if
// there is an error.
func (d *Desk) step(ctx context.Context, id string, decide func(r Request) (*Event, *Notice, error)) (Request, error) {
	var before, after Request
	var jobs []Job
	var event *Event
	err := d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		if err != nil {
			return err
		}
		before, after, jobs = r, r, nil
		var notice *Notice
		event, notice, err = decide(r)
		if err != nil {
			return err
		}
		if event != nil {
			event.Seq, event.At = r.Version+1, d.clock()
			if after, err = Apply(r, *event); err != nil {
				return err
			}
			if err := tx.Save(ctx, after, *event); err != nil {
				return err
			}
			jobs = d.dueJobs(after)
		}
		if notice != nil {
			added, err := tx.AddNotice(ctx, *notice)
			if err != nil {
				return err
			}
			if added && notice.SentAt.IsZero() {
				jobs = append(jobs, Job{Kind: JobTell, Subject: notice.ID})
			}
		}
		switch {
		case len(jobs) == 0:
			return nil
		case event != nil && event.Decision != nil:
			return d.jobs.EnqueueDecision(ctx, tx, jobs...)
		}
		_, err = d.jobs.Enqueue(ctx, tx, jobs...)
		return err
	})
	if err != nil {
		return before, err
	}
	d.jobs.Wake(jobs...)
	if event != nil {
		d.watch.Happened(ctx, after, *event)
	}
	if wait := d.heldBack(after); wait > 0 && after.Version > before.Version {
		d.showLater(ctx, after.ID, wait)
	}
	return after, nil
}

// dueJobs gives the jobs that a request's row calls for now.
func (d *Desk) dueJobs(r Request) []Job {
	var jobs []Job
	if r.State.Deciding() {
		jobs = append(jobs, CarryOutJob(r))
	}
	if r.Delivery.Due() && d.heldBack(r) <= 0 {
		jobs = append(jobs, DeliveryJob(r))
	}
	return jobs
}

// CarryOutJob gives the job that carries out the request's decision. Its
// version is the decision's time, which no later event changes.
func CarryOutJob(r Request) Job {
	return Job{Kind: JobCarryOut, Subject: r.ID, Version: r.Decision.At.UnixMilli()}
}

// DeliveryJob gives the job that brings the request's message up to date.
func DeliveryJob(r Request) Job {
	kind := JobPost
	switch {
	case r.Delivery.Posted() && r.HasNews():
		kind = JobRewrite
	case r.Delivery.Posted():
		kind = JobRefresh
	}
	return Job{Kind: kind, Subject: r.ID, Version: r.Delivery.Wanted}
}

// retryAfter gives the wait that the other side named, zero if it named none.
func retryAfter(err error) time.Duration {
	if passing, ok := errors.AsType[*PassingError](err); ok {
		return passing.RetryAfter
	}
	return 0
}

// claimed reports whether a claim still holds. One that would hold for longer
// than claims do was made before the clock was put back.
func (d *Desk) claimed(until, now time.Time) bool {
	left := until.Sub(now)
	return left > 0 && left <= d.timing.Claim
}

// LongestWait is the longest that the next attempt is put off, whatever wait
// the other side names. A time that is farther ahead was written before the
// clock was put back, and counts as now.
const LongestWait = time.Hour

// left gives how long it is until an attempt that was planned.
func left(planned, now time.Time) time.Duration {
	wait := planned.Sub(now)
	if wait > LongestWait {
		return 0
	}
	return max(wait, 0)
}

// backoff gives the wait before the next attempt after so many failures.
func (d *Desk) backoff(failures int, atLeast time.Duration) time.Duration {
	wait := d.timing.BackoffMin
	for range min(failures-1, 20) {
		wait = min(2*wait, d.timing.BackoffMax)
	}
	return min(max(wait, atLeast), LongestWait)
}
