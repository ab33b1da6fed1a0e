package approval

import (
	"context"
	"errors"
	"fmt"
)

// LookAfter takes the pending request whose message was not seen for the
// longest time, if that is long enough, and makes its message due: one that
// somebody deleted is found to be gone and is posted anew. It takes one at a
// time, because updates are scarce.
func (d *Desk) LookAfter(ctx context.Context) error {
	r, err := d.store.LeastSeen(ctx, d.clock().Add(-d.timing.Unseen))
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look after a message: %w", err)
	}
	var job Job
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, r.ID)
		if err != nil || r.State != Pending || !r.Delivery.Posted() || r.Delivery.Due() {
			return err
		}
		r.Delivery.Hash = "" // what the message shows is not known any more
		r.Delivery.Wanted++
		if err := tx.SaveBookkeeping(ctx, r); err != nil {
			return err
		}
		job = DeliveryJob(r)
		_, err = d.jobs.Enqueue(ctx, tx, job)
		return err
	})
	if err != nil {
		return fmt.Errorf("look after the message of request %s: %w", r.ID, err)
	}
	d.jobs.Wake(job)
	return nil
}
