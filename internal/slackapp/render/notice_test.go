package render_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

func notice(code approval.NoticeCode, details approval.NoticeDetails) approval.Notice {
	return approval.Notice{ID: "n", RequestID: "0194-request", To: "U0BOB", Code: code, At: at(16), NoticeDetails: details}
}

func refusal(verb approval.Action, reason approval.RefusalReason, detail string) approval.Notice {
	return notice(approval.NoticeRefused, approval.NoticeDetails{
		Email: "bob@here.example",
		Verb:  verb, Refusal: &approval.Refusal{Reason: reason, Detail: detail},
	})
}

func notices() map[string]struct {
	notice  approval.Notice
	request approval.Request
} {
	type told = struct {
		notice  approval.Notice
		request approval.Request
	}
	open := request(approval.Pending)
	of := func(code approval.NoticeCode, details approval.NoticeDetails, r approval.Request) told {
		return told{notice(code, details), r}
	}
	again := request(approval.Approving)
	again.Decision.Reviewer = approval.Reviewer{ID: "U0BOB", Email: "bob@here.example"}
	return map[string]told{
		"taken_approving":  of(approval.NoticeTaken, approval.NoticeDetails{By: reviewer, Verb: approval.Approve}, request(approval.Approving)),
		"taken_rejected":   of(approval.NoticeTaken, approval.NoticeDetails{By: reviewer, Verb: approval.Reject}, request(approval.Rejected)),
		"taken_open_again": of(approval.NoticeTaken, approval.NoticeDetails{By: reviewer, Verb: approval.Reject}, open),
		"taken_then_other": of(approval.NoticeTaken, approval.NoticeDetails{By: reviewer, Verb: approval.Reject}, request(approval.Approved)),
		"taken_by_oneself": of(approval.NoticeTaken, approval.NoticeDetails{By: "U0BOB", Verb: approval.Approve}, again),
		"taken_by_unknown": of(approval.NoticeTaken, approval.NoticeDetails{}, open),
		"refused_reviewer": {refusal(approval.Approve, approval.RefusedReviewer, ""), open},
		"refused_nameless": {notice(approval.NoticeRefused, approval.NoticeDetails{
			Verb: approval.Approve, Refusal: &approval.Refusal{Reason: approval.RefusedReviewer},
		}), open},
		"refused_then_again":   {refusal(approval.Approve, approval.RefusedReviewer, ""), again},
		"refused_key":          {refusal(approval.Approve, approval.RefusedKey, ""), open},
		"refused_gone":         {refusal(approval.Approve, approval.RefusedGone, ""), open},
		"refused_conflict":     {refusal(approval.Reject, approval.RefusedConflict, "status is <approved>"), open},
		"refused_invalid":      {refusal(approval.Approve, approval.RefusedInvalid, "group & <!channel>\nunknown"), open},
		"refused_no_answer":    {refusal(approval.Reject, approval.RefusedPatience, ""), open},
		"refused_unsaid":       {notice(approval.NoticeRefused, approval.NoticeDetails{Verb: approval.Approve}), open},
		"elsewhere_same":       of(approval.NoticeElsewhere, approval.NoticeDetails{Verb: approval.Approve, Standing: approval.StandingApproved}, closed(approval.StandingApproved)),
		"elsewhere_other":      of(approval.NoticeElsewhere, approval.NoticeDetails{Verb: approval.Approve, Standing: approval.StandingIgnored}, closed(approval.StandingIgnored)),
		"elsewhere_gone":       of(approval.NoticeElsewhere, approval.NoticeDetails{Verb: approval.Reject, Standing: approval.StandingGone}, closed(approval.StandingGone)),
		"elsewhere_late":       of(approval.NoticeElsewhere, approval.NoticeDetails{Standing: approval.StandingApproved}, closed(approval.StandingApproved)),
		"denied_bot":           of(approval.NoticeDenied, approval.NoticeDetails{Denial: approval.DeniedBot}, open),
		"denied_deactivated":   of(approval.NoticeDenied, approval.NoticeDetails{Denial: approval.DeniedDeactivated}, open),
		"denied_stranger":      of(approval.NoticeDenied, approval.NoticeDetails{Denial: approval.DeniedStranger}, open),
		"denied_guest":         of(approval.NoticeDenied, approval.NoticeDetails{Denial: approval.DeniedGuest}, open),
		"denied_no_email":      of(approval.NoticeDenied, approval.NoticeDetails{Denial: approval.DeniedNoEmail}, open),
		"denied_not_listed":    of(approval.NoticeDenied, approval.NoticeDetails{Denial: approval.DeniedNotListed}, open),
		"denied_for_new_cause": of(approval.NoticeDenied, approval.NoticeDetails{Denial: "new"}, open),
	}
}

// TestGoldenNotices keeps every sentence that one person is told, and what
// Taken says, in one file that can be read.
func TestGoldenNotices(t *testing.T) {
	t.Parallel()
	sentences := map[string]string{}
	for name, n := range notices() {
		said := render.Notice(n.notice, n.request)
		require.Empty(t, injected(name, said, false, []string{reviewer, "U0BOB"}))
		require.Contains(t, said, "sam@customer.example", "%s does not name the requester", name)
		sentences[name] = said
	}
	for _, state := range approval.States() {
		r := request(state)
		sentences["now_"+string(state)] = render.Taken(r)
		if state.Deciding() {
			r.Delayed = true
			sentences["now_"+string(state)+"_delayed"] = render.Taken(r)
		}
	}
	for _, s := range []approval.Standing{approval.StandingIgnored, approval.StandingGone, approval.StandingOpen} {
		sentences["now_handled_"+string(s)] = render.Taken(closed(s))
	}
	golden(t, "sentences", sentences)
}

func TestDenialIsEmptyOnlyForWhoMay(t *testing.T) {
	t.Parallel()
	require.Empty(t, render.Denial(approval.Allowed))
	said := map[string]bool{}
	for _, d := range []approval.Denial{
		approval.DeniedBot, approval.DeniedDeactivated, approval.DeniedStranger,
		approval.DeniedGuest, approval.DeniedNoEmail, approval.DeniedNotListed, "new",
	} {
		require.NotEmpty(t, render.Denial(d))
		said[render.Denial(d)] = true
	}
	require.Len(t, said, 7, "each cause has its own sentence")
}

func TestRefusalsQuoteOutsideTextSafely(t *testing.T) {
	t.Parallel()
	said := render.Notice(refusal(approval.Approve, approval.RefusedInvalid, "group & <!channel>\nunknown"), request(approval.Pending))
	require.Contains(t, said, "It says: “group &amp; &lt;!channel&gt; unknown”.")
	require.Contains(t, said, "The request is open again.")
}
