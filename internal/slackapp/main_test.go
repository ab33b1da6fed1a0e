package slackapp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/internal/web"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	requestID = "0190-request"
	channelID = "C0DESK"
)

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

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// taken is a decision as the desk got it.
type taken struct {
	request  string
	decision approval.Decision
	tell     bool
}

// refusal is a denial as the desk got it.
type refusal struct {
	request, click, person string
	denial                 approval.Denial
}

// desk is a scripted slackapp.Desk. It answers like an empty desk with one
// pending request until it is told otherwise.
type desk struct {
	mu      sync.Mutex
	request approval.Request
	groups  []approval.Group
	verdict approval.Verdict
	// before is run at the begin of each call, by the call's name.
	before map[string]func(ctx context.Context) error

	calls   []string
	decided []taken
	denied  []refusal
	opened  []string
}

func newDesk() *desk {
	return &desk{
		request: pendingRequest(), verdict: approval.Accepted, before: map[string]func(context.Context) error{},
		groups: []approval.Group{{ID: "g1", Name: "Financials"}, {ID: "g2", Name: "Product roadmap"}},
	}
}

func pendingRequest() approval.Request {
	return approval.Request{
		ID: requestID, Source: "conveyor", ExternalID: "x1", Requester: "grace@northwind.example", Message: "Please.",
		State: approval.Pending, Version: 1,
	}
}

// enter notes a call and does what was scripted for it.
func (d *desk) enter(ctx context.Context, name string) error {
	d.mu.Lock()
	d.calls = append(d.calls, name)
	before := d.before[name]
	d.mu.Unlock()
	if before != nil {
		return before(ctx)
	}
	return nil
}

// script says what is done at the begin of each call of a name.
func (d *desk) script(name string, before func(ctx context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before[name] = before
}

// stands says how the request stands from now on.
func (d *desk) stands(change func(r *approval.Request)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.request)
}

func (d *desk) Request(ctx context.Context, id string) (approval.Request, error) {
	if err := d.enter(ctx, "Request"); err != nil {
		return approval.Request{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id != d.request.ID {
		return approval.Request{}, approval.ErrUnknown
	}
	return d.request, nil
}

func (d *desk) Groups(ctx context.Context, _ string) ([]approval.Group, error) {
	if err := d.enter(ctx, "Groups"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.groups), nil
}

func (d *desk) Decide(ctx context.Context, id string, decision approval.Decision, tell bool) (approval.Request, approval.Verdict, error) {
	if err := d.enter(ctx, "Decide"); err != nil {
		return approval.Request{}, "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id != d.request.ID {
		return approval.Request{}, "", approval.ErrUnknown
	}
	d.decided = append(d.decided, taken{id, decision, tell})
	return d.request, d.verdict, nil
}

func (d *desk) Deny(ctx context.Context, id, clickID, person string, denial approval.Denial) error {
	if err := d.enter(ctx, "Deny"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id != d.request.ID {
		return approval.ErrUnknown
	}
	d.denied = append(d.denied, refusal{id, clickID, person, denial})
	return nil
}

func (d *desk) Held(ctx context.Context, _, typed string, _ int) ([]approval.Request, error) {
	if err := d.enter(ctx, "Held"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !strings.Contains(d.request.Requester, strings.ToLower(typed)) {
		return nil, nil
	}
	return []approval.Request{d.request}, nil
}

func (d *desk) Open(ctx context.Context, id string) (approval.Request, error) {
	if err := d.enter(ctx, "Open"); err != nil {
		return approval.Request{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, id)
	return d.request, nil
}

func (d *desk) OpenOldest(ctx context.Context, source string, limit int) (int, error) {
	if err := d.enter(ctx, "OpenOldest"); err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, fmt.Sprintf("the oldest %d of %s", limit, source))
	return 1, nil
}

func (d *desk) openedIDs() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.opened)
}

func (d *desk) decisions() []taken {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.decided)
}

func (d *desk) denials() []refusal {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.denied)
}

func (d *desk) callCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.calls)
}

// hang waits for the end of the context, as a store that does not answer.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// watch counts what the door tells.
type watch struct {
	mu         sync.Mutex
	unverified int
	unknown    []string
	unanswered []string
}

func (w *watch) Unverified(context.Context, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unverified++
}

func (w *watch) Unknown(kind string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unknown = append(w.unknown, kind)
}

func (w *watch) Unanswered(_ context.Context, what string, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unanswered = append(w.unanswered, what)
}

