package approval_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func TestFirstPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("a1")
	w.board.beforePost = func() error {
		require.Equal(t, start, w.now(r.ID).Delivery.PostBegun, "the post is marked as begun before it is made")
		return nil
	}
	w.deliver(r.ID)
	require.Equal(t, []string{"post pending"}, w.board.take())
	require.Equal(t, approval.Delivery{Channel: "C1", TS: "ts-1", Hash: "pending", Wanted: 1, Done: 1, SeenAt: start}, w.now(r.ID).Delivery)
	w.deliver(r.ID)
	require.Empty(t, w.board.take(), "nothing is due")
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.board.beforeUpdate = func() error {
		require.Empty(t, w.now(r.ID).Delivery.Hash, "what it shows is not known until the answer")
		return nil
	}
	w.deliver(r.ID)
	w.carryOut(r.ID)
	w.deliver(r.ID)
	require.Equal(t, []string{"update approving by U1", "update approved by U1"}, w.board.take())
	require.Equal(t, []string{"approved by U1"}, w.board.shown())
	got := w.now(r.ID).Delivery
	require.Equal(t, "approved by U1", got.Hash)
	require.False(t, got.Due())
}

func TestSameContentIsNotSentTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = refuseWith(approval.RefusedInvalid)
	w.carryOut(r.ID)
	require.True(t, w.now(r.ID).Delivery.Due())
	w.deliver(r.ID)
	require.Empty(t, w.board.take(), "it is pending again, as it is shown")
	require.False(t, w.now(r.ID).Delivery.Due())
	require.Equal(t, "pending", w.now(r.ID).Delivery.Hash)
}

func TestNewestContentWins(t *testing.T) {
	t.Parallel()
	t.Run("during a post", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.request("a1")
		w.board.beforePost = func() error {
			w.decide(r.ID, approve("U1", "click"), approval.Accepted)
			require.Equal(t, 30*time.Second, w.deliverWait(r.ID), "somebody else delivers it")
			return nil
		}
		w.deliver(r.ID)
		require.Equal(t, []string{"post pending", "update approving by U1"}, w.board.take())
	})
	t.Run("during an update", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.deciding("a1")
		w.board.beforeUpdate = func() error {
			w.board.beforeUpdate = nil
			w.carryOut(r.ID)
			require.Equal(t, 30*time.Second, w.deliverWait(r.ID))
			return nil
		}
		w.deliver(r.ID)
		require.Equal(t, []string{"update approving by U1", "update approved by U1"}, w.board.take())
		require.False(t, w.now(r.ID).Delivery.Due())
	})
	t.Run("during an update that fails", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.deciding("a1")
		w.board.beforeUpdate = func() error {
			w.board.beforeUpdate = nil
			w.carryOut(r.ID)
			return passing("503")
		}
		require.Equal(t, time.Second, w.deliverWait(r.ID))
		w.clock.advance(time.Second)
		w.deliver(r.ID)
		require.Equal(t, []string{"update approving by U1", "update approved by U1"}, w.board.take())
	})
}

// TestUpdateThatMayHaveWorked: the message shows "approving" although the
// update is said to have failed, and the request goes back to pending. The old
// content must be sent again, or the message would lie for good.
func TestUpdateThatMayHaveWorked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.board.afterUpdate = func() error { return ambiguous("time-out") }
	wait := w.deliverWait(r.ID)
	require.Equal(t, []string{"approving by U1"}, w.board.shown())
	w.board.afterUpdate = nil
	w.system.carryOut = refuseWith(approval.RefusedInvalid)
	w.carryOut(r.ID)
	w.clock.advance(wait)
	w.clock.advance(w.deliverWait(r.ID)) // and once more, for the first may still come
	w.deliver(r.ID)
	require.Equal(t, []string{"pending"}, w.board.shown())
}

func TestCrashAfterAnUpdate(t *testing.T) {
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
	w.system.carryOut = refuseWith(approval.RefusedInvalid)
	w.carryOut(r.ID)

	require.Equal(t, 30*time.Second, w.deliverWait(r.ID), "the claim of the dead still stands")
	w.clock.advance(30 * time.Second)
	w.deliver(r.ID)
	require.Equal(t, []string{"pending"}, w.board.shown())
}

func TestPostThatFailedForSure(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"final": errors.New("invalid_blocks"), "passing": passing("503"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.request("a1")
			w.board.beforePost = func() error { return failure }
			wait := w.deliverWait(r.ID)
			require.Equal(t, time.Second, wait)
			require.Zero(t, w.now(r.ID).Delivery.PostBegun)
			require.Len(t, w.watch.take(), 1)
			w.board.beforePost = nil
			w.clock.advance(wait)
			w.deliver(r.ID)
			require.Equal(t, []string{"post pending", "post pending"}, w.board.take(), "nothing has to be looked for")
		})
	}
}

func TestCrashAfterAPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("a1")
	w.board.afterPost = func(*message) error {
		w.store.fail = func(string) error { return errors.New("dead") }
		return nil
	}
	_, err := w.desk.Deliver(t.Context(), r.ID)
	require.ErrorContains(t, err, "dead")
	w.store.fail, w.board.afterPost = nil, nil
	w.clock.advance(30*time.Second - 1)
	require.Equal(t, time.Millisecond, w.deliverWait(r.ID).Round(time.Millisecond))
	w.clock.advance(1)
	w.deliver(r.ID)
	require.Equal(t, []string{"post pending", "find", "update pending"}, w.board.take())
	require.Equal(t, []string{"pending"}, w.board.shown())
}

func TestDeletedMessage(t *testing.T) {
	t.Parallel()
	t.Run("of an open request is posted anew", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.deciding("a1")
		w.board.messages[0].deleted = true
		w.clock.advance(time.Minute)
		w.board.beforePost = func() error {
			require.Equal(t, w.clock.read(), w.now(r.ID).Delivery.PostBegun, "the post is marked as begun before it is made")
			return nil
		}
		w.deliver(r.ID)
		require.Equal(t, []string{"update approving by U1", "post approving by U1"}, w.board.take())
		require.Equal(t, "ts-2", w.now(r.ID).Delivery.TS)
		require.Empty(t, w.watch.take())
	})
	t.Run("of a closed request is left alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.deciding("a1")
		w.carryOut(r.ID)
		w.board.messages[0].deleted = true
		w.deliver(r.ID)
		require.Equal(t, []string{"update approved by U1"}, w.board.take())
		require.False(t, w.now(r.ID).Delivery.Due())
		w.deliver(r.ID)
		require.Empty(t, w.board.take())
	})
	t.Run("crash after the new post", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.deciding("a1")
		w.board.messages[0].deleted = true
		w.board.afterPost = func(*message) error {
			w.store.fail = func(string) error { return errors.New("dead") }
			return nil
		}
		_, err := w.desk.Deliver(t.Context(), r.ID)
		require.Error(t, err)
		w.store.fail, w.board.afterPost = nil, nil
		w.clock.advance(30 * time.Second)
		w.deliver(r.ID)
		require.Equal(t, []string{"approving by U1"}, w.board.shown(), "one message, not two")
	})
}

func TestSlackAsksForPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.board.beforeUpdate = func() error { return &approval.PassingError{RetryAfter: 7 * time.Second, Err: errors.New("429")} }
	require.Equal(t, 7*time.Second, w.deliverWait(r.ID))
	require.Empty(t, w.watch.take(), "that Slack asks for patience is no news")
	w.board.beforeUpdate = nil
	w.board.take()

	w.clock.advance(time.Second)
	w.carryOut(r.ID)
	require.Equal(t, 6*time.Second, w.deliverWait(r.ID), "not even news is sent before")
	require.Empty(t, w.board.take())
	w.clock.advance(6 * time.Second)
	w.deliver(r.ID)
	require.Equal(t, []string{"update approved by U1"}, w.board.take(), "only the newest")
}

func TestNewsDoNotWaitForABackoff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.board.beforeUpdate = func() error { return errors.New("invalid_blocks") }
	var waits []time.Duration
	for range 9 {
		wait := w.deliverWait(r.ID)
		waits = append(waits, wait)
		w.clock.advance(wait)
	}
	s := time.Second
	require.Equal(t, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, time.Minute, time.Minute, time.Minute}, waits)
	require.Len(t, w.watch.take(), 9)
	require.Equal(t, time.Minute, w.deliverWait(r.ID))
	w.board.beforeUpdate = nil
	w.carryOut(r.ID)
	w.deliver(r.ID)
	require.Equal(t, []string{"approved by U1"}, w.board.shown())
	require.Zero(t, w.now(r.ID).Delivery.Failures)
	require.Zero(t, w.now(r.ID).Delivery.NextAt)
}

func TestContentThatCannotBeComposed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("a1")
	w.board.composeErr = errors.New("no template")
	require.Equal(t, time.Second, w.deliverWait(r.ID))
	require.Empty(t, w.board.take())
	require.Zero(t, w.now(r.ID).Delivery.PostBegun, "no post was begun")
	require.Contains(t, w.watch.take()[0], "no template")
}

// TestClaimLostDuringADelivery: somebody took over, and what they recorded
// counts, not what comes in late.
func TestClaimLostDuringADelivery(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]error{"success": nil, "failure": passing("time-out")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			var then approval.Request
			w.board.beforeUpdate = func() error {
				w.board.beforeUpdate = nil
				w.clock.advance(31 * time.Second)
				w.carryOut(r.ID)
				w.deliver(r.ID)
				then = w.now(r.ID)
				return result
			}
			w.deliver(r.ID)
			require.Equal(t, then, w.now(r.ID))
		})
	}
}

func TestResultOfADeliveryIsKeptWhenTheJobsTimeIsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("a1")
	ctx, cancel := context.WithCancel(t.Context())
	w.board.afterPost = func(*message) error {
		cancel()
		return nil
	}
	wait, err := w.desk.Deliver(ctx, r.ID)
	require.NoError(t, err)
	require.Zero(t, wait)
	require.Equal(t, "ts-1", w.now(r.ID).Delivery.TS)
}

func TestDeliverUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.desk.Deliver(t.Context(), "nobody")
	require.ErrorIs(t, err, approval.ErrUnknown)
}
