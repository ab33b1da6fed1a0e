package practiceslack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestAuth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	who, err := w.api.AuthTestContext(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.ws.BotUserID(), who.UserID)
	require.Equal(t, w.ws.TeamID(), who.TeamID)
	require.NotEmpty(t, who.BotID)

	const kind = "application/x-www-form-urlencoded"
	_, answer := w.post(t, w.url+"/api/auth.test", kind, "", "")
	require.Equal(t, "not_authed", answer["error"])
	_, answer = w.post(t, w.url+"/api/auth.test", kind, "", "xoxb-wrong")
	require.Equal(t, "invalid_auth", answer["error"])
	resp, answer := w.post(t, w.url+"/api/auth.test", kind, "token="+w.ws.BotToken(), "")
	require.Equal(t, true, answer["ok"], "token as a form field")
	require.Contains(t, resp.Header.Get("X-Oauth-Scopes"), "chat:write")
	_, answer = w.post(t, w.url+"/api/auth.test", "application/json", `{"token":"`+w.ws.BotToken()+`"}`, "")
	require.Equal(t, "not_authed", answer["error"], "Slack takes no token from a JSON body")
	_, answer = w.post(t, w.url+"/api/auth.test?token="+w.ws.BotToken(), kind, "", "")
	require.Equal(t, "not_authed", answer["error"], "nor from a query")
	_, answer = w.post(t, w.url+"/api/auth.test", "application/json", `{`, w.ws.BotToken())
	require.Equal(t, "invalid_json", answer["error"])
	_, answer = w.post(t, w.url+"/api/auth.test", "text/plain", `x`, w.ws.BotToken())
	require.Equal(t, "invalid_post_type", answer["error"])
	_, answer = w.call(t, "chat.nonsense", nil)
	require.Equal(t, "unknown_method", answer["error"])

	for _, c := range w.ws.Calls("") {
		for _, v := range c.Args {
			require.NotContains(t, v, w.ws.BotToken(), "no token in the record")
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Scopes: []string{"users:read", "channels:read"}})
	for method, needed := range map[string]string{
		"chat.postMessage": "chat:write", "usergroups.list": "usergroups:read",
		"users.lookupByEmail": "users:read.email", "conversations.history": "channels:history",
	} {
		_, answer := w.call(t, method, map[string]string{"channel": "C1"})
		require.Equal(t, "missing_scope", answer["error"], method)
		require.Equal(t, needed, answer["needed"], method)
		require.Equal(t, "users:read,channels:read", answer["provided"], method)
	}
	user, err := w.api.GetUserInfoContext(t.Context(), "U1")
	require.NoError(t, err)
	require.Empty(t, user.Profile.Email, "the e-mail needs users:read.email")

	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "G1", Private: true})
	_, answer := w.call(t, "conversations.info", map[string]string{"channel": "G1"})
	require.Equal(t, "groups:read", answer["needed"])
}

func TestPostAndRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	channel, ts, err := w.api.PostMessageContext(t.Context(), "C1",
		slack.MsgOptionText("hello <@U1> &amp; co", false),
		slack.MsgOptionBlocks(slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "*hi*", false, false), nil, nil)),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "request", EventPayload: map[string]any{"id": "r1", "n": 12345678901234567}}))
	require.NoError(t, err)
	require.Equal(t, "C1", channel)
	require.Regexp(t, `^\d{10}\.\d{6}$`, ts)
	_, second, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("second", false))
	require.NoError(t, err)
	require.Greater(t, second, ts)

	history, err := w.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C1", IncludeAllMetadata: true})
	require.NoError(t, err)
	require.Len(t, history.Messages, 2)
	require.Equal(t, second, history.Messages[0].Timestamp, "newest first")
	first := history.Messages[1]
	require.Equal(t, "hello <@U1> &amp; co", first.Text, "stored as it was sent")
	require.Equal(t, "request", first.Metadata.EventType)
	require.Equal(t, "r1", first.Metadata.EventPayload["id"])
	require.Len(t, first.Blocks.BlockSet, 1)
	require.NotEmpty(t, first.Blocks.BlockSet[0].ID(), "Slack names blocks without an id")
	require.Equal(t, w.ws.BotUserID(), first.User)

	history, err = w.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C1"})
	require.NoError(t, err)
	require.Empty(t, history.Messages[1].Metadata.EventType, "metadata only when asked for")

	m, ok := w.ws.Channel("access").Message(ts)
	require.True(t, ok)
	require.JSONEq(t, `{"event_type":"request","event_payload":{"id":"r1","n":12345678901234567}}`, string(m.Metadata), "numbers stay exact")
	require.Equal(t, "*hi*", m.Visible())
}

func TestHistoryWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	var all []string
	for i := range 5 {
		m, err := w.ws.PostAsUser("U1", "C1", fmt.Sprintf("m%d", i), "")
		require.NoError(t, err)
		all = append(all, m.TS)
	}
	texts := func(args map[string]string) (found []string, cursor string) {
		args["channel"] = "C1"
		_, answer := w.call(t, "conversations.history", args)
		require.Equal(t, true, answer["ok"], "%v", answer)
		list, _ := answer["messages"].([]any)
		for _, v := range list {
			found = append(found, v.(map[string]any)["text"].(string))
		}
		if meta, ok := answer["response_metadata"].(map[string]any); ok {
			cursor, _ = meta["next_cursor"].(string)
		}
		require.Equal(t, cursor != "", answer["has_more"])
		return found, cursor
	}
	got, _ := texts(map[string]string{"oldest": all[1], "latest": all[3]})
	require.Equal(t, []string{"m2"}, got)
	got, _ = texts(map[string]string{"oldest": all[1], "latest": all[3], "inclusive": "true"})
	require.Equal(t, []string{"m3", "m2", "m1"}, got)
	got, next := texts(map[string]string{"limit": "2"})
	require.Equal(t, []string{"m4", "m3"}, got)
	got, next = texts(map[string]string{"limit": "2", "cursor": next})
	require.Equal(t, []string{"m2", "m1"}, got)
	got, next = texts(map[string]string{"limit": "2", "cursor": next})
	require.Equal(t, []string{"m0"}, got)
	require.Empty(t, next)
	for args, code := range map[string]string{
		"limit=1000": "invalid_limit", "limit=x": "invalid_limit", "cursor=x": "invalid_cursor",
		"oldest=x": "invalid_ts_oldest", "latest=1.2.3": "invalid_ts_latest",
	} {
		key, value, _ := strings.Cut(args, "=")
		_, answer := w.call(t, "conversations.history", map[string]string{"channel": "C1", key: value})
		require.Equal(t, code, answer["error"], args)
	}
}

func TestThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	_, ts, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("root", false))
	require.NoError(t, err)
	_, _, err = w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("reply", false), slack.MsgOptionTS(ts))
	require.NoError(t, err)
	_, err = w.ws.PostAsUser("U1", "C1", "answer", ts)
	require.NoError(t, err)
	_, _, err = w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false), slack.MsgOptionTS("1.000000"))
	require.EqualError(t, err, "thread_not_found")

	thread, _, _, err := w.api.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: "C1", Timestamp: ts})
	require.NoError(t, err)
	require.Len(t, thread, 3)
	require.Equal(t, []string{"root", "reply", "answer"}, []string{thread[0].Text, thread[1].Text, thread[2].Text})
	require.Equal(t, 2, thread[0].ReplyCount)
	require.Equal(t, ts, thread[2].ThreadTimestamp)
	history, err := w.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C1"})
	require.NoError(t, err)
	require.Len(t, history.Messages, 1, "replies are not in the channel's own history")
	_, _, _, err = w.api.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: "C1", Timestamp: "9.000000"})
	require.EqualError(t, err, "thread_not_found")
}

func TestPostRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C2", WithoutApp: true})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C3", Archived: true})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "G2", Private: true, WithoutApp: true})
	cases := []struct {
		code string
		args map[string]string
	}{
		{"channel_not_found", map[string]string{"channel": "C9", "text": "x"}},
		{"channel_not_found", map[string]string{"channel": "G2", "text": "x"}},
		{"not_in_channel", map[string]string{"channel": "C2", "text": "x"}},
		{"is_archived", map[string]string{"channel": "C3", "text": "x"}},
		{"no_text", map[string]string{"channel": "C1"}},
		{"no_text", map[string]string{"channel": "C1", "blocks": "[]"}},
		{"invalid_blocks_format", map[string]string{"channel": "C1", "blocks": "[{"}},
		{"invalid_blocks_format", map[string]string{"channel": "C1", "blocks": "{}"}},
		{"invalid_blocks", map[string]string{"channel": "C1", "blocks": `[{"type":"header"}]`}},
		{"invalid_metadata_format", map[string]string{"channel": "C1", "text": "x", "metadata": "{"}},
		{"invalid_metadata_schema", map[string]string{"channel": "C1", "text": "x", "metadata": `{"event_payload":{}}`}},
		{"invalid_metadata_schema", map[string]string{"channel": "C1", "text": "x", "metadata": `{"event_type":"x","event_payload":"y"}`}},
		{"metadata_too_large", map[string]string{"channel": "C1", "text": "x", "metadata": `{"event_type":"x","event_payload":{"y":"` + chars(9000) + `"}}`}},
		{"missing_scope", map[string]string{"channel": "C1", "text": "x", "username": "boss"}},
		{"as_user_not_supported", map[string]string{"channel": "C1", "text": "x", "as_user": "true"}},
		{"invalid_arguments", map[string]string{"channel": "C1", "text": "x", "attachments": `[{"text":"y"}]`}},
	}
	for _, c := range cases {
		resp, answer := w.call(t, "chat.postMessage", c.args)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, false, answer["ok"])
		require.Equal(t, c.code, answer["error"], "%v", c.args)
	}
	_, err := w.api.PostEphemeralContext(t.Context(), "C1", "U9", slack.MsgOptionText("x", false))
	require.EqualError(t, err, "user_not_in_channel")
	w.ws.AddUser(practiceslack.Person{ID: "U3"})
	_, err = w.api.PostEphemeralContext(t.Context(), "C1", "U3", slack.MsgOptionText("x", false))
	require.EqualError(t, err, "user_not_in_channel")

	// What blocks show in all is limited too.
	long := func(n int) string {
		return string(asJSON(t, times(n, func(int) any { return m{"type": "section", "text": plain(chars(3000))} })))
	}
	_, answer := w.call(t, "chat.postMessage", map[string]string{"channel": "C1", "text": "x", "blocks": long(4)})
	require.Equal(t, true, answer["ok"])
	_, answer = w.call(t, "chat.postMessage", map[string]string{"channel": "C1", "text": "x", "blocks": long(5)})
	require.Equal(t, "msg_blocks_too_long", answer["error"])

	// The place of a fault reaches a client through slack-go too.
	_, _, err = w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, chars(151), false, false))))
	require.ErrorContains(t, err, "invalid_blocks")
	_, answer = w.call(t, "chat.postMessage", map[string]string{"channel": "C1", "blocks": `[{"type":"header","text":{"type":"plain_text","text":"` + chars(151) + `"}}]`})
	require.Equal(t, map[string]any{"messages": []any{"[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"}}, answer["response_metadata"])
	require.Len(t, w.ws.Channel("C1").Messages(), 1, "what is refused is not posted")
}

func TestTextLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	_, ts, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText(chars(40_001), false))
	require.NoError(t, err)
	m, _ := w.ws.Channel("C1").Message(ts)
	require.Equal(t, chars(40_000), m.Text, "cut")
	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C1", ts, slack.MsgOptionText(chars(4_000), false))
	require.NoError(t, err)
	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C1", ts, slack.MsgOptionText(chars(4_001), false))
	require.EqualError(t, err, "msg_too_long")
}

func TestUpdateAndDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	msg := w.postBlocks(t, request)
	hers, err := w.ws.PostAsUser("U1", "C1", "mine", "")
	require.NoError(t, err)
	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C1", hers.TS, slack.MsgOptionText("x", false))
	require.EqualError(t, err, "cant_update_message")
	_, _, err = w.api.DeleteMessageContext(t.Context(), "C1", hers.TS)
	require.EqualError(t, err, "cant_delete_message")
	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C1", "1.000000", slack.MsgOptionText("x", false))
	require.EqualError(t, err, "message_not_found")
	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C9", msg.TS(), slack.MsgOptionText("x", false))
	require.EqualError(t, err, "channel_not_found")
	_, answer := w.call(t, "chat.update", map[string]string{"channel": "C1", "ts": msg.TS()})
	require.Equal(t, "no_text", answer["error"])

	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C1", msg.TS(), slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, "Done", false, false))))
	require.NoError(t, err)
	m, _ := msg.Snapshot()
	require.Equal(t, "Done", m.Visible())
	require.Equal(t, "fallback", m.Text, "text that is not mentioned stays")
	require.Nil(t, m.Edited, "blocks leave no mark")
	_, _, _, err = w.api.UpdateMessageContext(t.Context(), "C1", msg.TS(), slack.MsgOptionText("plain now", false))
	require.NoError(t, err)
	m, _ = msg.Snapshot()
	require.Equal(t, "plain now", m.Visible(), "text without blocks takes the blocks away")
	require.NotNil(t, m.Edited)

	_, _, err = w.api.DeleteMessageContext(t.Context(), "C1", msg.TS())
	require.NoError(t, err)
	msg.ExpectDeleted(t)
	require.NoError(t, w.ws.DeleteMessage("C1", hers.TS))
	require.Empty(t, w.ws.Channel("C1").Messages())
	require.Error(t, w.ws.DeleteMessage("C1", hers.TS))
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C2"})
	post := func(channel string) error {
		_, _, err := w.api.PostMessageContext(t.Context(), channel, slack.MsgOptionText("x", false))
		return err
	}
	for range 5 {
		require.NoError(t, post("C1"))
	}
	var limited *slack.RateLimitedError
	require.ErrorAs(t, post("C1"), &limited)
	require.Equal(t, time.Second, limited.RetryAfter)
	require.NoError(t, post("C2"), "each channel has its own")
	w.clock.Advance(time.Second)
	require.NoError(t, post("C1"))
	require.ErrorAs(t, post("C1"), &limited)

	ts := w.ws.Channel("C1").Messages()[0].TS
	args := map[string]string{"channel": "C1", "ts": ts, "text": "y"}
	for range 50 {
		_, answer := w.call(t, "chat.update", args)
		require.Equal(t, true, answer["ok"])
	}
	resp, answer := w.call(t, "chat.update", args)
	require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	require.Equal(t, "2", resp.Header.Get("Retry-After"))
	require.Equal(t, map[string]any{"ok": false, "error": "ratelimited"}, answer)
	w.clock.Advance(2 * time.Second)
	resp, _ = w.call(t, "chat.update", args)
	require.Equal(t, http.StatusOK, resp.StatusCode)

	fast := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Scale: 2}}})
	for range 10 {
		_, _, err := fast.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false))
		require.NoError(t, err)
	}
	_, _, err := fast.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false))
	require.ErrorAs(t, err, &limited)
}

func TestDirectMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	channel, _, err := w.api.PostMessageContext(t.Context(), "U1", slack.MsgOptionText("psst", false))
	require.NoError(t, err)
	require.Equal(t, "D1", channel)
	w.ws.Channel("D1").ExpectMessage(t, practiceslack.Contains("psst"))
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}, MaxMessages: 3, MaxRecords: 4, MaxEphemerals: 2})
	for i := range 10 {
		_, _, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText(strconv.Itoa(i), false))
		require.NoError(t, err)
		_, err = w.api.PostEphemeralContext(t.Context(), "C1", "U1", slack.MsgOptionText(strconv.Itoa(i), false))
		require.NoError(t, err)
	}
	require.Len(t, w.ws.Channel("C1").Messages(), 3)
	require.Len(t, w.ws.Calls(""), 4)
	kept := w.alice.Ephemerals("C1")
	require.Len(t, kept, 2)
	require.Equal(t, "9", kept[1].Text)
}

func TestJSONBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	body, err := json.Marshal(map[string]any{"channel": "C1", "text": "x", "blocks": json.RawMessage(request)})
	require.NoError(t, err)
	_, answer := w.post(t, w.url+"/api/chat.postMessage", "application/json; charset=utf-8", string(body), w.ws.BotToken())
	require.Equal(t, true, answer["ok"], "%v", answer)
	w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("ada@x.com"))
	calls := w.ws.Calls("chat.postMessage")
	require.Len(t, calls, 1)
	require.Equal(t, "C1", calls[0].Args["channel"])
	require.Equal(t, http.StatusOK, calls[0].Status)
}
