package practiceslack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// keeper keeps in memory, as Keeper says.
type keeper struct {
	keys   []string
	values map[string][]byte
	saves  int
	broken error
}

func (k *keeper) Load(each func(key string, value []byte) error) error {
	for _, key := range k.keys {
		if err := each(key, k.values[key]); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) Save(changes iter.Seq2[string, []byte]) error {
	if k.broken != nil {
		return k.broken
	}
	k.saves++
	for key, value := range changes {
		_, known := k.values[key]
		switch {
		case value == nil:
			delete(k.values, key)
			k.keys = slices.DeleteFunc(k.keys, func(other string) bool { return other == key })
		case !known:
			k.keys = append(k.keys, key)
			fallthrough
		default:
			k.values[key] = bytes.Clone(value)
		}
	}
	return nil
}

func (k *keeper) copied() *keeper {
	return &keeper{keys: slices.Clone(k.keys), values: maps.Clone(k.values)}
}

// life is a workspace that ends and is opened again, and the app in it.
type life struct {
	t      require.TestingT
	opt    practiceslack.Options
	keeper *keeper
	clock  *clock
	ws     *practiceslack.Workspace
	app    *app
	door   string
	n      int // makes texts and ids differ
	urls   []string
}

func (l *life) open() {
	ws, err := practiceslack.Open(l.opt, l.keeper)
	require.NoError(l.t, err)
	ws.SetBaseURL("http://slack.example")
	ws.SetRequestURL(l.door)
	l.ws = ws
}

// beginLife makes a workspace with two people and two channels.
func beginLife(t require.TestingT, a *app, door string, opt practiceslack.Options) *life {
	l := &life{
		t: t, opt: opt, app: a, door: door, keeper: &keeper{values: map[string][]byte{}},
		clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
	}
	l.opt.Clock, l.opt.Limits = l.clock.Now, practiceslack.Limits{Off: true}
	l.open()
	l.ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice", RealName: "Alice Ant", Email: "alice@corp.example"})
	l.ws.AddUser(practiceslack.Person{ID: "U2", Name: "bob", TZ: "Europe/Berlin"})
	l.ws.AddChannel(practiceslack.ChannelInfo{ID: "C1", Name: "access", Members: []string{"U1", "U2"}})
	l.ws.AddChannel(practiceslack.ChannelInfo{ID: "C2", Private: true, Members: []string{"U1"}})
	return l
}

// reach posts to the workspace's own address and gives the answer; nil when the
// connection was cut.
func reach(ws *practiceslack.Workspace, path string, args map[string]string) map[string]any {
	return reachAs(ws, ws.BotToken(), path, args)
}

func reachAs(ws *practiceslack.Workspace, token, path string, args map[string]string) map[string]any {
	form := url.Values{}
	for k, v := range args {
		form.Set(k, v)
	}
	kind, body := "application/x-www-form-urlencoded", form.Encode()
	if strings.HasPrefix(path, "/actions/") {
		kind, body = "application/json", args["json"]
	}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	cut := func() (cut bool) {
		defer func() { cut = recover() != nil }()
		ws.Handler().ServeHTTP(w, r)
		return false
	}()
	var answer map[string]any
	if cut || json.Unmarshal(w.Body.Bytes(), &answer) != nil {
		return nil
	}
	return answer
}

// shown is everything that people and the app can see of a workspace.
func shown(ws *practiceslack.Workspace) string {
	all := map[string]any{"people": ws.Users(), "channels": ws.Channels()}
	if due, waits := ws.NextRetry(); waits {
		all["retry"] = due
	}
	all["groups"] = reach(ws, "/api/usergroups.list", map[string]string{"include_users": "true", "include_disabled": "true"})
	controls := func(person string, place practiceslack.Place) []any {
		return []any{
			json.RawMessage(ws.StateOf(person, place)), ws.OptionsOf(person, place, "team", "find"),
			ws.ChosenIn(person, place, "groups", "pick"), ws.ChosenIn(person, place, "team", "find"),
		}
	}
	for _, ch := range ws.Channels() {
		messages := ws.Channel(ch.ID).Messages()
		all["messages "+ch.ID] = messages
		all["history "+ch.ID] = reach(ws, "/api/conversations.history", map[string]string{"channel": ch.ID, "include_all_metadata": "true"})
		for _, m := range messages {
			for _, p := range ws.Users() {
				all["controls "+m.TS+p.ID] = controls(p.ID, practiceslack.InMessage(ch.ID, m.TS))
			}
		}
	}
	for _, p := range ws.Users() {
		u := ws.User(p.ID)
		ephemerals, views := u.Ephemerals(""), u.Views()
		all["only "+p.ID], all["views "+p.ID] = ephemerals, views
		for _, m := range ephemerals {
			all["controls "+m.TS] = controls(p.ID, practiceslack.InMessage(m.Channel, m.TS))
		}
		if home, published := u.Home(); published {
			views = append(views, home)
			all["home "+p.ID] = home
		}
		for _, v := range views {
			all["controls "+v.ID] = controls(p.ID, practiceslack.InView(v.ID))
			all["reads "+v.ID] = v.Visible()
		}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

const asking = `[
 {"type":"section","block_id":"groups","text":{"type":"mrkdwn","text":"Access groups"},
  "accessory":{"type":"multi_static_select","action_id":"pick","options":[
   {"text":{"type":"plain_text","text":"Group A"},"value":"a"},{"text":{"type":"plain_text","text":"Group <B>"},"value":"b"}]}},
 {"type":"section","block_id":"team","text":{"type":"mrkdwn","text":"Team"},
  "accessory":{"type":"external_select","action_id":"find","min_query_length":1}},
 {"type":"actions","block_id":"decide","elements":[
  {"type":"button","action_id":"reject","value":"r1","text":{"type":"plain_text","text":"Reject"}},
  {"type":"datepicker","initial_date":"2026-04-01"}]}
]`

const found = `{"options":[{"text":{"type":"plain_text","text":"Ants"},"value":"ants"},{"text":{"type":"plain_text","text":"Bees"},"value":"bees"}]}`

// TestAKeptWorkspaceGoesOn does what people and the app do at random, and every
// few steps opens what was kept: it must show what the workspace shows.
func TestAKeptWorkspaceGoesOn(t *testing.T) {
	t.Parallel()
	a := &app{}
	door := httptest.NewServer(a)
	t.Cleanup(door.Close)
	rapid.Check(t, func(rt *rapid.T) {
		l := beginLife(rt, a, door.URL, practiceslack.Options{MaxMessages: 6, MaxEphemerals: 3, MaxRecords: 3})
		defer func() { l.ws.Close() }()
		steps := 0
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				l.t = rt
				if steps++; steps%7 == 0 {
					l.check()
				}
			},
			"post":         func(rt *rapid.T) { l.post(rt, "chat.postMessage") },
			"post for one": func(rt *rapid.T) { l.post(rt, "chat.postEphemeral") },
			"update":       l.update,
			"use":          l.use,
			"respond":      l.respond,
			"modal":        l.modal,
			"home":         l.home,
			"event":        l.event,
			"furnish":      l.furnish,
			"time": func(rt *rapid.T) {
				l.clock.Advance(time.Duration(rapid.IntRange(0, 40*60).Draw(rt, "seconds")) * time.Second)
			},
			"restart": func(*rapid.T) { l.ws.Close(); l.open() },
		})
	})
}

