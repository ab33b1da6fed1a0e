package judges_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// The codes and texts that are expected here are those of the reference pages
// of Slack's methods and of Slack's answers as they are quoted in the issues of
// its own libraries; none was taken from what the workspace says.

func text(kind, s string) m { return m{"type": kind, "text": s} }

func section(s string) m { return m{"type": "section", "text": text("mrkdwn", s)} }

func pressable(actionID string) m {
	return m{"type": "button", "action_id": actionID, "text": text("plain_text", "Press")}
}

func chars(n int) string { return strings.Repeat("x", n) }

func times(n int, v any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v
	}
	return list
}

func modal(title string, blocks ...any) m {
	return m{"type": "modal", "title": text("plain_text", title), "blocks": blocks}
}

func with(o m, key string, v any) m {
	copied := m{key: v}
	for k, old := range o {
		if k != key {
			copied[k] = old
		}
	}
	return copied
}

// clock moves only when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// refusal is a call that Slack refuses, and how.
type refusal struct {
	name    string
	method  string
	args    m
	code    string
	message string // of response_metadata, where Slack's is known
}

// refuses goes on after a failure: each refusal stands for itself.
func (c *client) refuses(t *testing.T, r refusal) {
	t.Helper()
	got := c.do(t, call{Method: r.method, Args: r.args})
	what := r.method + " " + r.name
	assert.Equal(t, "WebAPIPlatformError", got.Kind, what)
	assert.Equal(t, "slack_webapi_platform_error", got.Code, what)
	assert.Equal(t, r.code, got.Data.Error, "%s: %v", what, got.Data.Metadata.Messages)
	if r.message == "" {
		return
	}
	assert.Contains(t, got.Data.Metadata.Messages, r.message, what)
	if r.code == "invalid_blocks" {
		assert.Contains(t, got.Data.Errors, strings.TrimPrefix(r.message, "[ERROR] "), what)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	w.channel("C1")
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C2", WithoutApp: true})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C3"})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "G1", Private: true, WithoutApp: true})
	w.ws.AddUser(practiceslack.Person{ID: "U3", Name: "carol"}) // in no channel
	c := newClient(t, w)
	mine := c.good(t, "chat.postMessage", m{"channel": "C1", "text": "mine"})["ts"]
	archived := c.good(t, "chat.postMessage", m{"channel": "C3", "text": "soon archived"})["ts"]
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C3", Archived: true})
	said, err := w.ws.PostAsUser("U1", "C1", "theirs", "")
	require.NoError(t, err)
	theirs := said.TS

	in := func(channel string, more m) m { return with(more, "channel", channel) }
	blocks := func(blocks ...any) m { return m{"channel": "C1", "text": "x", "blocks": blocks} }
	actions := func(elements ...any) m { return blocks(m{"type": "actions", "elements": elements}) }
	option := m{"text": text("plain_text", "o"), "value": "v"}
	change := func(more m) m { return with(with(more, "channel", "C1"), "ts", mine) }
	for _, r := range []refusal{
		{"unknown channel", "chat.postMessage", in("C9", m{"text": "x"}), "channel_not_found", ""},
		{"private channel without the app", "chat.postMessage", in("G1", m{"text": "x"}), "channel_not_found", ""},
		{"channel without the app", "chat.postMessage", in("C2", m{"text": "x"}), "not_in_channel", ""},
		{"archived channel", "chat.postMessage", in("C3", m{"text": "x"}), "is_archived", ""},
		{"no text", "chat.postMessage", in("C1", nil), "no_text", ""},
		{"empty text", "chat.postMessage", in("C1", m{"text": ""}), "no_text", ""},
		{"unknown thread", "chat.postMessage", in("C1", m{"text": "x", "thread_ts": "1.000001"}), "thread_not_found", ""},
		{"another name without the scope", "chat.postMessage", in("C1", m{"text": "x", "username": "boss"}), "missing_scope", ""},
		{"blocks that are no JSON", "chat.postMessage", in("C1", m{"text": "x", "blocks": "[{"}), "invalid_blocks_format", ""},
		{"blocks in an object", "chat.postMessage", in("C1", m{"text": "x", "blocks": m{"blocks": []any{}}}), "invalid_blocks_format", ""},
		{"blocks that show too much", "chat.postMessage", blocks(times(5, section(chars(3000)))...), "msg_blocks_too_long", ""},
		{"metadata that is no JSON", "chat.postMessage", in("C1", m{"text": "x", "metadata": "{"}), "invalid_metadata_format", ""},
		{"metadata without a type", "chat.postMessage", in("C1", m{"text": "x", "metadata": m{"event_payload": m{}}}), "invalid_metadata_schema", ""},
		{
			"too much metadata", "chat.postMessage",
			in("C1", m{"text": "x", "metadata": m{"event_type": "e", "event_payload": m{"x": chars(17_000)}}}), "metadata_too_large", "",
		},
		{
			"unknown block", "chat.postMessage", blocks(m{"type": "sections"}),
			"invalid_blocks", "[ERROR] unsupported type: sections [json-pointer:/blocks/0/type]",
		},
		{
			"input in a message", "chat.postMessage", blocks(m{"type": "input"}),
			"invalid_blocks", "[ERROR] unsupported type: input [json-pointer:/blocks/0/type]",
		},
		{
			"long text", "chat.postMessage", blocks(section(chars(3001))),
			"invalid_blocks", "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
		},
		{
			"empty text in a block", "chat.postMessage", blocks(section("x"), section("")),
			"invalid_blocks", "[ERROR] must be more than 0 characters [json-pointer:/blocks/1/text/text]",
		},
		{
			"51 blocks", "chat.postMessage", blocks(times(51, m{"type": "divider"})...),
			"invalid_blocks", "[ERROR] no more than 50 items allowed [json-pointer:/blocks]",
		},
		{
			"11 fields", "chat.postMessage", blocks(m{"type": "section", "fields": times(11, text("plain_text", "f"))}),
			"invalid_blocks", "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/fields]",
		},
		{
			"26 buttons", "chat.postMessage", actions(times(26, m{"type": "button", "text": text("plain_text", "Press")})...),
			"invalid_blocks", "[ERROR] no more than 25 items allowed [json-pointer:/blocks/0/elements]",
		},
		{
			"long button", "chat.postMessage", actions(with(pressable("a"), "text", text("plain_text", chars(76)))),
			"invalid_blocks", "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
		},
		{
			"button with a property too many", "chat.postMessage", actions(with(pressable("a"), "colour", "red")),
			"invalid_blocks", "[ERROR] invalid additional property: colour [json-pointer:/blocks/0/elements/0]",
		},
		{
			"101 options", "chat.postMessage", actions(m{"type": "static_select", "options": times(101, option)}),
			"invalid_blocks", "[ERROR] no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
		},
		{
			"long value of an option", "chat.postMessage",
			actions(m{"type": "static_select", "options": []any{with(option, "value", chars(151))}}),
			"invalid_blocks", "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
		},
		{
			"one action twice", "chat.postMessage", actions(pressable("a"), pressable("a")),
			"invalid_blocks", "[ERROR] `action_id` \"a\" already exists [json-pointer:/blocks/0/elements/1/action_id]",
		},

		{"unknown channel", "chat.update", in("C9", m{"ts": mine, "text": "x"}), "channel_not_found", ""},
		{"unknown message", "chat.update", in("C1", m{"ts": "1.000001", "text": "x"}), "message_not_found", ""},
		{"another's message", "chat.update", in("C1", m{"ts": theirs, "text": "x"}), "cant_update_message", ""},
		{"archived channel", "chat.update", in("C3", m{"ts": archived, "text": "x"}), "is_inactive", ""},
		{"nothing new", "chat.update", change(nil), "no_text", ""},
		{"long text", "chat.update", change(m{"text": chars(4001)}), "msg_too_long", ""},
		{
			"unknown block", "chat.update", change(m{"text": "x", "blocks": []any{m{"type": "sections"}}}),
			"invalid_blocks", "[ERROR] unsupported type: sections [json-pointer:/blocks/0/type]",
		},
		{"unknown message", "chat.delete", in("C1", m{"ts": "1.000001"}), "message_not_found", ""},
		{"another's message", "chat.delete", in("C1", m{"ts": theirs}), "cant_delete_message", ""},
		{"unknown channel", "chat.postEphemeral", in("C9", m{"user": "U1", "text": "x"}), "channel_not_found", ""},
		{"someone not in the channel", "chat.postEphemeral", in("C1", m{"user": "U3", "text": "x"}), "user_not_in_channel", ""},
		{"no text", "chat.postEphemeral", in("C1", m{"user": "U1"}), "no_text", ""},

		{"unknown person", "users.info", m{"user": "U9"}, "user_not_found", ""},
		{"unknown address", "users.lookupByEmail", m{"email": "nobody@corp.example"}, "users_not_found", ""},
		{"cursor", "users.list", m{"cursor": "nonsense"}, "invalid_cursor", ""},
		{"unknown group", "usergroups.users.list", m{"usergroup": "S9"}, "no_such_subteam", ""},
		{"unknown channel", "conversations.info", in("C9", nil), "channel_not_found", ""},
		{"unknown channel", "conversations.history", in("C9", nil), "channel_not_found", ""},
		{"channel without the app", "conversations.history", in("C2", nil), "not_in_channel", ""},
		{"cursor", "conversations.history", in("C1", m{"cursor": "nonsense"}), "invalid_cursor", ""},
		{"latest", "conversations.history", in("C1", m{"latest": "yesterday"}), "invalid_ts_latest", ""},
		{"oldest", "conversations.history", in("C1", m{"oldest": "yesterday"}), "invalid_ts_oldest", ""},
		{"unknown channel", "conversations.replies", in("C9", m{"ts": mine}), "channel_not_found", ""},
		{"unknown thread", "conversations.replies", in("C1", m{"ts": "1.000001"}), "thread_not_found", ""},

		{
			"unknown person", "views.publish",
			m{"user_id": "U9", "view": m{"type": "home", "blocks": []any{}}},
			"invalid_arguments", "invalid `user_id`",
		},
		{
			"a modal in a Home tab", "views.publish",
			m{"user_id": "U1", "view": m{"type": "modal", "blocks": []any{}}},
			"invalid_arguments", "[ERROR] must be a valid enum value [json-pointer:/view/type]",
		},
		{
			"an old hash", "views.publish",
			m{"user_id": "U1", "hash": "1.old", "view": m{"type": "home", "blocks": []any{}}},
			"hash_conflict", "",
		},
		{"unknown trigger", "views.open", m{"trigger_id": "1.2.x", "view": modal("M", section("x"))}, "invalid_trigger_id", ""},
		{"unknown view", "views.update", m{"view_id": "V9", "view": modal("M", section("x"))}, "not_found", ""},
		{"not modelled", "reactions.add", m{"channel": "C1", "timestamp": mine, "name": "eyes"}, "unknown_method", ""},
	} {
		c.refuses(t, r)
	}
	w.ws.Channel("C1").ExpectCount(t, 2) // nothing that was refused was done
}

func TestRefusalsOfTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Scopes: []string{"commands"}, WithoutHome: true})
	w.channel("C1")
	c := newClient(t, w)
	post := call{Method: "chat.postMessage", Args: m{"channel": "C1", "text": "x"}}
	for token, code := range map[string]string{"": "not_authed", "xoxb-of-another": "invalid_auth"} {
		post.Token = &token
		require.Equal(t, code, c.do(t, post).Data.Error)
	}
	post.Token = nil
	lacking := c.do(t, post).Data
	require.Equal(t, []string{"missing_scope", "chat:write", "commands"}, []string{lacking.Error, lacking.Needed, lacking.Provided})
	for method, scope := range map[string]string{
		"users.list": "users:read", "users.lookupByEmail": "users:read.email", "usergroups.list": "usergroups:read",
		"conversations.info": "channels:read", "conversations.history": "channels:history",
	} {
		lacking = c.do(t, call{Method: method, Args: m{"channel": "C1", "email": "alice@corp.example"}}).Data
		require.Equal(t, []string{"missing_scope", scope}, []string{lacking.Error, lacking.Needed}, method)
	}
	c.refuses(t, refusal{
		"no Home tab", "views.publish", m{"user_id": "U1", "view": m{"type": "home", "blocks": []any{}}}, "not_enabled", "",
	})
}

