package faulttest_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// TestShaken lets many people work at many requests while calls fail in every
// way and processes die, and then looks whether anything is lost or there
// twice. The seed decides who does what in which order, and which faults are
// drawn; -seed gives one again.
func TestShaken(t *testing.T) {
	t.Parallel()
	given := *seed
	if given == 0 {
		given = uint64(clock().UnixNano())
	}
	for _, postgres := range []bool{false, true} {
		name := map[bool]string{false: "sqlite", true: "postgres, two replicas"}[postgres]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newShaking(t, postgres, given).run(*shake)
		})
	}
}

// shaking is one random run.
type shaking struct {
	*world
	t        *testing.T
	seed     uint64
	rng      *rand.Rand
	storm    *storm
	replicas int
	clicks   sync.WaitGroup
	person   map[string]*sync.Mutex // one does one thing at a time

	mu       sync.Mutex
	filed    []string                // addresses, in order
	ids      map[string]string       // in Conveyor, by address
	accepted map[string][]acceptance // by address
	done     map[string]int          // what was done, how often
	stopping sync.WaitGroup
}

// acceptance is a click that was answered as recorded.
type acceptance struct {
	who, verb string
	at        time.Time
}

func newShaking(t *testing.T, postgres bool, seed uint64) *shaking {
	t.Helper()
	storm := newStorm(seed)
	s := &shaking{
		t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 2)), storm: storm, replicas: 1, //nolint:gosec // it has to be drawn again
		world:  newWorld(t, options{postgres: postgres, path: binary(t, false), poll: "1s", meddle: storm.meddle}),
		person: map[string]*sync.Mutex{ada: {}, ben: {}},
		ids:    map[string]string{}, accepted: map[string][]acceptance{}, done: map[string]int{},
	}
	if postgres {
		s.replicas = 2
	}
	return s
}

func (s *shaking) run(how time.Duration) {
	t := s.t
	t.Helper()
	began := clock()
	defer func() {
		if t.Failed() {
			t.Logf("to draw the same again: go test ./internal/faulttest -run TestShaken -seed %d -shake %s", s.seed, how)
		}
	}()
	ticker := time.NewTicker(40 * time.Millisecond)
	defer ticker.Stop()
	for clock().Sub(began) < how {
		s.keep()
		s.act(clock().Sub(began) < how*7/10)
		<-ticker.C
	}
	s.clicks.Wait()
	s.stopping.Wait()
	faults := s.storm.end()
	db := s.database()
	calm := clock()
	eventually(t, 3*time.Minute, "all is done once the storm is over", func() bool {
		s.keep()
		return s.settledDown(db)
	})
	drained := clock().Sub(calm)
	s.compare(faults, how, drained)
}

// keep starts a process where one is missing.
func (s *shaking) keep() {
	for len(s.living()) < s.replicas {
		s.start(nil)
	}
}

func (s *shaking) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[what]++
}

// act does one thing at random.
func (s *shaking) act(file bool) {
	what, which := s.rng.IntN(100), s.rng.Uint64()
	switch {
	case what < 8 && file:
		s.file()
	case what < 20:
		s.onSome(which, "click on Approve", func(msg *practiceslack.MessageHandle, email string) {
			s.approve(msg, email, ada, which)
		})
	case what < 24:
		s.onSome(which, "double click", func(msg *practiceslack.MessageHandle, email string) {
			s.clicks.Go(func() { s.click(msg, email, ben) })
			s.click(msg, email, ben)
		})
	case what < 32:
		s.onSome(which, "rejection", func(msg *practiceslack.MessageHandle, email string) { s.reject(msg, email, ben) })
	case what < 35:
		s.onSome(which, "crossed decision", func(msg *practiceslack.MessageHandle, email string) {
			s.clicks.Go(func() { s.reject(msg, email, ben) })
			s.approve(msg, email, ada, which)
		})
	case what < 37:
		s.elsewhere(which)
	case what < 40:
		s.announceAgain(which)
	case what < 42:
		s.replay()
	case what < 43:
		s.end(which, "killed", (*process).kill)
	case what == 43 && which%3 == 0:
		s.end(which, "stopped", func(p *process) { _ = p.stop() })
	case what < 46:
		s.note("poll on demand")
		s.clicks.Go(func() { s.pollNow(s.t.Context()) })
	}
}

func (s *shaking) file() {
	email := fmt.Sprintf("customer%03d@example.net", len(s.filed)+1)
	id := s.room.Request(practiceconveyor.Requester{Email: email, Message: new("Please let us in.")})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filed = append(s.filed, email)
	s.ids[email] = id
	s.done["request"]++
}

// onSome does something with one of the messages that have buttons now.
func (s *shaking) onSome(which uint64, what string, do func(msg *practiceslack.MessageHandle, email string)) {
	var live []string
	for _, email := range s.filed {
		if s.channel.Count(practiceslack.Contains(email), practiceslack.Contains("None chosen")) > 0 {
			live = append(live, email)
		}
	}
	if len(live) == 0 {
		return
	}
	email := live[which%uint64(len(live))]
	msg := s.handle(email)
	s.note(what)
	s.clicks.Go(func() { do(msg, email) })
}

