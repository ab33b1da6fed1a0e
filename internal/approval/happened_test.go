package approval_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func TestWhatHappensIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("x1")
	require.Equal(t, []string{"receive " + r.ID + " to pending", "approve " + r.ID + " to approving"}, w.watch.happened.take())

	w.decide(r.ID, approve("U1", "click-x1"), approval.Repeated)
	w.decide(r.ID, approve("U2", "click-2"), approval.Taken)
	w.poll()
	require.Empty(t, w.watch.happened.take(), "nothing was decided")

	w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
		return approval.Confirmation{}, &approval.PassingError{Err: errors.New("no answer")}
	}
	for range 2 { // of which the second is no news
		w.clock.advance(w.carryOut(r.ID))
	}
	require.Equal(t, []string{"delay " + r.ID + " to approving"}, w.watch.happened.take())
	w.system.carryOut = nil
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, []string{"confirm " + r.ID + " to approved"}, w.watch.happened.take())
}

func TestWhatIsNotDurableIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("x1")
	w.watch.happened.take()
	w.store.fail = func(string) error { return errors.New("the disk is full") }
	_, _, err := w.desk.Decide(t.Context(), r.ID, approve("U1", "click"), true)
	require.Error(t, err)
	require.Empty(t, w.watch.happened.take())
}
