package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// postLost posts and loses the answer. hidden is for how long the message is
// not found; negative: it never was posted.
func postLost(w *world, hidden time.Duration) approval.Request {
	w.t.Helper()
	r := w.request("a1")
	w.board.afterPost = func(m *message) error {
		m.hidden = w.clock.read().Add(hidden)
		m.deleted = hidden < 0
		return ambiguous("time-out")
	}
	require.Equal(w.t, time.Second, w.deliverWait(r.ID))
	require.Equal(w.t, start, w.now(r.ID).Delivery.PostBegun)
	w.board.afterPost = nil
	w.clock.advance(time.Second)
	require.Equal(w.t, []string{"post pending"}, w.board.take())
	return r
}

func TestLostAnswerFoundAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := postLost(w, 0)
	w.deliver(r.ID)
	require.Equal(t, []string{"find", "update pending"}, w.board.take(), "what it shows is not known, so it is rewritten once")
	got := w.now(r.ID).Delivery
	require.Equal(t, "ts-1", got.TS)
	require.Zero(t, got.PostBegun)
	require.Equal(t, []string{"pending"}, w.board.shown())

	w.decide(r.ID, approve("U1", "click"), approval.Accepted)
	w.deliver(r.ID)
	require.Equal(t, []string{"update approving by U1"}, w.board.take(), "nothing is looked for any more")
}

func TestLostAnswerFoundLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := postLost(w, 3*time.Second)
	require.Equal(t, 5*time.Second, w.deliverWait(r.ID), "the message may still appear")
	require.Equal(t, []string{"find"}, w.board.take())
	require.Equal(t, 5*time.Second, w.deliverWait(r.ID), "too early to look again")
	w.decide(r.ID, approve("U1", "click"), approval.Accepted)
	require.Equal(t, 5*time.Second, w.deliverWait(r.ID), "also when the request moves on")
	require.Empty(t, w.board.take())

	w.clock.advance(5 * time.Second)
	w.deliver(r.ID)
	require.Equal(t, []string{"find", "update approving by U1"}, w.board.take())
	require.Equal(t, []string{"approving by U1"}, w.board.shown())
}

func TestLostAnswerOfAPostThatNeverWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := postLost(w, -1)
	w.clock.advance(w.deliverWait(r.ID))
	require.Len(t, w.watch.take(), 1, "that the message may appear is no failure")
	w.deliver(r.ID)
	require.Equal(t, []string{"find", "find", "post pending"}, w.board.take())
	require.Equal(t, []string{"pending"}, w.board.shown())
	require.Zero(t, w.now(r.ID).Delivery.PostBegun)
}

func TestSecondPostIsLostToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := postLost(w, -1)
	w.clock.advance(w.deliverWait(r.ID))
	w.board.afterPost = func(m *message) error {
		m.hidden = w.clock.read().Add(4 * time.Second)
		return ambiguous("time-out")
	}
	wait := w.deliverWait(r.ID)
	require.Equal(t, w.clock.read(), w.now(r.ID).Delivery.PostBegun, "Slack may be late from now on")
	w.clock.advance(wait)
	w.clock.advance(w.deliverWait(r.ID))
	w.deliver(r.ID)
	require.Equal(t, []string{"pending"}, w.board.shown(), "one message")
}

// TestCrashWhileLooking: however often looking begins, it looks back to the post.
func TestCrashWhileLooking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := postLost(w, 3*time.Second)
	w.store.fail = func(string) error {
		if len(w.board.all) > 0 {
			return errors.New("dead")
		}
		return nil
	}
	_, err := w.desk.Deliver(t.Context(), r.ID)
	require.ErrorContains(t, err, "dead")
	w.store.fail = nil
	w.clock.advance(30 * time.Second)
	w.deliver(r.ID)
	require.Equal(t, []string{"pending"}, w.board.shown(), "one message")
}

func TestLookingFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := postLost(w, 0)
	w.clock.advance(time.Hour)
	w.board.findErr = errors.New("missing scope")
	wait := w.deliverWait(r.ID)
	require.Equal(t, 2*time.Second, wait)
	require.Equal(t, []string{"find"}, w.board.take(), "nothing is posted without having looked")
	require.Equal(t, start, w.now(r.ID).Delivery.PostBegun)
	w.board.findErr = nil
	w.clock.advance(wait)
	w.deliver(r.ID)
	require.Equal(t, []string{"pending"}, w.board.shown())
}

// TestASlowPostIsLookedForTwice: Slack held the post until we gave up, and took
// it at that very moment. The first look comes long after the post was begun
// and still too early.
func TestASlowPostIsLookedForTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("a1")
	w.board.afterPost = func(m *message) error {
		w.clock.advance(20 * time.Second) // our patience with the call
		m.hidden = w.clock.read().Add(3 * time.Second)
		return ambiguous("time-out")
	}
	w.clock.advance(w.deliverWait(r.ID))
	w.board.afterPost = nil
	w.clock.advance(w.deliverWait(r.ID))
	w.deliver(r.ID)
	require.Equal(t, []string{"post pending", "find", "find", "update pending"}, w.board.take())
	require.Equal(t, []string{"pending"}, w.board.shown(), "one message")
}