// views is a workspace in which a person clicks to get triggers. The app behind
// it answers nothing; its views are opened by the client.
type views struct {
	*world
	*client
	clock *clock
}

func newViews(t *testing.T) *views {
	t.Helper()
	hand := newClock()
	w := newWorld(t, practiceslack.Options{Clock: hand.Now, Pace: practiceslack.Pace{TriggerLife: 3 * time.Second}})
	w.channel("C1")
	door := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(door.Close)
	w.ws.SetRequestURL(door.URL)
	return &views{world: w, client: newClient(t, w), clock: hand}
}

// trigger is a new one, from a slash command.
func (v *views) trigger(t *testing.T) string {
	t.Helper()
	require.NoError(t, v.alice.Command(t.Context(), "C1", "/open", "").Err())
	d, _ := v.ws.LastDelivery()
	form, err := url.ParseQuery(string(d.Body))
	require.NoError(t, err)
	return form.Get("trigger_id")
}

// press clicks the button of the topmost view and gives the trigger of that.
func (v *views) press(t *testing.T, title string) string {
	t.Helper()
	require.NoError(t, v.alice.ExpectModal(t, title).Click(t.Context(), "Press").Err())
	d, _ := v.ws.LastDelivery()
	var payload struct {
		TriggerID string `json:"trigger_id"`
	}
	require.NoError(t, json.Unmarshal(d.Payload, &payload))
	return payload.TriggerID
}

