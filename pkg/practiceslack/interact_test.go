package practiceslack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// at walks a decoded JSON tree.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			o, ok := v.(map[string]any)
			require.True(t, ok, "%v in %v", step, v)
			v = o[step]
		case int:
			list, ok := v.([]any)
			require.True(t, ok && len(list) > step, "%v in %v", step, v)
			v = list[step]
		}
	}
	return v
}

// TestSignatureVector signs what Slack's documentation signs.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	const body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	ws := practiceslack.New(practiceslack.Options{SigningSecret: "8f742231b10e8888abcd99yyyzzz85a5"})
	header := ws.Sign([]byte(body), time.Unix(1531420618, 0))
	require.Equal(t, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", header.Get("X-Slack-Signature"))
	require.Equal(t, "1531420618", header.Get("X-Slack-Request-Timestamp"))
}

// TestDeliveryIsGenuine lets slack-go verify and parse a delivery.
func TestDeliveryIsGenuine(t *testing.T) {
	t.Parallel()
	var cb slack.InteractionCallback
	w := start(t, practiceslack.Options{}) // by the real clock, as the verifier goes by it
	msg := w.postBlocks(t, request)
	require.NoError(t, msg.Select("Access groups").Choose(t.Context(), w.alice, "Group B").Err())
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())

	d, ok := w.ws.LastDelivery()
	require.True(t, ok)
	verifier, err := slack.NewSecretsVerifier(d.Header, w.ws.SigningSecret())
	require.NoError(t, err)
	_, err = verifier.Write(d.Body)
	require.NoError(t, err)
	require.NoError(t, verifier.Ensure())
	require.NoError(t, cb.UnmarshalJSON(d.Payload))
	require.Equal(t, slack.InteractionTypeBlockActions, cb.Type)
	require.Equal(t, "U1", cb.User.ID)
	require.Equal(t, "C1", cb.Channel.ID)
	require.Equal(t, msg.TS(), cb.Message.Timestamp)
	require.Equal(t, msg.TS(), cb.Container.MessageTs)
	require.Len(t, cb.ActionCallback.BlockActions, 1)
	require.Equal(t, "approve", cb.ActionCallback.BlockActions[0].ActionID)
	require.Equal(t, "r1", cb.ActionCallback.BlockActions[0].Value)
	require.Equal(t, "b", cb.BlockActionState.Values["groups"]["pick"].SelectedOptions[0].Value)
	require.NotEmpty(t, cb.TriggerID)
	require.True(t, strings.HasPrefix(cb.ResponseURL, w.url+"/actions/"))
	require.Equal(t, http.StatusOK, d.Status)
}

func TestClickPayload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	require.True(t, msg.HasButton("Approve"))
	require.Equal(t, []string{"Approve", "Reject"}, msg.Buttons())
	out := msg.Button("Approve").Click(t.Context(), w.alice)
	require.True(t, out.OK)
	p := w.app.last()
	require.Equal(t, "block_actions", p["type"])
	require.Equal(t, map[string]any{"id": "U1", "username": "alice", "name": "alice", "team_id": w.ws.TeamID()}, p["user"])
	require.Equal(t, map[string]any{"type": "message", "message_ts": msg.TS(), "channel_id": "C1", "is_ephemeral": false}, p["container"])
	require.Equal(t, map[string]any{"id": "C1", "name": "access"}, p["channel"])
	require.Equal(t, "button", at(t, p, "actions", 0, "type"))
	require.Equal(t, "decide", at(t, p, "actions", 0, "block_id"))
	require.Equal(t, "Approve", at(t, p, "actions", 0, "text", "text"))
	require.NotEmpty(t, at(t, p, "actions", 0, "action_ts"))
	require.Equal(t, map[string]any{"groups": map[string]any{"pick": map[string]any{"type": "multi_static_select", "selected_options": []any{}}}}, at(t, p, "state", "values"))
	require.Equal(t, "fallback", at(t, p, "message", "text"))
	require.Nil(t, at(t, p, "message", "metadata"))

	require.NoError(t, msg.Overflow().Choose(t.Context(), w.alice, "Approve with options…").Err())
	require.Equal(t, "o", at(t, w.app.last(), "actions", 0, "selected_option", "value"))
	require.Equal(t, []string{"Approve with options…"}, msg.Overflow().Entries(w.alice))
	require.Empty(t, w.ws.Violations())
}

func TestWhatIsNotThereCannotBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	carol := w.ws.AddUser(practiceslack.Person{ID: "U3"})
	gone := w.ws.AddUser(practiceslack.Person{ID: "U4", Deleted: true})
	w.ws.Join("C1", "U4")
	msg := w.postBlocks(t, request)
	approve := msg.Button("Approve")
	require.False(t, msg.Button("Nope").Click(t.Context(), w.alice).OK)
	require.False(t, approve.Click(t.Context(), carol).OK, "not in the channel")
	require.False(t, approve.Click(t.Context(), gone).OK)
	require.False(t, msg.Overflow().Choose(t.Context(), w.alice, "Nope").OK)
	require.False(t, msg.Select("Access groups").Choose(t.Context(), w.alice, "Nope").OK)
	require.False(t, w.ws.ChooseOptions(t.Context(), "U1", "C1", msg.TS(), "groups", "pick", []string{"z"}).OK)
	require.False(t, w.ws.ChooseOptions(t.Context(), "U1", "C1", msg.TS(), "groups", "pick", []string{"a", "a"}).OK)
	require.False(t, w.ws.ClickButton(t.Context(), "U1", "C1", "1.000000", "decide", "approve").OK)
	require.False(t, w.ws.ChooseOverflow(t.Context(), "U1", "C1", msg.TS(), "who", "more", "zzz").OK)
	_, _, _, err := w.api.UpdateMessageContext(t.Context(), "C1", msg.TS(), slack.MsgOptionText("decided", false))
	require.NoError(t, err)
	require.False(t, approve.Click(t.Context(), w.alice).OK, "an update took the button away")
	require.False(t, msg.HasControls())
	require.Zero(t, w.app.count(), "none of these was delivered")
}

func TestChoicesOfPeopleAreTheirOwnAndSurvive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	groups := msg.Select("pick")
	require.NoError(t, groups.Choose(t.Context(), w.alice, "Group A", "Group B").Err())
	require.Equal(t, 2, w.app.count(), "each choice sends its own interaction")
	require.NoError(t, groups.Choose(t.Context(), w.bob, "Group B").Err())
	require.NoError(t, groups.Remove(t.Context(), w.alice, "Group B").Err())
	require.Equal(t, []string{"Group A"}, groups.Chosen(w.alice))
	require.Equal(t, []string{"Group B"}, groups.Chosen(w.bob))

	update := func(blocks string) {
		_, answer := w.call(t, "chat.update", map[string]string{"channel": "C1", "ts": msg.TS(), "text": "x", "blocks": blocks})
		require.Equal(t, true, answer["ok"], "%v", answer)
	}
	update(strings.Replace(request, "*ada@x.com* asks", "still asks", 1))
	require.Equal(t, []string{"Group A"}, groups.Chosen(w.alice), "the same ids: it stays")
	for name, change := range map[string][2]string{
		"block_id":  {`"block_id":"groups"`, `"block_id":"groups2"`},
		"action_id": {`"action_id":"pick"`, `"action_id":"pick2"`},
		"type":      {`"multi_static_select"`, `"checkboxes"`},
	} {
		update(request)
		require.NoError(t, w.ws.ChooseOptions(t.Context(), "U1", "C1", msg.TS(), "groups", "pick", []string{"a"}).Err())
		update(strings.Replace(request, change[0], change[1], 1))
		require.Empty(t, msg.Select("Access groups").Chosen(w.alice), "another %s: it is dropped", name)
		update(request)
		require.Empty(t, groups.Chosen(w.alice), "and does not come back with the old %s", name)
	}
}

func TestSingleChoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, `[
	 {"type":"section","block_id":"s","text":{"type":"plain_text","text":"One"},"accessory":{"type":"static_select","action_id":"one","initial_option":{"text":{"type":"plain_text","text":"A"},"value":"a"},
	  "options":[{"text":{"type":"plain_text","text":"A"},"value":"a"},{"text":{"type":"plain_text","text":"B"},"value":"b"}]}},
	 {"type":"actions","block_id":"e","elements":[{"type":"users_select","action_id":"who"},{"type":"datepicker","action_id":"day","initial_date":"2026-01-01"}]},
	 {"type":"section","block_id":"two","text":{"type":"plain_text","text":"Two"},"accessory":{"type":"multi_static_select","action_id":"two","max_selected_items":1,
	  "options":[{"text":{"type":"plain_text","text":"A"},"value":"a"},{"text":{"type":"plain_text","text":"B"},"value":"b"}]}}]`)
	one := msg.Select("one")
	require.Equal(t, []string{"A"}, one.Chosen(w.alice), "initial")
	require.NoError(t, one.Choose(t.Context(), w.alice, "B").Err())
	require.Equal(t, []string{"B"}, one.Chosen(w.alice))
	require.Equal(t, "b", at(t, w.app.last(), "actions", 0, "selected_option", "value"))
	require.Equal(t, "a", at(t, w.app.last(), "actions", 0, "initial_option", "value"))
	require.Equal(t, "2026-01-01", at(t, w.app.last(), "state", "values", "e", "day", "selected_date"))
	in := practiceslack.InMessage("C1", msg.TS())
	require.NoError(t, w.ws.Act(t.Context(), "U1", in, "e", "who", practiceslack.Input{Values: []string{"U2"}}).Err())
	require.Equal(t, "U2", at(t, w.app.last(), "state", "values", "e", "who", "selected_user"))
	require.False(t, w.ws.Act(t.Context(), "U1", in, "e", "who", practiceslack.Input{Values: []string{"U9"}}).OK)
	require.NoError(t, w.ws.Act(t.Context(), "U1", in, "e", "day", practiceslack.Input{}).Err())
	require.Nil(t, at(t, w.app.last(), "actions", 0, "selected_date"))
	require.False(t, w.ws.Act(t.Context(), "U1", in, "e", "day", practiceslack.Input{Date: "tomorrow"}).OK)
	require.False(t, w.ws.ChooseOptions(t.Context(), "U1", "C1", msg.TS(), "s", "one", []string{"a", "b"}).OK)
	require.NoError(t, msg.Select("two").Choose(t.Context(), w.alice, "A").Err())
	require.False(t, msg.Select("two").Choose(t.Context(), w.alice, "B").OK, "max_selected_items")
}

func TestAppFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{DeliveryTimeout: 300 * time.Millisecond}})
	msg := w.postBlocks(t, request)
	w.app.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	out := msg.Button("Approve").Click(t.Context(), w.alice)
	require.False(t, out.OK)
	require.Equal(t, "Operation timed out. Apps need to respond within 3 seconds.", out.Error)
	d, _ := w.ws.LastDelivery()
	require.Equal(t, out.Error, d.Error)
	require.Zero(t, d.Status)

	unhurried := w.ws.Pace()
	unhurried.DeliveryTimeout = time.Minute
	w.ws.SetPace(unhurried)
	w.app.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	out = msg.Button("Approve").Click(t.Context(), w.alice)
	require.Equal(t, "This app responded with Status Code 502.", out.Error)
	require.Equal(t, http.StatusBadGateway, out.Status)
	w.app.answers(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/x", http.StatusFound) })
	require.False(t, msg.Button("Approve").Click(t.Context(), w.alice).OK, "Slack follows no redirect")
	w.app.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	require.Equal(t, "The app could not be reached.", msg.Button("Approve").Click(t.Context(), w.alice).Error)
	require.ErrorContains(t, msg.Button("Approve").Click(t.Context(), w.alice).Err(), "could not be reached")
	w.ws.SetRequestURL("")
	require.False(t, msg.Button("Approve").Click(t.Context(), w.alice).OK)
	w.ws.SetBaseURL("")
	require.ErrorContains(t, msg.Button("Approve").Click(t.Context(), w.alice).Err(), "SetBaseURL")
	require.Len(t, w.ws.Deliveries(), 5)
}

