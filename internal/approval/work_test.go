package approval_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func TestWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("a1")
	work := func(job approval.Job) time.Duration {
		wait, err := w.desk.Work(t.Context(), job)
		require.NoError(t, err)
		return wait
	}
	require.Zero(t, work(approval.Job{Kind: approval.JobPost, Subject: r.ID}))
	require.Equal(t, []string{"post pending"}, w.board.take())
	w.decide(r.ID, approve("U1", "click"), approval.Accepted)
	require.Zero(t, work(approval.Job{Kind: approval.JobCarryOut, Subject: r.ID}))
	require.Zero(t, work(approval.Job{Kind: approval.JobRewrite, Subject: r.ID}))
	require.Equal(t, []string{"update approved by U1"}, w.board.take())
	w.decide(r.ID, reject("U2", "click-2"), approval.Taken)
	w.board.onTell = func(approval.Notice) error { return passing("503") }
	require.Equal(t, time.Second, work(approval.Job{Kind: approval.JobTell, Subject: "click-2"}))
	require.Equal(t, []string{"tell U2 taken"}, w.board.take())
}

func TestWorkOnSomethingUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range approval.JobKinds() {
		wait, err := w.desk.Work(t.Context(), approval.Job{Kind: kind, Subject: "nobody"})
		require.NoError(t, err, "%s: the row is the truth, and there is none", kind)
		require.Zero(t, wait)
	}
	_, err := w.desk.Work(t.Context(), approval.Job{Kind: "dance", Subject: "nobody"})
	require.ErrorContains(t, err, "dance")
}

// told makes a notice and gives its id.
func told(w *world) string {
	w.t.Helper()
	r := w.deciding("a1")
	w.decide(r.ID, reject("U2", "late"), approval.Taken)
	return "late"
}

func (w *world) tell(id string) time.Duration {
	w.t.Helper()
	wait, err := w.desk.Tell(w.t.Context(), id)
	require.NoError(w.t, err)
	return wait
}

func TestTellOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := told(w)
	w.clock.advance(time.Second)
	require.Zero(t, w.tell(id))
	require.Zero(t, w.tell(id))
	require.Equal(t, []string{"tell U2 taken"}, w.board.take())
	require.Equal(t, start.Add(time.Second), w.notice().SentAt)
}

func TestTellIsTriedAgainForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := told(w)
	w.board.onTell = func(approval.Notice) error { return passing("503") }
	var tries int
	for w.notice().SentAt.IsZero() {
		wait := w.tell(id)
		tries++
		if w.clock.read().Before(start.Add(time.Hour)) {
			require.Positive(t, wait)
			require.Empty(t, w.watch.take())
		} else {
			require.Zero(t, wait)
		}
		w.clock.advance(wait)
	}
	require.Equal(t, []string{"undelivered: tell U2: 503"}, w.watch.take())
	require.Less(t, tries, 100, "it backs off")
	require.Greater(t, tries, 20, "it does not give up early")
	require.Equal(t, start.Add(time.Hour), w.notice().SentAt.Truncate(10*time.Minute))
}

func TestTellWaitsAsLongAsSlackSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := told(w)
	w.board.onTell = func(approval.Notice) error {
		return &approval.PassingError{RetryAfter: 7 * time.Minute, Err: errors.New("429")}
	}
	require.Equal(t, 7*time.Minute, w.tell(id))
	w.board.onTell = nil
	w.clock.advance(7 * time.Minute)
	require.Zero(t, w.tell(id))
	require.False(t, w.notice().SentAt.IsZero())
}

func TestTellThatCannotWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := told(w)
	w.board.onTell = func(approval.Notice) error { return errors.New("user_not_in_channel") }
	require.Zero(t, w.tell(id))
	require.Zero(t, w.tell(id))
	require.Len(t, w.board.take(), 1)
	require.Equal(t, []string{"undelivered: tell U2: user_not_in_channel"}, w.watch.take())
}

