package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/web"
)

func TestMain(m *testing.M) {
	// After a request that it did not read to its end, the server waits for half
	// a second, whatever becomes of the connection.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

const operator = "an-operators-word"

// doors are open doors that note who came.
type doors struct {
	web.Doors
	log  bytes.Buffer
	mu   sync.Mutex
	came []string
}

func (d *doors) note(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.came = append(d.came, what)
}

func newDoors() *doors {
	d := &doors{}
	log := logrus.New()
	log.SetOutput(&d.log)
	log.SetLevel(logrus.TraceLevel)
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "frontdesk_test_total", Help: "For the test."})
	registry.MustRegister(counter)
	counter.Inc()
	d.Doors = web.Doors{
		Slack: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { d.note("slack") }),
		Webhook: func(context.Context, http.Header, []byte) error {
			d.note("webhook")
			return nil
		},
		Poll: func(context.Context) (any, error) {
			d.note("poll")
			return map[string]int{"new": 2}, nil
		},
		Ready:    func(context.Context) map[string]error { return map[string]error{"store": nil} },
		APIToken: func() string { return operator }, Metrics: registry, Log: log, Strangers: web.NewStrangers(clock),
	}
	return d
}

// ask sends a request and returns the answer.
func (d *doors) ask(t *testing.T, method, path string, header http.Header, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, body)
	maps.Copy(r.Header, header)
	answer := httptest.NewRecorder()
	web.Routes(d.Doors).ServeHTTP(answer, r)
	return answer
}

func bearer(word string) http.Header { return http.Header{"Authorization": {"Bearer " + word}} }

func TestWhichDoorLeadsWhere(t *testing.T) {
	t.Parallel()
	const ok, noContent, notFound, notAllowed = 200, 204, 404, 405
	for path, c := range map[string]struct {
		leads string
		want  map[string]int
	}{
		"/slack/events":       {"slack", map[string]int{"POST": ok, "GET": notAllowed, "PUT": notAllowed, "DELETE": notAllowed, "HEAD": notAllowed}},
		"/slack/interactions": {"slack", map[string]int{"POST": ok, "GET": notAllowed}},
		"/slack/commands":     {"slack", map[string]int{"POST": ok, "GET": notAllowed}},
		"/slack/options":      {"slack", map[string]int{"POST": ok, "GET": notAllowed}},
		"/conveyor/webhook":   {"webhook", map[string]int{"POST": noContent, "GET": notAllowed}},
		"/conveyor/poll":      {"poll", map[string]int{"POST": ok, "GET": notAllowed}},
		"/healthz":            {"", map[string]int{"GET": ok, "POST": notAllowed}},
		"/readyz":             {"", map[string]int{"GET": ok, "POST": notAllowed}},
		"/metrics":            {"", map[string]int{"GET": ok, "POST": notAllowed}},
		"/":                   {"", map[string]int{"GET": notFound, "POST": notFound}},
		"/slack":              {"", map[string]int{"POST": notFound}},
		"/slack/events/":      {"", map[string]int{"POST": notFound}},
		"/slack/other":        {"", map[string]int{"POST": notFound}},
		"/conveyor":           {"", map[string]int{"POST": notFound}},
		"/debug/pprof/":       {"", map[string]int{"GET": notFound}},
		"/SLACK/EVENTS":       {"", map[string]int{"POST": notFound}},
		"//slack/events":      {"", map[string]int{"POST": notFound}},
		"/slack/../healthz":   {"", map[string]int{"GET": notFound}},
	} {
		for method, status := range c.want {
			t.Run(method+" "+path, func(t *testing.T) {
				t.Parallel()
				d := newDoors()
				answer := d.ask(t, method, path, bearer(operator), http.NoBody)
				require.Equal(t, status, answer.Code)
				require.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
				require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
				if c.leads != "" && status < 300 {
					require.Equal(t, []string{c.leads}, d.came)
				} else {
					require.Empty(t, d.came)
				}
			})
		}
	}
}

