package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// The clock was a day ahead, and is put back.
const aDay = 24 * time.Hour

func TestAnAttemptPlannedByAWrongClockIsDueNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.advance(aDay)
	r := w.deciding("a1")
	w.deliver(r.ID)
	w.system.carryOut = failWith(passing("503"))
	require.Positive(t, w.carryOut(r.ID))
	require.Positive(t, w.carryOut(r.ID), "it is not time yet")
	w.board.beforeUpdate = func() error { return passing("500") }
	require.Positive(t, w.deliverWait(r.ID))
	require.Positive(t, w.deliverWait(r.ID))

	w.clock.advance(-aDay)
	w.system.carryOut, w.board.beforeUpdate = nil, nil
	w.jobs.lose(func(approval.Job) bool { return true })
	swept, err := w.desk.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, swept, "what is planned so far ahead is due")
	require.Zero(t, w.carryOut(r.ID))
	w.deliver(r.ID)
	require.Equal(t, approval.Approved, w.now(r.ID).State)
	require.Equal(t, []string{"approved by U1"}, w.board.shown())
}

// TestNoWaitIsLongerThanAnHour: a longer one could not be told from one that a
// wrong clock planned.
func TestNoWaitIsLongerThanAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tomorrow := &approval.PassingError{RetryAfter: aDay, Err: errors.New("429")}
	r := w.deciding("a1")
	w.system.carryOut = failWith(tomorrow)
	require.Equal(t, approval.LongestWait, w.carryOut(r.ID))
	w.board.beforeUpdate = func() error { return tomorrow }
	require.Equal(t, approval.LongestWait, w.deliverWait(r.ID))
	w.clock.advance(approval.LongestWait - time.Second)
	require.Equal(t, time.Second, w.carryOut(r.ID))
	require.Equal(t, time.Second, w.deliverWait(r.ID))
}

// TestAMessagePostedByAWrongClockIsFound: when its posting was begun is not
// known, so it is looked for far back and not posted twice.
func TestAMessagePostedByAWrongClockIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.advance(aDay)
	r := w.request("a1")
	w.board.afterPost = func(m *message) error {
		m.at = m.at.Add(-aDay) // Slack's clock is right
		return ambiguous("time-out")
	}
	require.Positive(t, w.deliverWait(r.ID))
	w.board.afterPost = nil
	w.clock.advance(-aDay + 2*time.Hour)
	w.deliver(r.ID)
	require.Equal(t, []string{"pending"}, w.board.shown())
}

func TestARequestClosedByAWrongClockIsReopened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.clock.advance(aDay)
	w.system.list = nil
	w.system.standing = map[string]approval.Standing{"a1": approval.StandingIgnored}
	require.Equal(t, 1, w.poll().Closed)
	w.clock.advance(-aDay)
	w.system.list = []approval.Arrival{arrival("a1")}
	w.system.standing = nil
	require.Equal(t, 1, w.poll().Reopened)
	require.Equal(t, approval.Pending, w.now(r.ID).State)
}
