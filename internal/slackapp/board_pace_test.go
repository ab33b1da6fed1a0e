package slackapp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

// turn is one that was asked for.
type turn struct {
	name   string
	every  time.Duration
	burst  int
	within time.Duration
}

// turns answers as it is told and keeps what was asked.
type turns struct {
	asked []turn
	wait  time.Duration
	taken bool
	err   error
}

func (t *turns) Turn(_ context.Context, name string, every time.Duration, burst int, within time.Duration) (time.Duration, bool, error) {
	t.asked = append(t.asked, turn{name, every, burst, within})
	return t.wait, t.taken, t.err
}

func paced(t *testing.T, given *turns) *world {
	t.Helper()
	return newWorld(t, func(p *plan) {
		p.turns, p.pace = given, slackapp.Pace{PostEvery: time.Second, UpdateEvery: 1200 * time.Millisecond}
	})
}

func TestTheBoardAsksForTurns(t *testing.T) {
	t.Parallel()
	given := &turns{taken: true}
	w := paced(t, given)
	ref, err := w.board.Post(t.Context(), requestID, compose(t, w.board, nil))
	require.NoError(t, err)
	require.NoError(t, w.board.Update(t.Context(), ref, requestID, compose(t, w.board, nil)))
	shown := w.desk.request
	shown.Delivery.TS, shown.Delivery.SeenAt = ref.TS, shown.ChangedAt.Add(time.Second)
	refresh, err := w.board.Compose(approval.View{Request: shown})
	require.NoError(t, err)
	require.NoError(t, w.board.Update(t.Context(), ref, requestID, refresh))
	require.Equal(t, []turn{
		{"chat.postMessage " + channelID, time.Second, 3, 12 * time.Second},
		{"chat.update", 1200 * time.Millisecond, 20, 10 * time.Second},
		{"chat.update", 1200 * time.Millisecond, 10, 2 * time.Second},
	}, given.asked, "what only refreshes a menu leaves room for news")
}

func TestWithoutATurnNothingIsSent(t *testing.T) {
	t.Parallel()
	given := &turns{wait: 40 * time.Second}
	w := paced(t, given)
	ref := approval.MessageRef{Channel: channelID, TS: "1.2"}
	try := func(ctx context.Context) (post, update error) {
		_, post = w.board.Post(ctx, requestID, compose(t, w.board, nil))
		return post, w.board.Update(ctx, ref, requestID, compose(t, w.board, nil))
	}
	post, update := try(t.Context())
	for _, err := range []error{post, update} {
		require.Equal(t, 40*time.Second, passing(t, err).RetryAfter)
		require.False(t, passing(t, err).Ambiguous, "it was surely not sent")
	}

	given.taken = true
	ended, end := context.WithCancel(t.Context())
	end()
	post, update = try(ended)
	for _, err := range []error{post, update} {
		require.False(t, passing(t, err).Ambiguous)
		require.ErrorIs(t, err, context.Canceled)
	}

	given.err = errors.New("the database is away")
	post, update = try(t.Context())
	require.ErrorIs(t, post, given.err)
	require.ErrorIs(t, update, given.err)
	require.Empty(t, w.ws.Calls(""))
}
