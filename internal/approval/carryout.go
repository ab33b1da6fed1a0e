package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// CarryOut does in the outside system what the request's decision says, and
// records what came of it. Every attempt begins with how the request really
// stands: an attempt before may have taken effect, and somebody may have decided
// it elsewhere, which the outside system need not mind. A positive wait asks to
// be called again after it.
func (d *Desk) CarryOut(ctx context.Context, id string) (time.Duration, error) {
	r, wait, err := d.claimEffect(ctx, id)
	if err != nil || wait > 0 || !r.State.Deciding() {
		return wait, err
	}
	system, ok := d.systems[r.Source]
	if !ok {
		return 0, fmt.Errorf("carry out request %s: no connector for source %q", id, r.Source)
	}
	standing, confirmed, err := system.Outcome(ctx, r)
	switch {
	case err != nil:
		return d.failed(ctx, r, err)
	case confirmed != nil && r.Effect.MaybeDone:
		return 0, d.confirm(ctx, r, *confirmed)
	case standing == StandingGone:
		return 0, d.refuse(ctx, r, Refusal{Reason: RefusedGone}, errors.New("not found"))
	case standing == StandingApproved || standing == StandingIgnored:
		return 0, d.handledElsewhere(ctx, r, standing)
	case r.Effect.Attempts > 1 && d.patienceLeft(r) <= 0:
		return 0, d.refuse(ctx, r, Refusal{Reason: RefusedPatience}, errors.New("out of patience"))
	}
	confirmation, err := system.CarryOut(ctx, r)
	if err == nil {
		return 0, d.confirm(ctx, r, confirmation)
	}
	if mayHaveBeenDone(err) {
		// However late it is: the next attempt looks whether this one took effect.
		r.Effect.MaybeDone = true
		return d.tryAgain(ctx, r, err)
	}
	return d.failed(ctx, r, err)
}

// mayHaveBeenDone reports whether a call that failed may have taken effect. An
// error of a kind that is not known says nothing, so it may.
func mayHaveBeenDone(err error) bool {
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return false
	}
	passing, ok := errors.AsType[*PassingError](err)
	return !ok || passing.Ambiguous
}

// patienceLeft gives for how long passing trouble is still retried.
func (d *Desk) patienceLeft(r Request) time.Duration {
	return r.Decision.At.Add(d.timing.Patience).Sub(d.clock())
}

// claimEffect counts an attempt before it is made and marks it, so that after a
// crash it is known that it may have taken effect. The request it gives is
// marked only if an attempt before this one may have. It gives a wait if it is not yet time, and a
// request that is not Deciding if there is nothing to do.
func (d *Desk) claimEffect(ctx context.Context, id string) (r Request, wait time.Duration, err error) {
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if r, err = tx.Request(ctx, id); err != nil {
			return err
		}
		now := d.clock()
		wait = 0
		if !r.State.Deciding() {
			return nil
		}
		if wait = left(r.Effect.NextAt, now); d.claimed(r.Effect.ClaimedUntil, now) {
			wait = max(wait, r.Effect.ClaimedUntil.Sub(now))
		}
		if wait > 0 {
			return nil
		}
		r.Effect.Attempts++
		r.Effect.ClaimedUntil = now.Add(d.timing.Claim)
		mark := r
		mark.Effect.MaybeDone = true
		return tx.SaveBookkeeping(ctx, mark)
	})
	if err != nil {
		return r, 0, fmt.Errorf("claim the decision on request %s: %w", id, err)
	}
	return r, wait, nil
}

// failed records an attempt that did not succeed: for good, or for now.
func (d *Desk) failed(ctx context.Context, r Request, cause error) (time.Duration, error) {
	if refused, ok := errors.AsType[*RefusedError](cause); ok {
		return d.refusedForGood(ctx, r, refused)
	}
	if d.patienceLeft(r) <= 0 {
		return 0, d.refuse(ctx, r, Refusal{Reason: RefusedPatience}, cause)
	}
	return d.tryAgain(ctx, r, cause)
}

// refusedForGood looks how the request really stands before it believes a
// refusal: what was decided elsewhere is not pending again.
func (d *Desk) refusedForGood(ctx context.Context, r Request, refused *RefusedError) (time.Duration, error) {
	// There is a look even when the job's own time is up.
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()

	standing, confirmed, err := d.systems[r.Source].Outcome(look, r)
	refusal := refused.Refusal
	_, again := errors.AsType[*RefusedError](err)
	switch {
	case again:
		if refusal.Reason == RefusedReviewer {
			// Even reading is refused: it is not the reviewer, it is our key.
			refusal.Reason = RefusedKey
		}
	case err != nil && d.patienceLeft(r) > 0:
		// How it stands is not known, so nothing is said about it yet.
		return d.tryAgain(ctx, r, err)
	case err != nil:
	case confirmed != nil && r.Effect.MaybeDone:
		return 0, d.confirm(ctx, r, *confirmed)
	case standing == StandingApproved || standing == StandingIgnored:
		return 0, d.handledElsewhere(ctx, r, standing)
	case standing == StandingGone:
		refusal.Reason = RefusedGone
	}
	return 0, d.refuse(ctx, r, refusal, refused)
}

