package conveyor_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	requester      = "grace@northwind.example"
	ada            = "ada@vendor.example"
	authorizations = "/exchange/authorizations"
	requests       = "/exchange/authorization_requests"
)

// now is the time of all tests here.
func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// world is a practice room and the connector to it.
type world struct {
	*conveyor.Conveyor
	t    *testing.T
	room *practiceconveyor.Room
}

func newWorld(t *testing.T, changes ...func(*practiceconveyor.Options, *conveyor.Settings)) *world {
	t.Helper()
	o := practiceconveyor.Options{Clock: now, Seed: 1}
	var s conveyor.Settings
	for _, change := range changes {
		change(&o, &s)
	}
	w := &world{t: t, room: practiceconveyor.New(o)}
	server := httptest.NewServer(w.room.Handler())
	t.Cleanup(func() {
		w.room.Close()
		server.Close()
	})
	s.APIURL, s.Key = server.URL+practiceconveyor.BasePath, w.room.Key()
	var err error
	w.Conveyor, err = conveyor.New(s, now, "frontdesk/test")
	require.NoError(t, err)
	return w
}

// asks files a request and gives it as Frontdesk would have it.
func (w *world) asks() approval.Request {
	w.t.Helper()
	id := w.room.Request(practiceconveyor.Requester{Email: requester})
	return approval.Request{ID: "r1", Source: conveyor.Source, ExternalID: id, Requester: requester, State: approval.Pending}
}

// group adds a group to the room.
func (w *world) group(name string) approval.Group {
	return approval.Group{ID: w.room.AddGroup(name), Name: name}
}

// inRoom gives a request as the room has it.
func (w *world) inRoom(id string) practiceconveyor.Request {
	w.t.Helper()
	for _, r := range w.room.Requests() {
		if r.ID == id {
			return r
		}
	}
	w.t.Fatalf("no request %q in the room", id)
	return practiceconveyor.Request{}
}

func (w *world) fault(method, path string, kind practiceconveyor.Kind, times int) {
	w.room.Fault(practiceconveyor.Fault{Method: method, PathPrefix: path, Kind: kind, Times: times})
}

// approved is the request with Ada's approval.
func approved(r approval.Request, groups ...approval.Group) approval.Request {
	r.State = approval.Approving
	r.Decision = &approval.Decision{
		ID: "click", Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U0ADA", Email: ada}, At: now(), Groups: groups,
	}
	return r
}

// rejected is the request with Ada's rejection.
func rejected(r approval.Request) approval.Request {
	r = approved(r)
	r.State, r.Decision.Verb, r.Decision.Note = approval.Rejecting, approval.Reject, "We do not know them."
	return r
}

// script is a Conveyor that answers each "METHOD path" with a fixed status and
// body; what it lacks gives 404. The path is without the base.
type script map[string]string

// scripted gives a connector to a script and the calls that were made.
func scripted(t *testing.T, s script, changes ...func(*conveyor.Settings)) (*conveyor.Conveyor, *calls) {
	t.Helper()
	made := &calls{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := r.Method + " " + r.URL.Path
		made.add(call)
		body, ok := s[call]
		status := http.StatusOK
		switch {
		case !ok:
			status = http.StatusNotFound
		case body == "403":
			status, body = http.StatusForbidden, ""
		case body == "503":
			status, body = http.StatusServiceUnavailable, ""
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	settings := conveyor.Settings{APIURL: server.URL, Key: "a-key"}
	for _, change := range changes {
		change(&settings)
	}
	c, err := conveyor.New(settings, now, "frontdesk/test")
	require.NoError(t, err)
	return c, made
}

type calls struct {
	mu  sync.Mutex
	all []string
}

func (c *calls) add(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, call)
}

func (c *calls) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.all...)
}

// refusal gives the refusal of an error, which must have one.
func refusal(t *testing.T, err error) approval.Refusal {
	t.Helper()
	refused, ok := errors.AsType[*approval.RefusedError](err)
	require.True(t, ok, "%v is no refusal", err)
	_, passing := errors.AsType[*approval.PassingError](err)
	require.False(t, passing, "%v is both", err)
	return refused.Refusal
}

// passing gives the passing trouble of an error, which must be of that kind.
func passing(t *testing.T, err error) *approval.PassingError {
	t.Helper()
	p, ok := errors.AsType[*approval.PassingError](err)
	require.True(t, ok, "%v is no passing trouble", err)
	return p
}

func page(name string, records ...string) string {
	return `{"` + name + `":[` + strings.Join(records, ",") + `],"page":1,"per_page":100,"total_pages":1}`
}
