package practiceslack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// wire is one end of a Socket Mode connection without a client library.
type wire struct {
	*websocket.Conn
}

// ticket asks for the address of a connection.
func (w *world) ticket(t *testing.T) string {
	t.Helper()
	_, answer := w.post(t, w.url+"/api/apps.connections.open", "application/x-www-form-urlencoded", "", w.ws.AppToken())
	require.Equal(t, true, answer["ok"], "%v", answer)
	address, _ := answer["url"].(string)
	return address
}

// dial opens a connection and leaves its first message unread.
func dial(t *testing.T, address string) wire {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	return wire{conn}
}

// connect opens a connection and reads its hello.
func (w *world) connect(t *testing.T) wire {
	t.Helper()
	c := dial(t, w.ticket(t))
	require.Equal(t, "hello", c.read(t)["type"])
	return c
}

func (c wire) read(t *testing.T) map[string]any {
	t.Helper()
	var message map[string]any
	require.NoError(t, c.ReadJSON(&message))
	return message
}

func (c wire) send(t *testing.T, message string) {
	t.Helper()
	require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte(message)))
}

// serve answers each envelope as told; nothing means a plain acknowledgement.
// What it got comes out of the channel.
func (c wire) serve(answer func(envelope map[string]any) string) <-chan map[string]any {
	got := make(chan map[string]any, 100)
	go func() {
		defer close(got)
		for {
			var envelope map[string]any
			if c.ReadJSON(&envelope) != nil {
				return
			}
			got <- envelope
			if envelope["envelope_id"] == nil {
				continue
			}
			reply := fmt.Sprintf(`{"envelope_id":%q}`, envelope["envelope_id"])
			if answer != nil {
				reply = strings.ReplaceAll(answer(envelope), "$ID", fmt.Sprint(envelope["envelope_id"]))
			}
			if reply != "" && c.WriteMessage(websocket.TextMessage, []byte(reply)) != nil {
				return
			}
		}
	}()
	return got
}

func socketWorld(t *testing.T, opt practiceslack.Options) *world {
	t.Helper()
	opt.SocketMode = true
	return newWorld(t, opt)
}

func TestSocketIsOpenedByAppTokenOnly(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	address := w.url + "/api/apps.connections.open"
	const formType = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct{ body, token, code string }{
		"no token":          {code: "not_authed"},
		"bot token":         {token: w.ws.BotToken(), code: "not_allowed_token_type"},
		"unknown token":     {token: "xapp-other", code: "invalid_auth"},
		"token in the form": {body: "token=" + w.ws.AppToken(), code: "invalid_auth"},
		"app token":         {token: w.ws.AppToken()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, answer := w.post(t, address, formType, c.body, c.token)
			if c.code == "" {
				require.Equal(t, true, answer["ok"])
				require.Regexp(t, `^ws://127\.0\.0\.1:\d+/link/\?app_id=A0FRONTDESK&ticket=[A-Z0-9]+$`, answer["url"])
				return
			}
			require.Equal(t, c.code, answer["error"])
			require.Nil(t, answer["url"])
		})
	}

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+w.ws.AppToken())
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	var answer map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "insecure_request", answer["error"])

	_, answer = w.post(t, w.url+"/api/auth.test", formType, "", w.ws.AppToken())
	require.Equal(t, "not_allowed_token_type", answer["error"], "it opens nothing else")
}

func TestSocketNeedsItsScope(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{AppTokenScopes: []string{"authorizations:read"}})
	_, answer := w.post(t, w.url+"/api/apps.connections.open", "application/json", "", w.ws.AppToken())
	require.Equal(t, map[string]any{
		"ok": false, "error": "missing_scope", "needed": "connections:write", "provided": "authorizations:read",
	}, answer)
}

func TestSocketOpeningIsLimited(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	for range 50 {
		w.ticket(t)
	}
	r, answer := w.post(t, w.url+"/api/apps.connections.open", "application/json", "", w.ws.AppToken())
	require.Equal(t, "ratelimited", answer["error"])
	require.Equal(t, http.StatusTooManyRequests, r.StatusCode)
	require.Equal(t, "2", r.Header.Get("Retry-After"))
}

func TestSocketTicketIsGoodOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	refused := func(address string) {
		t.Helper()
		_, resp, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
		require.ErrorIs(t, err, websocket.ErrBadHandshake)
		require.Equal(t, http.StatusForbidden, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
	}
	used, stale := w.ticket(t), w.ticket(t)
	require.Equal(t, "hello", dial(t, used).read(t)["type"])
	refused(used)
	w.clock.Advance(31 * time.Second)
	refused(stale)
	refused(strings.Replace(w.ticket(t), "ticket=", "ticket=x", 1))
	require.Len(t, w.ws.Sockets(), 1)
}

