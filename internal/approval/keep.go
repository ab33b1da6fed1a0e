package approval

import (
	"context"
	"errors"
	"time"
)

const (
	// keepWithin bounds recording as a whole. Together with the time that a job
	// has it stays below the life of a claim.
	keepWithin = 10 * time.Second
	// keepEvery is the wait between two tries: the database may be busy.
	keepEvery = 100 * time.Millisecond
)

// keep records what came of a call outside. What happened out there cannot be
// made undone, so it is recorded even when the job's own time is up, and tried
// again while the database fails: the claim would otherwise keep everybody,
// the holder too, from the request until it runs out.
func (d *Desk) keep(ctx context.Context, record func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWithin)
	defer cancel()
	for tried := keepEvery; ; tried += keepEvery {
		err := record(ctx)
		_, notAllowed := errors.AsType[*NotAllowedError](err)
		if err == nil || notAllowed || errors.Is(err, ErrUnknown) || errors.Is(err, ErrReplayed) {
			return err
		}
		if tried > d.timing.Keep {
			return err
		}
		timer := time.NewTimer(keepEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}
