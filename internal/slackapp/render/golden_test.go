package render_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

const reviewer = "U0ANN"

func at(hour int) time.Time { return time.Date(2026, 1, 2, hour, 4, 5, 0, time.UTC) }

// request gives a request in a state, with all that the domain sets in it.
func request(state approval.State) approval.Request {
	r := approval.Request{
		ID: "0194-request", Source: "conveyor", ExternalID: "c-1",
		Requester: "sam@customer.example", Message: "We need the SOC 2 report.\nThanks!",
		Link:        "https://app.conveyor.com/requests/c-1?a=1&b=2",
		RequestedAt: at(9), ReceivedAt: at(10), ChangedAt: at(15), State: state,
	}
	d := approval.Decision{ID: "click", Verb: approval.Approve, Reviewer: approval.Reviewer{ID: reviewer, Email: "ann@here.example"}, At: at(15)}
	switch state {
	case approval.Pending:
	case approval.Approving:
		d.Groups = groups(2)
		r.Decision = &d
	case approval.Approved:
		d.Groups = groups(2)
		r.Decision, r.Confirmation = &d, &approval.Confirmation{Groups: groups(2)}
	case approval.Rejecting:
		d.Verb, d.Note = approval.Reject, "Not a customer & no NDA.\nAsk <sales>."
		r.Decision = &d
	case approval.Rejected:
		d.Verb, d.Note = approval.Reject, "Not a customer & no NDA.\nAsk <sales>."
		r.Decision, r.Confirmation = &d, &approval.Confirmation{}
	case approval.Handled:
		r.Closing = &approval.Closing{Standing: approval.StandingApproved}
	}
	return r
}

func groups(n int) []approval.Group {
	all := make([]approval.Group, n)
	for i := range all {
		all[i] = approval.Group{ID: fmt.Sprintf("g-%d", i+1), Name: fmt.Sprintf("Group %d", i+1)}
	}
	return all
}

func longNames(n int) []approval.Group {
	all := groups(n)
	for i := range all {
		all[i].Name = strings.Repeat("Very long name ", 20)[:296] + fmt.Sprintf("%04d", i)
	}
	return all
}

func emojiNames(n int) []approval.Group {
	all := groups(n)
	for i := range all {
		all[i].Name = strings.Repeat("👩🏽‍🚀🇩🇪", i+1)
	}
	return all
}

// with gives a request after a change.
func with(r approval.Request, change func(r *approval.Request)) approval.Request {
	change(&r)
	return r
}

func closed(s approval.Standing) approval.Request {
	return with(request(approval.Handled), func(r *approval.Request) { r.Closing = &approval.Closing{Standing: s} })
}

func from(requester string) approval.Request {
	return with(request(approval.Pending), func(r *approval.Request) { r.Requester = requester })
}

func saying(message string) approval.Request {
	return with(request(approval.Pending), func(r *approval.Request) { r.Message = message })
}

func confirmed(chosen []approval.Group) approval.Request {
	return with(request(approval.Approved), func(r *approval.Request) { r.Confirmation.Groups = chosen })
}

func goldenMessages() map[string]approval.View {
	pending := request(approval.Pending)
	late := func(r *approval.Request) { r.Delayed = true }
	views := map[string]approval.View{
		"pending_names_long":        {Request: pending, Groups: longNames(3)},
		"pending_names_emoji":       {Request: pending, Groups: emojiNames(20)},
		"pending_names_empty":       {Request: pending, Groups: []approval.Group{{ID: "g-1"}, {}, {ID: "g-2", Name: " \u200b"}}},
		"pending_message_none":      {Request: saying("")},
		"pending_message_blank":     {Request: saying(" \n\u3000\u200b")},
		"pending_message_long":      {Request: saying(strings.Repeat("0123456789", 2000))},
		"pending_message_injection": {Request: saying("<!channel> <@U0EVE> <https://evil.example|Approve> &lt;!here&gt; *bold*\x00\u202e")},
		"pending_email_empty":       {Request: from("")},
		"pending_email_no_domain":   {Request: from("nobody")},
		"pending_email_long":        {Request: from(strings.Repeat("a", 988) + "@long.example")},
		"pending_email_control":     {Request: from("a\nb\x00\u202ec\u200bd@x.example\u2066")},
		"pending_email_injection":   {Request: from("<!channel>@<@U0EVE>|<https://evil.example|x>&amp;")},
		"pending_link_none":         {Request: with(pending, func(r *approval.Request) { r.Link = "" })},
		"pending_link_injection": {Request: with(pending, func(r *approval.Request) {
			r.Link = "https://app.conveyor.com/a b|c><!channel>"
		})},
		"pending_time_unknown": {Request: with(pending, func(r *approval.Request) { r.RequestedAt = time.Time{} })},
		"pending_other_source": {Request: with(pending, func(r *approval.Request) { r.Source = "itop" }), Groups: groups(1)},

		"approving":         {Request: request(approval.Approving)},
		"approving_delayed": {Request: with(request(approval.Approving), late)},
		"rejecting":         {Request: request(approval.Rejecting)},
		"rejecting_delayed": {Request: with(request(approval.Rejecting), late)},

		"approved":             {Request: request(approval.Approved)},
		"approved_standard":    {Request: confirmed(nil)},
		"approved_many_groups": {Request: confirmed(longNames(5000))},
		"approved_all_options": {Request: with(request(approval.Approved), func(r *approval.Request) {
			r.Confirmation.Gated = true
			r.Decision.Expires, r.Decision.NDABypass, r.Decision.Note = "2026-03-01", true, "Agreed with legal.\n\nSee <the contract>."
		})},
		"approved_groups_unsaid": {Request: with(confirmed(nil), func(r *approval.Request) { r.Confirmation.GroupsUnsaid = true })},

		"rejected": {Request: request(approval.Rejected)},
		"rejected_long_reason": {Request: with(request(approval.Rejected), func(r *approval.Request) {
			r.Decision.Note = strings.Repeat("&123456789", 300)
		})},
		"handled_approved": {Request: closed(approval.StandingApproved)},
		"handled_ignored":  {Request: closed(approval.StandingIgnored)},
		"handled_gone":     {Request: closed(approval.StandingGone)},
	}
	for name, view := range views {
		view.GroupsKnown = true
		views[name] = view
	}
	views["pending_groups_unread"] = approval.View{Request: pending}
	for _, n := range []int{0, 1, 10, 11, 100, 101, 5000} {
		views[fmt.Sprintf("pending_groups_%04d", n)] = approval.View{Request: pending, Groups: groups(n), GroupsKnown: true}
	}
	return views
}