func TestSocketHello(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	require.Equal(t, map[string]any{
		"type": "hello", "num_connections": 1.0, "connection_info": map[string]any{"app_id": "A0FRONTDESK"},
		"debug_info": map[string]any{
			"host": "applink-practice-1", "started": "2026-03-01 12:00:00.000", "build_number": 1.0,
			"approximate_connection_time": 3600.0,
		},
	}, dial(t, w.ticket(t)).read(t))
	second := dial(t, w.ticket(t)+"&debug_reconnects=true").read(t)
	require.InDelta(t, 2.0, second["num_connections"], 0)
	require.InDelta(t, 360.0, at(t, second, "debug_info", "approximate_connection_time"), 0)
}

// TestSocketTakesTheAddressesPlace switches Socket Mode on and off.
func TestSocketTakesTheAddressesPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	c := dial(t, w.ticket(t))
	require.Equal(t, map[string]any{
		"type": "disconnect", "reason": "link_disabled", "debug_info": map[string]any{"host": "applink-practice-1"},
	}, c.read(t), "it is off")
	_, _, err := c.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), "%v", err)

	w.ws.SetSocketMode(true)
	require.True(t, w.ws.SocketMode())
	out := msg.Button("Approve").Click(t.Context(), w.alice)
	require.Equal(t, "The app could not be reached.", out.Error, "no connection is open")
	require.Equal(t, "Socket Mode is on: there is no address to verify.", w.ws.VerifyEventsURL(t.Context()).Error)
	c = w.connect(t)
	got := c.serve(nil)
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	require.Equal(t, "interactive", (<-got)["type"])
	require.Zero(t, w.app.count(), "the addresses are not used")

	w.ws.SetSocketMode(false)
	require.Equal(t, "link_disabled", (<-got)["reason"])
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	require.Equal(t, 1, w.app.count(), "and now they are")
	w.ws.ExpectSockets(t, 0)
	last, _ := w.ws.LastDelivery()
	require.Equal(t, practiceslack.OverHTTP, last.Transport)
}

// TestSocketEnvelopes compares what is sent with what HTTP would have got.
func TestSocketEnvelopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.openForm(t, form)
	w.ws.SetSocketMode(true)
	w.ws.SetRequestURL("") // not needed
	got := w.connect(t).serve(nil)
	cases := []struct {
		name    string
		act     func() error
		kind    string
		accepts bool
		payload string
	}{
		{"block_actions", func() error { return w.postBlocks(t, request).Button("Approve").Click(t.Context(), w.alice).Err() }, "interactive", false, "block_actions"},
		{"view_submission", func() error {
			return w.alice.ExpectModal(t, "Reject").Fill("Reason", "no").Submit(t.Context()).Err()
		}, "interactive", true, "view_submission"},
		{"command", func() error { return w.alice.Command(t.Context(), "C1", "/requests", "open").Err() }, "slash_commands", true, ""},
		{"event", func() error { return w.alice.OpenHome(t.Context()).Err() }, "events_api", false, "event_callback"},
	}
	for _, c := range cases {
		require.NoError(t, c.act(), c.name)
		e := <-got
		require.Equal(t, c.kind, e["type"], c.name)
		require.Equal(t, c.accepts, e["accepts_response_payload"], c.name)
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, e["envelope_id"])
		payload, _ := e["payload"].(map[string]any)
		if c.payload != "" {
			require.Equal(t, c.payload, payload["type"])
		}
		if c.name == "event" {
			require.InDelta(t, 0.0, e["retry_attempt"], 0)
			require.Empty(t, e["retry_reason"])
			require.Len(t, e, 6)
		} else {
			require.Len(t, e, 4)
		}
		if c.name == "command" {
			require.Equal(t, "/requests", payload["command"])
			require.Equal(t, "open", payload["text"])
			require.Equal(t, "C1", payload["channel_id"])
			require.NotEmpty(t, payload["trigger_id"])
			require.NotEmpty(t, payload["response_url"])
		}

		d, _ := w.ws.LastDelivery()
		require.Equal(t, c.name, d.Kind)
		require.Equal(t, practiceslack.OverSocketMode, d.Transport)
		require.Equal(t, w.ws.Sockets()[0].ID(), d.URL)
		require.Equal(t, e["envelope_id"], d.EnvelopeID)
		require.Equal(t, http.StatusOK, d.Status)
		raw, err := json.Marshal(e)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(d.Body))
		raw, err = json.Marshal(payload)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(d.Payload))
		require.Empty(t, d.Header)
	}
	require.Empty(t, w.ws.Violations())
}
