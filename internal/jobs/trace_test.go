package jobs_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/tracing/tracingtest"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

// enqueueIn puts jobs in while something of a trace is done.
func enqueueIn(ctx context.Context, tb testing.TB, s *store.Store, q *jobs.Queue, all ...approval.Job) int {
	tb.Helper()
	added := 0
	require.NoError(tb, s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
		var err error
		added, err = q.Enqueue(ctx, tx, all...)
		return err
	}))
	q.Wake()
	return added
}

func newTracer(t *testing.T) *tracing.Tracer {
	t.Helper()
	collector := tracingtest.New(t)
	log := logrus.New()
	log.SetOutput(io.Discard)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	tracer, err := tracing.New(t.Context(), tracing.Settings{Endpoint: collector.URL, Transport: transport, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, tracer.Stop(context.WithoutCancel(t.Context())))
		transport.CloseIdleConnections()
	})
	return tracer
}

// A job goes on with the trace that made it due, in another process too, after
// a wait, and although an equal job from elsewhere was not let in.
func TestAJobHasTheTraceThatMadeItDue(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		tracer := newTracer(t)
		before := newQueue(t, s, slog.New(slog.DiscardHandler))
		click, end := tracer.Begin(t.Context(), tracing.Server, "click")
		end(nil)
		require.Equal(t, 1, enqueueIn(click, t, s, before, job(approval.JobCarryOut, "r1")))
		other, end := tracer.Begin(t.Context(), tracing.Server, "another click")
		end(nil)
		require.Equal(t, 0, enqueueIn(other, t, s, before, job(approval.JobCarryOut, "r1")), "an equal job waits once")
		require.Equal(t, 1, enqueue(t, s, before, job(approval.JobTell, "n1")))

		after := newQueue(t, s, slog.New(slog.DiscardHandler))
		after.Trace(tracer)
		worked := make(chan context.Context, 10)
		var waited atomic.Bool
		start(t, after, func(ctx context.Context, job approval.Job) (time.Duration, error) {
			worked <- ctx
			if job.Kind == approval.JobCarryOut && !waited.Swap(true) {
				return time.Millisecond, nil
			}
			return 0, nil
		})
		traces := map[string][]string{}
		for range 3 {
			ctx := next(t, worked)
			about := trail.Of(ctx)
			require.NotZero(t, about.Job)
			traces[about.Step+" "+about.Request+about.Notice] = append(traces[about.Step+" "+about.Request+about.Notice], tracing.ID(ctx))
		}
		require.Equal(t, []string{tracing.ID(click), tracing.ID(click)}, traces["carry_out r1"])
		require.Len(t, traces["tell n1"], 1)
		require.NotEmpty(t, traces["tell n1"][0], "it has one of its own")
		require.NotEqual(t, tracing.ID(click), traces["tell n1"][0])
	})
}

// It does so too if it was held back meanwhile.
func TestAHeldJobHasTheTraceThatMadeItDue(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		var seconds atomic.Int64
		tracer, q, worked := newTracer(t), newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan context.Context, 10)
		q.Trace(tracer)
		q.RushBy(func() time.Time { return time.Unix(seconds.Load(), 0) })
		start(t, q, func(ctx context.Context, job approval.Job) (time.Duration, error) {
			if job.Subject == "held" {
				worked <- ctx
			}
			return 0, nil
		})
		beginRush(t, s, q, numbered(4))
		click, end := tracer.Begin(t.Context(), tracing.Server, "click")
		end(nil)
		decide(click, t, s, q, nil, job(approval.JobCarryOut, "held"))
		require.Equal(t, 4, count(t, s, `SELECT count(*) FROM river_job`))
		seconds.Add(1)
		require.Equal(t, tracing.ID(click), tracing.ID(next(t, worked)))
	})
}

func TestBacklogs(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		backlogs, err := q.Backlogs(t.Context())
		require.NoError(t, err)
		require.Len(t, backlogs, 4)
		for _, b := range backlogs {
			require.Zero(t, b)
		}
		enqueue(t, s, q, job(approval.JobCarryOut, "r1"), job(approval.JobCarryOut, "r2"), job(approval.JobCarryOut, "r3"),
			job(approval.JobCarryOut, "r4"), job(approval.JobPost, "r1"))
		// Of four, two wait, one of them for an hour; one runs, one waits for a time.
		nth := ` WHERE id = (SELECT id FROM river_job WHERE queue = 'carry_out' ORDER BY id LIMIT 1 OFFSET `
		change(t, s, `UPDATE river_job SET scheduled_at = datetime('now', '-1 hour')`+nth+`0)`,
			`UPDATE river_job SET scheduled_at = now() - interval '1 hour'`+nth+`0)`)
		running := `UPDATE river_job SET state = 'running'` + nth + `1)`
		change(t, s, running, running)
		change(t, s, `UPDATE river_job SET state = 'scheduled', scheduled_at = datetime('now', '+1 hour')`+nth+`2)`,
			`UPDATE river_job SET state = 'scheduled', scheduled_at = now() + interval '1 hour'`+nth+`2)`)
		backlogs, err = q.Backlogs(t.Context())
		require.NoError(t, err)
		deciding := backlogs["carry_out"]
		require.Equal(t, 2, deciding.Waiting)
		require.Equal(t, 1, deciding.Running)
		require.Equal(t, 1, deciding.Later)
		require.InDelta(t, time.Hour.Seconds(), deciding.Oldest.Seconds(), 300)
		require.Equal(t, 1, backlogs["post"].Waiting)
		require.Zero(t, backlogs["tell"])

		// Times that River itself has written.
		waits := make(chan approval.Job, 10)
		start(t, q, func(_ context.Context, job approval.Job) (time.Duration, error) {
			waits <- job
			return map[string]time.Duration{"soon": 4 * time.Second, "far": time.Hour}[job.Subject], nil
		})
		enqueue(t, s, q, job(approval.JobTell, "soon"), job(approval.JobTell, "far"))
		next(t, waits)
		require.Eventually(t, func() bool {
			backlogs, err := q.Backlogs(t.Context())
			require.NoError(t, err)
			return backlogs["tell"].Later >= 1 && backlogs["tell"].Running == 0
		}, patience, 10*time.Millisecond)
	})
}
