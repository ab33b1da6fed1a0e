package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// doubt is how long a rewrite without an answer may still be carried out.
const doubt = 10 * time.Second

// rewriteHeld rewrites the message of an approved request, after the rewrite to
// "approving" got no answer and was held back for some time.
func rewriteHeld(t *testing.T, w *world, held time.Duration) approval.Request {
	t.Helper()
	r := w.deciding("a1")
	w.board.holdUpdate = func() time.Duration { return held }
	require.Equal(t, time.Second, w.deliverWait(r.ID))
	require.Equal(t, start, w.now(r.ID).Delivery.RewriteBegun)
	w.board.holdUpdate = nil
	w.carryOut(r.ID)
	w.clock.advance(time.Second)
	require.Equal(t, doubt-time.Second, w.deliverWait(r.ID), "an earlier rewrite may still come")
	require.Equal(t, []string{"update approving by U1", "update approved by U1"}, w.board.take())
	require.Equal(t, []string{"approved by U1"}, w.board.shown())
	return r
}

func TestARewriteThatComesLateIsOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := rewriteHeld(t, w, 8*time.Second)
	require.True(t, w.now(r.ID).Delivery.Due())
	w.clock.advance(doubt - time.Second)
	require.Equal(t, []string{"approving by U1"}, w.board.shown(), "the old one came over the new one")
	w.deliver(r.ID)
	require.Equal(t, []string{"update approved by U1"}, w.board.take())
	require.Equal(t, []string{"approved by U1"}, w.board.shown())
	got := w.now(r.ID).Delivery
	require.False(t, got.Due())
	require.Zero(t, got.RewriteBegun)
	require.Zero(t, got.Failures)
	require.Equal(t, "approved by U1", got.Hash)
}

// TestADoubtKeepsNothingBack: what happens meanwhile is shown at once, and the
// doubt stays until its time is over.
func TestADoubtKeepsNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.board.holdUpdate = func() time.Duration { return 8 * time.Second }
	require.Equal(t, time.Second, w.deliverWait(r.ID))
	w.board.holdUpdate = nil
	w.clock.advance(time.Second)
	require.Equal(t, doubt-time.Second, w.deliverWait(r.ID))
	w.clock.advance(time.Second)
	w.carryOut(r.ID)
	require.Equal(t, doubt-2*time.Second, w.deliverWait(r.ID))
	require.Equal(t, []string{"update approving by U1", "update approving by U1", "update approved by U1"}, w.board.take())
	w.clock.advance(doubt - 2*time.Second)
	w.deliver(r.ID)
	require.Equal(t, []string{"update approved by U1"}, w.board.take())
	require.Equal(t, []string{"approved by U1"}, w.board.shown())
	require.False(t, w.now(r.ID).Delivery.Due())
}

// TestACrashLeavesADoubt: whoever goes on does not know how far the rewrite of
// the dead came.
func TestACrashLeavesADoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.board.afterUpdate = func() error {
		w.store.fail = func(string) error { return errors.New("dead") }
		return nil
	}
	_, err := w.desk.Deliver(t.Context(), r.ID)
	require.ErrorContains(t, err, "dead")
	w.store.fail, w.board.afterUpdate = nil, nil
	require.Equal(t, start, w.now(r.ID).Delivery.RewriteBegun)
	w.clock.advance(30 * time.Second) // the claim's time
	w.deliver(r.ID)
	require.Equal(t, []string{"update approving by U1", "update approving by U1"}, w.board.take(), "by then it is too late for the first")
	require.Zero(t, w.now(r.ID).Delivery.RewriteBegun)
}

func TestAClearAnswerLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"refused": errors.New("invalid blocks"), "not now": &approval.PassingError{RetryAfter: time.Second, Err: errors.New("429")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			w.board.beforeUpdate = func() error { return failure }
			wait := w.deliverWait(r.ID)
			require.Zero(t, w.now(r.ID).Delivery.RewriteBegun)
			w.board.beforeUpdate = nil
			w.clock.advance(wait)
			w.deliver(r.ID)
			require.False(t, w.now(r.ID).Delivery.Due())
		})
	}
}
