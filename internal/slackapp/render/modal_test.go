package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

func TestModalsNameRequestAndRequester(t *testing.T) {
	t.Parallel()
	r := request(approval.Pending)
	reject, options := render.RejectModal(r), render.OptionsModal(r, groups(3), nil, at(12))
	require.Equal(t, render.CallbackReject, reject.CallbackID)
	require.Equal(t, render.CallbackOptions, options.CallbackID)
	for _, private := range []string{reject.PrivateMetadata, options.PrivateMetadata} {
		id, ok := render.RequestOfMeta(private)
		require.True(t, ok)
		require.Equal(t, r.ID, id)
	}
	require.Contains(t, allTexts(t, reject), r.Requester)
	require.Contains(t, allTexts(t, options), r.Requester)
}

func TestReasonIsMandatoryAndTheRestIsNot(t *testing.T) {
	t.Parallel()
	r := request(approval.Pending)
	reason := findBlock(t, render.RejectModal(r), render.BlockReason)
	require.NotContains(t, reason, "optional")
	element, ok := reason["element"].(map[string]any)
	require.True(t, ok)
	require.Equal(t, render.ActionReason, element["action_id"])
	require.EqualValues(t, 3000, element["max_length"])

	view := render.OptionsModal(r, groups(3), nil, at(12))
	for _, id := range []string{render.GroupsBlock("conveyor"), render.BlockExpiry, render.BlockNDA, render.BlockNote} {
		require.Equal(t, true, findBlock(t, view, id)["optional"], id)
	}
	require.Contains(t, allTexts(t, view), "2026-01-03 or later")
}

func TestOptionsModalKeepsTheChoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ groups, chosen, kept int }{{3, 0, 0}, {3, 2, 2}, {2, 4, 2}, {100, 100, 100}, {101, 100, 100}, {300, 150, 100}} {
		view := render.OptionsModal(request(approval.Pending), groups(c.groups), groups(c.chosen), at(12))
		require.Empty(t, problemsOfModal(t, view))
		menu, ok := findBlock(t, view, render.GroupsBlock("conveyor"))["element"].(map[string]any)
		require.True(t, ok)
		require.Equal(t, render.ActionGroups, menu["action_id"])
		kept, _ := menu["initial_options"].([]any)
		require.Len(t, kept, c.kept)
		require.Equal(t, c.kept < c.chosen, findBlock(t, view, "lost") != nil, "a choice that is dropped is not dropped silently")
	}
}

func TestClosedModalOnlyTells(t *testing.T) {
	t.Parallel()
	for _, view := range []struct{ title, sentence string }{
		{"Already decided", render.Taken(request(approval.Approved))},
		{strings.Repeat("A long title ", 10), "Short."},
		{"", ""},
		{" \n", strings.Repeat("x", 4000)},
	} {
		modal := render.ClosedModal(view.title, view.sentence)
		require.Empty(t, problemsOfModal(t, modal, reviewer))
		require.Nil(t, modal.Submit)
	}
}

func TestIDsComeBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   func(string) (string, bool)
		text string
		want string
	}{
		{render.SourceOf, render.GroupsBlock("conveyor"), "conveyor"},
		{render.SourceOf, "groups:", ""},
		{render.SourceOf, "decide", ""},
		{render.RequestOfMore, render.MoreValue("0194"), "0194"},
		{render.RequestOfMore, "options:", ""},
		{render.RequestOfMore, "0194", ""},
		{render.RequestOfMeta, render.Meta(`a"b`), `a"b`},
		{render.RequestOfMeta, "", ""},
		{render.RequestOfMeta, "{}", ""},
		{render.RequestOfMeta, `{"request":1}`, ""},
		{render.RequestOfMeta, "not json", ""},
	} {
		got, ok := c.of(c.text)
		require.Equal(t, c.want, got, c.text)
		require.Equal(t, c.want != "", ok, c.text)
	}
	// Messages of older versions carry these.
	require.Equal(t, "groups:conveyor", render.GroupsBlock("conveyor"))
	require.Equal(t, "options:0194", render.MoreValue("0194"))
	require.JSONEq(t, `{"request":"0194"}`, render.Meta("0194"))
}

func TestReasonProblem(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"", " ", "\n\t\r", "\u00a0\u2003\u3000", "\u200b\u200c\u200d\ufeff\u2060", "\u2800", "\u3164\u115f", "\u00ad", "\u202e", "\ufe0f", "\U000e0020", "\x00", " \u200b\n"} {
		require.NotEmpty(t, render.ReasonProblem(reason), "%q", reason)
	}
	for _, reason := range []string{"no", ".", "🎉", " x ", "\u200bx", "ไม่", "0", "\ufffd"} {
		require.Empty(t, render.ReasonProblem(reason), "%q", reason)
	}
}

func TestExpiryProblem(t *testing.T) {
	t.Parallel()
	for date, fine := range map[string]bool{
		"": true, "2026-01-03": true, "2027-01-01": true, "9999-12-31": true,
		"2026-01-02": false, "2026-01-01": false, "2025-12-31": false, "0001-01-01": false,
		"2026-02-30": false, "2026-1-3": false, "03.01.2026": false, "2026-01-03T00:00:00Z": false, "tomorrow": false, "2026-01-03\n": false,
	} {
		require.Equal(t, fine, render.ExpiryProblem(date, at(23)) == "", "%q", date)
	}
}
