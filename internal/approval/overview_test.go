package approval_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// flooded gives a desk at which 8 requests came at once, of which 3 may wait.
func flooded(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: start}, flood: 3}
	w.build(testTiming(), w.clock.read)
	w.requests(8)
	return w
}

// work works on everything that waits, until nothing does.
func (w *world) work() {
	w.t.Helper()
	for range 100 {
		jobs := w.jobs.waiting()
		if len(jobs) == 0 {
			return
		}
		w.jobs.lose(func(job approval.Job) bool { return job == jobs[0] })
		wait, err := w.desk.Work(w.t.Context(), jobs[0])
		require.NoError(w.t, err)
		require.Zero(w.t, wait, jobs[0])
	}
	require.Fail(w.t, "the work does not end")
}

func (w *world) held() []approval.Request {
	w.t.Helper()
	held, err := w.desk.Held(w.t.Context(), source, "", 100)
	require.NoError(w.t, err)
	return held
}

const moreSince = " more since 09:00"

func TestAFloodIsGatheredInOneMessage(t *testing.T) {
	t.Parallel()
	w := flooded(t)
	w.work()
	require.ElementsMatch(t, []string{"pending", "pending", "pending", "5" + moreSince}, w.board.shown())
	held := w.held()
	require.Len(t, held, 5)
	require.Equal(t, "x003", held[0].ExternalID, "those that came first are posted")
	w.work()
	require.Len(t, w.board.shown(), 4, "nothing is posted by itself")

	// What comes later, and is no flood, is posted as ever.
	w.posted("later")
	require.Len(t, w.held(), 5)
}

func TestWithoutALimitEverythingIsPosted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(8)
	w.work()
	require.Equal(t, slices.Repeat([]string{"pending"}, 8), w.board.shown())
}

func TestAWaitingRequestIsOpened(t *testing.T) {
	t.Parallel()
	w := flooded(t)
	w.work()
	asked := w.held()[2]
	r, err := w.desk.Open(t.Context(), asked.ID)
	require.NoError(t, err)
	require.False(t, r.Delivery.Held)
	require.Equal(t, approval.JobOpen, w.jobs.waiting()[0].Kind)
	_, err = w.desk.Open(t.Context(), asked.ID)
	require.NoError(t, err, "twice is once")
	w.work()
	require.True(t, w.now(asked.ID).Delivery.Posted())
	require.Contains(t, w.board.shown(), "4"+moreSince)
	require.Len(t, w.board.shown(), 5)

	n, err := w.desk.OpenOldest(t.Context(), source, 2)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	w.work()
	require.Contains(t, w.board.shown(), "2"+moreSince)
	require.Equal(t, []string{"x006", "x007"}, []string{w.held()[0].ExternalID, w.held()[1].ExternalID})
	_, err = w.desk.Open(t.Context(), "nobody")
	require.ErrorIs(t, err, approval.ErrUnknown)
}

func TestAWaitingRequestThatIsHandledElsewhereIsNeverPosted(t *testing.T) {
	t.Parallel()
	w := flooded(t)
	w.work()
	gone := w.held()[0]
	w.system.list = slices.DeleteFunc(w.system.list, func(a approval.Arrival) bool { return a.ExternalID == gone.ExternalID })
	w.system.standing[gone.ExternalID] = approval.StandingApproved
	require.Equal(t, 1, w.poll().Closed)
	w.work()
	require.Equal(t, approval.Handled, w.now(gone.ID).State)
	require.False(t, w.now(gone.ID).Delivery.Posted())
	require.Contains(t, w.board.shown(), "4"+moreSince)
	_, err := w.desk.Open(t.Context(), gone.ID)
	require.NoError(t, err)
	w.work()
	require.False(t, w.now(gone.ID).Delivery.Posted(), "there is nothing to decide")
}

func TestTheNextFloodGetsAMessageOfItsOwn(t *testing.T) {
	t.Parallel()
	w := flooded(t)
	w.work()
	_, err := w.desk.OpenOldest(t.Context(), source, 100)
	require.NoError(t, err)
	w.work()
	require.Empty(t, w.held())
	require.Contains(t, w.board.shown(), "0 more since 00:00")
	w.board.take()

	for i := range 9 {
		w.system.list = append(w.system.list, arrival(fmt.Sprintf("y%03d", i)))
	}
	require.Equal(t, 9, w.poll().New)
	w.work()
	require.Contains(t, w.board.shown(), "6"+moreSince)
	require.Contains(t, w.board.take(), "post 6"+moreSince)
}

func TestTheOverviewIsNeverMissing(t *testing.T) {
	t.Parallel()
	w := flooded(t)
	w.work()
	overview := func() *message {
		i := slices.IndexFunc(w.board.messages, func(m message) bool { return !m.deleted && strings.Contains(m.text, "more") })
		require.GreaterOrEqual(t, i, 0, w.board.shown())
		return &w.board.messages[i]
	}
	overview().deleted = true
	w.poll()
	require.Empty(t, w.jobs.waiting(), "it was seen a moment ago")
	w.clock.advance(time.Hour)
	w.poll()
	w.work()
	require.Contains(t, w.board.shown(), "5"+moreSince)

	// A job that is lost is found by the sweep.
	_, err := w.desk.Open(t.Context(), w.held()[0].ID)
	require.NoError(t, err)
	w.jobs.lose(func(approval.Job) bool { return true })
	swept, err := w.desk.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, swept)
	w.work()
	require.Contains(t, w.board.shown(), "4"+moreSince)
}

func TestAnOverviewWhosePostingWasNotAnsweredIsNotPostedTwice(t *testing.T) {
	t.Parallel()
	w := flooded(t)
	w.board.afterPost = func(m *message) error {
		if strings.Contains(m.text, "more") {
			w.board.afterPost = nil
			return ambiguous("no answer")
		}
		return nil
	}
	wait, err := w.desk.DeliverOverview(t.Context(), source)
	require.NoError(t, err)
	require.Positive(t, wait)
	require.Len(t, w.watch.take(), 1)
	w.clock.advance(wait)
	w.work()
	require.Len(t, w.board.shown(), 4)
	require.Contains(t, w.board.shown(), "5"+moreSince)
}
