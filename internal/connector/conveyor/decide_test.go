package conveyor_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

func TestApproveSendsTheWholeDecision(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*practiceconveyor.Options, *conveyor.Settings){
		"a body": func(o *practiceconveyor.Options, _ *conveyor.Settings) {
			o.Params, o.Auth = practiceconveyor.ParamsJSON, practiceconveyor.AuthAPIKey
		},
		"a query": func(o *practiceconveyor.Options, s *conveyor.Settings) {
			o.Params, s.QueryParams = practiceconveyor.ParamsQuery, true
			o.Auth, s.BearerAuth = practiceconveyor.AuthBearer, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change)
			a, b := w.group("Financials"), w.group("Product roadmap")
			w.group("Nobody's")
			r := approved(w.asks(), a, b)
			r.Decision.Expires, r.Decision.NDABypass = "2027-01-31", true
			got, err := w.CarryOut(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, approval.Confirmation{Groups: []approval.Group{a, b}}, got)
			room := w.room.Authorizations()
			require.Len(t, room, 1)
			require.Equal(t, "2027-01-31", room[0].ExpiresAt)
			require.True(t, room[0].NDABypass)
			require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(r.ExternalID).Status)
			require.Equal(t, ada, w.inRoom(r.ExternalID).DecidedBy)

			r = approved(w.asks())
			got, err = w.CarryOut(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, []approval.Group{a, b}, got.Groups, "what the answer shows, which an earlier visit gave")

			r = rejected(w.asks())
			got, err = w.CarryOut(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, approval.Confirmation{}, got)
			require.Equal(t, practiceconveyor.RequestIgnored, w.inRoom(r.ExternalID).Status)
			require.Equal(t, ada, w.inRoom(r.ExternalID).DecidedBy)
		})
	}
}

func TestAnApprovalThatWaitsForTheNDAIsGated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *practiceconveyor.Options, _ *conveyor.Settings) { o.NDARequired = true })
	r := approved(w.asks())
	got, err := w.CarryOut(t.Context(), r)
	require.NoError(t, err)
	require.True(t, got.Gated)
	_, shown, err := w.Outcome(t.Context(), r)
	require.NoError(t, err)
	require.True(t, shown.Gated)
	w.room.SignNDA(requester)
	_, shown, err = w.Outcome(t.Context(), r)
	require.NoError(t, err)
	require.False(t, shown.Gated)
}

func bothVerbs() map[string]struct {
	decide       func(approval.Request) approval.Request
	method, path string
} {
	return map[string]struct {
		decide       func(approval.Request) approval.Request
		method, path string
	}{
		"approve": {func(r approval.Request) approval.Request { return approved(r) }, http.MethodPost, authorizations},
		"reject":  {rejected, http.MethodPatch, requests},
	}
}

func TestARefusalIsForGood(t *testing.T) {
	t.Parallel()
	for code, reason := range map[int]approval.RefusalReason{
		400: approval.RefusedInvalid, 401: approval.RefusedKey, 403: approval.RefusedReviewer, 404: approval.RefusedGone,
		405: approval.RefusedInvalid, 409: approval.RefusedConflict, 422: approval.RefusedInvalid, 451: approval.RefusedInvalid,
	} {
		for verb, c := range bothVerbs() {
			t.Run(verb+" "+http.StatusText(code), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				r := c.decide(w.asks())
				w.fault(c.method, c.path, practiceconveyor.Status(code, 0), 0)
				_, err := w.CarryOut(t.Context(), r)
				require.Equal(t, reason, refusal(t, err).Reason)
				require.NotContains(t, err.Error(), w.room.Key())
				if code != 401 && code != 403 { // those have no body
					require.Equal(t, "this fault was asked for", refusal(t, err).Detail)
				}
				require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(r.ExternalID).Status)
			})
		}
	}
}

func TestPassingTroubleIsNotARefusal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind      practiceconveyor.Kind
		ambiguous bool
		wait      time.Duration
	}{
		"429": {practiceconveyor.Status(429, 9*time.Second), false, 9 * time.Second}, "408": {practiceconveyor.Status(408, 0), false, 0},
		"500": {practiceconveyor.Status(500, 0), true, 0}, "502": {practiceconveyor.Status(502, 0), true, 0},
		"503":             {practiceconveyor.Status(503, 30*time.Second), true, 30 * time.Second},
		"307":             {practiceconveyor.Status(307, 0), false, 0},
		"proxy's page":    {practiceconveyor.HTML(), true, 0},
		"cut answer":      {practiceconveyor.TruncatedJSON(), true, 0},
		"lost answer":     {practiceconveyor.LostAnswer(), true, 0},
		"dropped":         {practiceconveyor.DropBefore(), true, 0},
		"no answer":       {practiceconveyor.Hang(), true, 0},
		"too late answer": {practiceconveyor.Slow(time.Hour), true, 0},
	} {
		for verb, v := range bothVerbs() {
			t.Run(name+" "+verb, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				r := v.decide(w.asks())
				w.fault(v.method, v.path, c.kind, 0)
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				_, err := w.CarryOut(ctx, r)
				p := passing(t, err)
				require.Equal(t, c.ambiguous, p.Ambiguous)
				require.Equal(t, c.wait, p.RetryAfter)
				require.NotContains(t, err.Error(), w.room.Key())

				// What the room shows is what an attempt after this one finds.
				standing, confirmed, err := w.Outcome(t.Context(), r)
				require.NoError(t, err)
				done := w.inRoom(r.ExternalID).Status != practiceconveyor.RequestRequested
				require.Equal(t, done, standing != approval.StandingOpen)
				require.Equal(t, done, confirmed != nil)
			})
		}
	}
}

func TestWhatNeverLeftIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, v := range bothVerbs() {
		_, err := w.CarryOut(ctx, v.decide(w.asks()))
		require.False(t, passing(t, err).Ambiguous)
	}
}

func TestADecisionThatCannotBeSaidIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*approval.Decision){
		"no day":           func(d *approval.Decision) { d.Expires = "next year" },
		"no such day":      func(d *approval.Decision) { d.Expires = "2027-02-30" },
		"a day that was":   func(d *approval.Decision) { d.Expires = "2020-01-01" },
		"a nameless group": func(d *approval.Decision) { d.Groups = []approval.Group{{Name: "Nothing"}} },
		"an unknown group": func(d *approval.Decision) { d.Groups = []approval.Group{{ID: "gone"}} },
	} {
		r := approved(w.asks())
		change(r.Decision)
		_, err := w.CarryOut(t.Context(), r)
		require.Equal(t, approval.RefusedInvalid, refusal(t, err).Reason, name)
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(r.ExternalID).Status, name)
	}
	r := rejected(w.asks())
	r.Decision.Reviewer.Email = ""
	_, err := w.CarryOut(t.Context(), r)
	require.Equal(t, approval.RefusedInvalid, refusal(t, err).Reason)
	require.Empty(t, w.room.Authorizations())
}

func TestAReviewerWhomTheRoomDoesNotKnowIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *practiceconveyor.Options, _ *conveyor.Settings) {
		o.ReviewerEmails = []string{"ben@vendor.example"}
	})
	for _, v := range bothVerbs() {
		_, err := w.CarryOut(t.Context(), v.decide(w.asks()))
		require.Equal(t, approval.RefusedReviewer, refusal(t, err).Reason)
	}
}

func TestWhatIsDecidedElsewhereIsNotConfirmedAsOurs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers int // what the room answers to deciding what is decided
		by      practiceconveyor.Decision
		decide  func(approval.Request, approval.Group) approval.Request
	}{
		"approve the ignored, 409":            {409, practiceconveyor.Ignore, approveWith},
		"approve the ignored, 422":            {422, practiceconveyor.Ignore, approveWith},
		"approve the ignored, 200":            {200, practiceconveyor.Ignore, approveWith},
		"approve the approved, 409":           {409, practiceconveyor.Approve, approveWith},
		"approve the approved, 200":           {200, practiceconveyor.Approve, approveWith},
		"reject the approved, 409":            {409, practiceconveyor.Approve, rejectIt},
		"reject the approved, 200":            {200, practiceconveyor.Approve, rejectIt},
		"reject the ignored, where it is 409": {409, practiceconveyor.Ignore, rejectIt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *practiceconveyor.Options, _ *conveyor.Settings) { o.DecidedAnswer = c.answers })
			ours, theirs := w.group("Financials"), w.group("Product roadmap")
			// The person has been here before, so that there is an old authorization.
			require.NoError(t, w.room.DecideElsewhere(w.asks().ExternalID, practiceconveyor.Approve, theirs.ID))
			r := w.asks()
			groups := []string{theirs.ID}
			if c.by == practiceconveyor.Ignore {
				groups = nil
			}
			require.NoError(t, w.room.DecideElsewhere(r.ExternalID, c.by, groups...))
			_, err := w.CarryOut(t.Context(), c.decide(r, ours))
			require.Contains(t, []approval.RefusalReason{approval.RefusedConflict, approval.RefusedInvalid}, refusal(t, err).Reason)
			require.True(t, w.inRoom(r.ExternalID).Elsewhere)
		})
	}
}

func approveWith(r approval.Request, g approval.Group) approval.Request { return approved(r, g) }

func rejectIt(r approval.Request, _ approval.Group) approval.Request { return rejected(r) }

// authorization is one as Conveyor answers it.
func authorization(email, status, groups string) string {
	return `{"id":"a1","email":"` + email + `","status":"` + status + `","_embedded":{"access_groups":[` + groups + `]}}`
}

const (
	groupA = `{"id":"ga","name":"A"}`
	groupB = `{"id":"gb","name":"B"}`
	post   = "POST " + authorizations
	list   = "GET " + authorizations
	read   = "GET " + requests + "/x1"
	patch  = "PATCH " + requests + "/x1"
)

func asked(groups ...approval.Group) approval.Request {
	return approved(approval.Request{ID: "r1", Source: conveyor.Source, ExternalID: "x1", Requester: requester}, groups...)
}