func TestTellWhileStopping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := told(w)
	ctx, cancel := context.WithCancel(t.Context())
	w.board.onTell = func(approval.Notice) error {
		cancel()
		return context.Canceled
	}
	_, err := w.desk.Tell(ctx, id)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, w.notice().SentAt, "it is told after the restart")

	ctx, cancel = context.WithCancel(t.Context())
	w.board.onTell = func(approval.Notice) error {
		cancel()
		return nil
	}
	_, err = w.desk.Tell(ctx, id)
	require.NoError(t, err)
	require.NotZero(t, w.notice().SentAt, "it is not told twice")
}

func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.decide(r.ID, reject("U2", "late"), approval.Taken)
	posted := w.request("a2")
	all := w.jobs.waiting()
	sweep := func() int {
		lost, err := w.desk.Sweep(t.Context())
		require.NoError(t, err)
		return lost
	}
	w.jobs.woken, w.jobs.most = nil, 0
	require.Zero(t, sweep(), "all that is due has a job")
	require.Zero(t, w.jobs.most, "and is left alone")
	require.Empty(t, w.watch.take())
	require.Empty(t, w.jobs.woken)

	// a1 was posted long ago: the job of that post is done.
	w.jobs.lose(func(j approval.Job) bool { return j.Kind != approval.JobTell })
	require.Equal(t, 2, sweep())
	require.Equal(t, []string{"swept 2"}, w.watch.take())
	// That a message shows a decision is due after a while only.
	w.clock.advance(approval.OverlookedAfter)
	require.Equal(t, 1, sweep())
	require.Equal(t, []string{"swept 1"}, w.watch.take())
	require.ElementsMatch(t, w.jobs.woken, slices.DeleteFunc(w.jobs.waiting(), func(j approval.Job) bool {
		return j.Kind == approval.JobTell // it was not lost
	}))
	require.ElementsMatch(t, []approval.Job{
		approval.CarryOutJob(w.now(r.ID)), approval.DeliveryJob(w.now(r.ID)), approval.DeliveryJob(w.now(posted.ID)),
		{Kind: approval.JobTell, Subject: "late"},
	}, w.jobs.waiting())
	require.Subset(t, all, w.jobs.waiting(), "the jobs that were lost, not others")

	// What is done, planned for later or under way is not due.
	w.jobs.lose(func(approval.Job) bool { return true })
	w.deliver(posted.ID)
	w.tell("late")
	w.system.carryOut = failWith(passing("503"))
	wait := w.carryOut(r.ID)
	w.deliver(r.ID)
	w.jobs.lose(func(approval.Job) bool { return true })
	require.Zero(t, sweep())
	w.clock.advance(wait)
	require.Equal(t, 1, sweep())
	require.Equal(t, []approval.Job{approval.CarryOutJob(w.now(r.ID))}, w.jobs.waiting())
}

// TestSweepGoesOnUntilNothingIsLeft: a store that was moved has many rows that
// are due and no job at all.
func TestSweepGoesOnUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 1234
	for i := range many {
		w.system.list = append(w.system.list, arrival(fmt.Sprintf("a%d", i)))
	}
	_, err := w.desk.Poll(t.Context(), source)
	require.NoError(t, err)
	require.Len(t, w.jobs.waiting(), many)
	w.jobs.lose(func(approval.Job) bool { return true })
	w.watch.take()
	w.jobs.most = 0
	swept, err := w.desk.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, many, swept)
	require.LessOrEqual(t, w.jobs.most, 25, "clicks have their turn between two transactions")
	require.Len(t, w.jobs.waiting(), many)
	require.Equal(t, []string{"swept 1234"}, w.watch.take())
}

func TestSweepThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.request("a1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.desk.Sweep(ctx)
	require.ErrorContains(t, err, "sweep")
}

// TestEqualJobs: a step that is due again later is another job, so that the one
// that still runs does not keep it out.
func TestEqualJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	first := w.now(r.ID)
	w.system.carryOut = refuseWith(approval.RefusedInvalid)
	w.carryOut(r.ID)
	w.clock.advance(time.Millisecond)
	w.decide(r.ID, approve("U1", "click-2"), approval.Accepted)
	second := w.now(r.ID)
	require.NotEqual(t, approval.CarryOutJob(first), approval.CarryOutJob(second))
	require.NotEqual(t, approval.DeliveryJob(first), approval.DeliveryJob(second))
}
