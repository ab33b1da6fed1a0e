package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Deliver brings the message of a request up to date: it posts it if there is
// none, rewrites it if its content changed, and does nothing otherwise. Only
// one delivers a request's message at a time; whoever does looks again before
// it is done, so that the newest content wins. A positive wait asks to be
// called again after it.
func (d *Desk) Deliver(ctx context.Context, id string) (time.Duration, error) {
	for {
		r, err := d.store.Request(ctx, id)
		if err != nil {
			return 0, fmt.Errorf("deliver request %s: %w", id, err)
		}
		if !r.Delivery.Due() {
			return 0, nil
		}
		if held, err := d.settle(ctx, r); err != nil {
			return 0, fmt.Errorf("deliver request %s: %w", id, err)
		} else if held {
			continue
		}
		r, wait, claimed, err := d.claimDelivery(ctx, id)
		if err != nil || wait > 0 || !claimed {
			return wait, err
		}
		delivered, failure := d.bringUpToDate(ctx, r)
		again, wait, err := d.recordDelivery(ctx, r, delivered, failure)
		if err != nil || wait > 0 || !again {
			return wait, err
		}
	}
}

// settle holds back "approving…" for a moment, and reports whether it did.
func (d *Desk) settle(ctx context.Context, r Request) (bool, error) {
	if !r.State.Deciding() || r.Delayed || !r.Delivery.Posted() {
		return false, nil
	}
	// Never longer than that, even if the clock was put back.
	wait := min(r.Decision.At.Add(d.timing.Settle).Sub(d.clock()), d.timing.Settle)
	if wait <= 0 {
		return false, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true, nil
	case <-ctx.Done():
		return false, fmt.Errorf("hold back for a moment: %w", ctx.Err())
	}
}

// claimDelivery makes the caller the only one who delivers this message. Before
// anything is sent it marks a post as begun, or what the message shows as not
// known, so that after a crash it is known that something may have been sent.
// The request it gives has the claim, but not these marks.
func (d *Desk) claimDelivery(ctx context.Context, id string) (r Request, wait time.Duration, claimed bool, err error) {
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		wait, claimed = 0, false
		if r, err = tx.Request(ctx, id); err != nil {
			return err
		}
		now := d.clock()
		switch {
		case !r.Delivery.Due():
			return nil
		case d.claimed(r.Delivery.ClaimedUntil, now):
			// Whoever holds the claim looks again before it lets go; should it
			// die, the claim runs out.
			wait = r.Delivery.ClaimedUntil.Sub(now)
			return nil
		case r.Delivery.NextAt.After(now):
			wait = r.Delivery.NextAt.Sub(now)
			return nil
		}
		claimed = true
		r.Delivery.ClaimedUntil = now.Add(d.timing.Claim)
		mark := r
		mark.Delivery.Hash = ""
		if !r.Delivery.Posted() && r.Delivery.PostBegun.IsZero() {
			mark.Delivery.PostBegun = now
		}
		return tx.SaveBookkeeping(ctx, mark)
	})
	if err != nil {
		return r, 0, false, fmt.Errorf("claim the delivery of request %s: %w", id, err)
	}
	return r, wait, claimed, nil
}

// bringUpToDate makes the calls that show the request as it is in r, and gives
// the bookkeeping that follows. The PostBegun of r is set only if an earlier
// post may have been made, its Hash only if it is what the message shows.
func (d *Desk) bringUpToDate(ctx context.Context, r Request) (Delivery, error) {
	is := r.Delivery
	groups, err := d.store.Groups(ctx, r.Source)
	if err != nil {
		return is, fmt.Errorf("read the groups of %s: %w", r.Source, err)
	}
	record, err := d.store.Source(ctx, r.Source)
	if err != nil {
		return is, fmt.Errorf("read the record of %s: %w", r.Source, err)
	}
	content, err := d.board.Compose(View{Request: r, Groups: groups, GroupsKnown: record.GroupsKnown})
	if err != nil {
		return is, fmt.Errorf("compose the message: %w", err)
	}
	if !is.Posted() && !is.PostBegun.IsZero() {
		if is, err = d.findPosted(ctx, r, is); err != nil {
			return is, err
		}
	}
	if !is.Posted() {
		return d.post(ctx, r, is, content)
	}
	if is.Hash != content.Hash {
		err := d.board.Update(ctx, MessageRef{Channel: is.Channel, TS: is.TS}, r.ID, content)
		switch {
		case errors.Is(err, ErrMessageGone) && r.State.Open():
			// It is posted anew on the next turn, which first marks that it begins to.
			return Delivery{Wanted: is.Wanted, Done: is.Done}, nil
		case errors.Is(err, ErrMessageGone):
			// Nobody has to act on it any more, and somebody chose to delete it.
		case err != nil:
			// It may have been rewritten all the same. Were the old hash kept, a
			// request that goes back to where it was would not be shown so.
			is.Hash = ""
			return is, fmt.Errorf("rewrite the message: %w", err)
		}
	}
	if is.Hash != content.Hash {
		is.SeenAt = d.clock()
	}
	is.Hash, is.Done = content.Hash, is.Wanted
	return is, nil
}