// check opens a copy of what was kept beside the workspace.
func (l *life) check() {
	again, err := practiceslack.Open(l.opt, l.keeper.copied())
	require.NoError(l.t, err)
	defer again.Close()
	is, kept := shown(l.ws), shown(again)
	if is != kept {
		split := func(s string) []string { return strings.Split(s, `,"`) }
		require.Fail(l.t, "what was kept is not what there is", "(- is, + was kept)\n%s", cmp.Diff(split(is), split(kept)))
	}
}

// place draws somewhere where a person sees controls.
func (l *life) place(rt *rapid.T, person string) (practiceslack.Place, bool) {
	u := l.ws.User(person)
	var places []practiceslack.Place
	for _, m := range slices.Concat(l.ws.Channel("C1").Messages(), u.Ephemerals("")) {
		places = append(places, practiceslack.InMessage(m.Channel, m.TS))
	}
	if views := u.Views(); len(views) > 0 {
		places = append(places, practiceslack.InView(views[len(views)-1].ID))
	}
	if home, published := u.Home(); published {
		places = append(places, practiceslack.InView(home.ID))
	}
	if len(places) == 0 {
		return practiceslack.Place{}, false
	}
	return rapid.SampledFrom(places).Draw(rt, "place"), true
}

func person(rt *rapid.T) string { return rapid.SampledFrom([]string{"U1", "U2"}).Draw(rt, "person") }

