package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// retryPolicy is for jobs that end with an error, which is unexpected: what is
// expected to fail asks for a wait of its own.
type retryPolicy struct{ clock func() time.Time }

// NextRetry implements river.ClientRetryPolicy: 1 s, 2 s, 4 s … at most a
// minute after the failure. It does not count from the attempt's begin: for one
// that took longer than the wait the answer would lie in the past, which River
// replaces with its own, far longer waits. job.Errors has the failures and
// rescues before this one.
func (p retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	wait := time.Minute
	if before := len(job.Errors); before < 6 {
		wait = time.Second << before
	}
	return p.clock().UTC().Add(wait)
}

// errorLog logs what no one else has: the error that a job ended with.
type errorLog struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (e *errorLog) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	level := slog.LevelError
	if errors.Is(err, context.Canceled) {
		level = slog.LevelDebug // Frontdesk stops; the job goes on at the next start
	}
	e.record(ctx, level, job, "a job failed and will be tried again", err.Error())
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (e *errorLog) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicVal any, trace string) *river.ErrorHandlerResult {
	_ = panicVal // it may hold anything; the trace says where
	e.record(ctx, slog.LevelError, job, "a job panicked and will be tried again", trace)
	return nil
}

func (e *errorLog) record(ctx context.Context, level slog.Level, job *rivertype.JobRow, what, why string) {
	var s step
	_ = json.Unmarshal(job.EncodedArgs, &s) // a job that cannot be read has no subject to name
	e.log.Log(ctx, level, what, slog.String("error", why), slog.Int64("job_id", job.ID),
		slog.String("step", string(s.Step)), slog.String("subject", s.Subject))
}

// once keeps back what River itself logs of a job that failed: errorLog has
// logged it, and River's line quotes what a panic carried.
type once struct{ slog.Handler }

// Handle implements slog.Handler.
func (o once) Handle(ctx context.Context, record slog.Record) error {
	for _, said := range []string{"Job errored", "Job panicked", "panic recovery"} {
		if strings.Contains(record.Message, said) {
			return nil
		}
	}
	return o.Handler.Handle(ctx, record) //nolint:wrapcheck // a pass-through
}

// WithAttrs implements slog.Handler.
func (o once) WithAttrs(attrs []slog.Attr) slog.Handler { return once{o.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (o once) WithGroup(name string) slog.Handler { return once{o.Handler.WithGroup(name)} }
