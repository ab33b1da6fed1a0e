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
		if wait := d.heldBack(r); wait > 0 {
			return wait, nil
		}
		r, wait, claimed, err := d.claimDelivery(ctx, id)
		if err != nil || wait > 0 || !claimed {
			return wait, err
		}
		delivered, failure := d.show(ctx, r)
		again, wait, err := d.recordDelivery(ctx, r, delivered, failure)
		if err != nil || wait > 0 || !again {
			return wait, err
		}
	}
}

// OverlookedAfter is how long after a decision a sweep takes it that nobody is
// about to show "approving…" any more: the process that was to has ended, or had
// more urgent things to do. Most decisions have an outcome long before.
const OverlookedAfter = time.Minute

// heldBack gives for how long "approving…" is not shown yet.
func (d *Desk) heldBack(r Request) time.Duration {
	if !r.State.Deciding() || r.Delayed || !r.Delivery.Posted() {
		return 0
	}
	// Never longer than that, even if the clock was put back.
	return min(r.Decision.At.Add(d.timing.Settle).Sub(d.clock()), d.timing.Settle)
}

// showLater has "approving…" shown when it is no longer held back, unless the
// outcome was shown meanwhile. There is no job for it until then: most would
// find nothing to do. Should this process end before, or the database fail, the
// outcome is shown all the same, and if it does not come soon, a sweep finds what
// is due.
func (d *Desk) showLater(from context.Context, id string, wait time.Duration) {
	d.jobs.Later(wait, func(until context.Context) error {
		// It belongs to the work that it follows from, which may be over by then.
		ctx, cancel := context.WithCancel(context.WithoutCancel(from))
		defer cancel()
		defer context.AfterFunc(until, cancel)()
		r, err := d.store.Request(ctx, id)
		if err != nil || !r.Delivery.Due() {
			return err
		}
		job := DeliveryJob(r)
		err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			_, err := d.jobs.Enqueue(ctx, tx, job)
			return err
		})
		d.jobs.Wake(job)
		return err
	})
}

// claimDelivery makes the caller the only one who delivers this message. The
// request it gives has the claim, but not the marks of claim.
func (d *Desk) claimDelivery(ctx context.Context, id string) (r Request, wait time.Duration, claimed bool, err error) {
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if r, err = tx.Request(ctx, id); err != nil {
			return err
		}
		mark := r
		if r.Delivery, mark.Delivery, wait, claimed = d.claim(r.Delivery); !claimed {
			return nil
		}
		return tx.SaveBookkeeping(ctx, mark)
	})
	if err != nil {
		return r, 0, false, fmt.Errorf("claim the delivery of request %s: %w", id, err)
	}
	return r, wait, claimed, nil
}

// claim gives the bookkeeping with a claim, if there is something to deliver
// and nobody else does. What is to be written before anything is sent has
// marks as well: that a post or a rewrite is begun, and that what the message
// shows is not known, so that after a crash it is known that something may have
// been sent.
func (d *Desk) claim(is Delivery) (claimed, mark Delivery, wait time.Duration, ok bool) {
	now := d.clock()
	switch {
	case !is.Due():
		return is, is, 0, false
	case d.claimed(is.ClaimedUntil, now):
		// Whoever holds the claim looks again before it lets go; should it
		// die, the claim runs out.
		return is, is, is.ClaimedUntil.Sub(now), false
	}
	if wait := left(is.NextAt, now); wait > 0 {
		return is, is, wait, false
	}
	is.ClaimedUntil = now.Add(d.timing.Claim)
	mark = is
	mark.Hash = ""
	switch {
	case is.Posted():
		mark.RewriteBegun = now
	case is.PostBegun.IsZero():
		mark.PostBegun = now
	}
	return is, mark, 0, true
}

// show makes the calls that show the request as it is in r, and gives the
// bookkeeping that follows.
func (d *Desk) show(ctx context.Context, r Request) (Delivery, error) {
	groups, err := d.store.Groups(ctx, r.Source)
	if err != nil {
		return r.Delivery, fmt.Errorf("read the groups of %s: %w", r.Source, err)
	}
	record, err := d.store.Source(ctx, r.Source)
	if err != nil {
		return r.Delivery, fmt.Errorf("read the record of %s: %w", r.Source, err)
	}
	content, err := d.board.Compose(View{Request: r, Groups: groups, GroupsKnown: record.GroupsKnown})
	if err != nil {
		return r.Delivery, fmt.Errorf("compose the message: %w", err)
	}
	return d.bringUpToDate(ctx, r.ID, r.State.Open(), r.Delivery, content)
}