func TestTriggers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	trigger := func() string {
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.alice).Err())
		id, _ := w.app.last()["trigger_id"].(string)
		return id
	}
	open := func(id string) any {
		_, answer := w.call(t, "views.open", map[string]string{"trigger_id": id, "view": form})
		return answer["error"]
	}
	id := trigger()
	w.clock.Advance(3 * time.Second)
	require.Nil(t, open(id), "good for three seconds")
	require.Equal(t, "exchanged_trigger_id", open(id))
	id = trigger()
	w.clock.Advance(3*time.Second + time.Millisecond)
	require.Equal(t, "expired_trigger_id", open(id))
	require.Equal(t, "invalid_trigger_id", open("1.2.nonsense"))
	id = trigger()
	_, answer := w.call(t, "views.open", map[string]string{"trigger_id": id, "view": `{"type":"modal"}`})
	require.Equal(t, "invalid_arguments", answer["error"])
	require.Contains(t, at(t, answer, "response_metadata", "messages", 0), "[json-pointer:/view]")
	require.Nil(t, open(id), "what is refused does not spend the trigger")
	id = trigger()
	_, answer = w.call(t, "views.push", map[string]string{"trigger_id": id, "view": form})
	require.Equal(t, "invalid_trigger_id", answer["error"], "a trigger from a message pushes nothing")
}

func TestResponseURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	address := func() string {
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
		s, _ := w.app.last()["response_url"].(string)
		return s
	}
	say := func(url, body string) any {
		_, answer := w.post(t, url, "application/json", body, "")
		if answer["ok"] == true {
			return nil
		}
		return answer["error"]
	}
	url := address()
	require.Nil(t, say(url, `{"text":"only you"}`))
	w.alice.ExpectEphemeral(t, practiceslack.Contains("only you"))
	w.bob.NoEphemeral(t)
	require.Nil(t, say(url, `{"text":"everyone","response_type":"in_channel"}`))
	w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("everyone"))
	require.Equal(t, "no_text", say(url, `{}`), "a refusal is no use")
	require.Equal(t, "invalid_blocks", say(url, `{"blocks":[{"type":"x"}]}`))
	require.Nil(t, say(url, `{"text":"replaced","replace_original":true}`))
	msg.ExpectUpdate(t, practiceslack.Contains("replaced"))
	require.Nil(t, say(url, `{"blocks":[{"type":"header","text":{"type":"plain_text","text":"again"}}],"replace_original":"true"}`))
	msg.ExpectUpdate(t, practiceslack.Contains("again"))
	require.Nil(t, say(url, `{"delete_original":true}`))
	msg.ExpectDeleted(t)
	require.Equal(t, "used_url", say(url, `{"text":"sixth"}`))

	msg = w.postBlocks(t, request)
	url = address()
	w.clock.Advance(30 * time.Minute)
	require.Nil(t, say(url, `{"text":"in time"}`))
	w.clock.Advance(time.Millisecond)
	require.Equal(t, "expired_url", say(url, `{"text":"late"}`))
	require.Equal(t, "invalid_url", say(w.url+"/actions/nonsense", `{"text":"x"}`))

	// slack-go answers through a response_url too.
	url = address()
	_, _, err := w.api.PostMessageContext(t.Context(), "", slack.MsgOptionText("via slack-go", false), slack.MsgOptionResponseURL(url, slack.ResponseTypeEphemeral))
	require.NoError(t, err)
	ephemeral := w.alice.ExpectEphemeral(t, practiceslack.Contains("via slack-go"))
	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C1", ephemeral.TS(), slack.MsgOptionText("x", false))
	require.EqualError(t, err, "message_not_found", "chat.update cannot edit an ephemeral message")
}

func TestEphemeralWithButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	_, answer := w.call(t, "chat.postEphemeral", map[string]string{"channel": "C1", "user": "U1", "text": "x", "blocks": request})
	require.Equal(t, true, answer["ok"])
	msg := w.alice.ExpectEphemeral(t, practiceslack.Contains("ada@x.com"))
	require.False(t, msg.Button("Approve").Click(t.Context(), w.bob).OK, "bob does not see it")
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	p := w.app.last()
	require.Equal(t, true, at(t, p, "container", "is_ephemeral"))
	require.Nil(t, p["message"])
	url, _ := p["response_url"].(string)
	_, answer = w.post(t, url, "application/json", `{"replace_original":true,"text":"thanks"}`, "")
	require.Equal(t, true, answer["ok"], "%v", answer)
	msg.ExpectUpdate(t, practiceslack.Contains("thanks"))
	w.ws.Channel("C1").NoMessage(t)
}

const external = `[{"type":"section","block_id":"groups","text":{"type":"plain_text","text":"Access groups"},"accessory":{"type":"multi_external_select","action_id":"pick","min_query_length":1,"max_selected_items":2}}]`

func TestExternalOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, external)
	groups := msg.Select("Access groups")
	require.False(t, groups.Search(t.Context(), w.alice, "").OK, "min_query_length")
	require.Zero(t, w.app.count())
	w.app.says(`{"options":[{"text":{"type":"plain_text","text":"Foo"},"value":"f"},{"text":{"type":"plain_text","text":"Food"},"value":"fd"}]}`)
	found := groups.Search(t.Context(), w.alice, "foo")
	require.NoError(t, found.Err())
	require.Equal(t, []practiceslack.Option{{Text: "Foo", Value: "f"}, {Text: "Food", Value: "fd"}}, found.Options)
	p := w.app.last()
	require.Equal(t, "block_suggestion", p["type"])
	require.Equal(t, []any{"foo", "pick", "groups"}, []any{p["value"], p["action_id"], p["block_id"]})
	require.Equal(t, msg.TS(), at(t, p, "container", "message_ts"))
	require.False(t, groups.Choose(t.Context(), w.bob, "Foo").OK, "bob has not searched")
	w.app.says("")
	require.NoError(t, groups.Choose(t.Context(), w.alice, "Foo", "Food").Err())
	require.Equal(t, []string{"Foo", "Food"}, groups.Chosen(w.alice))
	require.Empty(t, w.ws.Violations())

	w.app.says(`{"option_groups":[{"label":{"type":"plain_text","text":"G"},"options":[{"text":{"type":"plain_text","text":"Bar"},"value":"b"}]}]}`)
	found = groups.Search(t.Context(), w.alice, "bar")
	require.Equal(t, "G", found.Options[0].Group)
	w.app.says(`{"options":` + string(asJSON(t, options(100))) + `}`)
	require.Len(t, groups.Search(t.Context(), w.alice, "x").Options, 100)
	w.app.says(`{"options":[]}`)
	found = groups.Search(t.Context(), w.alice, "x")
	require.True(t, found.OK)
	require.Empty(t, found.Options)
	require.Empty(t, w.ws.Violations())
	for i, bad := range []string{
		`{"options":` + string(asJSON(t, options(101))) + `}`,
		`{"options":[{"text":{"type":"plain_text","text":"` + chars(76) + `"},"value":"f"}]}`,
		`{}`, ``, `nonsense`, `{"options":[],"option_groups":[]}`, `{"options":[],"more":1}`,
	} {
		w.app.says(bad)
		found = groups.Search(t.Context(), w.alice, "x")
		require.False(t, found.OK)
		require.Empty(t, found.Options)
		require.Len(t, w.ws.Violations(), i+1, "%.60s", bad)
	}

	other := &app{}
	other.says(`{"options":[]}`)
	w.ws.SetOptionsURL("http://127.0.0.1:1/nobody")
	require.False(t, groups.Search(t.Context(), w.alice, "x").OK, "the options address is used when there is one")
}

func TestCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	require.NoError(t, w.alice.Command(t.Context(), "C1", "/requests", "open all").Err())
	form := w.app.forms[0]
	require.Equal(t, []string{"/requests", "open all", "U1", "C1", "access"}, []string{form.Get("command"), form.Get("text"), form.Get("user_id"), form.Get("channel_id"), form.Get("channel_name")})
	require.NotEmpty(t, form.Get("trigger_id"))
	require.NotEmpty(t, form.Get("response_url"))
	w.app.says("just text")
	require.NoError(t, w.alice.Command(t.Context(), "C1", "/requests", "").Err())
	w.alice.ExpectEphemeral(t, practiceslack.Contains("just text"))
	w.app.says(`{"response_type":"in_channel","text":"for all"}`)
	require.NoError(t, w.alice.Command(t.Context(), "C1", "/requests", "").Err())
	w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("for all"))
	require.Empty(t, w.ws.Violations())
	w.app.says(`{"blocks":[{"type":"x"}]}`)
	require.Error(t, w.alice.Command(t.Context(), "C1", "/requests", "").Err())
	require.Len(t, w.ws.Violations(), 1)
	w.app.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) })
	require.Equal(t, `/requests failed with the error "dispatch_failed"`, w.alice.Command(t.Context(), "C1", "/requests", "").Error)
}
