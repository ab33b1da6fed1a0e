package jobs_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// TestWhatAWrongClockPlannedRunsSoon: the clock was a day ahead when some jobs
// came in and others asked for a wait, and is put back.
func TestWhatAWrongClockPlannedRunsSoon(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q := newQueue(t, s, slog.New(slog.DiscardHandler))
		waits := make(chan approval.Job, 10)
		ran := make(chan approval.Job, 10)
		var waited atomic.Bool
		start(t, q, func(_ context.Context, job approval.Job) (time.Duration, error) {
			if job.Subject == "far" || !waited.Swap(true) {
				waits <- job
				return 50 * time.Minute, nil
			}
			ran <- job
			return 0, nil
		})
		near, far := job(approval.JobRewrite, "near"), job(approval.JobCarryOut, "far")
		enqueue(t, s, q, near, far)
		next(t, waits)
		next(t, waits)
		eventually(t, s, 2, `SELECT count(*) FROM river_job WHERE state = 'scheduled'`)
		n, err := q.Hasten(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "a wait that was asked for is waited for")

		change(t, s, `UPDATE river_job SET scheduled_at = datetime('now', '+1 day') WHERE queue = 'rewrite'`,
			`UPDATE river_job SET scheduled_at = scheduled_at + interval '1 day' WHERE queue = 'rewrite'`)
		require.Zero(t, enqueue(t, s, q, near), "as long as it waits, no equal one is let in")
		n, err = q.Hasten(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), n)
		require.Equal(t, near, next(t, ran))

		// One that is to run at once is late by the same mistake.
		stop(t, q)
		late := job(approval.JobTell, "late")
		again := newQueue(t, s, slog.New(slog.DiscardHandler))
		enqueue(t, s, again, late)
		change(t, s, `UPDATE river_job SET scheduled_at = datetime('now', '+10 minutes') WHERE queue = 'tell'`,
			`UPDATE river_job SET scheduled_at = now() + interval '10 minutes' WHERE queue = 'tell'`)
		n, err = again.Hasten(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), n)
		start(t, again, into(ran))
		require.Equal(t, late, next(t, ran))
	})
}
