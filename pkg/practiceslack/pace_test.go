package practiceslack_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// TestTiers calls every method until it is refused. Slack publishes the calls a
// minute of each tier; here they may come all at once.
func TestTiers(t *testing.T) {
	t.Parallel()
	const special, tier2, tier3, tier4 = 600, 20, 50, 100
	for method, c := range map[string]struct {
		atOnce     int
		retryAfter string
	}{
		"auth.test":             {special, "1"},
		"chat.postMessage":      {5, "1"},
		"users.list":            {tier2, "3"},
		"usergroups.list":       {tier2, "3"},
		"usergroups.users.list": {tier2, "3"},
		"apps.connections.open": {tier3, "2"},
		"chat.delete":           {tier3, "2"},
		"chat.update":           {tier3, "2"},
		"conversations.history": {tier3, "2"},
		"conversations.info":    {tier3, "2"},
		"conversations.replies": {tier3, "2"},
		"users.lookupByEmail":   {tier3, "2"},
		"chat.postEphemeral":    {tier4, "1"},
		"users.info":            {tier4, "1"},
		"views.open":            {tier4, "1"},
		"views.publish":         {tier4, "1"},
		"views.push":            {tier4, "1"},
		"views.update":          {tier4, "1"},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, practiceslack.Options{})
			token := w.ws.BotToken()
			if method == "apps.connections.open" {
				token = w.ws.AppToken()
			}
			// Not over HTTP: hundreds of calls are made here.
			handler := w.ws.Handler()
			call := func() (*httptest.ResponseRecorder, any) {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/"+method, strings.NewReader(`{"channel":"C1"}`))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+token)
				recorder, answer := httptest.NewRecorder(), map[string]any{}
				handler.ServeHTTP(recorder, r)
				require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &answer))
				return recorder, answer["error"]
			}
			for i := range c.atOnce {
				_, code := call()
				require.NotEqual(t, "ratelimited", code, "call %d", i+1)
			}
			r, code := call()
			require.Equal(t, "ratelimited", code)
			require.Equal(t, http.StatusTooManyRequests, r.Code)
			require.Equal(t, c.retryAfter, r.Header().Get("Retry-After"))
			w.clock.Advance(3 * time.Second)
			_, code = call()
			require.NotEqual(t, "ratelimited", code, "its time has come")
		})
	}
}

// TestPaceWhileRunning makes each limit stricter, and looser again.
func TestPaceWhileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	standard := w.ws.Pace()
	code := func(method string, args map[string]string) any {
		_, answer := w.call(t, method, args)
		return answer["error"]
	}

	require.Nil(t, code("users.info", map[string]string{"user": "U1"}))
	w.ws.SetPace(practiceslack.Strict())
	require.Nil(t, code("users.info", map[string]string{"user": "U1"}))
	require.Equal(t, "ratelimited", code("users.info", map[string]string{"user": "U1"}), "no bursts, whatever was saved up")
	w.clock.Advance(time.Second)
	require.Nil(t, code("users.info", map[string]string{"user": "U1"}))
	w.ws.SetPace(practiceslack.Pace{Limits: practiceslack.Limits{Off: true}})
	require.Nil(t, code("users.info", map[string]string{"user": "U1"}))

	msg := w.postBlocks(t, request)
	open := func(after time.Duration) any {
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.alice).Err())
		trigger, _ := w.app.last()["trigger_id"].(string)
		w.clock.Advance(after)
		return code("views.open", map[string]string{"trigger_id": trigger, "view": form})
	}
	require.Nil(t, open(2*time.Second))
	w.ws.SetPace(practiceslack.Strict())
	require.Equal(t, "expired_trigger_id", open(2*time.Second))
	w.ws.SetPace(practiceslack.Pace{TriggerLife: time.Minute})
	require.Nil(t, open(50*time.Second))

	respond := func(url any) any {
		s, _ := url.(string)
		_, answer := w.post(t, s, "application/json", `{"text":"x"}`, "")
		return answer["error"]
	}
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	address := w.app.last()["response_url"]
	for range 3 {
		require.Nil(t, respond(address))
	}
	w.ws.SetPace(practiceslack.Strict())
	require.Equal(t, "used_url", respond(address))
	w.ws.SetPace(practiceslack.Pace{})
	require.Nil(t, respond(address))
	w.clock.Advance(20 * time.Minute)
	w.ws.SetPace(practiceslack.Strict())
	require.Equal(t, "expired_url", respond(address))

	w.ws.SetPace(practiceslack.Fast())
	w.app.status(http.StatusInternalServerError)
	require.False(t, w.alice.OpenHome(t.Context()).OK)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	w.clock.Advance(time.Second)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	w.ws.SetPace(practiceslack.Pace{EventRetries: []time.Duration{}})
	w.clock.Advance(5 * time.Second)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()), "what waits already is still sent")
	require.False(t, w.alice.OpenHome(t.Context()).OK)
	require.Zero(t, w.ws.RetryEvents(t.Context()), "and nothing is sent again from now on")

	w.app.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.ws.SetPace(practiceslack.Pace{DeliveryTimeout: 30 * time.Millisecond})
	require.Equal(t, "Operation timed out. Apps need to respond within 3 seconds.", msg.Button("Approve").Click(t.Context(), w.alice).Error)

	w.ws.SetPace(practiceslack.Pace{})
	require.Equal(t, standard, w.ws.Pace())
	require.Equal(t, 3*time.Second, standard.DeliveryTimeout)
}

// TestPaceOfSockets holds that a connection that is open follows a new pace.
func TestPaceOfSockets(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{Pace: practiceslack.Pace{PingEvery: time.Hour}})
	c := w.connect(t)
	pinged := make(chan string, 100)
	c.SetPingHandler(func(text string) error {
		pinged <- text
		return nil
	})
	got := c.serve(nil)
	w.ws.SetPace(practiceslack.Pace{PingEvery: time.Millisecond, RefreshAge: time.Minute, TicketLife: time.Second})
	select {
	case text := <-pinged:
		require.Equal(t, "Ping from applink-practice-1", text)
	case <-time.NewTimer(10 * time.Second).C:
		t.Fatal("no ping came")
	}
	w.clock.Advance(time.Minute)
	require.Equal(t, "refresh_requested", (<-got)["reason"])

	stale := w.ticket(t)
	w.clock.Advance(2 * time.Second)
	_, resp, err := websocket.DefaultDialer.DialContext(t.Context(), stale, nil)
	require.ErrorIs(t, err, websocket.ErrBadHandshake)
	require.NoError(t, resp.Body.Close())
	require.InDelta(t, 60.0, at(t, dial(t, w.ticket(t)).read(t), "debug_info", "approximate_connection_time"), 0)
}