func TestTheConfirmationIsWhatConveyorShows(t *testing.T) {
	t.Parallel()
	a, b := approval.Group{ID: "ga", Name: "A"}, approval.Group{ID: "gb", Name: "B"}
	type want struct {
		confirmed *approval.Confirmation
		refused   approval.RefusalReason
		calls     int
	}
	confirmed := func(groups ...approval.Group) *approval.Confirmation { return &approval.Confirmation{Groups: groups} }
	for name, c := range map[string]struct {
		asked  []approval.Group
		script script
		want   want
	}{
		"what was asked":     {[]approval.Group{a}, script{post: authorization(requester, "authorized", groupA)}, want{confirmed(a), "", 1}},
		"and what was there": {[]approval.Group{a}, script{post: authorization(requester, "authorized", groupA+","+groupB)}, want{confirmed(a, b), "", 1}},
		"an address in another case": {
			[]approval.Group{a}, script{post: authorization("Grace@Northwind.Example", "authorized", groupA)}, want{confirmed(a), "", 1},
		},
		"no address": {[]approval.Group{a}, script{post: authorization("", "authorized", groupA)}, want{confirmed(a), "", 1}},
		"other groups": {
			[]approval.Group{a}, script{post: authorization(requester, "authorized", groupB)}, want{nil, approval.RefusedConflict, 1},
		},
		"somebody else's": {nil, script{post: authorization("eve@other.example", "authorized", "")}, want{nil, approval.RefusedConflict, 1}},
		"a revoked one":   {nil, script{post: authorization(requester, "revoked", "")}, want{nil, approval.RefusedConflict, 1}},
		"no groups, and the list has them": {[]approval.Group{a}, script{
			post: authorization(requester, "authorized", ""), list: page("authorizations", authorization(requester, "authorized", groupA)),
		}, want{confirmed(a), "", 2}},
		"no groups, nor in the list": {[]approval.Group{a}, script{
			post: authorization(requester, "authorized", ""), list: page("authorizations", authorization(requester, "authorized", "")),
		}, want{&approval.Confirmation{GroupsUnsaid: true}, "", 2}},
		"no groups, and the list fails": {[]approval.Group{a}, script{
			post: authorization(requester, "authorized", ""), list: "503",
		}, want{nil, "", 2}},
		"no groups, and the list is not allowed": {[]approval.Group{a}, script{
			post: authorization(requester, "authorized", ""), list: "403",
		}, want{nil, "", 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conv, made := scripted(t, c.script)
			got, err := conv.CarryOut(t.Context(), asked(c.asked...))
			switch {
			case c.want.confirmed != nil:
				require.NoError(t, err)
				require.Equal(t, *c.want.confirmed, got)
			case c.want.refused != "":
				require.Equal(t, c.want.refused, refusal(t, err).Reason)
			default:
				require.True(t, passing(t, err).Ambiguous, "what was given is not known, and is looked at again")
			}
			require.Len(t, made.list(), c.want.calls)
		})
	}
}

func TestARejectionCountsOnlyIfConveyorShowsIt(t *testing.T) {
	t.Parallel()
	request := func(status string) string { return `{"id":"x1","email":"` + requester + `"` + status + `}` }
	for name, c := range map[string]struct {
		script script
		reason approval.RefusalReason
		calls  int
	}{
		"shown at once":        {script{patch: request(`,"status":"ignored"`)}, "", 1},
		"shown by the read":    {script{patch: request(`,"status":"requested"`), read: request(`,"status":"ignored"`)}, "", 2},
		"an answer without it": {script{patch: request(``), read: request(`,"status":"ignored"`)}, "", 2},
		"still open":           {script{patch: request(`,"status":"requested"`), read: request(`,"status":"requested"`)}, approval.RefusedInvalid, 2},
		"approved":             {script{patch: request(`,"status":"approved"`), read: request(`,"status":"approved"`)}, approval.RefusedConflict, 2},
		"gone":                 {script{patch: request(``)}, approval.RefusedGone, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conv, made := scripted(t, c.script)
			_, err := conv.CarryOut(t.Context(), rejected(asked()))
			if c.reason == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, c.reason, refusal(t, err).Reason)
			}
			require.Len(t, made.list(), c.calls)
		})
	}
	conv, _ := scripted(t, script{patch: request(``), read: "503"})
	_, err := conv.CarryOut(t.Context(), rejected(asked()))
	require.True(t, passing(t, err).Ambiguous)
}

func TestTheKeyIsInNoErrorEvenIfConveyorRepeatsIt(t *testing.T) {
	t.Parallel()
	conv, _ := scripted(t, script{read: `{"id":5`, post: `{"message":"a-key"}`, patch: `a-key`, list: `{"a-key":1}`, "GET " + queue: `"a-key"`})
	_, readErr := conv.Open(t.Context())
	_, _, requestErr := conv.Read(t.Context(), "x1")
	_, approveErr := conv.CarryOut(t.Context(), asked())
	_, rejectErr := conv.CarryOut(t.Context(), rejected(asked()))
	for _, err := range []error{readErr, requestErr, approveErr, rejectErr, conv.Health()} {
		require.Error(t, err)
		require.NotContains(t, err.Error(), "a-key")
	}
}
