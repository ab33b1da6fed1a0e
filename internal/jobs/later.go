package jobs

import (
	"context"
	"sync"
	"time"
)

// later is what is to be done after a wait by this process, if it still runs.
type later struct {
	mu sync.Mutex
	// ctx is nil before start and after stop.
	ctx    context.Context //nolint:containedctx // it ends what was begun, however it was called
	cancel context.CancelFunc
	waits  map[*waiting]bool
	under  sync.WaitGroup
}

type waiting struct{ timer *time.Timer }

func (l *later) start(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.waits = map[*waiting]bool{}
}

func (l *later) add(wait time.Duration, do func(ctx context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		return
	}
	me := new(waiting)
	me.timer = time.AfterFunc(wait, func() {
		if ctx, ok := l.begin(me); ok {
			defer l.under.Done()
			_ = do(ctx) // whoever asked for it has another way, should it fail
		}
	})
	l.waits[me] = true
}

// begin reports whether what waited may still be done.
func (l *later) begin(me *waiting) (context.Context, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		return nil, false
	}
	delete(l.waits, me)
	l.under.Add(1)
	return l.ctx, true
}

// stop forgets what waits, breaks off what is under way and waits for it.
func (l *later) stop() {
	l.mu.Lock()
	for me := range l.waits {
		me.timer.Stop()
	}
	l.ctx, l.waits = nil, nil
	cancel := l.cancel
	l.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	l.under.Wait()
}
