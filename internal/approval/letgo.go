package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LetGo frees the claims that the worker of some jobs has left. The caller
// knows that this worker is dead, and of which age its claims are at least; a
// younger claim is somebody else's and stays.
func (d *Desk) LetGo(ctx context.Context, jobs []Job, age time.Duration) error {
	for _, job := range jobs {
		err := d.store.InTx(ctx, func(ctx context.Context, tx Tx) error { return d.letGo(ctx, tx, job, age) })
		if err != nil {
			return fmt.Errorf("let go of %s: %w", job.Subject, err)
		}
	}
	return nil
}

func (d *Desk) letGo(ctx context.Context, tx Tx, job Job, age time.Duration) error {
	free := func(until *time.Time) bool {
		old := !until.IsZero() && !until.After(d.clock().Add(d.timing.Claim-age))
		if old {
			*until = time.Time{}
		}
		return old
	}
	switch job.Kind {
	case JobTell:
		return nil // a notice has no claim
	case JobOverview:
		o, err := tx.Overview(ctx, job.Subject)
		if err != nil || !free(&o.Delivery.ClaimedUntil) {
			return err
		}
		return tx.SaveOverview(ctx, o)
	case JobCarryOut, JobPost, JobRewrite, JobRefresh, JobOpen:
	}
	r, err := tx.Request(ctx, job.Subject)
	if errors.Is(err, ErrUnknown) {
		return nil // a row that is gone has no claim either
	}
	until := &r.Delivery.ClaimedUntil
	if job.Kind == JobCarryOut {
		until = &r.Effect.ClaimedUntil
	}
	if err != nil || !free(until) {
		return err
	}
	return tx.SaveBookkeeping(ctx, r)
}
