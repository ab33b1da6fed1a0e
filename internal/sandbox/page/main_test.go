package page_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/page"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is what the clock of most tests says, from beginning to end.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// world is a workspace with two people, a guest, an app and a room, and the page of it.
type world struct {
	t     *testing.T
	slack *practiceslack.Workspace
	room  *practiceconveyor.Room
	app   *app
	desk  *desk
	page  *page.Page
	front *httptest.Server
}

func newWorld(t *testing.T, clock func() time.Time) *world {
	t.Helper()
	w := &world{
		t:     t,
		slack: practiceslack.New(practiceslack.Options{Clock: clock, Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}}),
		room:  practiceconveyor.New(practiceconveyor.Options{Clock: clock, NDARequired: true}),
	}
	w.app = &app{world: w}
	w.desk = &desk{running: true}
	w.page = page.New(w.slack, w.room, w.desk)
	mux := http.NewServeMux()
	mux.Handle("/api/", w.slack.Handler())
	mux.Handle("/actions/", w.slack.Handler())
	mux.Handle("/api/v2/", w.room.Handler())
	mux.Handle("/", w.page)
	w.front = httptest.NewServer(mux)
	door := httptest.NewServer(w.app)
	t.Cleanup(func() {
		w.slack.Close()
		w.room.Close()
		door.Close()
		w.front.Close()
	})
	w.slack.SetBaseURL(w.front.URL)
	w.slack.SetRequestURL(door.URL)
	for _, p := range []practiceslack.Person{
		{ID: "U1", Name: "alice", RealName: "Alice Ant", Email: "alice@vendor.example", TZ: "Europe/Berlin"},
		{ID: "U2", Name: "bob", RealName: "Bob Badger", Email: "bob@vendor.example", TZ: "America/New_York"},
		{ID: "U3", Name: "gus", RealName: "Gus Guest", Restricted: true},
		{ID: "U4", Name: "gone", RealName: "Gone Gnu", Deleted: true},
	} {
		w.slack.AddUser(p)
	}
	w.slack.AddChannel(practiceslack.ChannelInfo{ID: "C1", Name: "access", Members: []string{"U1", "U2", "U3"}})
	w.slack.AddChannel(practiceslack.ChannelInfo{ID: "C2", Name: "quiet", Members: []string{"U2"}})
	return w
}

// ask is a message with everything that people use in one.
const ask = `[
 {"type":"header","block_id":"title","text":{"type":"plain_text","text":"Access request"}},
 {"type":"section","block_id":"who","text":{"type":"mrkdwn","text":"*ada@x.example* asks"},
  "accessory":{"type":"overflow","action_id":"more","options":[
   {"text":{"type":"plain_text","text":"Approve with options"},"value":"options"}]}},
 {"type":"section","block_id":"groups","text":{"type":"mrkdwn","text":"Access groups"},
  "accessory":{"type":"multi_static_select","action_id":"pick","placeholder":{"type":"plain_text","text":"Choose groups"},"options":[
   {"text":{"type":"plain_text","text":"Group A"},"value":"a"},
   {"text":{"type":"plain_text","text":"Group B"},"value":"b"}]}},
 {"type":"section","block_id":"teams","text":{"type":"mrkdwn","text":"Teams"},
  "accessory":{"type":"multi_external_select","action_id":"find","min_query_length":2,
   "placeholder":{"type":"plain_text","text":"Find teams"}}},
 {"type":"actions","block_id":"decide","elements":[
  {"type":"button","action_id":"open","text":{"type":"plain_text","text":"Decide"}},
  {"type":"button","action_id":"whisper","text":{"type":"plain_text","text":"Whisper"}}]}
]`

// form is the modal that the app opens.
const form = `{"type":"modal","title":{"type":"plain_text","text":"Decide"},
 "submit":{"type":"plain_text","text":"Send"},"close":{"type":"plain_text","text":"Back"},
 "blocks":[
 {"type":"input","block_id":"reason","label":{"type":"plain_text","text":"Reason"},
  "element":{"type":"plain_text_input","action_id":"text","multiline":true}},
 {"type":"input","block_id":"until","optional":true,"label":{"type":"plain_text","text":"Until"},
  "element":{"type":"datepicker","action_id":"date"}},
 {"type":"input","block_id":"nda","optional":true,"label":{"type":"plain_text","text":"NDA"},
  "element":{"type":"checkboxes","action_id":"box","options":[{"text":{"type":"plain_text","text":"Bypass"},"value":"yes"}]}}
]}`

// whispered is what the app says to one person only.
const whispered = "Only you can read this."

