package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

func TestLaterIsWhileTheQueueRuns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		q, done := newQueue(t, s, slog.New(slog.DiscardHandler)), make(chan string, 10)
		say := func(what string) func(context.Context) error {
			return func(context.Context) error { done <- what; return nil }
		}
		q.Later(0, say("too early"))
		require.NoError(t, q.Start(t.Context(), into(make(chan approval.Job, 10))))
		q.Later(time.Hour, say("forgotten"))
		q.Later(0, say("at once"))
		require.Equal(t, "at once", next(t, done))
		q.Later(10*time.Millisecond, say("after a wait"))
		require.Equal(t, "after a wait", next(t, done))

		begun := make(chan string)
		q.Later(0, func(ctx context.Context) error {
			begun <- ""
			<-ctx.Done()
			return say("broken off")(ctx)
		})
		next(t, begun)
		stop(t, q)
		require.Equal(t, "broken off", <-done, "Stop waits for what is under way")
		q.Later(0, say("too late"))
		require.Empty(t, done)
	})
}
