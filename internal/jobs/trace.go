package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

// metadata is what Frontdesk keeps beside a job. River keeps names of its own
// there too. It does not tell jobs apart, so that equal ones still wait once.
type metadata struct {
	// Trace is the place in the trace of what made the job due.
	Trace string `json:"traceparent,omitempty"`
}

// packed gives a job's metadata, nil if there is no trace to keep.
func packed(ctx context.Context) []byte {
	m := metadata{Trace: tracing.Pack(ctx)}
	if m.Trace == "" {
		return nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil // a job without its trace is still the job
	}
	return text
}

// unpacked gives a context that goes on with the trace in a job's metadata.
func unpacked(ctx context.Context, text []byte) context.Context {
	var m metadata
	_ = json.Unmarshal(text, &m) // what cannot be read has no trace
	return tracing.Unpack(ctx, m.Trace)
}

var errPanicked = errors.New("the job panicked")

// traced works on a job in a span of its own.
func (q *Queue) traced(ctx context.Context, job approval.Job, work Work) (wait time.Duration, err error) {
	ctx, end := q.tracer.Begin(ctx, tracing.Consumer, "job "+string(job.Kind))
	err = errPanicked // unless it says something else
	defer func() { end(err) }()
	wait, err = work(ctx, job)
	return wait, err
}

// follow writes into a trail what a job is about.
func follow(t *trail.Trail, id int64, job approval.Job) {
	t.Job, t.Step = id, string(job.Kind)
	switch job.Kind {
	case approval.JobTell:
		t.Notice = job.Subject
	case approval.JobOverview:
		t.Source = job.Subject
	case approval.JobCarryOut, approval.JobPost, approval.JobRewrite, approval.JobRefresh, approval.JobOpen:
		t.Request = job.Subject
	}
}
