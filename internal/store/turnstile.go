package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turnstile lets so many go on at once, and makes the others wait. Whoever's
// time is up first goes first, so that a click, which has 2 seconds, does not
// wait for jobs, which have 20.
type turnstile struct {
	mu      sync.Mutex
	free    int
	waiting []*waiter
}

type waiter struct {
	// deadline is far away if there is none.
	deadline time.Time
	turn     chan struct{}
}

// await waits for a turn. Whoever gets one has to end it with leave or handOver.
func (t *turnstile) await(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err //nolint:wrapcheck // wrapped by the caller
	}
	me := &waiter{turn: make(chan struct{})}
	var ok bool
	if me.deadline, ok = ctx.Deadline(); !ok {
		me.deadline = time.Unix(1<<40, 0)
	}
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	t.waiting = append(t.waiting, me)
	t.mu.Unlock()
	select {
	case <-me.turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.waiting, me)
	if i < 0 {
		return nil // the turn came at the last moment, and has to be ended
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	return ctx.Err() //nolint:wrapcheck // wrapped by the caller
}

// leave ends a turn.
func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.next() {
		t.free++
	}
}

// handOver ends a turn if somebody waits for it, and reports whether.
func (t *turnstile) handOver() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next()
}

// next gives the turn to the one whose time is up first, and of several to the
// one that came first. mu is held.
func (t *turnstile) next() bool {
	if len(t.waiting) == 0 {
		return false
	}
	first := slices.MinFunc(t.waiting, func(a, b *waiter) int { return a.deadline.Compare(b.deadline) })
	i := slices.Index(t.waiting, first)
	t.waiting = slices.Delete(t.waiting, i, i+1)
	close(first.turn)
	return true
}