// findPosted looks for a message whose posting was begun, but whose outcome is
// not known. Slack may have taken it at the last moment and show it late, so
// one that is not there is looked for again some time after the first look,
// which is surely after the last moment, before another is posted.
func (d *Desk) findPosted(ctx context.Context, r Request, is Delivery) (Delivery, error) {
	ref, found, err := d.board.Find(ctx, r.ID, is.PostBegun)
	if err != nil {
		return is, fmt.Errorf("look for the message: %w", err)
	}
	now := d.clock()
	if found {
		is.Channel, is.TS, is.Hash, is.PostBegun, is.PostMissed = ref.Channel, ref.TS, "", time.Time{}, time.Time{}
		return is, nil
	}
	if is.PostMissed.IsZero() || is.PostMissed.After(now) {
		is.PostMissed = now
	}
	if wait := is.PostMissed.Add(d.timing.Late).Sub(now); wait > 0 {
		return is, &PassingError{RetryAfter: wait, Err: errors.New("the message may still appear")}
	}
	return is, nil
}

func (d *Desk) post(ctx context.Context, r Request, is Delivery, content Content) (Delivery, error) {
	is.PostBegun, is.PostMissed = d.clock(), time.Time{}
	ref, err := d.board.Post(ctx, r.ID, content)
	if err != nil {
		if passing, ok := errors.AsType[*PassingError](err); !ok || !passing.Ambiguous {
			is.PostBegun = time.Time{}
		}
		return is, fmt.Errorf("post the message: %w", err)
	}
	is.Channel, is.TS, is.Hash, is.PostBegun = ref.Channel, ref.TS, content.Hash, time.Time{}
	is.Done, is.SeenAt = is.Wanted, d.clock()
	return is, nil
}

// recordDelivery writes what became of a delivery and lets the claim go. It
// reports whether something newer has to be shown.
func (d *Desk) recordDelivery(ctx context.Context, r Request, got Delivery, failure error) (again bool, wait time.Duration, err error) {
	err = d.keep(ctx, func(ctx context.Context) error {
		return d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			now, err := tx.Request(ctx, r.ID)
			if err != nil {
				return err
			}
			if !now.Delivery.ClaimedUntil.Equal(r.Delivery.ClaimedUntil) {
				// The claim ran out, and what its next holder records counts.
				again, wait = false, 0
				return nil
			}
			wanted := now.Delivery.Wanted
			now.Delivery = got
			now.Delivery.Wanted = wanted
			now.Delivery.ClaimedUntil = time.Time{}
			again, wait = now.Delivery.Due(), 0
			if failure != nil {
				wait = d.deliveryWait(&now.Delivery, failure)
			} else {
				now.Delivery.Failures, now.Delivery.NextAt = 0, time.Time{}
			}
			return tx.SaveBookkeeping(ctx, now)
		})
	})
	if err != nil {
		return false, 0, fmt.Errorf("record the delivery of request %s: %w", r.ID, err)
	}
	if failure != nil && retryAfter(failure) == 0 {
		// That Slack asks for patience is nothing an operator has to hear of.
		d.watch.Undelivered(r, failure)
	}
	return again, wait, nil
}

// deliveryWait plans the next attempt after a failure.
func (d *Desk) deliveryWait(is *Delivery, failure error) time.Duration {
	is.Failures++
	wait := d.backoff(is.Failures, 0)
	if named := retryAfter(failure); named > 0 {
		wait, is.Failures = named, 0
	}
	is.NextAt = d.clock().Add(wait)
	return wait
}

// Tell delivers a notice to the person it is for. A positive wait asks to be
// called again after it.
func (d *Desk) Tell(ctx context.Context, noticeID string) (time.Duration, error) {
	n, err := d.store.Notice(ctx, noticeID)
	if err != nil {
		return 0, fmt.Errorf("tell notice %s: %w", noticeID, err)
	}
	if !n.SentAt.IsZero() {
		return 0, nil
	}
	r, err := d.store.Request(ctx, n.RequestID)
	if err != nil {
		return 0, fmt.Errorf("tell notice %s: %w", noticeID, err)
	}
	err = d.board.Tell(ctx, n, r)
	_, passing := errors.AsType[*PassingError](err)
	age := d.clock().Sub(n.At)
	switch {
	case err != nil && ctx.Err() != nil:
		return 0, fmt.Errorf("tell notice %s: %w", noticeID, err)
	case passing && age < noticeLife:
		return max(retryAfter(err), d.timing.BackoffMin, min(age, d.timing.BackoffMax)), nil
	case err != nil:
		d.watch.Undelivered(r, fmt.Errorf("tell %s: %w", n.To, err))
	}
	// Nobody is to be told twice because this could not be recorded at once.
	err = d.keep(ctx, func(ctx context.Context) error {
		return d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			return tx.NoticeSent(ctx, n.ID, d.clock())
		})
	})
	if err != nil {
		return 0, fmt.Errorf("mark notice %s as told: %w", noticeID, err)
	}
	return 0, nil
}

// noticeLife is how long a notice is tried: an answer that comes an hour after
// the click confuses more than it helps.
const noticeLife = time.Hour
