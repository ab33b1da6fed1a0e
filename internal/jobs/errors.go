package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
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
	var t trail.Trail
	follow(&t, job.ID, approval.Job{Kind: s.Step, Subject: s.Subject})
	fields := []slog.Attr{slog.String("error", why)}
	for name, id := range t.All() {
		fields = append(fields, slog.Any(name, id))
	}
	if trace := tracing.ID(unpacked(ctx, job.Metadata)); trace != "" {
		fields = append(fields, slog.String("trace_id", trace))
	}
	e.log.LogAttrs(ctx, level, what, fields...)
}

// repeatEvery is how often River may say the same: while the database is gone
// each of its parts complains several times a second.
const repeatEvery = time.Minute

// once keeps back what River itself logs of a job that failed, because errorLog
// has logged it and River's line quotes what a panic carried, and what it said
// less than a minute ago.
type once struct {
	slog.Handler
	said *said
}

func newOnce(h slog.Handler) once {
	return once{Handler: h, said: &said{lines: map[string]*saidLine{}}}
}

// said keeps when something was said last. River's texts are a closed set.
type said struct {
	mu    sync.Mutex
	lines map[string]*saidLine
}

type saidLine struct {
	at   time.Time
	held int // times that it was kept back since
}

// again reports whether something may be said now, and how often it was kept
// back.
func (s *said) again(text string, now time.Time) (held int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.lines[text]
	if line == nil {
		line = &saidLine{at: now.Add(-repeatEvery)}
		s.lines[text] = line
	}
	if now.Sub(line.at).Abs() < repeatEvery {
		line.held++
		return 0, false
	}
	held, line.at, line.held = line.held, now, 0
	return held, true
}

// Handle implements slog.Handler.
func (o once) Handle(ctx context.Context, record slog.Record) error {
	for _, said := range []string{"Job errored", "Job panicked", "panic recovery"} {
		if strings.Contains(record.Message, said) {
			return nil
		}
	}
	if record.Level >= slog.LevelWarn {
		held, ok := o.said.again(record.Message, record.Time)
		if !ok {
			return nil
		}
		if held > 0 {
			record = record.Clone()
			record.AddAttrs(slog.Int("kept_back", held))
		}
	}
	return o.Handler.Handle(ctx, record) //nolint:wrapcheck // a pass-through
}

// WithAttrs implements slog.Handler.
func (o once) WithAttrs(attrs []slog.Attr) slog.Handler {
	return once{Handler: o.Handler.WithAttrs(attrs), said: o.said}
}

// WithGroup implements slog.Handler.
func (o once) WithGroup(name string) slog.Handler {
	return once{Handler: o.Handler.WithGroup(name), said: o.said}
}