func TestRefusalsOfViews(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	trigger := v.trigger(t)
	input := m{"type": "input", "label": text("plain_text", "L"), "element": m{"type": "plain_text_input"}}
	for _, r := range []refusal{
		{"title", "", modal(chars(25), section("x")), "invalid_arguments", "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"},
		{
			"private_metadata", "", with(modal("M", section("x")), "private_metadata", chars(3001)),
			"invalid_arguments", "[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]",
		},
		{
			"a Home tab", "",
			m{"type": "home", "blocks": []any{}},
			"invalid_arguments", "[ERROR] must be a valid enum value [json-pointer:/view/type]",
		},
		{
			"input without submit", "", modal("M", section("x"), section("y"), input),
			"invalid_arguments", "[ERROR] must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/2/input]",
		},
		{
			"101 blocks", "", modal("M", times(101, m{"type": "divider"})...),
			"invalid_arguments", "[ERROR] no more than 100 items allowed [json-pointer:/view/blocks]",
		},
		{
			"unknown block", "", modal("M", section("x"), m{"type": "sections"}),
			"invalid_arguments", "[ERROR] unsupported type: sections [json-pointer:/view/blocks/1/type]",
		},
		{"size", "", modal("M", times(100, section(chars(2900)))...), "view_too_large", ""},
	} {
		r.method, r.args = "views.open", m{"trigger_id": trigger, "view": r.args}
		v.refuses(t, r)
	}
	v.alice.NoModal(t)
	v.good(t, "views.open", m{"trigger_id": trigger, "view": modal("One", section("x"))}) // what is refused spends no trigger
}

func TestRefusalsOfTriggers(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	view := func(title string) m {
		return modal(title, m{"type": "section", "text": text("plain_text", "x"), "accessory": pressable("press")})
	}
	trigger := v.trigger(t)
	v.clock.advance(3*time.Second + time.Millisecond)
	v.refuses(t, refusal{"old", "views.open", m{"trigger_id": trigger, "view": view("One")}, "expired_trigger_id", ""})
	trigger = v.trigger(t)
	opened := v.good(t, "views.open", m{"trigger_id": trigger, "view": with(view("One"), "external_id", "one")})["view"].(m) //nolint:forcetypeassert // a panic says enough here
	v.refuses(t, refusal{"spent", "views.open", m{"trigger_id": trigger, "view": view("One")}, "exchanged_trigger_id", ""})
	v.refuses(t, refusal{
		"external_id in use", "views.push", m{"trigger_id": v.press(t, "One"), "view": with(view("Two"), "external_id", "one")}, "duplicate_external_id", "",
	})
	v.refuses(t, refusal{"old hash", "views.update", m{"view_id": opened["id"], "hash": "1.old", "view": view("One")}, "hash_conflict", ""})
	v.good(t, "views.update", m{"view_id": opened["id"], "hash": opened["hash"], "view": with(view("One"), "external_id", "one")})
	v.good(t, "views.push", m{"trigger_id": v.press(t, "One"), "view": view("Two")})
	v.good(t, "views.push", m{"trigger_id": v.press(t, "Two"), "view": view("Three")})
	v.refuses(t, refusal{"fourth view", "views.push", m{"trigger_id": v.press(t, "Three"), "view": view("Four")}, "push_limit_reached", ""})
	require.Len(t, v.alice.Views(), 3)
}