func TestThePollDoorIsTheOperators(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    string
		header http.Header
		status int
	}{
		"the word":                {operator, bearer(operator), 200},
		"no word is set":          {"", bearer(""), 404},
		"no word is set, nor was": {"", nil, 404},
		"no header":               {operator, nil, 401},
		"an empty word":           {operator, bearer(""), 401},
		"another word":            {operator, bearer("another"), 401},
		"a longer word":           {operator, bearer(operator + "x"), 401},
		"a shorter word":          {operator, bearer(operator[:5]), 401},
		"a blank behind":          {operator, bearer(operator + " "), 401},
		"another scheme":          {operator, http.Header{"Authorization": {"Basic " + operator}}, 401},
		"no scheme":               {operator, http.Header{"Authorization": {operator}}, 401},
		"another header":          {operator, http.Header{"X-Api-Key": {operator}}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoors()
			d.APIToken = func() string { return c.set }
			answer := d.ask(t, http.MethodPost, "/conveyor/poll", c.header, http.NoBody)
			require.Equal(t, c.status, answer.Code)
			if c.status == http.StatusOK {
				require.JSONEq(t, `{"new":2}`, answer.Body.String())
				return
			}
			require.Empty(t, d.came)
			require.NotContains(t, answer.Body.String(), operator)
			require.NotContains(t, d.log.String(), operator)
			if c.status == http.StatusUnauthorized {
				require.Equal(t, "Bearer", answer.Header().Get("WWW-Authenticate"))
			}
		})
	}
	d := newDoors()
	require.Equal(t, http.StatusUnauthorized, d.ask(t, http.MethodPost, "/conveyor/poll?token="+operator, nil, http.NoBody).Code,
		"a word in an address ends in somebody's log")
}

func TestAPollThatFailsIsSaidAndNotExplainedToTheCaller(t *testing.T) {
	t.Parallel()
	d := newDoors()
	d.Poll = func(context.Context) (any, error) { return nil, errors.New("dial tcp 10.0.0.7: refused") }
	answer := d.ask(t, http.MethodPost, "/conveyor/poll", bearer(operator), http.NoBody)
	require.Equal(t, http.StatusBadGateway, answer.Code)
	require.NotContains(t, answer.Body.String(), "10.0.0.7")
	require.Contains(t, d.log.String(), "10.0.0.7")
	require.NotContains(t, d.log.String(), operator)
}

func TestTheWebhookDoor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		logged bool
	}{
		"taken":       {nil, 204, false},
		"closed":      {fmt.Errorf("no secret: %w", web.ErrClosed), 404, false},
		"not genuine": {fmt.Errorf("%w: the signature very-secret", web.ErrNotGenuine), 401, false},
		"trouble":     {errors.New("the store is busy"), 503, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoors()
			var got []byte
			var from http.Header
			d.Webhook = func(_ context.Context, header http.Header, body []byte) error {
				got, from = body, header
				return c.err
			}
			answer := d.ask(t, http.MethodPost, "/conveyor/webhook", http.Header{"Svix-Signature": {"v1,very-secret"}}, strings.NewReader(`{"a":1}`))
			require.Equal(t, c.status, answer.Code)
			require.Equal(t, `{"a":1}`, string(got))
			require.Equal(t, "v1,very-secret", from.Get("svix-signature"))
			require.NotContains(t, answer.Body.String(), "very-secret")
			require.NotContains(t, answer.Body.String(), "busy")
			require.NotContains(t, d.log.String(), "very-secret")
			require.Equal(t, c.logged, strings.Contains(d.log.String(), "busy"))
		})
	}
}

func TestAWebhookMayHaveOneMegabyteAndNoMore(t *testing.T) {
	t.Parallel()
	d := newDoors()
	require.Equal(t, http.StatusNoContent, d.ask(t, http.MethodPost, "/conveyor/webhook", nil, strings.NewReader(strings.Repeat("x", 1<<20))).Code)
	require.Equal(t, http.StatusRequestEntityTooLarge,
		d.ask(t, http.MethodPost, "/conveyor/webhook", nil, strings.NewReader(strings.Repeat("x", 1<<20+1))).Code)
	require.Len(t, d.came, 1)
}

