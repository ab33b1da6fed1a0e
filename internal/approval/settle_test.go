package approval_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// inSettling runs a test in a bubble, in which time passes only when everybody
// waits, with a desk that holds "approving…" back for 400 ms.
func inSettling(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, clock: &clock{}}
		timing := testTiming()
		timing.Settle = 400 * time.Millisecond
		w.build(timing, time.Now) //nolint:forbidigo // the bubble's own time, which the desk's timers follow
		test(t, w)
	})
}

// elapsed gives how long something takes in the bubble.
func elapsed(do func()) time.Duration {
	began := time.Now() //nolint:forbidigo // the bubble's own time
	do()
	return time.Since(began) //nolint:forbidigo // the bubble's own time
}

func TestApprovingIsHeldBack(t *testing.T) {
	t.Parallel()
	inSettling(t, func(t *testing.T, w *world) {
		t.Helper()
		r := w.deciding("a1")
		require.Equal(t, 400*time.Millisecond, elapsed(func() { w.deliver(r.ID) }))
		require.Equal(t, []string{"update approving by U1"}, w.board.take())
		w.carryOut(r.ID)
		require.Zero(t, elapsed(func() { w.deliver(r.ID) }), "an outcome is shown at once")
		require.Equal(t, []string{"update approved by U1"}, w.board.take())
	})
}

func TestApprovingIsSkippedIfTheOutcomeComesSooner(t *testing.T) {
	t.Parallel()
	inSettling(t, func(t *testing.T, w *world) {
		t.Helper()
		r := w.deciding("a1")
		done := make(chan time.Duration)
		go func() { done <- elapsed(func() { w.deliver(r.ID) }) }()
		synctest.Wait()
		w.carryOut(r.ID)
		require.Zero(t, elapsed(func() { w.deliver(r.ID) }), "whoever brings the outcome does not wait for the other")
		require.Equal(t, []string{"update approved by U1"}, w.board.take())
		require.Equal(t, 400*time.Millisecond, <-done)
		require.Empty(t, w.board.take(), "the one who held back has nothing left to do")
	})
}

func TestWhatIsNotHeldBack(t *testing.T) {
	t.Parallel()
	t.Run("a first post", func(t *testing.T) {
		t.Parallel()
		inSettling(t, func(t *testing.T, w *world) {
			t.Helper()
			r := w.request("a1")
			w.decide(r.ID, approve("U1", "click"), approval.Accepted)
			require.Zero(t, elapsed(func() { w.deliver(r.ID) }))
			require.Equal(t, []string{"post approving by U1"}, w.board.take())
		})
	})
	t.Run("that there is no answer", func(t *testing.T) {
		t.Parallel()
		inSettling(t, func(t *testing.T, w *world) {
			t.Helper()
			r := w.deciding("a1")
			w.system.carryOut = failWith(passing("503"))
			w.carryOut(r.ID)
			require.Zero(t, elapsed(func() { w.deliver(r.ID) }))
			require.Equal(t, []string{"update approving by U1 no answer"}, w.board.take())
		})
	})
}

func TestStoppingWhileHoldingBack(t *testing.T) {
	t.Parallel()
	inSettling(t, func(t *testing.T, w *world) {
		t.Helper()
		r := w.deciding("a1")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := w.desk.Deliver(ctx, r.ID)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, w.board.take())
		require.Zero(t, w.now(r.ID).Delivery.ClaimedUntil, "nothing is claimed meanwhile")
		w.deliver(r.ID)
		require.Equal(t, []string{"update approving by U1"}, w.board.take())
	})
}
