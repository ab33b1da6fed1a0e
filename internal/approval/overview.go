package approval

import (
	"context"
	"fmt"
	"time"
)

// Overview is the one message that stands for a source's requests that came
// faster than they can be posted one by one.
type Overview struct {
	Source string
	// Held is how many requests it stands for, Oldest when the first of them
	// came in. They are what it is to show.
	Held   int
	Oldest time.Time
	// Delivery is the bookkeeping of the message.
	Delivery Delivery
}

// Job gives the job that brings the overview's message up to date.
func (o Overview) Job() Job {
	return Job{Kind: JobOverview, Subject: o.Source, Version: o.Delivery.Wanted}
}

// messageID is what the overview's message is found by.
func (o Overview) messageID() string { return "overview:" + o.Source }

// Held gives the requests of a source that wait behind the overview and whose
// requester contains what was typed, the oldest first, at most limit.
func (d *Desk) Held(ctx context.Context, source, typed string, limit int) ([]Request, error) {
	return d.store.Held(ctx, source, typed, limit)
}

// Open posts the message of a request that waits behind the overview, before
// those that nobody asked for. It gives the request as it is now; if it does
// not wait there any more, nothing is done.
func (d *Desk) Open(ctx context.Context, id string) (Request, error) {
	var opened Request
	var job Job
	err := d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, id)
		opened = r
		if err != nil || !r.Delivery.Held || r.State != Pending {
			return err
		}
		opened.Delivery.Held = false
		if err := tx.SaveBookkeeping(ctx, opened); err != nil {
			return err
		}
		job = Job{Kind: JobOpen, Subject: id, Version: opened.Delivery.Wanted}
		_, err = d.jobs.Enqueue(ctx, tx, job)
		return err
	})
	if err != nil {
		return opened, fmt.Errorf("open request %s: %w", id, err)
	}
	d.jobs.Wake(job)
	return opened, d.tendOverview(ctx, opened.Source)
}

// OpenOldest opens the oldest requests that wait behind the overview, at most
// limit, and gives how many there were.
func (d *Desk) OpenOldest(ctx context.Context, source string, limit int) (int, error) {
	held, err := d.store.Held(ctx, source, "", limit)
	if err != nil {
		return 0, fmt.Errorf("open the oldest requests: %w", err)
	}
	for _, r := range held {
		if _, err := d.Open(ctx, r.ID); err != nil {
			return 0, err
		}
	}
	return len(held), nil
}

// tendOverview makes the overview due if it does not say how many requests
// wait, or if its message was not seen for long: while it stands for requests,
// it must not be missing.
func (d *Desk) tendOverview(ctx context.Context, source string) error {
	count, oldest, err := d.store.CountHeld(ctx, source)
	if err != nil {
		return fmt.Errorf("tend the overview of %s: %w", source, err)
	}
	before, err := d.store.Overview(ctx, source)
	if err != nil {
		return fmt.Errorf("tend the overview of %s: %w", source, err)
	}
	if !d.overviewIsWrong(before, count, oldest) {
		return nil
	}
	var job Job
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		o, err := tx.Overview(ctx, source)
		if err != nil || !d.overviewIsWrong(o, count, oldest) {
			return err
		}
		o.Held, o.Oldest = count, oldest
		o.Delivery.Hash = ""
		o.Delivery.Wanted++
		if o.Delivery.Failures > 0 {
			o.Delivery.NextAt = time.Time{}
		}
		if err := tx.SaveOverview(ctx, o); err != nil {
			return err
		}
		job = o.Job()
		_, err = d.jobs.Enqueue(ctx, tx, job)
		return err
	})
	if err != nil {
		return fmt.Errorf("tend the overview of %s: %w", source, err)
	}
	d.jobs.Wake(job)
	return nil
}

func (d *Desk) overviewIsWrong(o Overview, count int, oldest time.Time) bool {
	unseen := count > 0 && o.Delivery.Posted() && !o.Delivery.Due() && d.clock().Sub(o.Delivery.SeenAt) >= d.timing.Unseen
	return o.Held != count || !o.Oldest.Equal(oldest) || unseen
}

// DeliverOverview brings the overview's message up to date, as Deliver does a
// request's. When nothing waits any more, the message says so and is left
// behind: the next flood gets a message of its own.
func (d *Desk) DeliverOverview(ctx context.Context, source string) (time.Duration, error) {
	for {
		o, wait, claimed, err := d.claimOverview(ctx, source)
		if err != nil || wait > 0 || !claimed {
			return wait, err
		}
		got, failure := d.showOverview(ctx, o)
		again, wait, err := d.recordOverview(ctx, o, got, failure)
		if err != nil || wait > 0 || !again {
			return wait, err
		}
	}
}

func (d *Desk) claimOverview(ctx context.Context, source string) (o Overview, wait time.Duration, claimed bool, err error) {
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if o, err = tx.Overview(ctx, source); err != nil {
			return err
		}
		var mark Delivery
		if o.Delivery, mark, wait, claimed = d.claim(o.Delivery); !claimed {
			return nil
		}
		return tx.SaveOverview(ctx, Overview{Source: o.Source, Held: o.Held, Oldest: o.Oldest, Delivery: mark})
	})
	if err != nil {
		return o, 0, false, fmt.Errorf("claim the overview of %s: %w", source, err)
	}
	return o, wait, claimed, nil
}

func (d *Desk) showOverview(ctx context.Context, o Overview) (Delivery, error) {
	is := o.Delivery
	if o.Held == 0 && !is.Posted() && is.PostBegun.IsZero() {
		is.Done = is.Wanted
		return is, nil
	}
	content, err := d.board.ComposeOverview(o)
	if err != nil {
		return is, fmt.Errorf("compose the overview: %w", err)
	}
	return d.bringUpToDate(ctx, o.messageID(), o.Held > 0, is, content)
}

func (d *Desk) recordOverview(ctx context.Context, o Overview, got Delivery, failure error) (again bool, wait time.Duration, err error) {
	err = d.keep(ctx, func(ctx context.Context) error {
		return d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			now, err := tx.Overview(ctx, o.Source)
			if err != nil {
				return err
			}
			var mine bool
			if now.Delivery, again, wait, mine = d.recorded(now.Delivery, o.Delivery, got, failure); !mine {
				return nil
			}
			if now.Held == 0 && !now.Delivery.Due() {
				now.Delivery = Delivery{Wanted: now.Delivery.Wanted, Done: now.Delivery.Done}
			}
			return tx.SaveOverview(ctx, now)
		})
	})
	if err != nil {
		return false, 0, fmt.Errorf("record the overview of %s: %w", o.Source, err)
	}
	if failure != nil && retryAfter(failure) == 0 {
		d.watch.Undelivered(ctx, Request{Source: o.Source}, failure)
	}
	return again, wait, nil
}
