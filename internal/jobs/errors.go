package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// retryPolicy is for jobs that end with an error, which is unexpected: what is
// expected to fail asks for a wait of its own.
type retryPolicy struct{}

// NextRetry implements river.ClientRetryPolicy: 1 s, 2 s, 4 s … at most a
// minute. A rescued job has counted its attempt, and starts at once with the
// first.
func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	wait := time.Minute
	if failures := len(job.Errors); failures < 6 {
		wait = time.Second << failures
	}
	return job.AttemptedAt.Add(wait)
}

// errorLog logs what no one else has: the error that a job ended with.
type errorLog struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (e *errorLog) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	e.record(ctx, job, "a job failed and will be tried again", err.Error())
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (e *errorLog) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicVal any, trace string) *river.ErrorHandlerResult {
	_ = panicVal // it may hold anything; the trace says where
	e.record(ctx, job, "a job panicked and will be tried again", trace)
	return nil
}

func (e *errorLog) record(ctx context.Context, job *rivertype.JobRow, what, why string) {
	var s step
	_ = json.Unmarshal(job.EncodedArgs, &s) // a job that cannot be read has no subject to name
	e.log.ErrorContext(ctx, what, slog.String("error", why), slog.Int64("job_id", job.ID),
		slog.String("step", string(s.Step)), slog.String("subject", s.Subject))
}
