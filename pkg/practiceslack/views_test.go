package practiceslack_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestSubmit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.alice.NoModal(t)
	w.openForm(t, form)
	modal := w.alice.ExpectModal(t, "Reject")
	require.Contains(t, modal.Text(), "Reject ada@x.com")
	require.True(t, modal.Has("Reason"))
	before := w.app.count()

	result := modal.Submit(t.Context())
	require.Equal(t, "Please complete this required field.", result.ErrorOf("Reason"))
	require.Equal(t, result.Errors, modal.Errors())
	modal.Fill("reason", chars(21))
	require.Contains(t, modal.Submit(t.Context()).ErrorOf("reason"), "no more than 20")
	require.Equal(t, before, w.app.count(), "the client's own complaints are not delivered")

	w.app.says(`{"response_action":"errors","errors":{"reason":"Say why."}}`)
	modal.Fill("Reason", "   ").PickDate("Until", "2026-12-31").Check("NDA", "Bypass")
	result = modal.Submit(t.Context())
	require.False(t, result.Closed)
	require.Equal(t, "Say why.", result.ErrorOf("Reason"), "blanks are the app's to refuse")
	require.Equal(t, "Say why.", modal.Errors()["reason"])
	p := w.app.last()
	require.Equal(t, "view_submission", p["type"])
	require.Equal(t, "r1", at(t, p, "view", "private_metadata"))
	require.Equal(t, "reject", at(t, p, "view", "callback_id"))
	require.Equal(t, "   ", at(t, p, "view", "state", "values", "reason", "text", "value"))
	require.Equal(t, "2026-12-31", at(t, p, "view", "state", "values", "until", "date", "selected_date"))
	require.Equal(t, "yes", at(t, p, "view", "state", "values", "nda", "box", "selected_options", 0, "value"))
	require.Equal(t, modal.ID(), at(t, p, "view", "id"))
	require.Equal(t, []any{}, p["response_urls"])

	w.app.says("")
	result = modal.Fill("Reason", "no contract").Submit(t.Context())
	require.True(t, result.Closed)
	require.NoError(t, result.Err())
	require.False(t, modal.IsOpen())
	w.alice.NoModal(t)
	require.Empty(t, w.ws.Violations())
	require.False(t, modal.Submit(t.Context()).OK, "what is closed cannot be submitted")
}

func TestSubmissionAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	fill := map[string]map[string]practiceslack.Input{"reason": {"text": {Text: "x"}}}
	w.openForm(t, form)
	first := w.alice.ExpectModal(t, "Reject")
	w.app.says(`{"response_action":"push","view":` + strings.Replace(form, `"text":"Reject"`, `"text":"Second"`, 1) + `}`)
	require.True(t, w.ws.SubmitView(t.Context(), "U1", first.ID(), fill).Pushed)
	second := w.alice.ExpectModal(t, "Second")
	views := w.alice.Views()
	require.Len(t, views, 2)
	require.Equal(t, []string{first.ID(), first.ID()}, []string{views[1].RootID, views[1].PreviousID})
	require.ErrorContains(t, first.Submit(t.Context()).Err(), "not on top")
	require.True(t, w.ws.SubmitView(t.Context(), "U1", second.ID(), fill).Pushed)
	third := w.alice.Views()[2]
	result := w.ws.SubmitView(t.Context(), "U1", third.ID, fill)
	require.False(t, result.OK, "three at most")
	require.Len(t, w.ws.Violations(), 1)

	w.app.says(`{"response_action":"update","view":` + strings.Replace(form, `"text":"Reject"`, `"text":"Changed"`, 1) + `}`)
	result = w.ws.SubmitView(t.Context(), "U1", third.ID, fill)
	require.True(t, result.Updated)
	changed := w.alice.ExpectModal(t, "Changed")
	require.Equal(t, "x", changed.Value("Reason"), "what was typed stays under the same ids")
	w.app.says("")
	require.True(t, w.ws.SubmitView(t.Context(), "U1", third.ID, fill).Closed)
	require.Len(t, w.alice.Views(), 2, "the one below shows again")
	w.app.says(`{"response_action":"clear"}`)
	require.True(t, w.ws.SubmitView(t.Context(), "U1", second.ID(), fill).Cleared)
	w.alice.NoModal(t)
	require.Len(t, w.ws.Violations(), 1)
}

