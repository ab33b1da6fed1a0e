package faulttest_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/faultpoint"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const (
	channelID     = "C0REQUESTS"
	ada           = "U0ADA"
	ben           = "U0BEN"
	team          = "S0TEAM"                                     // Ada's
	webhookSecret = "whsec_cHJhY3RpY2UtY29udmV5b3Itd2ViaG9vaw==" //nolint:gosec // opens nothing but a practice room
	operatorToken = "practice-operator-token"
)

// world is a practice Slack and a practice Conveyor in this process, with
// Frontdesk as one process or more between them. They meet over real HTTP.
type world struct {
	t        testing.TB
	slack    *practiceslack.Workspace
	room     *practiceconveyor.Room
	channel  *practiceslack.Channel
	settings map[string]string
	path     string // of the program
	postgres bool
	client   *http.Client
	looking  *sql.DB // see database

	// strict takes no call that is no fault point.
	strict bool
	// meddle may spoil a call to an outside system. It is set before the start.
	meddle func(http.ResponseWriter, *http.Request, http.Handler)

	// calm is a walk without a fault, in which nothing has to be done twice.
	calm bool
	// left reports that a process died with something to do.
	left bool

	mu        sync.Mutex
	processes []*process
	turn      int
}

// options of a world.
type options struct {
	postgres    bool
	path        string // of the program
	poll        string // CONVEYOR_POLL_INTERVAL
	slack       practiceslack.Options
	meddle      func(http.ResponseWriter, *http.Request, http.Handler)
	faultRecord string
	// decidedAnswer is how the room answers who decides what is decided.
	decidedAnswer int
	// settings beside the usual ones.
	settings map[string]string
	// fresh leaves it to the first process to make the tables.
	fresh bool
}

func newWorld(tb testing.TB, o options) *world {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "frontdesk.db")
	if !o.postgres && !o.fresh {
		require.NoError(tb, os.WriteFile(file, emptyDatabase(tb), 0o600))
	}
	database := "sqlite:" + file
	if o.postgres {
		database = withFewConnections(postgrestest.URL(tb)) // skips the test where there is no server
	}
	o.slack.Clock = clock
	w := &world{
		t: tb, path: o.path, postgres: o.postgres, meddle: o.meddle, strict: o.faultRecord != "",
		slack:  practiceslack.New(o.slack),
		room:   practiceconveyor.New(practiceconveyor.Options{Clock: clock, Seed: 1, DecidedAnswer: o.decidedAnswer}),
		client: &http.Client{Transport: &http.Transport{}, Timeout: 90 * time.Second},
	}
	for _, p := range []practiceslack.Person{
		{ID: ada, Name: "ada", RealName: "Ada Reviewer", Email: "ada@vendor.example", TZ: "Europe/Berlin"},
		{ID: ben, Name: "ben", RealName: "Ben Reviewer", Email: "ben@vendor.example", TZ: "America/New_York"},
	} {
		w.slack.AddUser(p)
	}
	w.slack.AddUserGroup(practiceslack.UserGroup{ID: team, Handle: "reviewers", Users: []string{ada}})
	w.channel = w.slack.AddChannel(practiceslack.ChannelInfo{ID: channelID, Name: "access-requests", Members: []string{ada, ben}})
	for _, name := range []string{"Security documents", "Penetration tests", "Financials"} {
		w.room.AddGroup(name)
	}
	slackAPI, roomAPI, front := w.serve(w.slack.Handler()), w.serve(w.room.Handler()), httptest.NewServer(http.HandlerFunc(w.forward))
	w.slack.SetBaseURL(slackAPI.URL)
	w.slack.SetRequestURL(front.URL + "/slack/events")
	require.NoError(tb, w.room.SetWebhook(practiceconveyor.Webhook{URL: front.URL + "/conveyor/webhook", Secret: webhookSecret}))
	w.settings = map[string]string{
		"CONVEYOR_KEY": w.room.Key(), "CONVEYOR_API_URL": roomAPI.URL + practiceconveyor.BasePath,
		"CONVEYOR_POLL_INTERVAL": o.poll, "CONVEYOR_WEBHOOK_SECRET": webhookSecret,
		"SLACK_BOT_TOKEN": w.slack.BotToken(), "SLACK_SIGNING_SECRET": w.slack.SigningSecret(),
		"SLACK_CHANNEL_ID": channelID, "SLACK_API_URL": slackAPI.URL + "/api/",
		"REVIEWERS": ada + "," + ben, "FRONTDESK_API_TOKEN": operatorToken, "PORT": "0", "LOG_LEVEL": "info",
		"DATABASE_URL": database,
	}
	maps.Copy(w.settings, o.settings)
	if o.slack.SocketMode {
		w.settings["SLACK_APP_TOKEN"] = w.slack.AppToken()
		delete(w.settings, "SLACK_SIGNING_SECRET")
	}
	if o.faultRecord != "" {
		w.settings["FRONTDESK_FAULTPOINTS_RECORD"] = o.faultRecord
	}
	tb.Cleanup(func() {
		w.killAll()
		w.slack.Close()
		w.room.Close()
		for _, s := range []*httptest.Server{front, slackAPI, roomAPI} {
			s.CloseClientConnections()
			s.Close()
		}
		w.client.CloseIdleConnections()
		if tb.Failed() {
			for i, p := range w.processes {
				tb.Logf("process %d (%v):\n%s", i, p.cmd.ProcessState, p.said())
			}
		}
	})
	return w
}