func (l *life) post(rt *rapid.T, method string) {
	l.n++
	args := map[string]string{"channel": rapid.SampledFrom([]string{"C1", "C2", "U1"}).Draw(rt, "channel"), "text": fmt.Sprintf("<text> %d", l.n)}
	if rapid.Bool().Draw(rt, "blocks") {
		args["blocks"] = asking
	}
	if method == "chat.postEphemeral" {
		args["user"] = person(rt)
	} else {
		args["metadata"] = fmt.Sprintf(`{"event_type":"request","event_payload":{"n":%d.50}}`, l.n)
		if all := l.ws.Channel(args["channel"]).Messages(); len(all) > 0 && rapid.Bool().Draw(rt, "reply") {
			args["thread_ts"] = all[0].TS
		}
	}
	if rapid.IntRange(0, 9).Draw(rt, "late") == 0 {
		l.ws.Fault(practiceslack.Fault{Method: method, Kind: practiceslack.LatePublish, Late: time.Minute})
	}
	reach(l.ws, "/api/"+method, args)
	if l.n%3 == 0 {
		_, _ = l.ws.PostAsUser("U1", "C1", fmt.Sprintf("hello %d", l.n), "")
	}
}

func (l *life) update(rt *rapid.T) {
	all := l.ws.Channel("C1").Messages()
	if len(all) == 0 {
		return
	}
	l.n++
	args := map[string]string{"channel": "C1", "ts": rapid.SampledFrom(all).Draw(rt, "message").TS, "text": fmt.Sprintf("new %d", l.n)}
	switch rapid.IntRange(0, 3).Draw(rt, "how") {
	case 0:
		args["blocks"] = asking
	case 1:
		args["blocks"] = strings.Replace(asking, "multi_static_select", "checkboxes", 1)
	case 2:
		reach(l.ws, "/api/chat.delete", args)
		return
	}
	reach(l.ws, "/api/chat.update", args)
}

func (l *life) use(rt *rapid.T) {
	who := person(rt)
	place, ok := l.place(rt, who)
	if !ok {
		return
	}
	switch rapid.IntRange(0, 3).Draw(rt, "what") {
	case 0:
		l.ws.Act(context.Background(), who, place, "groups", "pick", practiceslack.Input{Values: rapid.SampledFrom([][]string{nil, {"a"}, {"b", "a"}}).Draw(rt, "values")})
	case 1:
		l.app.says(found)
		l.ws.Search(context.Background(), who, place, "team", "find", "an")
		l.app.says("")
	case 2:
		l.ws.Act(context.Background(), who, place, "team", "find", practiceslack.Input{Values: []string{"bees"}})
	default:
		l.ws.Act(context.Background(), who, place, "decide", "reject", practiceslack.Input{})
		if address, ok := l.app.last()["response_url"].(string); ok {
			l.urls = append(l.urls, strings.TrimPrefix(address, "http://slack.example"))
		}
	}
}

