package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// eventOf gives a full event of an action.
func eventOf(action approval.Action, seq int64) approval.Event {
	e := approval.Event{Seq: seq, At: start.Add(time.Duration(seq) * time.Second), Action: action}
	switch action {
	case approval.Receive:
		a := arrival("a1")
		a.Source = source
		e.Arrival = &a
	case approval.Approve:
		d := approve("U1", "click")
		e.Decision = &d
	case approval.Reject:
		d := reject("U2", "click")
		e.Decision = &d
	case approval.Confirm:
		e.Confirmation = &approval.Confirmation{Groups: []approval.Group{{ID: "g1"}}, Gated: true}
	case approval.Refuse:
		e.Refusal = &approval.Refusal{Reason: approval.RefusedInvalid}
	case approval.Close:
		e.Closing = &approval.Closing{Standing: approval.StandingIgnored}
	case approval.Delay, approval.Reopen:
	}
	return e
}

// lifeOf replays a life that begins with a receive.
func lifeOf(t *testing.T, actions ...approval.Action) approval.Request {
	t.Helper()
	events := []approval.Event{eventOf(approval.Receive, 1)}
	for _, action := range actions {
		events = append(events, eventOf(action, int64(len(events)+1)))
	}
	r, err := approval.Replay("id-1", events)
	require.NoError(t, err)
	return r
}

// worn gives the request with all its bookkeeping in use.
func worn(r approval.Request) approval.Request {
	r.Effect = approval.Effect{Attempts: 3, NextAt: start, ClaimedUntil: start}
	r.Missing = approval.Missing{Polls: 2, NotFound: 1}
	r.Delivery = approval.Delivery{
		Channel: "C1", TS: "1.2", Hash: "h", Wanted: 7, Done: 7, PostBegun: start,
		Failures: 2, NextAt: start.Add(time.Hour), ClaimedUntil: start.Add(time.Minute),
	}
	return r
}

func TestApplyReceive(t *testing.T) {
	t.Parallel()
	e := eventOf(approval.Receive, 1)
	r, err := approval.Apply(approval.Request{ID: "id-1", Effect: approval.Effect{Attempts: 9}}, e)
	require.NoError(t, err)
	require.Equal(t, approval.Request{
		ID: "id-1", Source: source, ExternalID: "a1", Requester: "a1@customer.example", Message: "please",
		Link: "https://room.example/a1", RequestedAt: start.Add(-time.Hour), ReceivedAt: e.At,
		State: approval.Pending, Version: 1, ChangedAt: e.At, Delivery: approval.Delivery{Wanted: 1},
	}, r)
}

// TestApply looks at each field that a step carries, clears or keeps.
func TestApply(t *testing.T) {
	t.Parallel()
	var (
		yes  = eventOf(approval.Approve, 0).Decision
		no   = eventOf(approval.Reject, 0).Decision
		done = eventOf(approval.Confirm, 0).Confirmation
		shut = eventOf(approval.Close, 0).Closing
	)
	type says struct {
		state        approval.State
		decision     *approval.Decision
		delayed      bool
		confirmation *approval.Confirmation
		closing      *approval.Closing
		keepsEffect  bool
	}
	const a, r, d, c, f, x, o = approval.Approve, approval.Reject, approval.Delay, approval.Confirm, approval.Refuse, approval.Close, approval.Reopen
	for name, test := range map[string]struct {
		before []approval.Action
		action approval.Action
		want   says
	}{
		"approve":                       {nil, a, says{state: approval.Approving, decision: yes}},
		"reject":                        {nil, r, says{state: approval.Rejecting, decision: no}},
		"close":                         {nil, x, says{state: approval.Handled, closing: shut}},
		"delay an approval":             {[]approval.Action{a}, d, says{state: approval.Approving, decision: yes, delayed: true, keepsEffect: true}},
		"delay a rejection":             {[]approval.Action{r}, d, says{state: approval.Rejecting, decision: no, delayed: true, keepsEffect: true}},
		"delay again":                   {[]approval.Action{a, d}, d, says{state: approval.Approving, decision: yes, delayed: true, keepsEffect: true}},
		"confirm an approval":           {[]approval.Action{a, d}, c, says{state: approval.Approved, decision: yes, confirmation: done, keepsEffect: true}},
		"confirm a rejection":           {[]approval.Action{r, d}, c, says{state: approval.Rejected, decision: no, confirmation: done, keepsEffect: true}},
		"refuse an approval":            {[]approval.Action{a, d}, f, says{state: approval.Pending}},
		"refuse a rejection":            {[]approval.Action{r, d}, f, says{state: approval.Pending}},
		"close an approval":             {[]approval.Action{a, d}, x, says{state: approval.Handled, closing: shut}},
		"close a rejection":             {[]approval.Action{r, d}, x, says{state: approval.Handled, closing: shut}},
		"reopen an approved one":        {[]approval.Action{a, c}, o, says{state: approval.Pending}},
		"reopen a rejected one":         {[]approval.Action{r, c}, o, says{state: approval.Pending}},
		"reopen a handled one":          {[]approval.Action{x}, o, says{state: approval.Pending}},
		"reject what was approved once": {[]approval.Action{a, d, f}, r, says{state: approval.Rejecting, decision: no}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := worn(lifeOf(t, test.before...))
			e := eventOf(test.action, before.Version+1)
			want := before
			want.State, want.Decision, want.Delayed = test.want.state, test.want.decision, test.want.delayed
			want.Confirmation, want.Closing = test.want.confirmation, test.want.closing
			want.Version, want.ChangedAt = e.Seq, e.At
			want.Missing = approval.Missing{}
			if !test.want.keepsEffect {
				want.Effect = approval.Effect{}
			}
			want.Delivery.Wanted, want.Delivery.NextAt = 8, time.Time{}

			got, err := approval.Apply(before, e)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.True(t, got.Delivery.Due())
		})
	}
}