// withFewConnections lets many processes share the server of the tests.
func withFewConnections(address string) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + "pool_max_conns=4"
}

// serve serves a practice party, with what meddles in between.
func (w *world) serve(party http.Handler) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, q *http.Request) {
		// A WebSocket has points of its own.
		if w.strict && q.Header.Get(faultpoint.Header) == "" && q.Header.Get("Upgrade") == "" {
			w.t.Errorf("the call %s %s is no fault point", q.Method, q.URL.Path)
		}
		if w.meddle == nil {
			party.ServeHTTP(out, q)
			return
		}
		w.meddle(out, q, party)
	}))
}

// start starts a process, with some settings of its own.
func (w *world) start(extra map[string]string) *process {
	w.t.Helper()
	settings := maps.Clone(w.settings)
	maps.Copy(settings, extra)
	p := launch(w.t, w.path, settings)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.processes = append(w.processes, p)
	return p
}

// living gives the processes that are not gone.
func (w *world) living() []*process {
	w.mu.Lock()
	defer w.mu.Unlock()
	var alive []*process
	for _, p := range w.processes {
		if p.alive() {
			alive = append(alive, p)
		}
	}
	return alive
}

func (w *world) killAll() {
	for _, p := range w.living() {
		p.kill()
	}
}

// forward is what stands before the replicas: it hands a call to one that
// serves, each in turn.
func (w *world) forward(out http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		http.Error(out, "the body did not arrive", http.StatusBadGateway)
		return
	}
	var serving []string
	for _, p := range w.living() {
		if at := p.at(); at != "" {
			serving = append(serving, at)
		}
	}
	if len(serving) == 0 {
		http.Error(out, "nobody serves", http.StatusServiceUnavailable)
		return
	}
	w.mu.Lock()
	w.turn++
	to := serving[w.turn%len(serving)]
	w.mu.Unlock()
	there, err := http.NewRequestWithContext(q.Context(), q.Method, to+q.URL.Path, bytes.NewReader(body)) //nolint:gosec // the address is one of our processes
	if err != nil {
		http.Error(out, "no such address", http.StatusBadGateway)
		return
	}
	there.Header = q.Header.Clone()
	res, err := w.client.Do(there) //nolint:gosec // the address is one of our processes
	if err != nil {
		http.Error(out, "it did not answer", http.StatusBadGateway)
		return
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		http.Error(out, "it did not answer in full", http.StatusBadGateway)
		return
	}
	maps.Copy(out.Header(), res.Header)
	out.WriteHeader(res.StatusCode)
	_, _ = out.Write(answer)
}

// ready asks a process whether it is.
func (w *world) ready(ctx context.Context, p *process) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, p.at()+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := w.client.Do(q)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// pollNow asks for a poll at the operators' door and reports whether it was made.
func (w *world) pollNow(ctx context.Context) bool {
	q := httptest.NewRequestWithContext(ctx, http.MethodPost, "/conveyor/poll", nil)
	q.Header.Set("Authorization", "Bearer "+operatorToken)
	answer := httptest.NewRecorder()
	w.forward(answer, q)
	return answer.Code == http.StatusOK
}

// eventually tries something again until it holds, for as long as patience has it.
func eventually(tb testing.TB, patience time.Duration, what string, holds func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			require.Fail(tb, "this never came about: "+what)
		}
	}
}