// bringUpToDate makes the calls that make a message show the content, and gives
// the bookkeeping that follows. PostBegun is set only if an earlier post may
// have been made, RewriteBegun only if an earlier rewrite may still be carried
// out, Hash only if it is what the message shows. A message that is
// gone is posted anew if it is needed: while somebody has to act on it.
func (d *Desk) bringUpToDate(ctx context.Context, messageID string, needed bool, is Delivery, content Content) (Delivery, error) {
	var err error
	if !is.Posted() && !is.PostBegun.IsZero() {
		if is, err = d.findPosted(ctx, messageID, is); err != nil {
			return is, err
		}
	}
	if !is.Posted() {
		return d.post(ctx, messageID, is, content)
	}
	if is.Hash != content.Hash {
		err := d.board.Update(ctx, MessageRef{Channel: is.Channel, TS: is.TS}, messageID, content)
		switch {
		case errors.Is(err, ErrMessageGone) && needed:
			// It is posted anew on the next turn, which first marks that it begins to.
			return Delivery{Wanted: is.Wanted, Done: is.Done}, nil
		case errors.Is(err, ErrMessageGone):
			// Nobody has to act on it any more, and somebody chose to delete it.
			is.RewriteBegun = time.Time{}
		case err != nil:
			// It may have been rewritten all the same. Were the old hash kept, a
			// request that goes back to where it was would not be shown so.
			is.Hash = ""
			if passing, ok := errors.AsType[*PassingError](err); ok && passing.Ambiguous {
				is.RewriteBegun = d.clock()
			}
			return is, fmt.Errorf("rewrite the message: %w", err)
		}
	}
	if is.Hash != content.Hash {
		is.SeenAt = d.clock()
	}
	is.Hash, is.Done = content.Hash, is.Wanted
	return is, nil
}

// lookBack is how far back a message is looked for if it is not known when its
// posting was begun.
const lookBack = 7 * 24 * time.Hour

// findPosted looks for a message whose posting was begun, but whose outcome is
// not known. Slack may have taken it at the last moment and show it late, so
// one that is not there is looked for again some time after the first look,
// which is surely after the last moment, before another is posted.
func (d *Desk) findPosted(ctx context.Context, messageID string, is Delivery) (Delivery, error) {
	since := is.PostBegun
	if now := d.clock(); since.After(now) {
		since = now.Add(-lookBack) // begun before the clock was put back, so it is not known when
	}
	ref, found, err := d.board.Find(ctx, messageID, since)
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

func (d *Desk) post(ctx context.Context, messageID string, is Delivery, content Content) (Delivery, error) {
	is.PostBegun, is.PostMissed = d.clock(), time.Time{}
	ref, err := d.board.Post(ctx, messageID, content)
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
			var mine bool
			if now.Delivery, again, wait, mine = d.recorded(now.Delivery, r.Delivery, got, failure); !mine {
				return nil
			}
			return tx.SaveBookkeeping(ctx, now)
		})
	})
	if err != nil {
		return false, 0, fmt.Errorf("record the delivery of request %s: %w", r.ID, err)
	}
	if failure != nil && retryAfter(failure) == 0 {
		// That Slack asks for patience is nothing an operator has to hear of.
		d.watch.Undelivered(ctx, r, failure)
	}
	return again, wait, nil
}

// recorded gives the bookkeeping after a delivery: what came of it, with what
// is wanted now, and without the claim. It is not mine to write if the claim
// ran out: then what its next holder records counts.
func (d *Desk) recorded(now, claimed, got Delivery, failure error) (next Delivery, again bool, wait time.Duration, mine bool) {
	if !now.ClaimedUntil.Equal(claimed.ClaimedUntil) {
		return now, false, 0, false
	}
	next = got
	next.Wanted, next.ClaimedUntil = now.Wanted, time.Time{}
	again = next.Due()
	if failure != nil {
		wait = d.deliveryWait(&next, failure)
		return next, again, wait, true
	}
	next.Failures, next.NextAt = 0, time.Time{}
	if !again {
		wait = d.onceMore(&next, claimed.ClaimedUntil.Add(-d.timing.Claim))
		again = wait > 0
	}
	return next, again, wait, true
}

// onceMore plans to send the same content once more if a rewrite before the one
// that was sent at a time got no answer: Slack may still carry it out, over the
// newer one, and nobody would notice. It gives the wait, zero if all is certain.
func (d *Desk) onceMore(is *Delivery, sent time.Time) time.Duration {
	wait := min(left(is.RewriteBegun.Add(d.timing.Doubt), sent), d.timing.Doubt)
	if is.RewriteBegun.IsZero() || wait == 0 {
		is.RewriteBegun = time.Time{}
		return 0
	}
	is.Hash, is.Done = "", is.Wanted-1
	is.Failures, is.NextAt = 1, d.clock().Add(wait) // what happens meanwhile is shown at once
	return wait
}

// deliveryWait plans the next attempt after a failure.
func (d *Desk) deliveryWait(is *Delivery, failure error) time.Duration {
	is.Failures++
	wait := d.backoff(is.Failures, 0)
	if named := retryAfter(failure); named > 0 {
		wait, is.Failures = min(named, LongestWait), 0
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
		return min(max(retryAfter(err), d.timing.BackoffMin, min(age, d.timing.BackoffMax)), LongestWait), nil
	case err != nil:
		d.watch.Undelivered(ctx, r, fmt.Errorf("tell %s: %w", n.To, err))
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
