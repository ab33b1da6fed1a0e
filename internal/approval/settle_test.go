package approval_test

import (
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

func TestApprovingIsHeldBack(t *testing.T) {
	t.Parallel()
	inSettling(t, func(t *testing.T, w *world) {
		t.Helper()
		r := w.deciding("a1")
		require.NotContains(t, w.jobs.waiting(), approval.DeliveryJob(r), "most would find nothing to do")
		wait, err := w.desk.Deliver(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, 400*time.Millisecond, wait, "whoever comes too early is told when")
		require.Empty(t, w.board.take())
		time.Sleep(400 * time.Millisecond) //nolint:forbidigo // the bubble's own time
		synctest.Wait()
		require.Contains(t, w.jobs.waiting(), approval.DeliveryJob(r))
		w.deliver(r.ID)
		require.Equal(t, []string{"update approving by U1"}, w.board.take())
		w.carryOut(r.ID)
		w.deliver(r.ID) // an outcome is shown at once
		require.Equal(t, []string{"update approved by U1"}, w.board.take())
	})
}

func TestApprovingIsSkippedIfTheOutcomeComesSooner(t *testing.T) {
	t.Parallel()
	inSettling(t, func(t *testing.T, w *world) {
		t.Helper()
		r := w.deciding("a1")
		w.carryOut(r.ID)
		w.deliver(r.ID)
		require.Equal(t, []string{"update approved by U1"}, w.board.take())
		waiting := w.jobs.waiting()
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's own time
		synctest.Wait()
		require.Equal(t, waiting, w.jobs.waiting(), "there is nothing left to show")
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
			w.deliver(r.ID)
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
			w.deliver(r.ID)
			require.Equal(t, []string{"update approving by U1 no answer"}, w.board.take())
		})
	})
}
