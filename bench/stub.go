package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// stub is Slack's Web API and Conveyor's, of which it answers what the subjects
// ask, at once and without limits. It keeps what became of each request.
type stub struct {
	clock    func() time.Time
	listener net.Listener
	server   *http.Server

	requests []outcome
	// approved and rewritten count requests, each once; again counts approvals
	// of what was approved before.
	approved, rewritten, again atomic.Int64
	// calls count what was asked, by what it is.
	updates, lookups atomic.Int64
	strange          atomic.Pointer[string]
}

type outcome struct {
	approved  atomic.Bool
	rewritten atomic.Pointer[time.Time]
}

// startStub starts a stub whose Conveyor has so many open requests.
func startStub(ctx context.Context, requests int, clock func() time.Time) (*stub, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the stub: %w", err)
	}
	s := &stub{clock: clock, listener: listener, requests: make([]outcome, requests)}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/auth.test", s.authTest)
	mux.HandleFunc("/api/users.info", s.usersInfo)
	mux.HandleFunc("/api/chat.update", s.chatUpdate)
	mux.HandleFunc("/api/chat.postEphemeral", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, object{"ok": true, "message_ts": "1700000001.000000"}) // a click that was not answered in time
	})
	const exchange = "/conveyor/exchange/"
	mux.HandleFunc("GET "+exchange+"authorization_request_queue", s.queue)
	mux.HandleFunc("GET "+exchange+"authorization_requests/{id}", s.request)
	mux.HandleFunc("POST "+exchange+"authorizations", s.authorize)
	mux.HandleFunc("GET "+exchange+"authorizations", s.authorizations)
	mux.HandleFunc("GET "+exchange+"access_groups", s.accessGroups)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.stranger(w, r, "nobody should ask this")
	})
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			say("the stub: %v", err)
		}
	}()
	return s, nil
}

func (s *stub) close() { _ = s.server.Close() }

func (s *stub) url(path string) string { return "http://" + s.listener.Addr().String() + path }

// stranger answers what a subject must not ask, and keeps it: the run fails.
func (s *stub) stranger(w http.ResponseWriter, r *http.Request, why string) {
	text := fmt.Sprintf("%s %s: %s", r.Method, r.URL.Path, why)
	s.strange.CompareAndSwap(nil, &text)
	http.Error(w, why, http.StatusBadRequest)
}

func respond(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(body) // a subject that hung up is found out by its requests
}

func (s *stub) authTest(w http.ResponseWriter, _ *http.Request) {
	respond(w, object{"ok": true, "url": "https://bench.slack.example/", "team": "Bench", "user": "frontdesk", "team_id": team, "user_id": "U0BOT", "bot_id": "B0BENCH"})
}

func (s *stub) usersInfo(w http.ResponseWriter, r *http.Request) {
	s.lookups.Add(1)
	id := r.FormValue("user")
	if !strings.HasPrefix(id, "U0REVIEWER") {
		s.stranger(w, r, "no such user")
		return
	}
	respond(w, object{"ok": true, "user": object{
		"id": id, "team_id": team, "name": "ada", "deleted": false, "is_bot": false, "is_restricted": false, "tz": "Europe/Berlin",
		"profile": object{"real_name": "Ada Reviewer", "display_name": "ada", "email": strings.ToLower(id) + "@vendor.example", "team": team},
	}})
}

func (s *stub) chatUpdate(w http.ResponseWriter, r *http.Request) {
	s.updates.Add(1)
	o, ok := s.outcome(r.FormValue("ts"))
	if !ok || r.FormValue("channel") != channel {
		s.stranger(w, r, "no such message")
		return
	}
	if strings.Contains(r.FormValue("blocks"), "Approved by ") {
		if !o.approved.Load() {
			s.stranger(w, r, "the message says approved, and Conveyor was not asked")
			return
		}
		now := s.clock()
		if o.rewritten.CompareAndSwap(nil, &now) {
			s.rewritten.Add(1)
		}
	}
	respond(w, object{"ok": true, "channel": channel, "ts": r.FormValue("ts"), "text": r.FormValue("text")})
}

