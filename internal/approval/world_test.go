package approval_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const source = "room"

// tester is what a *testing.T and a *rapid.T have in common.
type tester interface {
	require.TestingT
	Helper()
	Context() context.Context
	Cleanup(f func())
}

// world is a desk with everything around it.
type world struct {
	t      tester
	desk   *approval.Desk
	store  *memStore
	jobs   *memJobs
	system *system
	board  *board
	watch  *watch
	clock  *clock
	// flood is how many requests may wait to be posted; set before build.
	flood int
}

var start = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

func testTiming() approval.Timing {
	return approval.Timing{
		Keep:     time.Nanosecond, // one try: a test that makes the store fail means it
		Patience: time.Hour, Settle: -time.Millisecond, Claim: 30 * time.Second, Late: 5 * time.Second,
		Stale: 5 * time.Minute, BackoffMin: time.Second, BackoffMax: time.Minute,
	}
}

func newWorld(t tester) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: start}}
	w.build(testTiming(), w.clock.read)
	return w
}

func (w *world) build(timing approval.Timing, now approval.Clock) {
	w.t.Helper()
	w.store = newMemStore()
	w.jobs = &memJobs{store: w.store}
	w.system = &system{standing: map[string]approval.Standing{}, readErr: map[string]error{}}
	w.board = &board{clock: w.clock}
	w.watch = &watch{}
	var ids struct {
		sync.Mutex
		n int
	}
	w.desk = approval.NewDesk(approval.Ports{
		Store: w.store, Jobs: w.jobs, Board: w.board, Watch: w.watch, Clock: now,
		Systems: map[string]approval.System{source: w.system}, Flood: w.flood,
		NewID: func() string {
			ids.Lock()
			defer ids.Unlock()
			ids.n++
			return fmt.Sprintf("id-%03d", ids.n)
		},
	}, timing)
	w.t.Cleanup(w.checkReplay)
}

// checkReplay asserts of every request that its events replay to it.
func (w *world) checkReplay() {
	w.t.Helper()
	for id, r := range w.store.rows.requests {
		replayed, err := approval.Replay(id, w.store.rows.events[id])
		require.NoError(w.t, err)
		replayed.Effect, replayed.Delivery, replayed.Missing = r.Effect, r.Delivery, r.Missing
		require.Equal(w.t, r, replayed)
	}
}

func arrival(externalID string) approval.Arrival {
	return approval.Arrival{
		ExternalID: externalID, Requester: externalID + "@customer.example", Message: "please",
		Link: "https://room.example/" + externalID, RequestedAt: start.Add(-time.Hour),
	}
}

// request takes a new request in, listed and not yet posted.
func (w *world) request(externalID string) approval.Request {
	w.t.Helper()
	w.system.list = append(w.system.list, arrival(externalID))
	_, err := w.desk.Poll(w.t.Context(), source)
	require.NoError(w.t, err)
	return w.byExternalID(externalID)
}

func (w *world) requests(n int) []approval.Request {
	w.t.Helper()
	for i := range n {
		w.system.list = append(w.system.list, arrival(fmt.Sprintf("x%03d", i)))
	}
	found, err := w.desk.Poll(w.t.Context(), source)
	require.NoError(w.t, err)
	require.Equal(w.t, n, found.New)
	w.system.take()
	return w.store.rows.pending(source)
}

// posted takes a new request in and posts it.
func (w *world) posted(externalID string) approval.Request {
	w.t.Helper()
	r := w.request(externalID)
	w.deliver(r.ID)
	r = w.now(r.ID)
	require.True(w.t, r.Delivery.Posted())
	w.board.take()
	w.system.take()
	return r
}

// deciding gives a posted request that a reviewer has approved.
func (w *world) deciding(externalID string) approval.Request {
	w.t.Helper()
	r := w.posted(externalID)
	w.decide(r.ID, approve("U1", "click-"+externalID), approval.Accepted)
	return w.now(r.ID)
}

func (w *world) byExternalID(externalID string) approval.Request {
	w.t.Helper()
	found, err := w.store.ByExternalID(w.t.Context(), source, []string{externalID})
	require.NoError(w.t, err)
	require.Len(w.t, found, 1)
	return found[0]
}

func (w *world) now(id string) approval.Request {
	w.t.Helper()
	r, err := w.desk.Request(w.t.Context(), id)
	require.NoError(w.t, err)
	return r
}

func (w *world) decide(id string, d approval.Decision, want approval.Verdict) approval.Request {
	w.t.Helper()
	r, verdict, err := w.desk.Decide(w.t.Context(), id, d, true)
	require.NoError(w.t, err)
	require.Equal(w.t, want, verdict)
	return r
}

// deliver delivers and expects that there is nothing to wait for.
func (w *world) deliver(id string) {
	w.t.Helper()
	require.Zero(w.t, w.deliverWait(id))
}

func (w *world) deliverWait(id string) time.Duration {
	w.t.Helper()
	wait, err := w.desk.Deliver(w.t.Context(), id)
	require.NoError(w.t, err)
	return wait
}

func (w *world) carryOut(id string) time.Duration {
	w.t.Helper()
	wait, err := w.desk.CarryOut(w.t.Context(), id)
	require.NoError(w.t, err)
	return wait
}

func (w *world) poll() approval.Found {
	w.t.Helper()
	found, err := w.desk.Poll(w.t.Context(), source)
	require.NoError(w.t, err)
	return found
}

// actions gives what happened to a request so far.
func (w *world) actions(id string) []approval.Action {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), id)
	require.NoError(w.t, err)
	actions := make([]approval.Action, len(events))
	for i, e := range events {
		actions[i] = e.Action
	}
	return actions
}

// notices gives the notices so far, by id.
func (w *world) notices() []approval.Notice {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	var all []approval.Notice
	for _, id := range slices.Sorted(maps.Keys(w.store.rows.notices)) {
		all = append(all, w.store.rows.notices[id])
	}
	return all
}

// untold gives the notices that somebody still has to be told.
func (w *world) untold() []approval.Notice {
	return slices.DeleteFunc(w.notices(), func(n approval.Notice) bool { return !n.SentAt.IsZero() })
}

func (w *world) notice() approval.Notice {
	w.t.Helper()
	all := w.notices()
	require.Len(w.t, all, 1)
	return all[0]
}

func approve(reviewer, click string) approval.Decision {
	return approval.Decision{
		ID: click, Verb: approval.Approve, Reviewer: approval.Reviewer{ID: reviewer, Email: reviewer + "@us.example"},
		Groups: []approval.Group{{ID: "g1", Name: "Reports"}},
	}
}

func reject(reviewer, click string) approval.Decision {
	return approval.Decision{
		ID: click, Verb: approval.Reject, Reviewer: approval.Reviewer{ID: reviewer, Email: reviewer + "@us.example"},
		Note: "not a customer",
	}
}

func passing(text string) *approval.PassingError {
	return &approval.PassingError{Err: errors.New(text)}
}

func ambiguous(text string) *approval.PassingError {
	return &approval.PassingError{Ambiguous: true, Err: errors.New(text)}
}

func refused(reason approval.RefusalReason) *approval.RefusedError {
	return &approval.RefusedError{Refusal: approval.Refusal{Reason: reason, Detail: "their words"}, Err: errors.New("no")}
}
