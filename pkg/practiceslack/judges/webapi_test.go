package judges_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// once makes the client try again one time, and at once.
func once() m { return m{"retryConfig": m{"retries": 1, "minTimeout": 0}} }

// never makes the client give up at the first failure.
func never() m { return m{"retryConfig": m{"retries": 0}} }

func TestClientWaitsForRateLimits(t *testing.T) {
	t.Parallel()
	hand := newClock()
	w := newWorld(t, practiceslack.Options{Clock: hand.Now})
	ch := w.channel("C1")
	c := newClient(t, w)
	hello := m{"channel": "C1", "text": "hello"}
	for range 5 { // what Slack allows at once in a channel
		c.good(t, "chat.postMessage", hello)
	}
	refused := c.do(t, call{Method: "chat.postMessage", Args: hello, Options: m{"rejectRateLimitedCalls": true}})
	require.Equal(t, "WebAPIRateLimitedError", refused.Kind)
	require.Equal(t, 1, refused.RetryAfter)
	ch.ExpectCount(t, 5)

	hand.advance(time.Second)
	w.ws.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.RateLimited, RetryAfter: time.Second})
	waited := c.do(t, call{Method: "chat.postMessage", Args: hello, Options: once()})
	require.True(t, waited.OK, "%s", waited.Message)
	require.Equal(t, 1, waited.Limited, "the client was told to wait, and did")
	ch.ExpectCount(t, 6)
	require.Len(t, w.ws.Calls("chat.postMessage"), 8)
}

func TestClientMeetsFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	ch := w.channel("C1")
	c := newClient(t, w)
	hello := call{Method: "chat.postMessage", Args: m{"channel": "C1", "text": "hello"}, Options: never()}
	for _, fault := range []struct {
		fault practiceslack.Fault
		kind  string
		posts int
	}{
		{practiceslack.Fault{Kind: practiceslack.ServerError}, "WebAPIHTTPError", 0},
		{practiceslack.Fault{Kind: practiceslack.SlackError, Code: "fatal_error"}, "WebAPIPlatformError", 0},
		{practiceslack.Fault{Kind: practiceslack.DropBefore}, "WebAPIRequestError", 0},
		{practiceslack.Fault{Kind: practiceslack.LostAnswer}, "WebAPIRequestError", 1},
	} {
		w.ws.Fault(fault.fault)
		before := ch.Count()
		got := c.do(t, hello)
		require.Equal(t, fault.kind, got.Kind, fault.fault.Kind)
		require.Equal(t, fault.posts, ch.Count()-before, fault.fault.Kind)
	}
	w.ws.Fault(practiceslack.Fault{Kind: practiceslack.ServerError})
	hello.Options = once()
	require.True(t, c.do(t, hello).OK, "the client tries again after a 500")
}

func TestClientPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	w.channel("C1")
	c := newClient(t, w)
	parent := c.good(t, "chat.postMessage", m{"channel": "C1", "text": "0"})["ts"]
	for _, text := range []string{"1", "2", "3", "4"} {
		c.good(t, "chat.postMessage", m{"channel": "C1", "text": text})
		c.good(t, "chat.postMessage", m{"channel": "C1", "text": "re " + text, "thread_ts": parent})
	}
	for _, want := range []struct {
		method string
		args   m
		list   string
		field  string
		pages  [][]any
	}{
		{"conversations.history", m{"channel": "C1", "limit": 2}, "messages", "text", [][]any{{"4", "3"}, {"2", "1"}, {"0"}}},
		{"conversations.replies", m{"channel": "C1", "ts": parent, "limit": 3}, "messages", "text", [][]any{{"0", "re 1", "re 2", "re 3"}, {"re 4"}}},
		{"users.list", m{"limit": 2}, "members", "id", [][]any{{w.ws.BotUserID(), "U1"}, {"U2"}}},
	} {
		got := c.do(t, call{Method: want.method, Args: want.args, Paginate: true})
		require.True(t, got.OK, "%s: %s", want.method, got.Message)
		var pages [][]any
		for _, page := range got.Pages {
			var values []any
			list, _ := page[want.list].([]any)
			for _, item := range list {
				values = append(values, item.(m)[want.field]) //nolint:forcetypeassert // a panic says enough here
			}
			pages = append(pages, values)
		}
		require.Equal(t, want.pages, pages, want.method)
	}
}

// TestClientReadsAnswers looks at what the client makes of good answers.
func TestClientReadsAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.channel("C1")
	c := newClient(t, w)
	metadata := m{"event_type": "request", "event_payload": m{"id": "r1"}}
	blocks := []any{m{"type": "section", "block_id": "b", "text": m{"type": "mrkdwn", "text": "*x*"}}}

	got := c.do(t, call{Method: "auth.test"})
	require.Equal(t, []any{w.ws.TeamID(), w.ws.BotUserID()}, []any{got.Result["team_id"], got.Result["user_id"]})
	meta, _ := got.Result["response_metadata"].(m)
	require.Contains(t, meta["scopes"], "chat:write", "the client reads the scopes from a header")

	posted := c.good(t, "chat.postMessage", m{"channel": "C1", "text": "x", "blocks": blocks, "metadata": metadata})
	message, _ := posted["message"].(m)
	require.Equal(t, metadata, message["metadata"])
	require.Equal(t, "b", message["blocks"].([]any)[0].(m)["block_id"]) //nolint:forcetypeassert // a panic says enough here
	updated := c.good(t, "chat.update", m{"channel": "C1", "ts": posted["ts"], "text": "y"})
	require.Equal(t, "y", updated["text"])
	found := c.good(t, "conversations.history", m{"channel": "C1", "include_all_metadata": true, "latest": posted["ts"], "inclusive": true, "limit": 1})
	first := found["messages"].([]any)[0].(m) //nolint:forcetypeassert // a panic says enough here
	require.Equal(t, metadata, first["metadata"], "an update without metadata keeps it")
	require.Equal(t, posted["ts"], first["ts"])
	require.NotEmpty(t, c.good(t, "chat.postEphemeral", m{"channel": "C1", "user": "U1", "text": "psst"})["message_ts"])
	require.Equal(t, posted["ts"], c.good(t, "chat.delete", m{"channel": "C1", "ts": posted["ts"]})["ts"])
}