// app is the app under practice: Decide opens the form, Whisper answers one
// person, and menus find teams.
type app struct {
	world *world

	mu    sync.Mutex
	reply string // to submissions
	got   []payload
	forms int  // the depth of the last form of the gallery
	fails bool // at events
}

// deeper counts the forms of the gallery that lie on one another.
func (a *app) deeper() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forms = max(a.forms, 1) + 1
	return a.forms
}

// takeEvent publishes a Home tab for who opened it, or fails.
func (a *app) takeEvent(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Event struct {
			User string `json:"user"`
		} `json:"event"`
	}
	_ = json.NewDecoder(r.Body).Decode(&e)
	a.mu.Lock()
	fails := a.fails
	a.mu.Unlock()
	if fails {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	a.world.api("views.publish", map[string]any{"user_id": e.Event.User, "view": testdata("home.json")})
}

func (a *app) failAtEvents(fails bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fails = fails
}

// testdata reads a file of the gallery.
func testdata(name string) json.RawMessage {
	raw, err := fs.ReadFile(os.DirFS("testdata"), name)
	if err != nil {
		panic(err)
	}
	return raw
}

type payload struct {
	Type string `json:"type"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	TriggerID string `json:"trigger_id"`
	Value     string `json:"value"`
	Actions   []struct {
		ActionID        string   `json:"action_id"`
		SelectedOption  option   `json:"selected_option"`
		SelectedOptions []option `json:"selected_options"`
	} `json:"actions"`
	View struct {
		State struct {
			Values state `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

type option struct {
	Value string `json:"value"`
}

type state map[string]map[string]struct {
	Value           string   `json:"value"`
	SelectedDate    string   `json:"selected_date"`
	SelectedTime    string   `json:"selected_time"`
	SelectedMoment  int64    `json:"selected_date_time"`
	SelectedOptions []option `json:"selected_options"`
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") == "application/json" {
		a.takeEvent(w, r)
		return
	}
	var p payload
	_ = json.Unmarshal([]byte(r.FormValue("payload")), &p)
	if command := r.FormValue("command"); command != "" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"text": r.FormValue("user_id") + " says " + command + " " + r.FormValue("text")})
		return
	}
	a.mu.Lock()
	a.got = append(a.got, p)
	reply := a.reply
	a.mu.Unlock()
	switch {
	case p.Type == "block_suggestion":
		_, _ = io.WriteString(w, `{"options":[{"text":{"type":"plain_text","text":"Team `+p.Value+`"},"value":"t-`+p.Value+`"}]}`)
	case p.Type == "view_submission":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, reply)
	case len(p.Actions) == 0:
	case p.Actions[0].ActionID == "gallery":
		a.world.api("views.open", map[string]any{"trigger_id": p.TriggerID, "view": testdata("form.json")})
	case p.Actions[0].ActionID == "deeper":
		deeper := strings.Replace(string(testdata("form.json")), `"Form 1"`, fmt.Sprintf(`"Form %d"`, a.deeper()), 1)
		a.world.api("views.push", map[string]any{"trigger_id": p.TriggerID, "view": json.RawMessage(deeper)})
	case p.Actions[0].ActionID == "open":
		a.world.api("views.open", map[string]any{"trigger_id": p.TriggerID, "view": json.RawMessage(form)})
	case p.Actions[0].ActionID == "whisper":
		a.world.api("chat.postEphemeral", map[string]any{"channel": "C1", "user": p.User.ID, "text": whispered})
	}
}

func (a *app) replies(body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reply = body
}

// last is the newest payload of a type.
func (a *app) last(kind string) (payload, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range slices.Backward(a.got) {
		if p.Type == kind {
			return p, true
		}
	}
	return payload{}, false
}

