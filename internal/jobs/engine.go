package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// engine hides which transaction type River was made for.
type engine interface {
	// enqueue adds jobs, in a transaction of its own if there is none.
	enqueue(ctx context.Context, tx any, jobs []due) (int, error)
	wake(ctx context.Context, queues []string) error
	id() string
	start(ctx context.Context) error
	stop(ctx context.Context) error
}

// silentPostgres is River's driver without LISTEN and NOTIFY: PostgreSQL lets
// transactions that notify commit only one after the other, in all databases of
// a server together, each with its own flush of the disk. The process that
// enqueued a job looks for it at once, and others when they poll.
type silentPostgres struct{ *riverpgxv5.Driver }

func (silentPostgres) SupportsListener() bool     { return false }
func (silentPostgres) SupportsListenNotify() bool { return false }

type riverEngine[TTx any] struct {
	client *river.Client[TTx]
}

func newEngine[TTx any](driver riverdriver.Driver[TTx], q *Queue, log *slog.Logger, poll time.Duration) (*riverEngine[TTx], error) {
	registered := river.NewWorkers()
	river.AddWorker(registered, &stepWorker{queue: q})
	river.AddWorker(registered, &wakeWorker{})
	lanes := map[string]river.QueueConfig{}
	for queue, workers := range queues() {
		lanes[queue] = river.QueueConfig{MaxWorkers: workers}
	}
	client, err := river.NewClient(driver, &river.Config{
		CompletedJobRetentionPeriod: keepCompleted,
		ErrorHandler:                &errorLog{log: log},
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           poll,
		ID:                          replicaPrefix + uuid.NewString(),
		JobTimeout:                  jobTimeout,
		Logger:                      slog.New(newOnce(log.Handler())),
		MaxAttempts:                 maxAttempts,
		Middleware:                  []rivertype.Middleware{&wakeOnly{}},
		Queues:                      lanes,
		RescueStuckJobsAfter:        rescueAfter,
		RetryPolicy:                 retryPolicy{clock: time.Now}, //nolint:forbidigo // River compares its answer with the real time
		Workers:                     registered,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the job queue: %w", err)
	}
	return &riverEngine[TTx]{client: client}, nil
}

func (e *riverEngine[TTx]) enqueue(ctx context.Context, tx any, jobs []due) (int, error) {
	var params []river.InsertManyParams
	seen := make(map[approval.Job]bool, len(jobs)) // PostgreSQL takes no two equal ones in one statement
	for _, d := range jobs {
		if seen[d.job] {
			continue
		}
		seen[d.job] = true
		queue, priority := lane(d.job.Kind)
		params = append(params, river.InsertManyParams{
			Args:       step{Step: d.job.Kind, Subject: d.job.Subject, Version: d.job.Version},
			InsertOpts: &river.InsertOpts{Queue: queue, Priority: priority, UniqueOpts: unfinishedOnce(), Metadata: d.metadata},
		})
	}
	results, err := e.insert(ctx, tx, params)
	if err != nil {
		return 0, err
	}
	inserted := 0
	for _, res := range results {
		if !res.UniqueSkippedAsDuplicate {
			inserted++
		}
	}
	return inserted, nil
}

func (e *riverEngine[TTx]) insert(ctx context.Context, tx any, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	if tx == nil {
		return e.client.InsertMany(ctx, params) //nolint:wrapcheck // wrapped by the callers
	}
	own, ok := tx.(TTx)
	if !ok {
		return nil, fmt.Errorf("the transaction is a %T", tx)
	}
	return e.client.InsertManyTx(ctx, own, params) //nolint:wrapcheck // wrapped by the callers
}

// unfinishedOnce keeps an equal job out as long as one is not finished.
func unfinishedOnce() river.UniqueOpts {
	return river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}
}

func (e *riverEngine[TTx]) id() string { return e.client.ID() }

func (e *riverEngine[TTx]) start(ctx context.Context) error {
	return e.client.Start(ctx) //nolint:wrapcheck // wrapped by the caller
}

func (e *riverEngine[TTx]) stop(ctx context.Context) error {
	err := e.client.Stop(ctx)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err //nolint:wrapcheck // wrapped by the caller
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return e.client.StopAndCancel(ctx) //nolint:wrapcheck // wrapped by the caller
}
