package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// TestADeletedMessageComesBack: somebody deleted the message of a request that
// still waits for a decision, and nothing else happens to it.
func TestADeletedMessageComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, other := w.posted("a1"), w.posted("a2")
	w.board.take()
	require.NoError(t, w.desk.LookAfter(t.Context()))
	require.False(t, w.now(r.ID).Delivery.Due(), "it was seen a moment ago")

	w.board.messages[0].deleted = true
	w.clock.advance(time.Hour)
	for _, each := range []approval.Request{r, other} {
		require.NoError(t, w.desk.LookAfter(t.Context()))
		require.Contains(t, w.jobs.waiting(), approval.DeliveryJob(w.now(each.ID)))
		w.deliver(each.ID)
	}
	require.Equal(t, []string{"update pending", "post pending", "update pending"}, w.board.take())
	require.Len(t, w.board.shown(), 2)
	require.NoError(t, w.desk.LookAfter(t.Context()))
	require.False(t, w.now(r.ID).Delivery.Due() || w.now(other.ID).Delivery.Due(), "both were seen by now")
}

// TestOnlyWhatIsOpenIsLookedAfter: nobody has to see the message of a request
// that is decided.
func TestOnlyWhatIsOpenIsLookedAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.carryOut(r.ID)
	w.deliver(r.ID)
	w.board.take()
	w.clock.advance(24 * time.Hour)
	require.NoError(t, w.desk.LookAfter(t.Context()))
	require.False(t, w.now(r.ID).Delivery.Due())
}