func (s *shaking) approve(msg *practiceslack.MessageHandle, email, who string, which uint64) {
	s.person[who].Lock()
	defer s.person[who].Unlock()
	for i, group := range []string{"Financials", "Security documents"} {
		if which>>(8+i)&1 == 1 && !slices.Contains(msg.Select("groups").Chosen(s.slack.User(who)), group) {
			_ = msg.Select("groups").Choose(s.t.Context(), s.slack.User(who), group) // the choice stays in the client
		}
	}
	s.click(msg, email, who)
}

func (s *shaking) click(msg *practiceslack.MessageHandle, email, who string) {
	if msg.Button("Approve").Click(s.t.Context(), s.slack.User(who)).Err() == nil {
		s.accept(email, who, "approve")
	}
}

func (s *shaking) reject(msg *practiceslack.MessageHandle, email, who string) {
	s.person[who].Lock()
	defer s.person[who].Unlock()
	user := s.slack.User(who)
	for _, v := range user.Views() {
		s.slack.CloseView(s.t.Context(), who, v.ID)
	}
	_ = msg.Button("Reject").Click(s.t.Context(), user)
	views := user.Views()
	if len(views) == 0 || views[len(views)-1].CallbackID != render.CallbackReject {
		return
	}
	result := s.slack.SubmitView(s.t.Context(), who, views[len(views)-1].ID, map[string]map[string]practiceslack.Input{
		render.BlockReason: {render.ActionReason: {Text: "Not a customer."}},
	})
	if result.OK && result.Closed {
		s.accept(email, who, "reject")
	}
}

func (s *shaking) accept(email, who, verb string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted[email] = append(s.accepted[email], acceptance{who: who, verb: verb, at: clock()})
	s.done["click answered"]++
}

// elsewhere decides a request in Conveyor itself.
func (s *shaking) elsewhere(which uint64) {
	if len(s.filed) == 0 {
		return
	}
	decision := practiceconveyor.Approve
	if which&256 != 0 {
		decision = practiceconveyor.Ignore
	}
	email := s.filed[which%uint64(len(s.filed))]
	if s.room.DecideElsewhere(s.ids[email], decision) == nil {
		s.note("decision in Conveyor")
	}
}

// announceAgain sends some request's webhook, late, again and out of order.
func (s *shaking) announceAgain(which uint64) {
	if len(s.filed) == 0 {
		return
	}
	id := s.ids[s.filed[which%uint64(len(s.filed))]]
	s.note("webhook again")
	s.clicks.Go(func() { _, _ = s.room.SendWebhook(s.t.Context(), id) })
}

// replay delivers again what Slack delivered last, as it was signed.
func (s *shaking) replay() {
	d, ok := s.slack.LastDelivery()
	if !ok {
		return
	}
	s.note("delivery replayed")
	s.clicks.Go(func() {
		q := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/slack/events", bytes.NewReader(d.Body))
		q.Header = d.Header.Clone()
		s.forward(httptest.NewRecorder(), q)
	})
}

// end ends one of the processes.
func (s *shaking) end(which uint64, how string, do func(*process)) {
	alive := s.living()
	if len(alive) == 0 {
		return
	}
	p := alive[which%uint64(len(alive))]
	if p.at() == "" && how != "killed" {
		return // it has not heard of signals yet
	}
	s.note("process " + how)
	s.stopping.Go(func() { do(p) })
}

// settledDown reports whether every request is known, nothing is due, and what
// was decided in Conveyor has been seen here.
func (s *shaking) settledDown(db *sql.DB) bool {
	known, open := 0, 0
	if db.QueryRowContext(context.WithoutCancel(s.t.Context()), `SELECT count(*) FROM requests`).Scan(&known) != nil {
		return false
	}
	if db.QueryRowContext(context.WithoutCancel(s.t.Context()), `SELECT count(*) FROM requests WHERE state = 'pending'`).Scan(&open) != nil {
		return false
	}
	n, err := due(db)
	asked := 0
	for _, r := range s.room.Requests() {
		if r.Status == practiceconveyor.RequestRequested {
			asked++
		}
	}
	return err == nil && n == 0 && open == asked && known >= asked
}

// compare looks from three sides at what became of everything.
func (s *shaking) compare(faults map[string]int, how, drained time.Duration) {
	t := s.t
	t.Helper()
	s.stopAll()
	for _, p := range s.processes {
		require.True(t, p.killed() || p.failure == nil, "a process ended by itself: %v\n%s", p.failure, p.said())
	}
	l := s.ledger()
	total := 0
	for _, n := range faults {
		total += n
	}
	t.Logf("seed %d, %s of storm, calm after %.1f s\n%s\n%d faults: %s\nrequests: %s\nduplicates %d, lost %d",
		s.seed, how, drained.Seconds(), counts(s.done), total, counts(faults), counts(l.states), len(l.duplicates), len(l.lost))
	require.Empty(t, l.duplicates)
	require.Empty(t, l.lost)
	require.Empty(t, l.wrong)
	require.Empty(t, s.slack.Violations())
	require.NotEmpty(t, s.filed)
}
