package approval_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func TestDecideIsDurable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.jobs.lose(func(approval.Job) bool { return true })
	w.jobs.woken = nil
	w.clock.advance(time.Minute + 300*time.Microsecond)

	got := w.decide(r.ID, approve("U1", "click-1"), approval.Accepted)

	require.Equal(t, approval.Approving, got.State)
	require.Equal(t, got, w.now(r.ID))
	require.Equal(t, start.Add(time.Minute), got.Decision.At, "the time is ours and in milliseconds")
	require.Equal(t, []approval.Group{{ID: "g1", Name: "Reports"}}, got.Decision.Groups)
	require.Equal(t, []approval.Job{
		{Kind: approval.JobCarryOut, Subject: r.ID, Version: start.Add(time.Minute).UnixMilli()},
		{Kind: approval.JobRewrite, Subject: r.ID, Version: got.Delivery.Wanted},
	}, w.jobs.waiting())
	require.Equal(t, w.jobs.waiting(), w.jobs.woken)
	events, err := w.store.Events(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, "U1", events[1].Actor)
	require.Equal(t, "click-1", events[1].Key)
	require.Equal(t, start.Add(time.Minute), events[1].At)
	require.Empty(t, w.system.take(), "the click itself calls nothing outside")
}

func TestDecideUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.desk.Decide(t.Context(), "nobody", approve("U1", "click"), true)
	require.ErrorIs(t, err, approval.ErrUnknown)
}

func TestWhatCannotBeMadeDurableIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.store.fail = func(string) error { return errors.New("disk full") }
	got, verdict, err := w.desk.Decide(t.Context(), r.ID, approve("U1", "click"), true)
	require.ErrorContains(t, err, "disk full")
	require.Empty(t, verdict)
	require.Equal(t, r, got, "the request that stands, not the one that was hoped for")
}

func TestSameClickAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	first := w.decide(r.ID, approve("U1", "click-1"), approval.Accepted)
	require.Equal(t, first, w.decide(r.ID, approve("U1", "click-1"), approval.Repeated))

	// Refused, the request is pending again: the click that failed must not
	// decide a second time.
	w.system.carryOut = refuseWith(approval.RefusedInvalid)
	w.carryOut(r.ID)
	pending := w.now(r.ID)
	require.Equal(t, approval.Pending, pending.State)
	require.Equal(t, pending, w.decide(r.ID, approve("U1", "click-1"), approval.Repeated))
	require.Equal(t, approval.Pending, w.now(r.ID).State)

	w.decide(r.ID, approve("U1", "click-2"), approval.Accepted)
	require.Equal(t, []approval.Action{approval.Receive, approval.Approve, approval.Refuse, approval.Approve}, w.actions(r.ID))
}

func TestDoubleClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	first := w.decide(r.ID, approve("U1", "click-1"), approval.Accepted)
	require.Equal(t, first, w.decide(r.ID, approve("U1", "click-2"), approval.Repeated))
	require.Empty(t, w.untold(), "nobody is told that they were faster than themselves")
	w.carryOut(r.ID)
	w.decide(r.ID, approve("U1", "click-3"), approval.Repeated)
	require.Empty(t, w.untold())
}

// TestADoubleClickReplayedDecidesNothing: the second of two clicks was answered
// as repeated; its replay must not decide once the request is pending again.
func TestADoubleClickReplayedDecidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.decide(r.ID, approve("U1", "click-1"), approval.Accepted)
	w.decide(r.ID, approve("U1", "click-2"), approval.Repeated)
	w.system.carryOut = refuseWith(approval.RefusedInvalid)
	w.carryOut(r.ID)
	require.Equal(t, approval.Pending, w.now(r.ID).State)
	for _, click := range []string{"click-1", "click-2"} {
		w.decide(r.ID, approve("U1", click), approval.Repeated)
	}
	require.Equal(t, approval.Pending, w.now(r.ID).State)
}

func TestOwnOtherDecisionIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.decide(r.ID, approve("U1", "click-1"), approval.Accepted)
	got := w.decide(r.ID, reject("U1", "click-2"), approval.Taken)
	require.Equal(t, approval.Approving, got.State)
}

func TestSecondPersonHearsWhoWasFirst(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []bool{false, true} {
		w := newWorld(t)
		r := w.posted("a1")
		w.decide(r.ID, reject("U1", "click-1"), approval.Accepted)
		if confirmed {
			w.carryOut(r.ID)
		}
		before := w.now(r.ID)
		got := w.decide(r.ID, approve("U2", "click-2"), approval.Taken)
		require.Equal(t, before, got)
		require.Equal(t, "U1", got.Decision.Reviewer.ID)
		require.Equal(t, approval.Notice{
			ID: "click-2", RequestID: r.ID, To: "U2", Code: approval.NoticeTaken, At: start,
			NoticeDetails: approval.NoticeDetails{By: "U1", Verb: approval.Reject},
		}, w.notice())
		require.Contains(t, w.jobs.waiting(), approval.Job{Kind: approval.JobTell, Subject: "click-2"})

		w.decide(r.ID, approve("U2", "click-2"), approval.Repeated)
		require.Len(t, w.notices(), 1, "the same click tells once")
	}
}

func TestTooLateForWhatWasHandledElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.system.list = nil
	w.system.standing["a1"] = approval.StandingIgnored
	w.poll()
	w.decide(r.ID, approve("U2", "click"), approval.Taken)
	n := w.notice()
	require.Equal(t, approval.NoticeElsewhere, n.Code)
	require.Equal(t, approval.NoticeDetails{Verb: approval.Approve, Standing: approval.StandingIgnored}, n.NoticeDetails)
}

// TestClickThatCameTooLateNeverDecides: who was told that somebody else was
// first must not be taken at their click when the request is pending again.
func TestClickThatCameTooLateNeverDecides(t *testing.T) {
	t.Parallel()
	for name, tell := range map[string]bool{"told by the desk": true, "told by the caller": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.posted("a1")
			w.decide(r.ID, reject("U1", "click-1"), approval.Accepted)
			_, verdict, err := w.desk.Decide(t.Context(), r.ID, approve("U2", "click-2"), tell)
			require.NoError(t, err)
			require.Equal(t, approval.Taken, verdict)
			told := approval.Job{Kind: approval.JobTell, Subject: "click-2"}
			if tell {
				require.Contains(t, w.jobs.waiting(), told)
			} else {
				require.NotContains(t, w.jobs.waiting(), told)
				wait, err := w.desk.Tell(t.Context(), "click-2")
				require.NoError(t, err)
				require.Zero(t, wait)
				require.Empty(t, w.board.take(), "the caller has told already")
			}

			w.system.carryOut = refuseWith(approval.RefusedInvalid)
			w.carryOut(r.ID)
			_, verdict, err = w.desk.Decide(t.Context(), r.ID, approve("U2", "click-2"), tell)
			require.NoError(t, err)
			require.Equal(t, approval.Repeated, verdict)
			require.Equal(t, approval.Pending, w.now(r.ID).State)
		})
	}
}

func TestTwoClicksAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	verdicts := make([]approval.Verdict, 8)
	var clicks sync.WaitGroup
	for i := range verdicts {
		clicks.Go(func() {
			d := approve(fmt.Sprintf("U%d", i), fmt.Sprintf("click-%d", i))
			if i%2 == 1 {
				d = reject(d.Reviewer.ID, d.ID)
			}
			_, verdict, err := w.desk.Decide(t.Context(), r.ID, d, true)
			if err == nil {
				verdicts[i] = verdict
			}
		})
	}
	clicks.Wait()
	count := map[approval.Verdict]int{}
	for _, v := range verdicts {
		count[v]++
	}
	require.Equal(t, map[approval.Verdict]int{approval.Accepted: 1, approval.Taken: 7}, count)
	require.Len(t, w.actions(r.ID), 2)
	first := w.now(r.ID).Decision.Reviewer.ID
	require.Len(t, w.notices(), 7)
	for _, n := range w.notices() {
		require.Equal(t, first, n.By)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	for range 2 {
		require.NoError(t, w.desk.Deny(t.Context(), r.ID, "click", "U7", approval.DeniedGuest))
	}
	require.Equal(t, approval.Notice{
		ID: "click", RequestID: r.ID, To: "U7", Code: approval.NoticeDenied, At: start,
		NoticeDetails: approval.NoticeDetails{Denial: approval.DeniedGuest},
	}, w.notice())
	require.Contains(t, w.jobs.waiting(), approval.Job{Kind: approval.JobTell, Subject: "click"})
	require.Equal(t, approval.Pending, w.now(r.ID).State)
	w.decide(r.ID, approve("U7", "click"), approval.Repeated)
	require.Equal(t, approval.Pending, w.now(r.ID).State, "a click that was denied does not decide later")

	require.ErrorIs(t, w.desk.Deny(t.Context(), "nobody", "click-2", "U7", approval.DeniedGuest), approval.ErrUnknown)
}

// TestOnesOwnSecondThoughtIsNotTaken: somebody who approves again with other
// groups hears that it is too late, and does not believe that it was taken.
func TestOnesOwnSecondThoughtIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*approval.Decision){
		"other groups": func(d *approval.Decision) { d.Groups = []approval.Group{{ID: "g9", Name: "Other"}} },
		"an expiry":    func(d *approval.Decision) { d.Expires = "2026-12-31" },
		"a bypass":     func(d *approval.Decision) { d.NDABypass = true },
		"a note":       func(d *approval.Decision) { d.Note = "wait" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			first := *r.Decision
			second := first
			second.ID = "second-thought"
			change(&second)
			got := w.decide(r.ID, second, approval.Taken)
			require.Equal(t, first, *got.Decision)
			require.Equal(t, first.Reviewer.ID, w.notice().By)
		})
	}
}