func goldenModals() map[string]any {
	r := request(approval.Pending)
	odd := from("a\nb\x00\u202e<!channel>@" + strings.Repeat("x", 1000))
	return map[string]any{
		"modal_reject":                render.RejectModal(r),
		"modal_reject_odd_email":      render.RejectModal(odd),
		"modal_options_groups_0000":   render.OptionsModal(r, nil, nil, at(12)),
		"modal_options_groups_0001":   render.OptionsModal(r, groups(1), nil, at(12)),
		"modal_options_groups_0011":   render.OptionsModal(r, groups(11), groups(11)[3:5], at(12)),
		"modal_options_groups_0100":   render.OptionsModal(r, groups(100), groups(100), at(12)),
		"modal_options_groups_0101":   render.OptionsModal(r, groups(101), groups(2), at(12)),
		"modal_options_groups_5000":   render.OptionsModal(r, groups(5000), nil, at(12)),
		"modal_options_names_emoji":   render.OptionsModal(odd, emojiNames(20), emojiNames(20)[18:], at(12)),
		"modal_options_choice_gone":   render.OptionsModal(r, groups(2), groups(4), at(12)),
		"modal_options_too_many":      render.OptionsModal(r, groups(300), groups(150), at(12)),
		"modal_closed_taken":          render.ClosedModal("Already decided", render.Taken(request(approval.Approved))),
		"modal_closed_denied":         render.ClosedModal("You cannot decide", render.Denial(approval.DeniedNotListed)),
		"options_answer_none":         render.OptionsFor(groups(5000), "no such group"),
		"options_answer_names_long":   render.OptionsFor(longNames(3), ""),
		"options_answer_begins_first": render.OptionsFor(append(groups(3), approval.Group{ID: "z", Name: "2 comes first"}), "2"),
	}
}

func TestGoldenMessages(t *testing.T) {
	t.Parallel()
	for name, view := range goldenMessages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, problemsOfMessage(t, view, reviewer))
			text, blocks := render.Message(view)
			golden(t, name, shown{text, blocks})
		})
	}
}

func TestGoldenModals(t *testing.T) {
	t.Parallel()
	for name, view := range goldenModals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			switch v := view.(type) {
			case slack.ModalViewRequest:
				require.Empty(t, problemsOfModal(t, v, reviewer))
			case []*slack.OptionBlockObject:
				require.Empty(t, problemsOfOptions(t, v))
			}
			golden(t, name, view)
		})
	}
}

// TestGoldenFilesAreAllUsed keeps files of states that are gone from staying.
func TestGoldenFilesAreAllUsed(t *testing.T) {
	t.Parallel()
	messages, modals, overviews := goldenMessages(), goldenModals(), goldenOverviews()
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		_, isMessage := messages[name]
		_, isModal := modals[name]
		_, isOverview := overviews[name]
		require.True(t, isMessage || isModal || isOverview || name == "sentences", "%s belongs to no test", file)
	}
}

// readable undoes what slack-go's own encoding does to < > and &.
func readable(encoded []byte) []byte {
	return []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(encoded)))
}

func golden(t *testing.T, name string, v any) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	got := readable(encode(t, v))
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o600))
		return
	}
	want, err := os.ReadFile(file) //nolint:gosec // the name is one of the test's own
	require.NoError(t, err, "run the test with -update to make the file")
	require.Equal(t, string(want), string(got))
}
