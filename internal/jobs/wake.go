package jobs

import (
	"context"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// waker wakes the queue in a goroutine of its own: on SQLite that needs the one
// connection that writes, and who answers a click must not wait for it again.
// Calls that come while one is under way are one.
type waker struct {
	calls  chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newWaker() waker { return waker{calls: make(chan struct{}, 1)} }

func (w *waker) call() {
	select {
	case w.calls <- struct{}{}:
	default: // one waits already, and will see what this one was called for
	}
}

func (w *waker) start(ctx context.Context, wake func(ctx context.Context) error) {
	ctx, w.cancel = context.WithCancel(ctx)
	w.done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.calls:
				// Nothing is lost if it fails: the queue also looks by itself.
				_ = wake(ctx)
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

func (e *riverEngine[TTx]) wake(ctx context.Context) error {
	if e.driver.SupportsListener() {
		return nil // the insert itself notified every process
	}
	var params []river.InsertManyParams
	for _, kind := range approval.JobKinds() {
		params = append(params, river.InsertManyParams{Args: wake{}, InsertOpts: &river.InsertOpts{Queue: string(kind)}})
	}
	_, err := e.client.InsertMany(ctx, params)
	return err //nolint:wrapcheck // nobody reads it
}