func (l *life) respond(rt *rapid.T) {
	if len(l.urls) == 0 {
		return
	}
	l.n++
	body := rapid.SampledFrom([]string{
		`{"text":"only you %d"}`, `{"text":"all %d","response_type":"in_channel"}`, `{"text":"now %d","replace_original":true}`,
		`{"text":"%d","delete_original":true}`,
	}).Draw(rt, "body")
	reach(l.ws, rapid.SampledFrom(l.urls).Draw(rt, "address"), map[string]string{"json": fmt.Sprintf(body, l.n)})
}

func (l *life) modal(rt *rapid.T) {
	who := person(rt)
	open := l.ws.User(who).Views()
	if len(open) > 0 && rapid.Bool().Draw(rt, "on") {
		top := open[len(open)-1]
		fill := map[string]map[string]practiceslack.Input{
			"reason": {"text": {Text: rapid.SampledFrom([]string{"", "no", "far too long for this field"}).Draw(rt, "text")}},
		}
		l.app.says(rapid.SampledFrom([]string{
			"", `{"response_action":"errors","errors":{"reason":"Try again."}}`, `{"response_action":"clear"}`,
			`{"response_action":"update","view":` + form + `}`, `{"response_action":"nonsense"}`,
		}).Draw(rt, "answer"))
		if rapid.Bool().Draw(rt, "mistaken") {
			fill["nothing"] = map[string]practiceslack.Input{"here": {}}
		}
		l.ws.SubmitView(context.Background(), who, top.ID, fill)
		l.app.says("")
		if rapid.Bool().Draw(rt, "close") {
			l.ws.CloseView(context.Background(), who, top.ID)
		}
		return
	}
	l.ws.Command(context.Background(), who, "C1", "/requests", "")
	form0 := l.app.lastForm()
	method := rapid.SampledFrom([]string{"views.open", "views.push"}).Draw(rt, "method")
	reach(l.ws, "/api/"+method, map[string]string{"trigger_id": form0.Get("trigger_id"), "view": form})
}

func (l *life) home(rt *rapid.T) {
	l.n++
	view := strings.Replace(homeView, `"blocks":[`, `"blocks":[{"type":"divider"},`+asking[1:len(asking)-1]+`,`, 1)
	reach(l.ws, "/api/views.publish", map[string]string{"user_id": "U1", "view": strings.Replace(view, "Open", strconv.Itoa(l.n), 1)})
	if home, published := l.ws.User("U1").Home(); published && rapid.Bool().Draw(rt, "fill") {
		l.ws.Act(context.Background(), "U1", practiceslack.InView(home.ID), "search", "text", practiceslack.Input{Text: strconv.Itoa(l.n)})
	}
}

func (l *life) event(rt *rapid.T) {
	l.app.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	if rapid.Bool().Draw(rt, "new") {
		l.ws.User("U1").OpenHome(context.Background())
	} else {
		l.ws.RetryEvents(context.Background())
	}
	l.app.says("")
	if rapid.Bool().Draw(rt, "taken") {
		l.ws.RetryEvents(context.Background())
	}
}

func (l *life) furnish(*rapid.T) {
	l.n++
	l.ws.AddUser(practiceslack.Person{ID: fmt.Sprintf("U/%d", 10+l.n%3), RealName: strconv.Itoa(l.n), Restricted: l.n%2 == 0})
	l.ws.AddUserGroup(practiceslack.UserGroup{ID: fmt.Sprintf("S%d", l.n%3), Handle: strconv.Itoa(l.n), Users: []string{"U1"}, Disabled: l.n%2 == 0})
	l.ws.AddChannel(practiceslack.ChannelInfo{ID: fmt.Sprintf("C%d", 10+l.n%2), Archived: l.n%4 == 0})
	l.ws.Join("C2", "U2")
}

// lastForm is what came last, as a form.
func (a *app) lastForm() url.Values {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.forms) == 0 {
		return nil
	}
	return a.forms[len(a.forms)-1]
}

