package practiceslack_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const homeView = `{"type":"home","callback_id":"home","private_metadata":"p1","external_id":"home-1","blocks":[
 {"type":"section","block_id":"hello","text":{"type":"mrkdwn","text":"Open requests"}},
 {"type":"input","block_id":"search","optional":true,"label":{"type":"plain_text","text":"Search"},"element":{"type":"plain_text_input","action_id":"text"}},
 {"type":"input","block_id":"group","optional":true,"label":{"type":"plain_text","text":"Group"},"element":{"type":"external_select","action_id":"pick","min_query_length":1}},
 {"type":"actions","block_id":"act","elements":[{"type":"button","action_id":"refresh","value":"v","text":{"type":"plain_text","text":"Refresh"}}]}]}`

func homeOf(key string, v any) m {
	return set(m{"type": "home", "blocks": []any{divider(0)}}, key, v)
}

// publish publishes a view for a person and gives the answer.
func (w *world) publish(t *testing.T, user, view, hash string) map[string]any {
	t.Helper()
	args := map[string]string{"user_id": user, "view": view}
	if hash != "" {
		args["hash"] = hash
	}
	_, answer := w.call(t, "views.publish", args)
	return answer
}

func TestPublishHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	_, published := w.alice.Home()
	require.False(t, published)

	answer := w.publish(t, "U1", homeView, "")
	require.Equal(t, true, answer["ok"], "%v", answer)
	home := w.alice.ExpectHome(t, practiceslack.Contains("Open requests"))
	require.Equal(t, []string{"home", "U1", "home", "p1", "home-1", "", home.ID, ""},
		[]string{home.Type, home.User, home.CallbackID, home.PrivateMetadata, home.ExternalID, home.Title, home.RootID, home.PreviousID})
	require.True(t, strings.HasPrefix(home.Visible(), "Open requests\n"), home.Visible())
	require.Equal(t, home.ID, at(t, answer, "view", "id"))
	require.Equal(t, home.Hash, at(t, answer, "view", "hash"))
	require.Equal(t, "home", at(t, answer, "view", "type"))
	require.Nil(t, at(t, answer, "view", "submit"))
	w.alice.NoModal(t)
	_, published = w.bob.Home()
	require.False(t, published, "each person has their own")

	fill := practiceslack.Input{Text: "ada"}
	require.NoError(t, w.ws.Act(t.Context(), "U1", practiceslack.InView(home.ID), "search", "text", fill).Err())
	again := w.publish(t, "U1", strings.Replace(homeView, "Open requests", "Two requests", 1), home.Hash)
	require.Equal(t, true, again["ok"], "%v", again)
	changed, _ := w.alice.Home()
	require.Equal(t, home.ID, changed.ID, "it is changed, not replaced")
	require.NotEqual(t, home.Hash, changed.Hash)
	require.Contains(t, changed.Visible(), "Two requests")
	require.Contains(t, string(changed.State), `"ada"`, "what was typed stays under the same ids")

	answer = w.publish(t, "U1", homeView, home.Hash)
	require.Equal(t, "hash_conflict", answer["error"], "the hash has changed")
	answer = w.publish(t, "U2", homeView, changed.Hash)
	require.Equal(t, "hash_conflict", answer["error"], "nothing is published that could have this hash")
	answer = w.publish(t, "U2", homeView, "")
	require.Equal(t, "duplicate_external_id", answer["error"])
	unchanged, _ := w.alice.Home()
	require.Equal(t, changed.Hash, unchanged.Hash, "a refusal changes nothing")
	_, published = w.bob.Home()
	require.False(t, published)

	w.openForm(t, form)
	modal := w.alice.ExpectModal(t, "Reject")
	_, answer = w.call(t, "views.update", map[string]string{"view_id": modal.ID(), "view": strings.Replace(form, `"type":"modal"`, `"type":"modal","external_id":"home-1"`, 1)})
	require.Equal(t, "duplicate_external_id", answer["error"], "modals and Home tabs share external ids")
	_, answer = w.call(t, "views.update", map[string]string{"view_id": home.ID, "view": form})
	require.Equal(t, "not_found", answer["error"], "a Home tab is changed by publishing only")
}

func TestPublishRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.ws.AddUser(practiceslack.Person{ID: "U4", Deleted: true})
	w.ws.AddUser(practiceslack.Person{ID: "U5", TeamID: "T9", Stranger: true})
	for _, user := range []string{"U9", "U4", "U5", w.ws.BotUserID()} {
		answer := w.publish(t, user, homeView, "")
		require.Equal(t, "invalid_arguments", answer["error"], user)
		require.Equal(t, "invalid `user_id`", at(t, answer, "response_metadata", "messages", 0), user)
	}
	blocks := func(n int) string { return string(asJSON(t, homeOf("blocks", times(n, divider)))) }
	require.Equal(t, true, w.publish(t, "U2", blocks(100), "")["ok"])

	refused := map[string]struct{ user, view, code, pointer string }{
		"no user":       {"", homeView, "invalid_arguments", "/user_id"},
		"no view":       {"U1", "", "invalid_arguments", "/view"},
		"not JSON":      {"U1", "{", "invalid_arguments", "/view"},
		"modal":         {"U1", form, "invalid_arguments", "/view"},
		"101 blocks":    {"U1", blocks(101), "invalid_arguments", "/view/blocks"},
		"block type":    {"U1", string(asJSON(t, homeOf("blocks", []any{m{"type": "markdown", "text": "x"}}))), "invalid_arguments", "/view/blocks/0"},
		"deep in there": {"U1", strings.Replace(homeView, `"text":"Refresh"`, `"text":"`+chars(76)+`"`, 1), "invalid_arguments", "/view/blocks/3/elements/0/text"},
		"too large":     {"U1", `{"type":"home","x":"` + strings.Repeat("x", 256*1024) + `"}`, "view_too_large", ""},
	}
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := w.publish(t, c.user, c.view, "")
			require.Equal(t, c.code, answer["error"])
			if c.pointer != "" {
				message, _ := at(t, answer, "response_metadata", "messages", 0).(string)
				require.Contains(t, message, "[json-pointer:"+c.pointer)
			}
			_, published := w.alice.Home()
			require.False(t, published)
		})
	}
}

func TestHomeEdges(t *testing.T) {
	t.Parallel()
	for key, limit := range map[string]int{"private_metadata": 3000, "callback_id": 255, "external_id": 255} {
		require.Empty(t, practiceslack.ValidateHome(asJSON(t, homeOf(key, chars(limit)))))
		problems := practiceslack.ValidateHome(asJSON(t, homeOf(key, chars(limit+1))))
		require.Len(t, problems, 1, key)
		require.Contains(t, problems[0], "[json-pointer:/view/"+key)
	}
	refused := map[string]any{
		"title": homeOf("title", plain("t")), "submit": homeOf("submit", plain("s")), "notify": homeOf("notify_on_close", true),
		"modal": homeOf("type", "modal"), "no blocks": m{"type": "home"}, "a list": []any{},
	}
	for name, view := range refused {
		require.NotEmpty(t, practiceslack.ValidateHome(asJSON(t, view)), name)
	}
	require.NotEmpty(t, practiceslack.ValidateHome([]byte("{")))
	require.Empty(t, practiceslack.ValidateHome([]byte(homeView)), "an input needs no submit button here")
}

func TestHomeActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	require.False(t, w.alice.ClickHome(t.Context(), "Refresh").OK, "nothing is published")
	require.Equal(t, true, w.publish(t, "U1", homeView, "")["ok"])
	home, _ := w.alice.Home()
	place := practiceslack.InView(home.ID)
	require.NoError(t, w.ws.Act(t.Context(), "U1", place, "search", "text", practiceslack.Input{Text: "ada"}).Err())
	require.Zero(t, w.app.count(), "an input block is silent")

	require.False(t, w.alice.ClickHome(t.Context(), "Nope").OK)
	require.False(t, w.ws.Act(t.Context(), "U2", place, "act", "refresh", practiceslack.Input{}).OK, "it is not theirs")
	require.NoError(t, w.alice.ClickHome(t.Context(), "Refresh").Err())
	p := w.app.last()
	require.Equal(t, "block_actions", p["type"])
	require.Equal(t, map[string]any{"type": "view", "view_id": home.ID}, p["container"])
	require.Equal(t, "home", at(t, p, "view", "type"))
	require.Equal(t, home.Hash, at(t, p, "view", "hash"))
	require.Equal(t, "ada", at(t, p, "view", "state", "values", "search", "text", "value"))
	require.Equal(t, "refresh", at(t, p, "actions", 0, "action_id"))
	require.Equal(t, "v", at(t, p, "actions", 0, "value"))
	require.NotContains(t, p, "response_url")
	require.NotContains(t, p, "message")

	trigger, _ := p["trigger_id"].(string)
	_, answer := w.call(t, "views.push", map[string]string{"trigger_id": trigger, "view": form})
	require.Equal(t, "invalid_trigger_id", answer["error"], "a Home tab is no stack to push on")
	_, answer = w.call(t, "views.open", map[string]string{"trigger_id": trigger, "view": form})
	require.Equal(t, true, answer["ok"], "%v", answer)
	modal := w.alice.ExpectModal(t, "Reject").Fill("Reason", "x")
	require.Equal(t, "x", modal.Value("Reason"), "the modal over it is used as ever")
	require.False(t, w.ws.Act(t.Context(), "U1", practiceslack.InView("V9"), "act", "refresh", practiceslack.Input{}).OK, "no such view")
	require.NoError(t, w.alice.ClickHome(t.Context(), "Refresh").Err())
	trigger, _ = w.app.last()["trigger_id"].(string)
	_, answer = w.call(t, "views.push", map[string]string{"trigger_id": trigger, "view": form})
	require.Equal(t, "invalid_trigger_id", answer["error"], "not even while a modal is open")

	w.app.says(`{"options":[{"text":{"type":"plain_text","text":"Group A"},"value":"a"}]}`)
	found := w.ws.Search(t.Context(), "U1", place, "group", "pick", "gr")
	require.NoError(t, found.Err())
	require.Equal(t, "Group A", found.Options[0].Text)
	require.Equal(t, home.ID, at(t, w.app.last(), "container", "view_id"))

	before := w.app.count()
	require.False(t, w.ws.CloseView(t.Context(), "U1", home.ID).OK)
	require.False(t, w.ws.SubmitView(t.Context(), "U1", home.ID, nil).OK)
	require.Equal(t, before, w.app.count())
	require.NoError(t, modal.Close(t.Context()).Err())
	w.alice.NoModal(t)
	_, published := w.alice.Home()
	require.True(t, published, "and closing it leaves the Home tab")
}

func TestOpenHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	require.NoError(t, w.alice.OpenHome(t.Context()).Err())
	event, _ := w.app.last()["event"].(map[string]any)
	require.Equal(t, "app_home_opened", event["type"])
	require.Equal(t, []any{"U1", "home"}, []any{event["user"], event["tab"]})
	require.NotContains(t, event, "view", "nothing is published yet")
	require.NotEmpty(t, event["event_ts"])
	channel, _ := event["channel"].(string)
	_, info := w.call(t, "conversations.info", map[string]string{"channel": channel})
	require.Equal(t, "U1", at(t, info, "channel", "user"), "the channel is the app's direct messages with the person")

	answer := w.publish(t, "U1", homeView, "")
	require.NoError(t, w.alice.OpenHome(t.Context()).Err())
	require.Equal(t, at(t, answer, "view", "id"), at(t, w.app.last(), "event", "view", "id"))
	require.Equal(t, at(t, answer, "view", "hash"), at(t, w.app.last(), "event", "view", "hash"))
	before := w.app.count()
	gone := w.ws.AddUser(practiceslack.Person{ID: "U4", Deleted: true})
	require.False(t, gone.OpenHome(t.Context()).OK)
	require.False(t, w.ws.User("U9").OpenHome(t.Context()).OK)
	require.Equal(t, before, w.app.count())
}

func TestHomeSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{WithoutHome: true})
	require.Equal(t, "not_enabled", w.publish(t, "U1", homeView, "")["error"])
	require.Equal(t, "This app has no Home tab.", w.alice.OpenHome(t.Context()).Error)
	require.Zero(t, w.app.count())
}

// TestHomeThroughSlackGo proves the shapes with a client that is not ours.
func TestHomeThroughSlackGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	text := slack.NewTextBlockObject(slack.PlainTextType, "Refresh", false, false)
	request := slack.PublishViewContextRequest{UserID: "U1", View: slack.HomeTabViewRequest{
		Type: slack.VTHomeTab, CallbackID: "home",
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewActionBlock("act", slack.NewButtonBlockElement("refresh", "v", text)),
		}},
	}}
	published, err := w.api.PublishViewContext(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, slack.VTHomeTab, published.Type)
	require.Equal(t, "home", published.CallbackID)
	stale := published.Hash
	request.Hash = &stale
	_, err = w.api.PublishViewContext(t.Context(), request)
	require.NoError(t, err)
	_, err = w.api.PublishViewContext(t.Context(), request)
	require.EqualError(t, err, "hash_conflict")

	require.NoError(t, w.alice.ClickHome(t.Context(), "refresh").Err())
	d, _ := w.ws.LastDelivery()
	var cb slack.InteractionCallback
	require.NoError(t, cb.UnmarshalJSON(d.Payload))
	require.Equal(t, slack.VTHomeTab, cb.View.Type)
	require.Equal(t, published.ID, cb.Container.ViewID)

	require.NoError(t, w.alice.OpenHome(t.Context()).Err())
	d, _ = w.ws.LastDelivery()
	event, err := slackevents.ParseEvent(json.RawMessage(d.Body), slackevents.OptionNoVerifyToken())
	require.NoError(t, err)
	opened, ok := event.InnerEvent.Data.(*slackevents.AppHomeOpenedEvent)
	require.True(t, ok)
	require.Equal(t, []string{"U1", "home", published.ID}, []string{opened.User, opened.Tab, opened.View.ID})
}
