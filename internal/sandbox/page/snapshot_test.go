package page_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestASnapshotShowsThePeopleAndChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	s := w.sees("U2", "C2")
	require.Equal(t, "U2", s.Person)
	require.Equal(t, "C2", s.Channel)
	require.Equal(t, []seenPerson{
		{ID: w.slack.BotUserID(), Name: "frontdesk", Handle: "frontdesk", Zone: "Etc/UTC", App: true},
		{ID: "U1", Name: "Alice Ant", Handle: "alice", Zone: "Europe/Berlin"},
		{ID: "U2", Name: "Bob Badger", Handle: "bob", Zone: "America/New_York"},
		{ID: "U3", Name: "Gus Guest", Handle: "gus", Zone: "Etc/UTC", Role: "guest"},
		{ID: "U4", Name: "Gone Gnu", Handle: "gone", Zone: "Etc/UTC", Role: "deactivated"},
	}, s.People)
	require.Equal(t, []seenChannel{{ID: "C1", Name: "access", Member: true}, {ID: "C2", Name: "quiet", Member: true}}, s.Channels)
}

func TestASnapshotForAnOldAddressShowsTheFirstPersonAndChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	for _, as := range []string{"", "U9", "U4", w.slack.BotUserID(), "%00%22"} {
		s := w.sees(as, "C9")
		require.Equal(t, "U1", s.Person, as)
		require.Equal(t, "C1", s.Channel, as)
	}
	s := w.sees("U1", "C2") // she is no member
	require.Equal(t, "C1", s.Channel)
	require.Equal(t, []seenChannel{{ID: "C1", Name: "access", Member: true}, {ID: "C2", Name: "quiet"}}, s.Channels)
}

func TestASnapshotOfAnEmptyWorldHasEmptyLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	require.Empty(t, w.sees("", "").Views)
	for _, list := range []string{"messages", "views", "requests", "access", "groups", "commands", "wire"} {
		require.Contains(t, w.sees("", "").raw, fmt.Sprintf(`%q:[]`, list))
	}
}

func TestASnapshotShowsMessagesWithWhatThePersonChose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	ts := w.post(ask)
	_, err := w.slack.PostAsUser("U2", "C1", "I look at it", ts)
	require.NoError(t, err)
	require.NoError(t, w.slack.ChooseOptions(t.Context(), "U1", "C1", ts, "groups", "pick", []string{"b"}).Err())
	plain := w.api("chat.postMessage", map[string]any{"channel": "C1", "text": "before"})
	w.api("chat.update", map[string]any{"channel": "C1", "ts": plain, "text": "after"})

	s := w.sees("U1", "C1")
	require.Len(t, s.Messages, 2, "the reply is in its thread")
	thread := w.messages("thread", "as=U1&channel=C1&ts="+ts).Messages
	require.Len(t, thread, 2)
	require.Equal(t, s.Messages[0], thread[0])
	require.Equal(t, 1, thread[0].Replies)
	first, second, third := s.Messages[0], thread[1], s.Messages[1]
	require.Equal(t, w.slack.BotUserID(), first.Author)
	require.Equal(t, "fallback", first.Text)
	require.JSONEq(t, ask, string(first.Blocks))
	require.Equal(t, []option{{Value: "b"}}, first.State["groups"]["pick"].SelectedOptions)
	require.Equal(t, "U2", second.Author)
	require.Equal(t, "I look at it", second.Text)
	require.Equal(t, ts, second.ThreadTS)
	require.False(t, second.Edited)
	require.Equal(t, "after", third.Text)
	require.True(t, third.Edited)
	require.Empty(t, third.Blocks)
	require.Empty(t, w.sees("U2", "C1").Messages[0].State["groups"]["pick"].SelectedOptions, "Bob chose nothing")
	require.Empty(t, w.sees("U2", "C2").Messages)
}

func TestASnapshotShowsEphemeralMessagesToTheirPersonOnlyAndInTheirPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	ts := w.post(ask)
	require.NoError(t, w.slack.ClickButton(t.Context(), "U1", "C1", ts, "decide", "whisper").Err())
	_, err := w.slack.PostAsUser("U2", "C1", "later", "")
	require.NoError(t, err)

	own := w.sees("U1", "C1").Messages
	require.Len(t, own, 3)
	require.Equal(t, whispered, own[1].Text)
	require.True(t, own[1].Ephemeral)
	require.Equal(t, "later", own[2].Text)
	for _, other := range []string{"U2", "U3"} {
		require.NotContains(t, w.sees(other, "C1").raw, whispered)
	}
}

func TestASnapshotShowsTheNewestMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	for i := range 203 {
		_, err := w.slack.PostAsUser("U1", "C1", fmt.Sprintf("number %d", i), "")
		require.NoError(t, err)
	}
	s := w.sees("U1", "C1")
	require.Len(t, s.Messages, 25)
	require.Equal(t, 178, s.Earlier)
	require.Equal(t, "number 178", s.Messages[0].Text)
	require.Equal(t, "number 202", s.Messages[24].Text)

	before := w.messages("messages", "as=U1&channel=C1&before="+s.Messages[0].TS)
	require.Len(t, before.Messages, 25)
	require.Equal(t, "number 177", before.Messages[24].Text)
	require.Equal(t, []int{153, 25}, []int{before.Earlier, before.Later})
	after := w.messages("messages", "as=U1&channel=C1&after="+before.Messages[9].TS)
	require.Equal(t, "number 163", after.Messages[0].Text)
	require.Equal(t, []int{163, 15}, []int{after.Earlier, after.Later})
	require.Equal(t, s.Messages, w.messages("messages", "as=U1&channel=C1").Messages)
	for _, nothing := range []string{"as=U1&channel=C2", "as=U9&channel=C1", ""} {
		require.Empty(t, w.messages("messages", nothing).Messages, nothing)
		require.Empty(t, w.messages("thread", nothing+"&ts="+s.Messages[0].TS).Messages, nothing)
	}
}

func TestASnapshotShowsOpenViewsToTheirPersonOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	view := w.opens("U1")
	require.Equal(t, "Decide", view.Title)
	require.Equal(t, "Send", view.Submit)
	require.Equal(t, "Back", view.Close)
	require.Len(t, view.Blocks, 3)
	require.Contains(t, view.State["reason"], "text")
	require.Empty(t, view.Errors)
	require.Empty(t, w.sees("U2", "C1").Views)
}

func TestASnapshotShowsTheRoomNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	group := w.room.AddGroup("Financials")
	long := " " + strings.Repeat("ü", 301)
	ids := []string{
		w.room.Request(practiceconveyor.Requester{Email: "a@x.example", Message: &long}),
		w.room.Request(practiceconveyor.Requester{Email: "b@x.example"}),
		w.room.Request(practiceconveyor.Requester{Email: "c@x.example", Draft: true}),
	}
	require.NoError(t, w.room.DecideElsewhere(ids[1], practiceconveyor.Approve, group))
	s := w.sees("U1", "C1")
	require.Equal(t, []seenRequest{
		{ID: ids[2], Email: "c@x.example", Status: "initial", Groups: []string{}},
		{ID: ids[1], Email: "b@x.example", Status: "approved", Elsewhere: true, Groups: []string{"Financials"}, Gated: true},
		{ID: ids[0], Email: "a@x.example", Status: "requested", Message: strings.Repeat("ü", 300) + "…", Groups: []string{}},
	}, s.Requests)
	require.Equal(t, []seenGroup{{ID: group, Name: "Financials"}}, s.Groups)
	require.Zero(t, s.More)
}

func TestASnapshotOfALargeRoomIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	for i := range 5000 {
		w.room.AddGroup(fmt.Sprintf("Group %d", i))
	}
	for i := range 105 {
		w.room.Request(practiceconveyor.Requester{Email: fmt.Sprintf("p%d@x.example", i)})
	}
	s := w.sees("U1", "C1")
	require.Len(t, s.Requests, 100)
	require.Equal(t, "p104@x.example", s.Requests[0].Email)
	require.Equal(t, 200, len(s.Groups)) //nolint:testifylint // the list is too long to print
	require.Equal(t, "Group 4999", s.Groups[199].Name, "the newest are shown")
	require.Equal(t, 4800, s.More)
}

func TestTheWireShowsWhatWentOverIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	const key = "c2VjcmV0LW9mLXRoZS1yb29t"
	require.NoError(t, w.room.SetWebhook(practiceconveyor.Webhook{URL: w.front.URL + "/nowhere", Secret: "whsec_" + key}))
	id := w.room.Request(practiceconveyor.Requester{Email: "a@x.example"})
	ts := w.post(ask)
	_, err := w.room.SendWebhook(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, w.slack.ClickButton(t.Context(), "U1", "C1", ts, "decide", "open").Err())
	w.slack.Fault(practiceslack.Fault{Method: "auth.test", Kind: practiceslack.ServerError})
	w.sends(http.MethodPost, "/api/auth.test", "", nil)
	w.sends(http.MethodPost, "/api/auth.test", "", nil)
	w.sends(http.MethodGet, "/api/v2/exchange/access_groups", "", map[string]string{"X-Api-Key": w.room.Key()})
	w.sends(http.MethodGet, "/api/v2/exchange/nothing", "", map[string]string{"X-Api-Key": w.room.Key()})

	s := w.sees("U1", "C1")
	for _, want := range []seenLine{
		{From: "Frontdesk", To: "Slack", What: "chat.postMessage", Status: 200},
		{From: "Slack", To: "Frontdesk", What: "block_actions", Status: 200, Signature: "valid"},
		{From: "Frontdesk", To: "Slack", What: "views.open", Status: 200},
		{From: "Frontdesk", To: "Slack", What: "auth.test", Status: 500, Note: "server error", Failed: true},
		{From: "Frontdesk", To: "Slack", What: "auth.test", Status: 200, Note: "not_authed", Failed: true},
		{From: "Frontdesk", To: "Conveyor", What: "GET /exchange/access_groups", Status: 200},
		{From: "Frontdesk", To: "Conveyor", What: "GET /exchange/nothing", Status: 404, Failed: true},
	} {
		require.True(t, slices.ContainsFunc(s.Wire, func(l seenLine) bool { l.ID = ""; return l == want }), "%v in %v", want, s.Wire)
	}
	hooks := 0
	for _, l := range s.Wire {
		if l.What == "webhook access.requested" {
			require.Equal(t, http.StatusNotFound, l.Status)
			require.True(t, l.Failed)
			require.Equal(t, "valid", l.Signature)
			hooks++
		}
	}
	require.Positive(t, hooks)
	shown := []byte(s.raw)
	for _, l := range s.Wire {
		out := w.sends(http.MethodGet, "/practice/exchange?id="+l.ID, "", nil)
		require.Contains(t, string(out.body), `"ok":true`, l.What)
		shown = append(shown, out.body...)
	}
	require.Contains(t, string(shown), "fallback", "what was posted is shown")
	require.Contains(t, string(shown), "(not shown)")
	for _, secret := range []string{w.slack.BotToken(), w.slack.SigningSecret(), w.room.Key(), key, "/actions/", "verification-token", "v0="} {
		require.NotContains(t, string(shown), secret)
	}
}

func TestTheWireIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	key := map[string]string{"X-Api-Key": w.room.Key()}
	for i := range 210 {
		w.sends(http.MethodGet, fmt.Sprintf("/api/v2/exchange/authorization_requests/%d", i), "", key)
	}
	wire := w.sees("U1", "C1").Wire
	require.Len(t, wire, 200)
	require.Equal(t, "GET /exchange/authorization_requests/209", wire[199].What, "the newest are kept")
}

func TestTheWireShowsCutConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	w.slack.Fault(practiceslack.Fault{Method: "auth.test", Kind: practiceslack.DropBefore})
	w.room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.DropBefore(), Times: 1})
	w.cut("/api/auth.test")
	w.cut("/api/v2/exchange/access_groups")
	wire := w.sees("U1", "C1").Wire
	require.Len(t, wire, 2)
	for _, l := range wire {
		require.Zero(t, l.Status)
		require.True(t, l.Failed)
		require.Equal(t, "connection cut", l.Note)
	}
}

// cut sends a request whose connection is cut.
func (w *world) cut(path string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.front.URL+path, http.NoBody)
	require.NoError(w.t, err)
	resp, err := w.front.Client().Do(req)
	if err == nil {
		require.NoError(w.t, resp.Body.Close())
	}
	require.Error(w.t, err)
}

// opens lets a person press Decide on a new message, and gives the view that they see then.
func (w *world) opens(person string) seenView {
	w.t.Helper()
	ts := w.post(ask)
	out := w.does("act", `{"as":%q,"channel":"C1","ts":%q,"block":"decide","action":"open","input":{}}`, person, ts)
	require.Equal(w.t, answered{Status: http.StatusOK, OK: true}, out)
	views := w.sees(person, "C1").Views
	require.Len(w.t, views, 1)
	return views[0]
}
