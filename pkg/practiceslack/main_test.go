package practiceslack_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that moves only when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// app is the app under practice: it answers as it is told and keeps what came.
type app struct {
	mu       sync.Mutex
	answer   http.HandlerFunc
	payloads []map[string]any
	forms    []url.Values
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(raw)) // for what answers
	form, _ := url.ParseQuery(string(raw))
	payload, given := map[string]any(nil), []byte(form.Get("payload"))
	if r.Header.Get("Content-Type") == "application/json" {
		given = raw
	}
	_ = json.Unmarshal(given, &payload)
	a.mu.Lock()
	a.forms = append(a.forms, form)
	a.payloads = append(a.payloads, payload)
	answer := a.answer
	a.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

func (a *app) answers(h http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = h
}

func (a *app) says(body string) {
	a.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	})
}

func (a *app) last() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.payloads) == 0 {
		return nil
	}
	return a.payloads[len(a.payloads)-1]
}

func (a *app) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.payloads)
}

// world is a workspace by a manual clock, with two people, a channel, an app and a client.
type world struct {
	ws         *practiceslack.Workspace
	api        *slack.Client
	clock      *clock
	app        *app
	url        string
	alice, bob *practiceslack.User
}

func newWorld(t *testing.T, opt practiceslack.Options) *world {
	t.Helper()
	hand := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	opt.Clock = hand.Now
	w := start(t, opt)
	w.clock = hand
	return w
}

// start is newWorld with the clock that is in the options.
func start(t *testing.T, opt practiceslack.Options) *world {
	t.Helper()
	w := &world{ws: practiceslack.New(opt), app: &app{}}
	server := httptest.NewServer(w.ws.Handler())
	door := httptest.NewServer(w.app)
	t.Cleanup(func() {
		w.ws.Close()
		server.Close()
		door.Close()
	})
	w.url = server.URL
	w.ws.SetBaseURL(server.URL)
	w.ws.SetRequestURL(door.URL)
	w.alice = w.ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice", RealName: "Alice Ant", Email: "alice@corp.example"})
	w.bob = w.ws.AddUser(practiceslack.Person{ID: "U2", Name: "bob", Email: "bob@corp.example"})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C1", Name: "access", Members: []string{"U1", "U2"}})
	w.api = slack.New(w.ws.BotToken(), slack.OptionAPIURL(server.URL+"/api/"), slack.OptionHTTPClient(server.Client()))
	return w
}

// reply is what an answer says besides its body.
type reply struct {
	StatusCode int
	Header     http.Header
}

// call calls a method with form arguments and gives status, header and answer.
func (w *world) call(t *testing.T, method string, args map[string]string) (reply, map[string]any) {
	t.Helper()
	form := url.Values{}
	for k, v := range args {
		form.Set(k, v)
	}
	return w.post(t, w.url+"/api/"+method, "application/x-www-form-urlencoded", form.Encode(), w.ws.BotToken())
}

func (w *world) post(t *testing.T, address, kind, body, token string) (reply, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", kind)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var answer map[string]any
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if len(raw) > 0 {
		require.NoError(t, json.Unmarshal(raw, &answer), "%s", raw)
	}
	return reply{resp.StatusCode, resp.Header}, answer
}

// postBlocks posts a message of the given blocks and gives its handle.
func (w *world) postBlocks(t *testing.T, blocks string) *practiceslack.MessageHandle {
	t.Helper()
	_, answer := w.call(t, "chat.postMessage", map[string]string{"channel": "C1", "text": "fallback", "blocks": blocks})
	require.Equal(t, true, answer["ok"], "%v", answer)
	ts, _ := answer["ts"].(string)
	return w.ws.Channel("C1").ExpectMessage(t, practiceslack.Where("is the new one", func(m practiceslack.Message) bool { return m.TS == ts }))
}

const request = `[
 {"type":"header","text":{"type":"plain_text","text":"Access request"}},
 {"type":"section","block_id":"who","text":{"type":"mrkdwn","text":"*ada@x.com* asks"},
  "accessory":{"type":"overflow","action_id":"more","options":[{"text":{"type":"plain_text","text":"Approve with options…"},"value":"o"}]}},
 {"type":"section","block_id":"groups","text":{"type":"mrkdwn","text":"Access groups"},
  "accessory":{"type":"multi_static_select","action_id":"pick","options":[
   {"text":{"type":"plain_text","text":"Group A"},"value":"a"},
   {"text":{"type":"plain_text","text":"Group B"},"value":"b"}]}},
 {"type":"actions","block_id":"decide","elements":[
  {"type":"button","action_id":"approve","style":"primary","value":"r1","text":{"type":"plain_text","text":"Approve"}},
  {"type":"button","action_id":"reject","style":"danger","value":"r1","text":{"type":"plain_text","text":"Reject"}}]}
]`

const form = `{"type":"modal","callback_id":"reject","private_metadata":"r1","notify_on_close":true,
 "title":{"type":"plain_text","text":"Reject"},"submit":{"type":"plain_text","text":"Send"},"close":{"type":"plain_text","text":"Cancel"},
 "blocks":[
 {"type":"section","block_id":"intro","text":{"type":"plain_text","text":"Reject ada@x.com"}},
 {"type":"input","block_id":"reason","label":{"type":"plain_text","text":"Reason"},"element":{"type":"plain_text_input","action_id":"text","multiline":true,"max_length":20}},
 {"type":"input","block_id":"until","optional":true,"label":{"type":"plain_text","text":"Until"},"element":{"type":"datepicker","action_id":"date"}},
 {"type":"input","block_id":"nda","optional":true,"label":{"type":"plain_text","text":"NDA"},"element":{"type":"checkboxes","action_id":"box","options":[{"text":{"type":"plain_text","text":"Bypass"},"value":"yes"}]}}
]}`

// openForm clicks Reject as alice and opens a view with the trigger.
func (w *world) openForm(t *testing.T, view string) {
	t.Helper()
	msg := w.postBlocks(t, request)
	out := msg.Button("Reject").Click(t.Context(), w.alice)
	require.NoError(t, out.Err())
	trigger, _ := w.app.last()["trigger_id"].(string)
	_, answer := w.call(t, "views.open", map[string]string{"trigger_id": trigger, "view": view})
	require.Equal(t, true, answer["ok"], "%v", answer)
}