// tryAgain plans the next attempt after passing trouble. It comes no later than
// the end of patience, whatever wait the other side names.
func (d *Desk) tryAgain(ctx context.Context, r Request, cause error) (time.Duration, error) {
	wait := d.backoff(r.Effect.Attempts, retryAfter(cause))
	if left := d.patienceLeft(r); left > 0 {
		wait = min(wait, left)
	} else {
		wait = min(wait, d.timing.BackoffMax) // only a last look is left
	}
	// A call that Frontdesk broke off because it stops says nothing about the
	// outside system.
	stopped := errors.Is(ctx.Err(), context.Canceled)
	if !stopped {
		d.watch.Delayed(ctx, r, cause)
	}
	return wait, d.later(ctx, r, wait, !stopped)
}

// later keeps when the next attempt is due. If it is to be said, the first
// failure is an event: people are told that the outside system does not answer.
func (d *Desk) later(ctx context.Context, r Request, wait time.Duration, say bool) error {
	var jobs []Job
	var after Request
	var event *Event
	err := d.keep(ctx, func(ctx context.Context) error {
		return d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			jobs, event = nil, nil
			now, err := tx.Request(ctx, r.ID)
			if err != nil || !sameAttempt(now, r) {
				return err
			}
			if say && !now.Delayed {
				event = &Event{Seq: now.Version + 1, At: d.clock(), Action: Delay}
				if now, err = Apply(now, *event); err != nil {
					return err
				}
				after = now
				if err := tx.Save(ctx, now, *event); err != nil {
					return err
				}
				jobs = append(jobs, DeliveryJob(now))
			}
			now.Effect.MaybeDone = r.Effect.MaybeDone
			now.Effect.NextAt = d.clock().Add(wait)
			now.Effect.ClaimedUntil = time.Time{}
			if err := tx.SaveBookkeeping(ctx, now); err != nil {
				return err
			}
			_, err = d.jobs.Enqueue(ctx, tx, jobs...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("plan the next attempt for request %s: %w", r.ID, err)
	}
	d.jobs.Wake(jobs...)
	if event != nil {
		d.watch.Happened(ctx, after, *event)
	}
	return nil
}

// sameDecision reports whether the decision that was carried out is still the
// one that stands.
func sameDecision(now, then Request) bool {
	return now.State.Deciding() && now.Decision != nil && now.Decision.ID == then.Decision.ID
}

// sameAttempt reports whether nobody has begun another attempt: if somebody
// has, what went wrong with this one is no longer the news.
func sameAttempt(now, then Request) bool {
	return sameDecision(now, then) && now.Effect.Attempts == then.Effect.Attempts
}

// conclude records how carrying out ended, unless another decision stands. It
// gives the request as it is afterwards.
func (d *Desk) conclude(ctx context.Context, r Request, event Event, notice *Notice) (after Request, concluded bool, err error) {
	err = d.keep(ctx, func(ctx context.Context) error {
		var err error
		after, err = d.step(ctx, r.ID, func(now Request) (*Event, *Notice, error) {
			// What was confirmed is true, whoever else may be trying by now.
			concluded = sameAttempt(now, r) || event.Action == Confirm && sameDecision(now, r)
			if !concluded {
				return nil, nil, nil
			}
			return &event, notice, nil
		})
		return err
	})
	if err != nil {
		return after, false, fmt.Errorf("record that request %s was to %s: %w", r.ID, event.Action, err)
	}
	return after, concluded, nil
}

func (d *Desk) confirm(ctx context.Context, r Request, c Confirmation) error {
	after, concluded, err := d.conclude(ctx, r, Event{Action: Confirm, Confirmation: &c}, nil)
	if concluded {
		d.watch.Decided(ctx, after)
	}
	return err
}

func (d *Desk) refuse(ctx context.Context, r Request, refusal Refusal, cause error) error {
	notice := &Notice{
		ID: d.newID(), RequestID: r.ID, To: r.Decision.Reviewer.ID, Code: NoticeRefused, At: d.clock(),
		NoticeDetails: NoticeDetails{Verb: r.Decision.Verb, Email: r.Decision.Reviewer.Email, Refusal: &refusal},
	}
	_, concluded, err := d.conclude(ctx, r, Event{Action: Refuse, Refusal: &refusal}, notice)
	if concluded {
		d.watch.Refused(ctx, r, refusal.Reason, cause)
	}
	return err
}

func (d *Desk) handledElsewhere(ctx context.Context, r Request, standing Standing) error {
	notice := &Notice{
		ID: d.newID(), RequestID: r.ID, To: r.Decision.Reviewer.ID, Code: NoticeElsewhere, At: d.clock(),
		NoticeDetails: NoticeDetails{Verb: r.Decision.Verb, Standing: standing},
	}
	_, _, err := d.conclude(ctx, r, Event{Action: Close, Closing: &Closing{Standing: standing}}, notice)
	return err
}