func newLife(t *testing.T) *life {
	t.Helper()
	a := &app{}
	door := httptest.NewServer(a)
	l := beginLife(t, a, door.URL, practiceslack.Options{RedirectURLs: []string{callback}})
	t.Cleanup(func() {
		l.ws.Close()
		door.Close()
	})
	return l
}

func TestAResponseURLOutlivesARestart(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	require.NoError(t, l.ws.Command(t.Context(), "U1", "C1", "/requests", "").Err())
	path := strings.TrimPrefix(l.app.lastForm().Get("response_url"), "http://slack.example")
	respond := func() any {
		answer := reach(l.ws, path, map[string]string{"json": `{"text":"hello"}`})
		if answer["ok"] == true {
			return true
		}
		return answer["error"]
	}
	require.Equal(t, true, respond())
	require.Equal(t, true, respond())
	l.open()
	for range 3 {
		require.Equal(t, true, respond(), "five in all")
	}
	require.Equal(t, "used_url", respond())
	l.open()
	require.Equal(t, "used_url", respond())
	require.Len(t, l.ws.User("U1").Ephemerals("C1"), 5)

	require.NoError(t, l.ws.Command(t.Context(), "U1", "C1", "/requests", "").Err())
	path = strings.TrimPrefix(l.app.lastForm().Get("response_url"), "http://slack.example")
	l.clock.Advance(30*time.Minute + time.Second)
	l.open()
	require.Equal(t, "expired_url", respond())
	l.clock.Advance(time.Hour)
	require.NoError(t, l.ws.Command(t.Context(), "U1", "C1", "/requests", "").Err())
	require.Equal(t, 1, countKeys(l.keeper, "response/"), "those that are long dead are forgotten")
}

func countKeys(k *keeper, prefix string) int {
	n := 0
	for _, key := range k.keys {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}

func TestAnEventIsRetriedAfterARestart(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.app.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	require.Error(t, l.ws.User("U1").OpenHome(t.Context()).Err())
	require.Equal(t, 1, l.ws.RetryEvents(t.Context()), "at once")
	first := l.app.last()
	l.open()
	require.Zero(t, l.ws.RetryEvents(t.Context()), "not due")
	l.clock.Advance(time.Minute)
	l.app.says("")
	require.Equal(t, 1, l.ws.RetryEvents(t.Context()))
	require.Equal(t, first, l.app.last(), "the same event")
	sent, _ := l.ws.LastDelivery()
	require.Equal(t, "2", sent.Header.Get("X-Slack-Retry-Num"))
	require.Equal(t, "http_error", sent.Header.Get("X-Slack-Retry-Reason"))
	l.open()
	_, waits := l.ws.NextRetry()
	require.False(t, waits, "it was taken")
}

func TestTokensOutliveARestart(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	who := func(token string) any {
		answer := reachAs(l.ws, token, "/api/auth.test", nil)
		if answer["ok"] == true {
			return answer["user_id"]
		}
		return answer["error"]
	}
	wanted := url.Values{"client_id": {l.ws.ClientID()}, "scope": {"chat:write"}, "user_scope": {"users:read"}, "redirect_uri": {callback}}
	answer := reachAs(l.ws, "", "/api/oauth.v2.access", map[string]string{
		"client_id": l.ws.ClientID(), "client_secret": l.ws.ClientSecret(), "redirect_uri": callback,
		"code": code(t, l.ws.User("U1"), "http://slack.example/oauth/v2/authorize?"+wanted.Encode()),
	})
	user, _ := answer["authed_user"].(map[string]any)
	token, _ := user["access_token"].(string)
	require.Equal(t, "U1", who(token), "%v", answer)
	bot := l.ws.BotToken()
	require.NoError(t, l.ws.Command(t.Context(), "U1", "C1", "/requests", "").Err())
	l.open()
	require.Equal(t, "U1", who(token))
	require.Equal(t, bot, l.ws.BotToken())
	require.Equal(t, l.ws.BotUserID(), who(bot))
	require.Equal(t, 1, countKeys(l.keeper, "response/"))

	require.NoError(t, l.ws.Uninstall(t.Context()).Err())
	before := shown(l.ws)
	l.open()
	require.Equal(t, before, shown(l.ws))
	require.False(t, l.ws.Installed())
	require.Equal(t, "account_inactive", who(bot))
	require.Equal(t, "token_revoked", who(token))
	require.NotContains(t, l.ws.Channel("C1").Info().Members, l.ws.BotUserID())
	require.Zero(t, countKeys(l.keeper, "response/"))
}

// TestTimestampsGoOn has a clock that stands still or goes back: a timestamp is
// a message's id.
func TestTimestampsGoOn(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	seen := map[string]bool{}
	for i := range 5 {
		m, err := l.ws.PostAsUser("U1", "C1", "hello", "")
		require.NoError(t, err)
		require.False(t, seen[m.TS], i)
		seen[m.TS] = true
		l.clock.Advance(-time.Second)
		l.open()
	}
	require.Len(t, l.ws.Channel("C1").Messages(), 5)
}

// TestWhatIsNotKeptIsNotAcknowledged breaks the keeper.
func TestWhatIsNotKeptIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	hello := map[string]string{"channel": "C1", "text": "hello"}
	require.Equal(t, true, reach(l.ws, "/api/chat.postMessage", hello)["ok"])
	require.NoError(t, l.ws.Command(t.Context(), "U1", "C1", "/requests", "").Err())
	path := strings.TrimPrefix(l.app.lastForm().Get("response_url"), "http://slack.example")
	l.keeper.broken = io.ErrShortWrite
	require.Nil(t, reach(l.ws, "/api/chat.postMessage", hello), "the connection is cut")
	require.Nil(t, reach(l.ws, "/api/auth.test", nil))
	require.Nil(t, reach(l.ws, path, map[string]string{"json": `{"text":"hello"}`}))
	l.keeper.broken = nil
	require.Nil(t, reach(l.ws, "/api/chat.postMessage", hello), "what was lost stays lost")
	l.open()
	require.Len(t, l.ws.Channel("C1").Messages(), 1)
}