func TestReadinessNamesEachPart(t *testing.T) {
	t.Parallel()
	d := newDoors()
	d.Ready = func(context.Context) map[string]error {
		return map[string]error{"store": nil, "slack": errors.New("the token is not accepted"), "conveyor": nil, "jobs": nil}
	}
	answer := d.ask(t, http.MethodGet, "/readyz", nil, http.NoBody)
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.JSONEq(t, `{"store":"ok","slack":"the token is not accepted","conveyor":"ok","jobs":"ok"}`, answer.Body.String())
	require.Equal(t, http.StatusOK, d.ask(t, http.MethodGet, "/healthz", nil, http.NoBody).Code, "it is alive all the same")

	d.Ready = func(context.Context) map[string]error { return map[string]error{"store": nil, "slack": nil} }
	answer = d.ask(t, http.MethodGet, "/readyz", nil, http.NoBody)
	require.Equal(t, http.StatusOK, answer.Code)
	require.JSONEq(t, `{"store":"ok","slack":"ok"}`, answer.Body.String())
}

func TestWhatAMachineReadsSaysSo(t *testing.T) {
	t.Parallel()
	d := newDoors()
	for _, path := range []string{"/healthz", "/readyz"} {
		answer := d.ask(t, http.MethodGet, path, nil, http.NoBody)
		require.Equal(t, "application/json; charset=utf-8", answer.Header().Get("Content-Type"))
		require.True(t, json.Valid(answer.Body.Bytes()))
	}
	require.Contains(t, d.ask(t, http.MethodGet, "/metrics", nil, http.NoBody).Body.String(), "frontdesk_test_total 1")
}

func TestAPanicEndsOneRequestOnly(t *testing.T) {
	t.Parallel()
	for name, thrown := range map[string]any{
		"a text": "the reason very-secret", "an error": errors.New("very-secret"), "what cannot be compared": []string{"very-secret"},
		"a map": map[string]int{"very-secret": 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoors()
			d.Slack = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(thrown) })
			answer := d.ask(t, http.MethodPost, "/slack/events", nil, http.NoBody)
			require.Equal(t, http.StatusInternalServerError, answer.Code)
			require.Contains(t, d.log.String(), "/slack/events")
			require.NotContains(t, d.log.String()+answer.Body.String(), "very-secret", "what panicked may hold what a client sent")
			require.Equal(t, http.StatusOK, d.ask(t, http.MethodGet, "/healthz", nil, http.NoBody).Code)
		})
	}
	d := newDoors()
	d.Slack = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { d.ask(t, http.MethodPost, "/slack/events", nil, http.NoBody) },
		"the server knows what to do with this one")
	require.Empty(t, d.log.String())
}

func TestNoSecretIsInTheLog(t *testing.T) {
	t.Parallel()
	d := newDoors()
	header := http.Header{
		"Authorization": {"Bearer very-secret"}, "X-Slack-Signature": {"v0=very-secret"}, "Svix-Signature": {"v1,very-secret"},
		"Cookie": {"s=very-secret"},
	}
	for _, path := range []string{"/slack/events", "/conveyor/webhook", "/conveyor/poll", "/readyz", "/nothing"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			d.ask(t, method, path+"?token=very-secret", header, strings.NewReader("payload=very-secret"))
		}
	}
	require.NotContains(t, d.log.String(), "very-secret")
}

func TestTheServerHasLimits(t *testing.T) {
	t.Parallel()
	server := web.Server(web.Routes(newDoors().Doors))
	for name, limit := range map[string]time.Duration{
		"ReadHeaderTimeout": server.ReadHeaderTimeout, "ReadTimeout": server.ReadTimeout,
		"WriteTimeout": server.WriteTimeout, "IdleTimeout": server.IdleTimeout,
	} {
		require.Positive(t, limit, name)
	}
	require.Greater(t, server.WriteTimeout, 80*time.Second, "a poll on demand takes that long")

	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for size, status := range map[int]int{1 << 10: http.StatusOK, 128 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/healthz", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("X-Long", strings.Repeat("x", size))
		answer, err := client.Do(r)
		require.NoError(t, err)
		require.Equal(t, status, answer.StatusCode)
		require.NoError(t, answer.Body.Close())
	}
	require.NoError(t, server.Shutdown(t.Context()))
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