// outcome gives what became of the request that a name ends with the number of.
func (s *stub) outcome(name string) (*outcome, bool) {
	i := numberIn(name)
	if i < 0 || i >= len(s.requests) {
		return nil, false
	}
	return &s.requests[i], true
}

func (s *stub) shape(i int) object {
	status := "requested"
	if s.requests[i].approved.Load() {
		status = "approved"
	}
	return object{
		"id": externalID(i), "_type": "AuthorizationRequest", "email": requester(i), "status": status,
		"requested_at": "2026-03-01T12:00:00.000Z", "created_at": "2026-03-01T12:00:00.000Z",
		"_links": object{"self": object{"href": "https://app.conveyor.example/exchange/" + externalID(i)}},
	}
}

// queue lists the open requests.
func (s *stub) queue(w http.ResponseWriter, r *http.Request) {
	const perPage = 100
	var open []int
	for i := range s.requests {
		if !s.requests[i].approved.Load() {
			open = append(open, i)
		}
	}
	number, err := strconv.Atoi(r.FormValue("page"))
	if err != nil || number < 1 {
		s.stranger(w, r, "page is no number")
		return
	}
	from := min((number-1)*perPage, len(open))
	shaped := []object{}
	for _, i := range open[from:min(from+perPage, len(open))] {
		shaped = append(shaped, s.shape(i))
	}
	respond(w, object{
		"authorization_requests": shaped, "page": number, "per_page": perPage, "total_pages": (len(open) + perPage - 1) / perPage,
	})
}

func (s *stub) request(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.outcome(r.PathValue("id")); !ok {
		s.stranger(w, r, "no such request")
		return
	}
	respond(w, s.shape(numberIn(r.PathValue("id"))))
}

func (s *stub) authorize(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		RequestID     string `json:"request_id"`
		ReviewerEmail string `json:"reviewer_email"`
	}
	err := json.NewDecoder(r.Body).Decode(&asked)
	o, ok := s.outcome(asked.RequestID)
	if err != nil || !ok || !strings.Contains(asked.ReviewerEmail, "@") {
		s.stranger(w, r, "no such request, or nobody's decision")
		return
	}
	if o.approved.Swap(true) {
		s.again.Add(1)
	} else {
		s.approved.Add(1)
	}
	respond(w, authorization(numberIn(asked.RequestID)))
}

func authorization(i int) object {
	return object{
		"id": "authorization-" + externalID(i), "_type": "Authorization", "email": requester(i),
		"status": "authorized", "_embedded": object{"access_groups": []any{}},
	}
}

// authorizations lists those of one person, whom a subject asks for when it
// does not know whether an approval was taken.
func (s *stub) authorizations(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(r.FormValue("email"), "@")
	o, ok := s.outcome(name)
	if !ok {
		s.stranger(w, r, "no such person")
		return
	}
	given := []object{}
	if o.approved.Load() {
		given = append(given, authorization(numberIn(name)))
	}
	respond(w, object{"authorizations": given, "page": 1, "per_page": 100, "total_pages": 1})
}

func (s *stub) accessGroups(w http.ResponseWriter, _ *http.Request) {
	var shaped []object
	for _, g := range groups() {
		shaped = append(shaped, object{"id": g.ID, "name": g.Name})
	}
	respond(w, object{"access_groups": shaped, "page": 1, "per_page": 100, "total_pages": 1})
}

// awaitRewritten waits until so many messages show the outcome.
func (s *stub) awaitRewritten(ctx context.Context, count int) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for s.rewritten.Load() < int64(count) {
		if err := wait(ctx, 5*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d messages show the outcome, and no more come: %w", s.rewritten.Load(), count, err)
		}
	}
	return nil
}

// check reports what a run must not leave behind.
func (s *stub) check(clicks int) error {
	if strange := s.strange.Load(); strange != nil {
		return errors.New(*strange)
	}
	if s.approved.Load() != int64(clicks) || s.rewritten.Load() != int64(clicks) || s.again.Load() != 0 {
		return fmt.Errorf("%d clicks made %d approvals, %d more of the same, and %d rewritten messages",
			clicks, s.approved.Load(), s.again.Load(), s.rewritten.Load())
	}
	return nil
}
