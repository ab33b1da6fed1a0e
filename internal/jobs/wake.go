package jobs

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

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