// api calls the practice Slack as the app does, and gives the message's ts.
func (w *world) api(method string, args map[string]any) string {
	body, err := json.Marshal(args)
	if err != nil {
		w.t.Error(err)
		return ""
	}
	req, _ := http.NewRequest(http.MethodPost, w.front.URL+"/api/"+method, bytes.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+w.slack.BotToken())
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.front.Client().Do(req)
	if err != nil {
		w.t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	var answer struct {
		OK    bool   `json:"ok"`
		TS    string `json:"ts"`
		Error string `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || !answer.OK {
		w.t.Errorf("%s: %v %v", method, err, answer)
	}
	return answer.TS
}

// post posts a message of the app's with blocks, and gives its ts.
func (w *world) post(blocks string) string {
	return w.api("chat.postMessage", map[string]any{"channel": "C1", "text": "fallback", "blocks": json.RawMessage(blocks)})
}

// answered is what the page is answered.
type answered struct {
	Status  int                 `json:"-"`
	OK      bool                `json:"ok"`
	Error   string              `json:"error"`
	Errors  map[string]string   `json:"errors"`
	Options []map[string]string `json:"options"`
}

// does sends an action as the page does.
func (w *world) does(path, body string, a ...any) answered {
	w.t.Helper()
	resp := w.sends(http.MethodPost, "/practice/"+path, fmt.Sprintf(body, a...), map[string]string{"Content-Type": "application/json"})
	out := answered{Status: resp.StatusCode}
	require.NoError(w.t, json.Unmarshal(resp.body, &out), "%s", resp.body)
	return out
}

type response struct {
	*http.Response
	body []byte
}

// sends carries a request to the page; the header "Host" is the host that it names.
func (w *world) sends(method, path, body string, header map[string]string) response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.front.URL+path, strings.NewReader(body))
	require.NoError(w.t, err)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	req.Host = header["Host"]
	resp, err := w.front.Client().Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return response{resp, raw}
}

// seen is what one person sees.
type seen struct {
	Person   string        `json:"person"`
	Channel  string        `json:"channel"`
	People   []seenPerson  `json:"people"`
	Channels []seenChannel `json:"channels"`
	Messages []seenMessage `json:"messages"`
	Earlier  int           `json:"earlier"`
	Views    []seenView    `json:"views"`
	Requests []seenRequest `json:"requests"`
	Groups   []seenGroup   `json:"groups"`
	More     int           `json:"more_groups"`
	Access   []seenAccess  `json:"access"`
	Commands []seenCommand `json:"commands"`
	Home     *seenView     `json:"home"`
	Wire     []seenLine    `json:"wire"`
	Faults   []seenFault   `json:"faults"`
	Running  bool          `json:"running"`
	raw      string
}

type seenPerson struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
	Zone   string `json:"zone"`
	Role   string `json:"role"`
	App    bool   `json:"app"`
}

type seenChannel struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Member bool   `json:"member"`
}

type seenMessage struct {
	TS        string          `json:"ts"`
	ThreadTS  string          `json:"thread_ts"`
	Author    string          `json:"author"`
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks"`
	State     state           `json:"state"`
	Edited    bool            `json:"edited"`
	Ephemeral bool            `json:"ephemeral"`
	Replies   int             `json:"replies"`
}

// seenStretch is a part of a channel, or a thread.
type seenStretch struct {
	Messages []seenMessage `json:"messages"`
	Earlier  int           `json:"earlier"`
	Later    int           `json:"later"`
}

type seenView struct {
	ID      string            `json:"id"`
	Title   string            `json:"title"`
	Submit  string            `json:"submit"`
	Close   string            `json:"close"`
	Blocks  []map[string]any  `json:"blocks"`
	State   state             `json:"state"`
	Errors  map[string]string `json:"errors"`
	Problem string            `json:"problem"`
}

type seenRequest struct {
	ID        string   `json:"id"`
	Email     string   `json:"email"`
	Message   string   `json:"message"`
	Status    string   `json:"status"`
	DecidedBy string   `json:"decided_by"`
	Elsewhere bool     `json:"elsewhere"`
	Groups    []string `json:"groups"`
	Gated     bool     `json:"gated"`
}

type seenAccess struct {
	Email   string   `json:"email"`
	Status  string   `json:"status"`
	Groups  []string `json:"groups"`
	Expires string   `json:"expires"`
}

type seenCommand struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Hint        string `json:"hint"`
}

type seenGroup struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type seenFault struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Hint string `json:"hint"`
	On   bool   `json:"on"`
}

type seenLine struct {
	ID        string `json:"id"`
	From      string `json:"from"`
	To        string `json:"to"`
	What      string `json:"what"`
	Status    int    `json:"status"`
	Note      string `json:"note"`
	Failed    bool   `json:"failed"`
	Signature string `json:"signature"`
}

// messages fetches a part of a channel, or a thread.
func (w *world) messages(path, query string) seenStretch {
	w.t.Helper()
	resp := w.sends(http.MethodGet, "/practice/"+path+"?"+query, "", nil)
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
	var s seenStretch
	require.NoError(w.t, json.Unmarshal(resp.body, &s), "%s", resp.body)
	return s
}

// sees fetches what a person sees.
func (w *world) sees(as, channel string) seen {
	w.t.Helper()
	resp := w.sends(http.MethodGet, "/practice/snapshot?as="+as+"&channel="+channel, "", nil)
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
	s := seen{raw: string(resp.body)}
	require.NoError(w.t, json.Unmarshal(resp.body, &s), "%s", resp.body)
	return s
}
