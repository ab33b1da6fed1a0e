package approval_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func TestPollTakesInWhatIsNewOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.advance(123 * time.Microsecond)
	later, sooner := arrival("later"), arrival("sooner")
	sooner.RequestedAt = sooner.RequestedAt.Add(-time.Hour)
	w.system.list = []approval.Arrival{later, sooner, later}

	require.Equal(t, approval.Found{Open: 3, New: 2}, w.poll())
	require.Equal(t, []string{"open", "groups"}, w.system.take())
	first, second := w.byExternalID("sooner"), w.byExternalID("later")
	require.Less(t, first.ID, second.ID, "the oldest comes first")
	require.Equal(t, approval.Request{
		ID: second.ID, Source: source, ExternalID: "later", Requester: "later@customer.example", Message: "please",
		Link: "https://room.example/later", RequestedAt: start.Add(-time.Hour), ReceivedAt: start,
		State: approval.Pending, Version: 1, ChangedAt: start, Delivery: approval.Delivery{Wanted: 1},
	}, second)
	require.Equal(t, []approval.Job{
		{Kind: approval.JobPost, Subject: first.ID, Version: 1}, {Kind: approval.JobPost, Subject: second.ID, Version: 1},
	}, w.jobs.waiting())
	require.Equal(t, w.jobs.waiting(), w.jobs.woken)

	require.Equal(t, approval.Found{Open: 3}, w.poll())
	require.Equal(t, []string{"open"}, w.system.take(), "a quiet poll asks for the list and nothing else")
	require.Len(t, w.actions(first.ID), 1)
}

func TestOverlappingPolls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.system.list = []approval.Arrival{arrival("a1")}
	w.system.onOpen = func() {
		w.system.onOpen = nil
		require.Equal(t, 1, w.poll().New)
		taken, err := w.desk.TakeIn(t.Context(), source, "a1")
		require.NoError(t, err)
		require.False(t, taken)
	}
	require.Equal(t, approval.Found{Open: 1}, w.poll())
	require.Len(t, w.jobs.waiting(), 1)
}

func TestPollsThatCannotBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.desk.Poll(t.Context(), "nowhere")
	require.ErrorContains(t, err, "nowhere")
	_, err = w.desk.TakeIn(t.Context(), "nowhere", "a1")
	require.ErrorContains(t, err, "nowhere")

	w.request("a1")
	w.system.openErr = passing("503")
	w.system.list = nil
	_, err = w.desk.Poll(t.Context(), source)
	require.ErrorContains(t, err, "503")
	require.Zero(t, w.byExternalID("a1").Missing, "a list that could not be read says nothing")
}

func TestTakeIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, want := range []bool{true, false} {
		taken, err := w.desk.TakeIn(t.Context(), source, "a1")
		require.NoError(t, err)
		require.Equal(t, want, taken)
	}
	require.Len(t, w.jobs.waiting(), 1)
	require.Equal(t, []string{"read a1", "groups", "read a1"}, w.system.take())

	for id, standing := range map[string]approval.Standing{"done": approval.StandingApproved, "gone": approval.StandingGone} {
		w.system.standing[id] = standing
		taken, err := w.desk.TakeIn(t.Context(), source, id)
		require.NoError(t, err)
		require.False(t, taken)
	}
	w.system.readErr["a2"] = passing("503")
	_, err := w.desk.TakeIn(t.Context(), source, "a2")
	require.ErrorContains(t, err, "503")
	require.Len(t, w.jobs.waiting(), 1)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reports := []approval.Group{{ID: "g1", Name: "Reports"}}
	both := []approval.Group{{ID: "g1", Name: "Reports"}, {ID: "g2", Name: "Pentests"}}
	groups := func() []approval.Group {
		got, err := w.desk.Groups(t.Context(), source)
		require.NoError(t, err)
		return got
	}
	w.system.groups = reports
	first := w.posted("a1")
	require.Equal(t, reports, groups())
	require.Equal(t, []string{"pending Reports"}, w.board.shown(), "the groups are known before the first message")

	// A group that was added is offered once something new comes, on the
	// messages that wait too.
	w.system.groups = both
	w.poll()
	require.Equal(t, []string{"open"}, w.system.take())
	w.jobs.lose(func(approval.Job) bool { return true })
	second := w.request("a2")
	require.Equal(t, []string{"open", "groups"}, w.system.take())
	require.Equal(t, both, groups())
	require.Equal(t, []approval.Job{
		{Kind: approval.JobRewrite, Subject: first.ID, Version: 2}, {Kind: approval.JobPost, Subject: second.ID, Version: 1},
	}, w.jobs.waiting())
	w.deliver(first.ID)
	require.Equal(t, []string{"pending Reports Pentests"}, w.board.shown())

	// Unchanged groups make nothing due.
	w.request("a3")
	require.False(t, w.now(first.ID).Delivery.Due())
}

func TestGroupsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.system.groups = []approval.Group{{ID: "g1", Name: "Reports"}}
	w.posted("a1")
	w.system.groupErr = passing("503")
	w.system.list = append(w.system.list, arrival("a2"))
	found, err := w.desk.Poll(t.Context(), source)
	require.ErrorContains(t, err, "503", "somebody has to hear of it")
	require.Equal(t, 1, found.New, "the request came in all the same")
	require.Equal(t, []string{"open", "groups"}, w.system.take())
	kept, err := w.desk.Groups(t.Context(), source)
	require.NoError(t, err)
	require.Len(t, kept, 1, "the groups that were known still are")
	_, err = w.desk.Poll(t.Context(), source)
	require.Error(t, err)
	require.Equal(t, []string{"open", "groups"}, w.system.take(), "tried again although nothing is new")

	w.system.groupErr = nil
	w.poll()
	w.system.take()
	w.poll()
	require.Equal(t, []string{"open"}, w.system.take(), "and not again after that")
}

// TestTroubleWithOneIsNotTroubleWithAll: neither a request, nor the groups, nor
// a closed request that cannot be read keep the rest of a poll from its work.
func TestTroubleWithOneIsNotTroubleWithAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed, missing := w.request("closed"), w.request("missing")
	w.decide(closed.ID, approve("U1", "click"), approval.Accepted)
	w.carryOut(closed.ID)
	w.clock.advance(time.Hour)
	w.system.readErr["closed"] = passing("500")
	w.system.standing["missing"] = approval.StandingApproved
	w.system.list = []approval.Arrival{arrival("odd"), arrival("fine"), arrival("closed")}
	w.system.groups = []approval.Group{{ID: "g1"}}
	w.store.fail = func(write string) error {
		if write == "Receive odd" || write == "SaveGroups" {
			return errors.New(write + " does not work")
		}
		return nil
	}
	found, err := w.desk.Poll(t.Context(), source)
	require.ErrorContains(t, err, "Receive odd does not work")
	require.ErrorContains(t, err, "SaveGroups does not work")
	require.ErrorContains(t, err, "500")
	require.Equal(t, approval.Found{Open: 3, New: 1, Closed: 1}, found)
	require.Equal(t, approval.Pending, w.byExternalID("fine").State)
	require.Equal(t, approval.Handled, w.now(missing.ID).State)
}

func TestReopen(t *testing.T) {
	t.Parallel()
	ways := map[string]func(w *world, r approval.Request){
		"approved": func(w *world, r approval.Request) {
			w.decide(r.ID, approve("U1", "click-1"), approval.Accepted)
			w.carryOut(r.ID)
		},
		"rejected": func(w *world, r approval.Request) {
			w.decide(r.ID, reject("U1", "click-1"), approval.Accepted)
			w.carryOut(r.ID)
		},
		"handled": func(w *world, r approval.Request) {
			list := w.system.list
			w.system.list, w.system.standing["a1"] = nil, approval.StandingGone
			w.poll()
			w.poll()
			w.system.list, w.system.standing["a1"] = list, approval.StandingOpen
			require.Equal(w.t, approval.Handled, w.now(r.ID).State)
		},
	}
	for name, closeIt := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.posted("a1")
			closeIt(w, r)
			w.system.take()

			w.clock.advance(5*time.Minute - time.Millisecond)
			require.Equal(t, approval.Found{Open: 1}, w.poll())
			require.Equal(t, []string{"open"}, w.system.take(), "the page may have been read before the closing")

			w.clock.advance(time.Millisecond)
			w.system.standing["a1"] = approval.StandingIgnored
			require.Equal(t, approval.Found{Open: 1}, w.poll())
			require.Equal(t, []string{"open", "read a1"}, w.system.take())

			w.system.standing["a1"] = approval.StandingOpen
			require.Equal(t, approval.Found{Open: 1, Reopened: 1}, w.poll())
			got := w.now(r.ID)
			require.Equal(t, approval.Pending, got.State)
			require.Zero(t, got.Missing, "what was counted before it was closed does not close it again")
			w.deliver(r.ID)
			require.Equal(t, []string{"pending"}, w.board.shown())
			w.decide(r.ID, approve("U1", "click-2"), approval.Accepted)
		})
	}
}

func TestReopenReadsPerPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range w.requests(60) {
		w.decide(r.ID, approve("U1", "click-"+r.ID), approval.Accepted)
		w.carryOut(r.ID)
	}
	w.clock.advance(time.Hour)
	w.system.take()
	require.Equal(t, 50, w.poll().Reopened)
	require.Len(t, w.system.take(), 51)
	require.Equal(t, 10, w.poll().Reopened)
}

// TestDecidedWhileThePollRuns: the list is older than the decision.
func TestDecidedWhileThePollRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.system.list, w.system.standing["a1"] = nil, approval.StandingApproved
	w.system.onOpen = func() {
		w.decide(r.ID, approve("U1", "click"), approval.Accepted)
		w.carryOut(r.ID)
	}
	require.Equal(t, approval.Found{}, w.poll())
	require.Equal(t, approval.Approved, w.now(r.ID).State)
	require.Equal(t, "U1", w.now(r.ID).Decision.Reviewer.ID)
}

// TestMovedOnWhileItWasRead: what was counted of a request as it was says
// nothing of the same request after a decision came to nothing.
func TestMovedOnWhileItWasRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.system.list, w.system.standing["a1"] = nil, approval.StandingGone
	w.system.carryOut = refuseWith(approval.RefusedInvalid)
	w.system.onRead = func() {
		w.system.onRead = nil
		w.decide(r.ID, approve("U1", "click"), approval.Accepted)
		w.carryOut(r.ID)
	}
	w.poll()
	require.Equal(t, approval.Pending, w.now(r.ID).State)
	require.Zero(t, w.now(r.ID).Missing)
	require.Equal(t, approval.Found{}, w.poll())
	require.Equal(t, approval.Found{Closed: 1}, w.poll())
}

// TestDecidedHereIsNotLookedFor: what is being carried out is not compared.
func TestDecidedHereIsNotLookedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.list, w.system.standing["a1"] = nil, approval.StandingApproved
	require.Equal(t, approval.Found{}, w.poll())
	require.Equal(t, []string{"open"}, w.system.take())
	require.Equal(t, approval.Approving, w.now(r.ID).State)
}

// TestCameInWhileTheListWasRead: a request that a webhook brought after the
// list was read is not missing from it.
func TestCameInWhileTheListWasRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.system.standing["late"] = approval.StandingOpen
	w.system.onOpen = func() {
		taken, err := w.desk.TakeIn(t.Context(), source, "late")
		require.NoError(t, err)
		require.True(t, taken)
	}
	w.poll()
	require.Equal(t, []string{"open", "read late", "groups"}, w.system.take())
	require.Zero(t, w.byExternalID("late").Missing)
}

func TestPollOfAContextThatEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.request("a1")
	ctx, cancel := context.WithCancel(t.Context())
	w.system.list = nil
	w.system.onOpen = cancel
	_, err := w.desk.Poll(ctx, source)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, strings.HasPrefix(err.Error(), "poll room"))
}

// TestGroupsThatCannotBeKeptAreReadAgain: the database failed just then, and
// the requests are known from now on.
func TestGroupsThatCannotBeKeptAreReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.system.groups = []approval.Group{{ID: "g1", Name: "Reports"}}
	w.system.list = []approval.Arrival{arrival("a1")}
	w.store.fail = func(write string) error {
		if write == "SaveGroups" {
			return errors.New("busy")
		}
		return nil
	}
	_, err := w.desk.Poll(t.Context(), source)
	require.ErrorContains(t, err, "busy")
	w.store.fail = nil
	w.poll()
	groups, err := w.desk.Groups(t.Context(), source)
	require.NoError(t, err)
	require.Len(t, groups, 1)
}

// TestADraftIsNotTakenIn: it is known, but not submitted.
func TestADraftIsNotTakenIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.system.standing["a1"] = approval.StandingDraft
	taken, err := w.desk.TakeIn(t.Context(), source, "a1")
	require.NoError(t, err)
	require.False(t, taken)
}