func TestSubmissionViolations(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"not an input block": `{"response_action":"errors","errors":{"intro":"x"}}`,
		"unknown block":      `{"response_action":"errors","errors":{"nope":"x"}}`,
		"no errors":          `{"response_action":"errors","errors":{}}`,
		"empty error":        `{"response_action":"errors","errors":{"reason":""}}`,
		"unknown action":     `{"response_action":"explode"}`,
		"empty object":       `{}`,
		"plain text":         `OK`,
		"no view":            `{"response_action":"update"}`,
		"bad view":           `{"response_action":"push","view":{"type":"modal"}}`,
		"unknown field":      `{"response_action":"clear","view":{}}`,
		"large view":         `{"response_action":"push","view":{"type":"modal","x":"` + strings.Repeat("x", 256*1024) + `"}}`,
	}
	for name, answer := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, practiceslack.Options{})
			w.openForm(t, form)
			modal := w.alice.ExpectModal(t, "Reject").Fill("Reason", "x")
			w.app.says(answer)
			result := modal.Submit(t.Context())
			require.Equal(t, "We had some trouble connecting. Try again?", result.Error)
			require.True(t, modal.IsOpen())
			require.Len(t, w.ws.Violations(), 1)
			v, _ := modal.Snapshot()
			require.Equal(t, result.Error, v.Problem)
			require.Equal(t, "x", modal.Value("Reason"), "nothing typed is lost")
		})
	}
}

func TestSubmissionFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.openForm(t, form)
	modal := w.alice.ExpectModal(t, "Reject").Fill("Reason", "x")
	w.app.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) })
	require.Equal(t, "We had some trouble connecting. Try again?", modal.Submit(t.Context()).Error)
	require.True(t, modal.IsOpen())
	require.Empty(t, w.ws.Violations(), "an app that is down has not broken the protocol")
}

func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.openForm(t, form)
	modal := w.alice.ExpectModal(t, "Reject")
	require.NoError(t, modal.Close(t.Context()).Err())
	require.Equal(t, "view_closed", w.app.last()["type"])
	require.Equal(t, false, w.app.last()["is_cleared"])
	w.alice.NoModal(t)

	w.openForm(t, strings.Replace(form, `"notify_on_close":true`, `"clear_on_close":true`, 1))
	modal = w.alice.ExpectModal(t, "Reject").Fill("Reason", "x")
	w.app.says(`{"response_action":"push","view":` + strings.Replace(form, `"text":"Reject"`, `"text":"Second"`, 1) + `}`)
	require.True(t, modal.Submit(t.Context()).Pushed)
	top := w.alice.ExpectModal(t, "Second")
	before := w.app.count()
	w.app.says("")
	require.NoError(t, w.ws.CloseAllViews(t.Context(), "U1", top.ID()).Err())
	w.alice.NoModal(t)
	require.Equal(t, before+1, w.app.count(), "only the one that asked for it is told of")
	require.Equal(t, true, w.app.last()["is_cleared"])
}

func TestViewsUpdateAndPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	withButton := strings.Replace(form, `"blocks":[`, `"external_id":"ext","blocks":[{"type":"actions","block_id":"act","elements":[{"type":"button","action_id":"go","text":{"type":"plain_text","text":"Go"}}]},`, 1)
	w.openForm(t, withButton)
	modal := w.alice.ExpectModal(t, "Reject").Fill("Reason", "typed")
	v, _ := modal.Snapshot()

	update := func(args map[string]string) any {
		_, answer := w.call(t, "views.update", args)
		return answer["error"]
	}
	require.Equal(t, "not_found", update(map[string]string{"view_id": "V9", "view": withButton}))
	require.Equal(t, "hash_conflict", update(map[string]string{"view_id": v.ID, "hash": "1.x", "view": withButton}))
	require.Equal(t, "invalid_arguments", update(map[string]string{"view": withButton}))
	require.Equal(t, "invalid_arguments", update(map[string]string{"view_id": v.ID}))
	require.Equal(t, "view_too_large", update(map[string]string{"view_id": v.ID, "view": `{"x":"` + strings.Repeat("x", 256*1024) + `"}`}))
	require.Nil(t, update(map[string]string{"view_id": v.ID, "hash": v.Hash, "view": strings.Replace(withButton, `"multiline":true`, `"multiline":true,"initial_value":"new"`, 1)}))
	require.Equal(t, "hash_conflict", update(map[string]string{"view_id": v.ID, "hash": v.Hash, "view": withButton}), "the hash has changed")
	require.Equal(t, "typed", modal.Value("Reason"), "the same ids keep what was typed")
	require.Nil(t, update(map[string]string{"external_id": "ext", "view": strings.Replace(withButton, `"action_id":"text"`, `"action_id":"text2","initial_value":"new"`, 1)}))
	require.Equal(t, "new", modal.Value("Reason"), "another id shows the new initial value")
	require.Nil(t, update(map[string]string{"external_id": "ext", "view": strings.Replace(withButton, `"action_id":"text"`, `"action_id":"text2","initial_value":"newer"`, 1)}))
	require.Equal(t, "new", modal.Value("Reason"), "an untouched input keeps its old initial value under the same id")

	push := func() (trigger, code any) {
		require.NoError(t, w.ws.Act(t.Context(), "U1", practiceslack.InView(w.alice.Views()[len(w.alice.Views())-1].ID), "act", "go", practiceslack.Input{}).Err())
		p := w.app.last()
		require.Equal(t, "view", at(t, p, "container", "type"))
		require.Nil(t, p["response_url"])
		id, _ := p["trigger_id"].(string)
		_, answer := w.call(t, "views.push", map[string]string{"trigger_id": id, "view": strings.Replace(withButton, `"external_id":"ext",`, "", 1)})
		return id, answer["error"]
	}
	id, code := push()
	require.Nil(t, code)
	_, answer := w.call(t, "views.push", map[string]string{"trigger_id": id.(string), "view": form})
	require.Equal(t, "exchanged_trigger_id", answer["error"])
	_, code = push()
	require.Nil(t, code)
	_, code = push()
	require.Equal(t, "push_limit_reached", code)
	_, answer = w.call(t, "views.push", map[string]string{"trigger_id": w.app.last()["trigger_id"].(string), "view": withButton})
	require.Equal(t, "duplicate_external_id", answer["error"])
}

func TestViewActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	view := `{"type":"modal","title":{"type":"plain_text","text":"T"},"submit":{"type":"plain_text","text":"S"},"blocks":[
	 {"type":"input","block_id":"quiet","optional":true,"label":{"type":"plain_text","text":"Quiet"},"element":{"type":"plain_text_input","action_id":"a"}},
	 {"type":"input","block_id":"loud","optional":true,"dispatch_action":true,"label":{"type":"plain_text","text":"Loud"},"element":{"type":"plain_text_input","action_id":"a"}},
	 {"type":"input","block_id":"ext","optional":true,"label":{"type":"plain_text","text":"Groups"},"element":{"type":"multi_external_select","action_id":"a","min_query_length":1}}]}`
	w.openForm(t, view)
	modal := w.alice.ExpectModal(t, "T")
	before := w.app.count()
	modal.Fill("Quiet", "x")
	require.Equal(t, before, w.app.count(), "an input block is silent")
	modal.Fill("Loud", "y")
	require.Equal(t, before+1, w.app.count(), "unless it dispatches its actions")
	require.Equal(t, "y", at(t, w.app.last(), "actions", 0, "value"))
	require.Equal(t, "x", at(t, w.app.last(), "view", "state", "values", "quiet", "a", "value"))

	w.app.says(`{"options":[{"text":{"type":"plain_text","text":"Foo"},"value":"f"}]}`)
	require.NoError(t, modal.Search(t.Context(), "Groups", "fo").Err())
	require.Equal(t, modal.ID(), at(t, w.app.last(), "view", "id"))
	modal.ChooseOptions("Groups", "Foo")
	require.Equal(t, []string{"Foo"}, modal.Chosen("Groups"))
	w.app.says("")
	require.True(t, modal.Submit(t.Context()).Closed)
	require.Equal(t, "f", at(t, w.app.last(), "view", "state", "values", "ext", "a", "selected_options", 0, "value"))
}

// TestViewsThroughSlackGo proves the shapes with a client that is not ours.
func TestViewsThroughSlackGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	require.NoError(t, msg.Button("Reject").Click(t.Context(), w.alice).Err())
	trigger, _ := w.app.last()["trigger_id"].(string)
	text := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
	}
	view := slack.ModalViewRequest{
		Type: slack.VTModal, Title: text("Reject"), Submit: text("Send"), Close: text("Cancel"), CallbackID: "reject",
		PrivateMetadata: "r1", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("reason", text("Reason"), nil, slack.NewPlainTextInputBlockElement(text("why"), "text").WithMaxLength(3000)),
		}},
	}
	opened, err := w.api.OpenViewContext(t.Context(), trigger, view)
	require.NoError(t, err)
	require.Equal(t, "reject", opened.CallbackID)
	require.Equal(t, "r1", opened.PrivateMetadata)
	view.Title = text("Reject!")
	updated, err := w.api.UpdateViewContext(t.Context(), view, "", opened.Hash, opened.ID)
	require.NoError(t, err)
	require.NotEqual(t, opened.Hash, updated.Hash)
	modal := w.alice.ExpectModal(t, "Reject!").Fill("Reason", "no")
	require.True(t, modal.Submit(t.Context()).Closed)
	d, _ := w.ws.LastDelivery()
	var cb slack.InteractionCallback
	require.NoError(t, cb.UnmarshalJSON(d.Payload))
	require.Equal(t, slack.InteractionTypeViewSubmission, cb.Type)
	require.Equal(t, "no", cb.View.State.Values["reason"]["text"].Value)
}
