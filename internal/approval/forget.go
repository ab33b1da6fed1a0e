package approval

import (
	"context"
	"fmt"
	"time"
)

// forgetAtOnce bounds one step of forgetting, so that no click waits for it.
const forgetAtOnce = 100

// Forget removes some of the requests that were decided before a time, whole:
// with their events and notices. It reports whether there are more.
func (d *Desk) Forget(ctx context.Context, before time.Time) (more bool, err error) {
	n := 0
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		n, err = tx.Forget(ctx, before, forgetAtOnce)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("forget requests decided before %s: %w", before.Format(time.DateOnly), err)
	}
	return n == forgetAtOnce, nil
}
