package approval

import (
	"context"
	"errors"
	"fmt"
)

// Verdict says what became of a click.
type Verdict string

// The verdicts on a click.
const (
	// Accepted: the decision is durable and will be carried out.
	Accepted Verdict = "accepted"
	// Repeated: the same click, or the same person's same decision, is already
	// recorded; nothing changed.
	Repeated Verdict = "repeated"
	// Taken: somebody else's decision, or the outside system's, came first.
	Taken Verdict = "taken"
)

// Decide records a reviewer's decision on a pending request, durably, and
// starts to carry it out. Whoever is too late gets the verdict Taken and, if
// tell is set, a notice of who was first; the request that is returned is the
// one that stands. It does not look at who may decide: that is the caller's.
// A click that was once answered, also with Repeated, Taken or Deny, never
// decides later.
func (d *Desk) Decide(ctx context.Context, id string, decision Decision, tell bool) (Request, Verdict, error) {
	r, err := d.step(ctx, id, func(r Request) (*Event, *Notice, error) {
		if r.State != Pending {
			return nil, nil, errLate
		}
		decision.At = d.clock()
		return &Event{Action: decision.Verb, Actor: decision.Reviewer.ID, Key: decision.ID, Decision: &decision}, nil, nil
	})
	switch {
	case errors.Is(err, ErrReplayed):
		return r, Repeated, nil
	case errors.Is(err, errLate):
		return d.late(ctx, r, decision, tell)
	case err != nil:
		return r, "", fmt.Errorf("decide request %s: %w", id, err)
	}
	return r, Accepted, nil
}

// late gives the verdict on a decision about a request that is decided already,
// and keeps that the click had its answer.
func (d *Desk) late(ctx context.Context, r Request, decision Decision, tell bool) (Request, Verdict, error) {
	same := r.Decision != nil && r.Decision.says(decision)
	first, err := d.notify(ctx, d.takenNotice(r, decision, tell && !same))
	switch {
	case err != nil:
		return r, "", fmt.Errorf("decide request %s: %w", r.ID, err)
	case same || !first:
		return r, Repeated, nil
	}
	return r, Taken, nil
}

// errLate says that the request is decided already. What is said about it then is
// written apart: the many who click at once would otherwise wait for each
// other's flush of the disk, one after the other, for the sake of one row.
var errLate = errors.New("decided already")

// notify keeps a notice, and has it told if that is still to be done. It reports
// whether there was none with its id before.
func (d *Desk) notify(ctx context.Context, n *Notice) (added bool, err error) {
	job := Job{Kind: JobTell, Subject: n.ID}
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if added, err = tx.AddNotice(ctx, *n); err != nil || !added || !n.SentAt.IsZero() {
			return err
		}
		_, err = d.jobs.Enqueue(ctx, tx, job)
		return err
	})
	if err == nil {
		d.jobs.Wake(job)
	}
	return added, err
}

// takenNotice tells a reviewer who was first. Its id is the click's, so that a
// replayed click tells nobody twice, and does not decide once the request is
// pending again. For that it is kept even when the caller tells by itself.
func (d *Desk) takenNotice(r Request, late Decision, tell bool) *Notice {
	n := &Notice{ID: late.ID, RequestID: r.ID, To: late.Reviewer.ID, Code: NoticeTaken, At: d.clock()}
	if !tell {
		n.SentAt = n.At
	}
	if r.Closing != nil {
		n.Code, n.Standing, n.Verb = NoticeElsewhere, r.Closing.Standing, late.Verb
	}
	if r.Decision != nil {
		n.By, n.Verb = r.Decision.Reviewer.ID, r.Decision.Verb
	}
	return n
}

// Deny tells a person, durably, why they may not decide. clickID names the
// click, so that a replayed one tells nobody twice.
func (d *Desk) Deny(ctx context.Context, id, clickID, person string, denial Denial) error {
	r, err := d.store.Request(ctx, id)
	if err == nil {
		_, err = d.notify(ctx, &Notice{
			ID: clickID, RequestID: r.ID, To: person, Code: NoticeDenied, At: d.clock(), NoticeDetails: NoticeDetails{Denial: denial},
		})
	}
	if err != nil {
		return fmt.Errorf("deny request %s to %s: %w", id, person, err)
	}
	return nil
}
