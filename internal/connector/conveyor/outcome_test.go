package conveyor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

func TestOutcomeOfARejection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		happens  func(r approval.Request)
		standing approval.Standing
		ours     bool
	}{
		"nothing happened":   {func(approval.Request) {}, approval.StandingOpen, false},
		"it was carried out": {func(r approval.Request) { _, _ = w.CarryOut(t.Context(), r) }, approval.StandingIgnored, true},
		"approved elsewhere": {func(r approval.Request) {
			require.NoError(t, w.room.DecideElsewhere(r.ExternalID, practiceconveyor.Approve))
		}, approval.StandingApproved, false},
		"it is gone": {func(r approval.Request) { w.room.Remove(r.ExternalID) }, approval.StandingGone, false},
	} {
		r := rejected(w.asks())
		c.happens(r)
		standing, confirmed, err := w.Outcome(t.Context(), r)
		require.NoError(t, err, name)
		require.Equal(t, c.standing, standing, name)
		require.Equal(t, c.ours, confirmed != nil, name)
	}
}

func TestOutcomeOfAnApproval(t *testing.T) {
	t.Parallel()
	a, b := approval.Group{ID: "ga", Name: "A"}, approval.Group{ID: "gb", Name: "B"}
	const standing = `{"id":"x1","email":"` + requester + `","status":"approved"}`
	for name, c := range map[string]struct {
		asked  []approval.Group
		change func(r *approval.Request)
		shown  []string // the authorizations
		ours   bool
		want   approval.Confirmation
	}{
		"exactly what was asked": {
			[]approval.Group{a},
			nil,
			[]string{authorization(requester, "authorized", groupA)},
			true,
			approval.Confirmation{Groups: []approval.Group{a}},
		},
		"what was asked and what was there": {
			[]approval.Group{a},
			nil,
			[]string{authorization(requester, "authorized", groupB+","+groupA)},
			true,
			approval.Confirmation{Groups: []approval.Group{b, a}},
		},
		"a part of what was asked": {[]approval.Group{a, b}, nil, []string{authorization(requester, "authorized", groupA)}, false, approval.Confirmation{}},
		"other groups":             {[]approval.Group{a}, nil, []string{authorization(requester, "authorized", groupB)}, false, approval.Confirmation{}},
		"groups, and none was":     {nil, nil, []string{authorization(requester, "authorized", groupB)}, false, approval.Confirmation{}},
		"none, and none was":       {nil, nil, []string{authorization(requester, "authorized", "")}, true, approval.Confirmation{}},
		"gated":                    {nil, nil, []string{authorization(requester, "gated", "")}, true, approval.Confirmation{Gated: true}},
		"revoked":                  {[]approval.Group{a}, nil, []string{authorization(requester, "revoked", groupA)}, false, approval.Confirmation{}},
		"somebody else's":          {[]approval.Group{a}, nil, []string{authorization("eve@other.example", "authorized", groupA)}, false, approval.Confirmation{}},
		"nobody's":                 {nil, nil, []string{authorization("", "authorized", "")}, false, approval.Confirmation{}},
		"none at all":              {nil, nil, nil, false, approval.Confirmation{}},
		"an address of another case": {
			[]approval.Group{a},
			nil,
			[]string{authorization("GRACE@northwind.example", "authorized", groupA)},
			true,
			approval.Confirmation{Groups: []approval.Group{a}},
		},
		"the second one": {
			[]approval.Group{a},
			nil,
			[]string{authorization(requester, "revoked", groupA), `{"id":"a2","email":"` + requester + `","status":"gated","access_groups":[` + groupA + `]}`},
			true,
			approval.Confirmation{Groups: []approval.Group{a}, Gated: true},
		},
		"an expiry, which is never shown": {
			[]approval.Group{a},
			func(r *approval.Request) { r.Decision.Expires = "2027-01-01" },
			[]string{authorization(requester, "authorized", groupA)},
			false,
			approval.Confirmation{},
		},
		"a bypass that took": {
			nil, func(r *approval.Request) { r.Decision.NDABypass = true },
			[]string{authorization(requester, "authorized", "")},
			true,
			approval.Confirmation{},
		},
		"a bypass that did not take": {
			nil, func(r *approval.Request) { r.Decision.NDABypass = true },
			[]string{authorization(requester, "gated", "")},
			false,
			approval.Confirmation{},
		},
		"a requester without an address": {
			nil, func(r *approval.Request) { r.Requester = "" }, []string{authorization(requester, "authorized", "")}, false, approval.Confirmation{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conv, _ := scripted(t, script{read: standing, list: page("authorizations", c.shown...)})
			r := asked(c.asked...)
			if c.change != nil {
				c.change(&r)
			}
			got, confirmed, err := conv.Outcome(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, approval.StandingApproved, got)
			if !c.ours {
				require.Nil(t, confirmed)
				return
			}
			require.NotNil(t, confirmed)
			require.Equal(t, c.want, *confirmed)
		})
	}
}

func TestWithoutAnAddressNobodysAuthorizationsAreListed(t *testing.T) {
	t.Parallel()
	conv, made := scripted(t, script{read: `{"id":"x1","status":"approved"}`, list: page("authorizations")})
	r := asked()
	r.Requester = ""
	_, confirmed, err := conv.Outcome(t.Context(), r)
	require.NoError(t, err)
	require.Nil(t, confirmed)
	require.Equal(t, []string{read}, made.list())
}

func TestOutcomeThatIsNotApproved(t *testing.T) {
	t.Parallel()
	// An authorization of an earlier visit says nothing about this request.
	old := page("authorizations", authorization(requester, "authorized", ""))
	for status, want := range map[string]approval.Standing{
		"requested": approval.StandingOpen, "initial": approval.StandingDraft, "ignored": approval.StandingIgnored, "new": approval.StandingOpen,
	} {
		conv, made := scripted(t, script{read: `{"id":"x1","status":"` + status + `"}`, list: old})
		got, confirmed, err := conv.Outcome(t.Context(), asked())
		require.NoError(t, err)
		require.Equal(t, want, got, status)
		require.Nil(t, confirmed, status)
		require.Len(t, made.list(), 1)
	}
	conv, _ := scripted(t, script{list: old})
	got, confirmed, err := conv.Outcome(t.Context(), asked())
	require.NoError(t, err)
	require.Equal(t, approval.StandingGone, got)
	require.Nil(t, confirmed)
}

func TestOutcomeThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const standing = `{"id":"x1","status":"approved"}`
	conv, _ := scripted(t, script{read: "503"})
	_, _, err := conv.Outcome(t.Context(), asked())
	require.False(t, passing(t, err).Ambiguous)
	conv, _ = scripted(t, script{read: "403"})
	_, _, err = conv.Outcome(t.Context(), asked())
	require.Equal(t, approval.RefusedKey, refusal(t, err).Reason)
	conv, _ = scripted(t, script{read: standing, list: "503"})
	_, confirmed, err := conv.Outcome(t.Context(), asked())
	require.False(t, passing(t, err).Ambiguous)
	require.Nil(t, confirmed)
	require.Error(t, conv.Health())

	// The key may read requests only: it is approved, and by whom is not known.
	conv, _ = scripted(t, script{read: standing, list: "403"})
	got, confirmed, err := conv.Outcome(t.Context(), asked())
	require.NoError(t, err)
	require.Equal(t, approval.StandingApproved, got)
	require.Nil(t, confirmed)
}
