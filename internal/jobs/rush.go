package jobs

import (
	"context"
	"sync"
	"time"
)

// A rush begins with the fourth decision within some hundredths of a second, so
// that few jobs begin before it is known, and lasts until for a tenth of a second
// there was no such decision.
const (
	rushOf     = 4
	rushWithin = 30 * time.Millisecond
	rushLasts  = 100 * time.Millisecond
	// rushPace is the time between two jobs that begin nevertheless: four a second
	// are more than Slack accepts, and little beside a hundred decisions. All that
	// can be fetched, 37, get their turn in half of the time that a job has.
	rushPace = 250 * time.Millisecond
)

// rush knows whether there is one. As long as there is, jobs begin one after
// the other, at a pace: whoever clicked has to be answered within three seconds,
// and the jobs compete with the answers for the processor, the disk and the
// database.
type rush struct {
	clock func() time.Time
	mu    sync.Mutex
	// last are the times of the last decisions, in a ring; at is the oldest.
	last [rushOf]time.Time
	at   int
	// until is when the rush is over if nobody decides any more.
	until time.Time
	// turn is when the last of those may begin that wait.
	turn time.Time
}

// decided counts a decision.
func (r *rush) decided() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	r.last[r.at] = now
	r.at = (r.at + 1) % rushOf
	if now.Sub(r.last[r.at]) < rushWithin {
		r.until = now.Add(rushLasts)
	}
}

// left gives for how long the rush lasts if nobody decides any more; it is not
// positive if there is none.
func (r *rush) left() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.until.Sub(r.clock())
}

// nextTurn gives when the next job may begin, however long the rush lasts.
func (r *rush) nextTurn() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	if !now.Before(r.until) || r.turn.Before(now) {
		r.turn = now
	}
	r.turn = r.turn.Add(rushPace)
	return r.turn
}

// wait waits for the end of the rush, of the context, or for a turn.
func (r *rush) wait(ctx context.Context) { r.waitUntil(ctx, r.nextTurn()) }

// pause waits for the end of the rush, of the context, or for rushPace.
func (r *rush) pause(ctx context.Context) { r.waitUntil(ctx, r.clock().Add(rushPace)) }

// some waits as pause does, and gives how many jobs may be inserted then.
func (r *rush) some(ctx context.Context) int {
	r.pause(ctx)
	if r.left() > 0 {
		return 1
	}
	return heldAtOnce
}

func (r *rush) waitUntil(ctx context.Context, until time.Time) {
	for {
		wait := min(r.left(), until.Sub(r.clock()))
		if wait <= 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}