func TestApplyKeepsTheTimeThatSlackNamed(t *testing.T) {
	t.Parallel()
	before := lifeOf(t)
	before.Delivery.NextAt = start.Add(time.Minute)
	got, err := approval.Apply(before, eventOf(approval.Approve, 2))
	require.NoError(t, err)
	require.Equal(t, start.Add(time.Minute), got.Delivery.NextAt)
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	without := func(action approval.Action, seq int64, change func(*approval.Event)) approval.Event {
		e := eventOf(action, seq)
		change(&e)
		return e
	}
	yes, no := approve("U1", "click"), reject("U1", "click")
	for name, test := range map[string]struct {
		before []approval.Action
		event  approval.Event
	}{
		"the same event again":            {nil, eventOf(approval.Approve, 1)},
		"a gap":                           {nil, eventOf(approval.Approve, 3)},
		"no number":                       {nil, eventOf(approval.Approve, 0)},
		"a second receive":                {nil, eventOf(approval.Receive, 2)},
		"an approval without decision":    {nil, without(approval.Approve, 2, func(e *approval.Event) { e.Decision = nil })},
		"a rejection without decision":    {nil, without(approval.Reject, 2, func(e *approval.Event) { e.Decision = nil })},
		"an approval that says reject":    {nil, without(approval.Approve, 2, func(e *approval.Event) { e.Decision = &no })},
		"a rejection that says approve":   {nil, without(approval.Reject, 2, func(e *approval.Event) { e.Decision = &yes })},
		"a confirm without confirmation":  {[]approval.Action{approval.Approve}, without(approval.Confirm, 3, func(e *approval.Event) { e.Confirmation = nil })},
		"a refuse without refusal":        {[]approval.Action{approval.Approve}, without(approval.Refuse, 3, func(e *approval.Event) { e.Refusal = nil })},
		"a close without closing":         {nil, without(approval.Close, 2, func(e *approval.Event) { e.Closing = nil })},
		"a step that is not in the table": {nil, eventOf(approval.Confirm, 2)},
		"an action that is not known":     {nil, approval.Event{Seq: 2, Action: "shred"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := worn(lifeOf(t, test.before...))
			got, err := approval.Apply(before, test.event)
			require.Error(t, err)
			require.Equal(t, before, got, "nothing changes")
		})
	}
}

func TestApplyToNothing(t *testing.T) {
	t.Parallel()
	_, err := approval.Apply(approval.Request{ID: "id-1"}, approval.Event{Seq: 1, Action: approval.Receive})
	require.ErrorContains(t, err, "without an arrival")
	_, err = approval.Apply(approval.Request{ID: "id-1"}, eventOf(approval.Approve, 1))
	var notAllowed *approval.NotAllowedError
	require.ErrorAs(t, err, &notAllowed, "a life begins with a receive")
	_, err = approval.Replay("id-1", []approval.Event{eventOf(approval.Receive, 1), eventOf(approval.Reopen, 2)})
	require.ErrorContains(t, err, "id-1")
}
