package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

// step is a job as River stores it.
type step struct {
	Step    approval.JobKind `json:"step"`
	Subject string           `json:"subject"`
	Version int64            `json:"version"`
}

// Kind implements river.JobArgs.
func (step) Kind() string { return "step" }

func (s step) job() approval.Job {
	return approval.Job{Kind: s.Step, Subject: s.Subject, Version: s.Version}
}

type stepWorker struct {
	river.WorkerDefaults[step]
	queue *Queue
}

// Work implements river.Worker.
func (w *stepWorker) Work(ctx context.Context, j *river.Job[step]) error {
	w.queue.rush.wait(ctx)
	work := *w.queue.work.Load()
	job := j.Args.job()
	if p := w.queue.presence; p != nil {
		present, leave, ok := p.during(ctx)
		defer leave()
		if !ok {
			return river.JobSnooze(lookEvery) //nolint:wrapcheck // as below
		}
		ctx = present
	}
	ctx = trail.With(unpacked(ctx, j.Metadata), func(t *trail.Trail) { follow(t, j.ID, job) })
	wait, err := w.queue.traced(ctx, job, work)
	if err != nil {
		return err
	}
	if wait > 0 {
		return river.JobSnooze(wait) //nolint:wrapcheck // no failure, but how River is asked for a wait
	}
	return nil
}
