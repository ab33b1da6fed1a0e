package page_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// fine is the answer to what went well.
func fine() answered { return answered{Status: http.StatusOK, OK: true} }

func TestPeopleUseTheElementsOfAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	ts := w.post(ask)
	use := func(block, action, input string) payload {
		t.Helper()
		require.Equal(t, fine(), w.does("act", `{"as":"U2","channel":"C1","ts":%q,"block":%q,"action":%q,"input":%s}`, ts, block, action, input))
		p, sent := w.app.last("block_actions")
		require.True(t, sent)
		require.Equal(t, "U2", p.User.ID)
		require.Equal(t, action, p.Actions[0].ActionID)
		return p
	}
	use("decide", "whisper", `{}`)
	require.Contains(t, w.sees("U2", "C1").raw, whispered)

	p := use("groups", "pick", `{"values":["a","b"]}`)
	require.Equal(t, []option{{Value: "a"}, {Value: "b"}}, p.Actions[0].SelectedOptions)
	p = use("groups", "pick", `{"values":["b"]}`)
	require.Equal(t, []option{{Value: "b"}}, p.Actions[0].SelectedOptions)
	require.Equal(t, []option{{Value: "b"}}, w.sees("U2", "C1").Messages[0].State["groups"]["pick"].SelectedOptions)
	p = use("groups", "pick", `{"values":[]}`)
	require.Empty(t, p.Actions[0].SelectedOptions)

	p = use("who", "more", `{"values":["options"]}`)
	require.Equal(t, "options", p.Actions[0].SelectedOption.Value)

	found := w.does("search", `{"as":"U2","channel":"C1","ts":%q,"block":"teams","action":"find","query":"sec"}`, ts)
	require.Equal(t, answered{Status: http.StatusOK, OK: true, Options: []map[string]string{{"text": "Team sec", "value": "t-sec"}}}, found)
	p = use("teams", "find", `{"values":["t-sec"]}`)
	require.Equal(t, []option{{Value: "t-sec"}}, p.Actions[0].SelectedOptions)
	require.Empty(t, w.slack.Violations())
}

func TestWhatCannotBeDoneIsToldInASentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	ts := w.post(ask)
	secret, err := w.slack.PostAsUser("U2", "C2", "not for Alice", "")
	require.NoError(t, err)
	for name, c := range map[string]struct{ path, body string }{
		"unknown person":      {"act", fmt.Sprintf(`{"as":"U9","channel":"C1","ts":%q,"block":"decide","action":"open"}`, ts)},
		"deactivated person":  {"act", fmt.Sprintf(`{"as":"U4","channel":"C1","ts":%q,"block":"decide","action":"open"}`, ts)},
		"nobody":              {"act", fmt.Sprintf(`{"channel":"C1","ts":%q,"block":"decide","action":"open"}`, ts)},
		"unknown channel":     {"act", fmt.Sprintf(`{"as":"U1","channel":"C9","ts":%q,"block":"decide","action":"open"}`, ts)},
		"not a member":        {"act", fmt.Sprintf(`{"as":"U1","channel":"C2","ts":%q,"block":"decide","action":"open"}`, secret.TS)},
		"unknown message":     {"act", `{"as":"U1","channel":"C1","ts":"1.000001","block":"decide","action":"open"}`},
		"unknown element":     {"act", fmt.Sprintf(`{"as":"U1","channel":"C1","ts":%q,"block":"decide","action":"dance"}`, ts)},
		"unknown choice":      {"act", fmt.Sprintf(`{"as":"U1","channel":"C1","ts":%q,"block":"groups","action":"pick","input":{"values":["z"]}}`, ts)},
		"two of an overflow":  {"act", fmt.Sprintf(`{"as":"U1","channel":"C1","ts":%q,"block":"who","action":"more","input":{"values":["options","options"]}}`, ts)},
		"nothing at all":      {"act", `{}`},
		"null":                {"act", `null`},
		"search, no element":  {"search", fmt.Sprintf(`{"as":"U1","channel":"C1","ts":%q,"block":"x","action":"find","query":"sec"}`, ts)},
		"search, too short":   {"search", fmt.Sprintf(`{"as":"U1","channel":"C1","ts":%q,"block":"teams","action":"find","query":"s"}`, ts)},
		"search, not a menu":  {"search", fmt.Sprintf(`{"as":"U1","channel":"C1","ts":%q,"block":"groups","action":"pick","query":"sec"}`, ts)},
		"submit, no view":     {"submit", `{"as":"U1","view":"V9","inputs":{}}`},
		"submit, nobody":      {"submit", `{"as":"U9","view":"V9","inputs":null}`},
		"close, no view":      {"close", `{"as":"U1","view":"V9"}`},
		"close all, no view":  {"close", `{"as":"U1","view":"V9","all":true}`},
		"request, no e-mail":  {"request", `{"email":" ","message":"please"}`},
		"decide, unknown":     {"decide", `{"request":"nothing","decision":"approve"}`},
		"group, without name": {"group", `{"name":"\t "}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, front: w.front}
			out := w.does(c.path, "%s", c.body)
			require.Equal(t, http.StatusOK, out.Status)
			require.False(t, out.OK)
			require.NotEmpty(t, out.Error)
		})
	}
	t.Cleanup(func() {
		_, sent := w.app.last("block_actions")
		require.False(t, sent, "the app heard of none of it")
		require.Empty(t, w.room.Requests())
		require.Empty(t, w.room.Groups())
	})
}

func TestAnAppThatFailsIsToldInASentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	ts := w.post(ask)
	w.slack.SetRequestURL(w.front.URL + "/nowhere")
	out := w.does("act", `{"as":"U1","channel":"C1","ts":%q,"block":"groups","action":"pick","input":{"values":["a"]}}`, ts)
	require.Equal(t, "This app responded with Status Code 404.", out.Error)
	require.Equal(t, []option{{Value: "a"}}, w.sees("U1", "C1").Messages[0].State["groups"]["pick"].SelectedOptions,
		"the choice stays in the person's client")
	require.True(t, slices.ContainsFunc(w.sees("U1", "C1").Wire, func(l seenLine) bool {
		return l.What == "block_actions" && l.Status == 404 && l.Note == out.Error && l.Failed
	}))
	out = w.does("search", `{"as":"U1","channel":"C1","ts":%q,"block":"teams","action":"find","query":"sec"}`, ts)
	require.False(t, out.OK)
	require.NotEmpty(t, out.Error)
	require.NotNil(t, out.Options)
}

func TestAModalIsFilledInAndSubmitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	view := w.opens("U1")

	out := w.does("submit", `{"as":"U1","view":%q,"inputs":{}}`, view.ID)
	require.Equal(t, map[string]string{"reason": "Please complete this required field."}, out.Errors)
	require.NotEmpty(t, out.Error)
	_, sent := w.app.last("view_submission")
	require.False(t, sent, "an incomplete form does not leave")

	w.app.replies(`{"response_action":"errors","errors":{"reason":"Say more."}}`)
	const filled = `{"as":"U1","view":%q,"inputs":{"reason":{"text":{"text":"no"}},"until":{"date":{"date":"2027-03-15"}},"nda":{"box":{"values":["yes"]}}}}`
	out = w.does("submit", filled, view.ID)
	require.False(t, out.OK)
	require.Equal(t, map[string]string{"reason": "Say more."}, out.Errors)
	shown := w.sees("U1", "C1").Views[0]
	require.Equal(t, out.Errors, shown.Errors)
	require.Equal(t, "no", shown.State["reason"]["text"].Value)

	require.Equal(t, "this view is not open, or not on top",
		w.does("submit", `{"as":"U2","view":%q,"inputs":{}}`, view.ID).Error, "it is not Bob's")

	w.app.replies("")
	out = w.does("submit", `{"as":"U1","view":%q,"inputs":{"reason":{"text":{"text":"We do not know them."}}}}`, view.ID)
	require.Equal(t, fine(), out)
	p, sent := w.app.last("view_submission")
	require.True(t, sent)
	require.Equal(t, "We do not know them.", p.View.State.Values["reason"]["text"].Value)
	require.Equal(t, "2027-03-15", p.View.State.Values["until"]["date"].SelectedDate)
	require.Equal(t, []option{{Value: "yes"}}, p.View.State.Values["nda"]["box"].SelectedOptions)
	require.Empty(t, w.sees("U1", "C1").Views)
}

func TestASubmissionThatTheAppFailsKeepsTheModal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	view := w.opens("U1")
	w.app.replies("not JSON")
	out := w.does("submit", `{"as":"U1","view":%q,"inputs":{"reason":{"text":{"text":"no"}}}}`, view.ID)
	require.False(t, out.OK)
	require.NotEmpty(t, out.Error)
	shown := w.sees("U1", "C1").Views
	require.Len(t, shown, 1)
	require.Equal(t, out.Error, shown[0].Problem)
	require.Equal(t, "no", shown[0].State["reason"]["text"].Value)
}

func TestAModalIsClosed(t *testing.T) {
	t.Parallel()
	for name, all := range map[string]bool{"the topmost": false, "all": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, noon)
			below := w.opens("U1")
			w.app.replies(`{"response_action":"push","view":` + form + `}`)
			w.does("submit", `{"as":"U1","view":%q,"inputs":{"reason":{"text":{"text":"no"}}}}`, below.ID)
			views := w.sees("U1", "C1").Views
			require.Len(t, views, 2)

			require.False(t, w.does("close", `{"as":"U1","view":%q,"all":%t}`, below.ID, all).OK, "it is not on top")
			require.Equal(t, fine(), w.does("close", `{"as":"U1","view":%q,"all":%t}`, views[1].ID, all))
			left := w.sees("U1", "C1").Views
			if all {
				require.Empty(t, left)
				return
			}
			require.Len(t, left, 1)
			require.Equal(t, below.ID, left[0].ID)
		})
	}
}

func TestACustomerFilesARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	require.Equal(t, "Enter the customer's e-mail address.", w.does("request", `{"email":"","message":""}`).Error)
	require.Equal(t, fine(), w.does("request", `{"email":" grace@x.example ","message":"Please.\nThanks."}`))
	require.Equal(t, fine(), w.does("request", `{"email":"alan@x.example","message":" \n"}`))
	all := w.room.Requests()
	require.Len(t, all, 2)
	require.Equal(t, "grace@x.example", all[0].Email)
	require.Equal(t, "Please.\nThanks.", *all[0].Message)
	require.Nil(t, all[1].Message, "blanks are no message")
	require.Equal(t, "alan@x.example", w.sees("U1", "C1").Requests[0].Email)
}

func TestARequestIsDecidedInConveyor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	id := w.room.Request(practiceconveyor.Requester{Email: "a@x.example"})
	require.Equal(t, "This request, or one of the groups, is not there any more.", w.does("decide", `{"request":"x","decision":"ignore"}`).Error)
	require.Contains(t, w.does("decide", `{"request":%q,"decision":"dance"}`, id).Error, "no decision")
	require.Equal(t, fine(), w.does("decide", `{"request":%q,"decision":"ignore"}`, id))
	require.Equal(t, "This request was decided meanwhile.", w.does("decide", `{"request":%q,"decision":"approve"}`, id).Error)
	require.Equal(t, []seenRequest{
		{ID: id, Email: "a@x.example", Status: "ignored", Elsewhere: true, Groups: []string{}},
	}, w.sees("U1", "C1").Requests)
}

func TestAnAccessGroupIsAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	require.Equal(t, "Enter a name for the access group.", w.does("group", `{"name":" "}`).Error)
	require.Equal(t, fine(), w.does("group", `{"name":" Finance & <b> "}`))
	groups := w.sees("U1", "C1").Groups
	require.Len(t, groups, 1)
	require.Equal(t, "Finance & <b>", groups[0].Name)
}
