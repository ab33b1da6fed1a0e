package jobs

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// waker wakes queues in a goroutine of its own: on SQLite that needs the one
// connection that writes, and who answers a click must not wait for it again.
// Calls that come while one is under way are one.
type waker struct {
	mu sync.Mutex
	// called are the queues to wake.
	called map[string]bool
	calls  chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newWaker() *waker {
	return &waker{called: map[string]bool{}, calls: make(chan struct{}, 1)}
}

func (w *waker) call(queue string) {
	w.mu.Lock()
	w.called[queue] = true
	w.mu.Unlock()
	select {
	case w.calls <- struct{}{}:
	default: // one waits already, and will see what this one was called for
	}
}

// take gives the queues to wake, and forgets them.
func (w *waker) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	queues := slices.Collect(maps.Keys(w.called))
	clear(w.called)
	return queues
}

// start wakes queues as they are called. Before each time it waits for hold, in
// which more calls may come.
func (w *waker) start(ctx context.Context, hold func(ctx context.Context), wake func(ctx context.Context, queues []string) error) {
	ctx, w.cancel = context.WithCancel(ctx)
	w.done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.calls:
				hold(ctx)
				// Nothing is lost if it fails: the queue also looks by itself.
				_ = wake(ctx, w.take())
			}
		}
	})
}

func (w *waker) stop() {
	w.cancel()
	w.done.Wait()
}

// wake is a job that is never stored. River makes a queue without LISTEN look
// for work when a job was inserted outside a transaction, and only then; an
// insert that wakeOnly stops before it reaches the database does just that.
type wake struct{}

// Kind implements river.JobArgs.
func (wake) Kind() string { return "wake" }

type wakeWorker struct{ river.WorkerDefaults[wake] }

// Work implements river.Worker. It never runs.
func (wakeWorker) Work(context.Context, *river.Job[wake]) error { return nil }

type wakeOnly struct {
	river.JobInsertMiddlewareDefaults
}

// InsertMany implements rivertype.JobInsertMiddleware.
func (*wakeOnly) InsertMany(ctx context.Context, params []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	var woken []*rivertype.JobInsertResult
	for _, p := range params {
		if p.Kind != (wake{}).Kind() {
			return insert(ctx)
		}
		woken = append(woken, &rivertype.JobInsertResult{Job: &rivertype.JobRow{Queue: p.Queue}})
	}
	return woken, nil
}

func (e *riverEngine[TTx]) wake(ctx context.Context, queues []string) error {
	var params []river.InsertManyParams
	for _, queue := range queues {
		params = append(params, river.InsertManyParams{Args: wake{}, InsertOpts: &river.InsertOpts{Queue: queue}})
	}
	_, err := e.client.InsertMany(ctx, params)
	return err //nolint:wrapcheck // nobody reads it
}
