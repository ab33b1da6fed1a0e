package practiceslack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// status lets the app answer with a status and a header.
func (a *app) status(code int, header ...string) {
	a.answers(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	})
}

// events lists the deliveries of events.
func (w *world) events() []practiceslack.Delivery {
	var found []practiceslack.Delivery
	for _, d := range w.ws.Deliveries() {
		if d.Kind == "event" {
			found = append(found, d)
		}
	}
	return found
}

// TestEventIsGenuine lets slack-go verify and parse an event.
func TestEventIsGenuine(t *testing.T) {
	t.Parallel()
	w := start(t, practiceslack.Options{}) // by the real clock, as the verifier goes by it
	require.NoError(t, w.alice.OpenHome(t.Context()).Err())
	d := w.events()[0]
	require.Equal(t, "application/json", d.Header.Get("Content-Type"))
	require.Equal(t, http.StatusOK, d.Status)
	require.JSONEq(t, string(d.Body), string(d.Payload))
	require.Empty(t, d.Header.Get("X-Slack-Retry-Num"))
	verifier, err := slack.NewSecretsVerifier(d.Header, w.ws.SigningSecret())
	require.NoError(t, err)
	_, err = verifier.Write(d.Body)
	require.NoError(t, err)
	require.NoError(t, verifier.Ensure())

	var envelope slackevents.EventsAPICallbackEvent
	require.NoError(t, json.Unmarshal(d.Body, &envelope))
	require.Equal(t, slackevents.CallbackEvent, envelope.Type)
	require.Equal(t, []string{w.ws.TeamID(), "A0FRONTDESK"}, []string{envelope.TeamID, envelope.APIAppID})
	require.Regexp(t, "^Ev[A-Z0-9]{10}$", envelope.EventID)
	require.Equal(t, d.Time.Unix(), int64(envelope.EventTime))
	p := w.app.last()
	require.NotEmpty(t, p["token"])
	require.Equal(t, []any{map[string]any{
		"enterprise_id": nil, "team_id": w.ws.TeamID(), "user_id": w.ws.BotUserID(), "is_bot": true, "is_enterprise_install": false,
	}}, p["authorizations"])

	require.NoError(t, w.alice.OpenHome(t.Context()).Err())
	require.NotEqual(t, p["event_id"], w.app.last()["event_id"], "each event has an id of its own")
	_, waits := w.ws.NextRetry()
	require.False(t, waits, "what was taken is not sent again")
}

// TestEventRetries holds the whole schedule: at once, a minute later, five
// minutes later, and never again.
func TestEventRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.app.status(http.StatusInternalServerError)
	began := w.clock.Now()
	out := w.alice.OpenHome(t.Context())
	require.Equal(t, "This app responded with Status Code 500.", out.Error)
	require.Len(t, w.events(), 1, "nothing is retried by itself")
	next, waits := w.ws.NextRetry()
	require.True(t, waits)
	require.Equal(t, began, next)

	require.Equal(t, 1, w.ws.RetryEvents(t.Context()), "at once")
	require.Zero(t, w.ws.RetryEvents(t.Context()))
	next, _ = w.ws.NextRetry()
	require.Equal(t, began.Add(time.Minute), next)
	w.clock.Advance(time.Minute - time.Second)
	require.Zero(t, w.ws.RetryEvents(t.Context()), "not before its minute")
	w.clock.Advance(time.Second)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	w.clock.Advance(5*time.Minute - time.Second)
	require.Zero(t, w.ws.RetryEvents(t.Context()), "not before its five minutes")
	w.clock.Advance(time.Second)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	_, waits = w.ws.NextRetry()
	require.False(t, waits, "three times, and then never")
	w.clock.Advance(time.Hour)
	require.Zero(t, w.ws.RetryEvents(t.Context()))

	all := w.events()
	require.Len(t, all, 4)
	for i, d := range all {
		require.Equal(t, string(all[0].Body), string(d.Body), "the same event with the same id")
		require.Equal(t, w.ws.Sign(d.Body, d.Time).Get("X-Slack-Signature"), d.Header.Get("X-Slack-Signature"), "signed anew")
		if i == 0 {
			require.Empty(t, d.Header.Get("X-Slack-Retry-Num"))
			continue
		}
		require.Equal(t, strconv.Itoa(i), d.Header.Get("X-Slack-Retry-Num"))
		require.Equal(t, "http_error", d.Header.Get("X-Slack-Retry-Reason"))
	}
	require.Equal(t, began.Add(6*time.Minute), all[3].Time)
}

func TestEventIsTakenInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.app.status(http.StatusFound, "Location", "/elsewhere")
	require.False(t, w.alice.OpenHome(t.Context()).OK)
	w.clock.Advance(time.Second)
	require.False(t, w.bob.OpenHome(t.Context()).OK)
	w.app.status(http.StatusNoContent)
	require.Equal(t, 2, w.ws.RetryEvents(t.Context()))
	var users []any
	for _, d := range w.events()[2:] {
		var body map[string]any
		require.NoError(t, json.Unmarshal(d.Body, &body))
		users = append(users, at(t, body, "event", "user"))
		require.Equal(t, "http_error", d.Header.Get("X-Slack-Retry-Reason"), "a redirect is not a good answer")
		require.Empty(t, d.Error)
	}
	require.Equal(t, []any{"U1", "U2"}, users, "in the order in which they were due")
	_, waits := w.ws.NextRetry()
	require.False(t, waits)
}

func TestNoRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.app.status(http.StatusInternalServerError, "X-Slack-No-Retry", "1")
	require.False(t, w.alice.OpenHome(t.Context()).OK)
	require.Zero(t, w.ws.RetryEvents(t.Context()), "the app wants no more of it")

	w.app.status(http.StatusInternalServerError, "X-Slack-No-Retry", "0")
	require.False(t, w.alice.OpenHome(t.Context()).OK)
	w.app.status(http.StatusInternalServerError, "X-Slack-No-Retry", "1")
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()), "only 1 stops them")
	_, waits := w.ws.NextRetry()
	require.False(t, waits, "a retry's answer stops them too")
}

// TestRetryReasons lets each attempt fail in another way; the next one names it.
func TestRetryReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{DeliveryTimeout: time.Second}})
	w.app.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	require.Equal(t, "The app could not be reached.", w.alice.OpenHome(t.Context()).Error)

	release := make(chan struct{})
	w.app.answers(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	close(release)
	w.app.status(http.StatusOK)
	w.clock.Advance(time.Minute)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))

	all := w.events()
	require.Len(t, all, 3)
	require.Equal(t, "connection_failed", all[1].Header.Get("X-Slack-Retry-Reason"))
	require.Equal(t, "http_timeout", all[2].Header.Get("X-Slack-Retry-Reason"))
	require.Equal(t, "2", all[2].Header.Get("X-Slack-Retry-Num"))
	_, waits := w.ws.NextRetry()
	require.False(t, waits)
}

func TestRetriesCanBeLeftOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.app.status(http.StatusInternalServerError)
	require.False(t, w.alice.OpenHome(t.Context()).OK)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Zero(t, w.ws.RetryEvents(ctx))
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()), "nothing was lost by that")
}

// TestRetriesAtOnce looks for what is due from several sides: each event is sent
// once only.
func TestRetriesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.app.status(http.StatusInternalServerError)
	for range 10 {
		require.False(t, w.alice.OpenHome(t.Context()).OK)
	}
	var all sync.WaitGroup
	counts := make([]int, 4)
	for i := range counts {
		all.Go(func() { counts[i] = w.ws.RetryEvents(t.Context()) })
	}
	all.Wait()
	require.Equal(t, 10, counts[0]+counts[1]+counts[2]+counts[3])
	seen := map[string]bool{}
	for _, d := range w.events()[10:] {
		require.False(t, seen[string(d.Body)])
		seen[string(d.Body)] = true
	}
	require.Len(t, seen, 10)
}

func TestWaitingEventsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{MaxRecords: 3})
	w.app.status(http.StatusInternalServerError)
	for range 5 {
		require.False(t, w.alice.OpenHome(t.Context()).OK)
	}
	require.Equal(t, 3, w.ws.RetryEvents(t.Context()))
}

func TestEventsURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	events := &app{}
	door := httptest.NewServer(events)
	t.Cleanup(door.Close)
	w.ws.SetEventsURL(door.URL + "/events")
	require.NoError(t, w.alice.OpenHome(t.Context()).Err())
	require.Equal(t, []int{1, 0}, []int{events.count(), w.app.count()})
	require.Equal(t, door.URL+"/events", w.events()[0].URL)
	require.NoError(t, w.ws.Command(t.Context(), "U1", "C1", "/requests", "").Err())
	require.Equal(t, []int{1, 1}, []int{events.count(), w.app.count()}, "commands go their own way")
	w.ws.SetEventsURL("")
	require.NoError(t, w.alice.OpenHome(t.Context()).Err())
	require.Equal(t, []int{1, 2}, []int{events.count(), w.app.count()})
	w.ws.SetRequestURL("")
	out := w.alice.OpenHome(t.Context())
	require.Equal(t, "This app is not configured to take events.", out.Error)
	require.False(t, out.Delivered)
	_, waits := w.ws.NextRetry()
	require.False(t, waits, "what has nowhere to go does not wait")
}

func TestVerifyEventsURL(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind   string
		status int
		body   func(challenge string) string
		good   bool
	}{
		"plain":            {"text/plain; charset=utf-8", 200, func(c string) string { return c + "\n" }, true},
		"form":             {"application/x-www-form-urlencoded", 200, func(c string) string { return url.Values{"challenge": {c}}.Encode() }, true},
		"JSON":             {"application/json", 200, func(c string) string { return fmt.Sprintf(`{"challenge":%q}`, c) }, true},
		"JSON as text":     {"text/plain", 200, func(c string) string { return fmt.Sprintf(`{"challenge":%q}`, c) }, false},
		"text as JSON":     {"application/json", 200, func(c string) string { return c }, false},
		"JSON list":        {"application/json", 200, func(c string) string { return fmt.Sprintf(`[%q]`, c) }, false},
		"web page":         {"text/html", 200, func(c string) string { return c }, false},
		"another one":      {"text/plain", 200, func(string) string { return "challenge" }, false},
		"nothing":          {"text/plain", 200, func(string) string { return "" }, false},
		"with a bad state": {"text/plain", 403, func(c string) string { return c }, false},
		"refused":          {"text/plain", 403, func(string) string { return "no" }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, practiceslack.Options{})
			w.app.answers(func(rw http.ResponseWriter, r *http.Request) {
				var body struct{ Token, Challenge, Type string }
				if json.NewDecoder(r.Body).Decode(&body) != nil || body.Type != "url_verification" || body.Token == "" {
					rw.WriteHeader(http.StatusBadRequest)
					return
				}
				rw.Header().Set("Content-Type", c.kind)
				rw.WriteHeader(c.status)
				_, _ = io.WriteString(rw, c.body(body.Challenge))
			})
			out := w.ws.VerifyEventsURL(t.Context())
			require.Equal(t, c.good, out.OK, out.Error)
			require.Equal(t, c.status, out.Status)
			if c.status == 200 && !c.good {
				require.Equal(t, "Your URL didn't respond with the value of the challenge parameter.", out.Error)
			}
			if c.status != 200 {
				require.Equal(t, "This app responded with Status Code 403.", out.Error)
			}
			d, _ := w.ws.LastDelivery()
			require.Equal(t, "url_verification", d.Kind)
			require.Equal(t, w.ws.Sign(d.Body, d.Time).Get("X-Slack-Signature"), d.Header.Get("X-Slack-Signature"))
			_, waits := w.ws.NextRetry()
			require.False(t, waits, "a challenge is not repeated")
		})
	}
}
