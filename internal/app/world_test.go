package app_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// world is a whole Frontdesk between a practice Slack and a practice Conveyor,
// all over real HTTP.
type world struct {
	*sandbox.Sandbox
	t   testing.TB
	log *logText
	// logger writes into log.
	logger *logrus.Logger
	clock  approval.Clock

	channel   *practiceslack.Channel
	ada, ben  *practiceslack.User // may decide
	cleo, gus *practiceslack.User // may not
}

// logText keeps what was logged.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// clock is the real time: the parties talk over real HTTP, with real time-outs.
func clock() time.Time {
	return time.Now() //nolint:forbidigo // an end-to-end test runs in real time
}

// quick are the desk's durations for tests that wait for them.
func quick() approval.Timing {
	return approval.Timing{
		BackoffMin: 50 * time.Millisecond, BackoffMax: 200 * time.Millisecond,
		Late: 300 * time.Millisecond, Stale: time.Millisecond,
	}
}

// onStore is a test on one of the stores.
type onStore struct {
	t     *testing.T
	start func(changes ...func(*sandbox.Options)) *world
}

// onBothStores runs a test on SQLite and on PostgreSQL, over HTTP.
func onBothStores(t *testing.T, test func(on onStore)) {
	t.Helper()
	on := func(name string, url func(t *testing.T) string, always ...func(*sandbox.Options)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := url(t)
			test(onStore{t: t, start: func(changes ...func(*sandbox.Options)) *world {
				return startWorld(t, database, append(changes, always...)...)
			}})
		})
	}
	on("sqlite", func(*testing.T) string { return "" })
	on("postgres", func(t *testing.T) string {
		t.Helper()
		return postgrestest.URL(t)
	})
}

// onEachWay runs a test on both stores, and over Socket Mode as well.
func onEachWay(t *testing.T, test func(on onStore)) {
	t.Helper()
	onBothStores(t, test)
	t.Run("socket mode", func(t *testing.T) {
		t.Parallel()
		test(onStore{t: t, start: func(changes ...func(*sandbox.Options)) *world {
			return startWorld(t, "", append(changes, overSocketMode)...)
		}})
	})
}

func startWorld(tb testing.TB, databaseURL string, changes ...func(*sandbox.Options)) *world {
	tb.Helper()
	kept := &logText{}
	log := logrus.New()
	log.SetOutput(kept)
	log.SetLevel(logrus.DebugLevel)
	o := sandbox.Options{Clock: clock, Log: log, Version: "test", Timing: quick(), Seed: 1}
	o.Slack.Patience = 2 * time.Minute // a machine that does much else is slow, not wrong
	for _, change := range changes {
		change(&o)
	}
	configure := o.Configure
	o.Configure = func(c *config.Config) {
		c.ConveyorPollInterval = time.Second
		if databaseURL != "" {
			c.DatabaseURL = config.DatabaseURL(withPassword(databaseURL))
		}
		if configure != nil {
			configure(c)
		}
	}
	s, err := sandbox.Start(tb.Context(), o)
	require.NoError(tb, err)
	w := &world{Sandbox: s, t: tb, log: kept, logger: o.Log, clock: o.Clock, channel: s.Slack.Channel(sandbox.ChannelID)}
	w.ada, w.ben = s.Slack.User(sandbox.Ada), s.Slack.User(sandbox.Ben)
	w.cleo, w.gus = s.Slack.User(sandbox.Cleo), s.Slack.User(sandbox.Gus)
	tb.Cleanup(func() {
		w.guardMetrics()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			tb.Errorf("close: %v", err)
		}
		w.guardLog()
		if broken := s.Slack.Violations(); len(broken) > 0 {
			tb.Errorf("Frontdesk broke Slack's protocol: %v", broken)
		}
		for _, call := range s.Slack.Calls("") {
			if strings.HasPrefix(call.Error, "invalid_") || call.Error == "msg_too_long" {
				tb.Errorf("Slack refused %s: %s %s", call.Method, call.Error, call.Response)
			}
		}
		if tb.Failed() {
			tb.Logf("log:\n%s", kept)
		}
	})
	w.connected()
	return w
}

// connected waits for the connections of Socket Mode, if that is how Slack
// reaches Frontdesk: what people click before is lost to Slack.
func (w *world) connected() {
	w.t.Helper()
	if w.Slack.SocketMode() {
		w.Slack.ExpectSockets(w.t, 2)
	}
}

// StartFrontdesk starts Frontdesk again.
func (w *world) StartFrontdesk(ctx context.Context) error {
	w.t.Helper()
	err := w.Sandbox.StartFrontdesk(ctx)
	if err == nil {
		w.connected()
	}
	return err
}

// asks lets a customer file a request and gives its id in Conveyor.
func (w *world) asks(email, message string) string {
	r := practiceconveyor.Requester{Email: email}
	if message != "" {
		r.Message = &message
	}
	return w.Room.Request(r)
}

// requestFrom lets a customer file a request and waits for its message.
func (w *world) requestFrom(email string) (string, *practiceslack.MessageHandle) {
	w.t.Helper()
	id := w.asks(email, "Please let us in.")
	return id, w.channel.ExpectMessage(w.t, practiceslack.Contains(email))
}

// groupID gives the id of a practice group by its name.
func (w *world) groupID(name string) string {
	w.t.Helper()
	for _, g := range w.Room.Groups() {
		if g.Name == name {
			return g.ID
		}
	}
	w.t.Fatalf("no group %q", name)
	return ""
}

// inRoom gives a request as the practice Conveyor has it.
func (w *world) inRoom(id string) practiceconveyor.Request {
	w.t.Helper()
	for _, r := range w.Room.Requests() {
		if r.ID == id {
			return r
		}
	}
	w.t.Fatalf("no request %q in the room", id)
	return practiceconveyor.Request{}
}

// posts counts the calls that posted a message.
func (w *world) posts() int { return len(w.Slack.Calls("chat.postMessage")) }

// pollNow makes Frontdesk poll by the operators' door.
func (w *world) pollNow() int {
	w.t.Helper()
	status, _ := w.post("/conveyor/poll", http.Header{"Authorization": {"Bearer " + sandbox.OperatorToken}}, nil)
	return status
}

func contains(text string) practiceslack.Matcher { return practiceslack.Contains(text) }

// get reads one of Frontdesk's pages.
func (w *world) get(path string) (int, string) {
	w.t.Helper()
	return w.getFrom(w.FrontdeskURL(), path)
}

// getFrom reads a page of any replica.
func (w *world) getFrom(url, path string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url+path, nil)
	require.NoError(w.t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return res.StatusCode, string(body)
}

// expectLog waits until something is logged.
func (w *world) expectLog(text string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return strings.Contains(w.log.String(), text) }, 10*time.Second, 10*time.Millisecond, text)
}

// expectCalls waits until so many calls of a method of Slack are recorded: a
// call is recorded a moment after what it did can be seen.
func (w *world) expectCalls(method string, n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return len(w.Slack.Calls(method)) >= n }, 10*time.Second, time.Millisecond, method)
}

// databaseURL gives the DATABASE_URL that Frontdesk runs on.
func (w *world) databaseURL() string { return w.Settings().DatabaseURL.Reveal() }