func (w *watch) unverifiedCount() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unverified
}

func (w *watch) unknownKinds() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.unknown)
}

func (w *watch) unansweredWhat() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.unanswered)
}

// world is everything of Slack around a scripted desk: a practice workspace by
// a manual clock, and the door that its deliveries come to.
type world struct {
	t         testing.TB
	ws        *practiceslack.Workspace
	channel   *practiceslack.Channel
	clock     *clock
	desk      *desk
	watch     *watch
	api       *slack.Client
	board     *slackapp.Board
	directory *slackapp.Directory
	reception *slackapp.Reception
	door      *slackapp.Door
	ada, ben  *practiceslack.User
}

// plan is what a test changes of the world before it begins.
type plan struct {
	slack       practiceslack.Options
	reviewers   []string
	callTimeout time.Duration
	turns       slackapp.Turns
	pace        slackapp.Pace
}

func newWorld(tb testing.TB, changes ...func(*plan)) *world {
	tb.Helper()
	p := plan{callTimeout: 10 * time.Second}
	p.slack.Limits.Off = true
	for _, change := range changes {
		change(&p)
	}
	w := &world{t: tb, clock: newClock(), desk: newDesk(), watch: &watch{}}
	p.slack.Clock = w.clock.Now
	w.ws = practiceslack.New(p.slack)
	server := httptest.NewServer(w.ws.Handler())
	w.ws.SetBaseURL(server.URL)
	w.ada = w.ws.AddUser(practiceslack.Person{ID: "U0ADA", Name: "ada", Email: "ada@vendor.example"})
	w.ben = w.ws.AddUser(practiceslack.Person{ID: "U0BEN", Name: "ben", Email: "ben@vendor.example"})
	w.channel = w.ws.AddChannel(practiceslack.ChannelInfo{ID: channelID, Name: "desk", Members: []string{"U0ADA", "U0BEN"}})

	transport := &http.Transport{}
	w.api = slack.New(w.ws.BotToken(), slack.OptionAPIURL(server.URL+"/api/"),
		slack.OptionHTTPClient(&http.Client{Transport: transport, Timeout: p.callTimeout}))
	w.board = slackapp.NewBoard(w.api, channelID, w.clock.Now, p.turns, p.pace)
	w.directory = slackapp.NewDirectory(w.api, approval.NewPolicy(p.reviewers), w.clock.Now)
	w.reception = slackapp.NewReception(w.desk, w.api, w.board, w.directory, w.watch, w.clock.Now)
	w.door = slackapp.NewDoor(w.ws.SigningSecret(), w.reception, web.NewStrangers(w.clock.Now), w.watch, w.clock.Now)
	door := httptest.NewServer(w.door)
	w.ws.SetRequestURL(door.URL)
	tb.Cleanup(func() {
		door.Close()
		w.reception.Close()
		w.ws.Close()
		transport.CloseIdleConnections()
		server.Close()
	})
	return w
}

// post puts the desk's request on the board.
func (w *world) post() *practiceslack.MessageHandle {
	w.t.Helper()
	content, err := w.board.Compose(approval.View{Request: w.desk.request, Groups: w.desk.groups})
	require.NoError(w.t, err)
	ref, err := w.board.Post(w.t.Context(), w.desk.request.ID, content)
	require.NoError(w.t, err)
	return w.channel.ExpectMessage(w.t, practiceslack.Where("is ours", func(m practiceslack.Message) bool { return m.TS == ref.TS }))
}

// knows makes the directory know people, so that nothing has to be asked.
func (w *world) knows(people ...*practiceslack.User) {
	w.t.Helper()
	for _, u := range people {
		_, _, err := w.directory.MayDecide(w.t.Context(), u.ID())
		require.NoError(w.t, err)
	}
}

// choose picks groups in the message's menu.
func (w *world) choose(msg *practiceslack.MessageHandle, names ...string) {
	w.t.Helper()
	require.NoError(w.t, msg.Select("groups").Choose(w.t.Context(), w.ada, names...).Err())
}

// send gives the door a request and returns its answer.
func (w *world) send(header http.Header, body []byte) *httptest.ResponseRecorder {
	return send(w.t.Context(), w.door, header, body)
}

// methods lists the methods of Slack that were called.
func (w *world) methods() []string {
	var names []string
	for _, c := range w.ws.Calls("") {
		names = append(names, c.Method)
	}
	return names
}