// TestNothingChangedNothingKept looks without touching.
func TestNothingChangedNothingKept(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	before := l.keeper.saves
	shown(l.ws)
	reach(l.ws, "/api/chat.postMessage", map[string]string{"channel": "C9", "text": "hello"})
	require.Equal(t, before, l.keeper.saves)
}

func TestDamageIsNoWorkspace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ key, value, says string }{
		"an unknown kind":      {"pigeon/1", `{}`, "pigeon/1"},
		"an unknown field":     {"user/U9", `{"ID":"U9","Wings":2}`, "Wings"},
		"another type":         {"channel/C9", `[]`, "cannot unmarshal"},
		"not JSON":             {"counters/", `{"last_ts":`, "unexpected EOF"},
		"a message in nowhere": {"message/C9/1.0", `{"channel":"C9","ts":"1.0","blocks":[]}`, `no channel "C9"`},
		"blocks that are none": {"message/C1/1.0", `{"channel":"C1","ts":"1.0","blocks":{}}`, "blocks"},
		"a view without any":   {"home/U1", `{"id":"V1","owner":"U1"}`, "blocks"},
		"modals without any":   {"views/U1", `[{"id":"V1","owner":"U1"}]`, "blocks"},
	} {
		k := newLife(t).keeper
		require.NoError(t, k.Save(func(yield func(string, []byte) bool) { yield(c.key, []byte(c.value)) }))
		_, err := practiceslack.Open(practiceslack.Options{}, k)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := practiceslack.Open(practiceslack.Options{}, &unreadable{})
	require.ErrorIs(t, err, errUnreadable)
}

var errUnreadable = errors.New("unreadable")

type unreadable struct{ keeper }

func (*unreadable) Load(func(string, []byte) error) error { return errUnreadable }
