// Package web is Frontdesk's HTTP side: which door leads where.
//
// It may import chi, the metrics library and the standard library. It promises
// that every route stands in this file, that a panic ends one request and not
// the process, and that operators' doors are closed unless a token is set.
package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sirupsen/logrus"
)

// Timeouts and limits of the server.
const (
	// ReadHeaderTimeout bounds how long a client may take for its headers.
	ReadHeaderTimeout = 5 * time.Second
	// ReadTimeout bounds how long a client may take for a whole request.
	ReadTimeout = 10 * time.Second
	// WriteTimeout bounds a whole exchange; the longest is a poll on demand.
	WriteTimeout = 90 * time.Second
	// IdleTimeout is how long a kept connection may rest.
	IdleTimeout = 2 * time.Minute
	// MaxHeaderBytes bounds a request's headers.
	MaxHeaderBytes = 64 << 10
	// maxWebhook bounds a webhook's body.
	maxWebhook = 1 << 20
)

// Doors is what the routes lead to.
type Doors struct {
	// Slack takes everything that Slack sends.
	Slack http.Handler
	// Webhook takes the body of an outside system's webhook. The errors are
	// ErrClosed, ErrNotGenuine, or anything else for "send it again".
	Webhook func(ctx context.Context, header http.Header, body []byte) error
	// Poll looks for new requests at once and gives what it found.
	Poll func(ctx context.Context) (any, error)
	// Ready gives each part's trouble by the part's name, nil for none.
	Ready func(ctx context.Context) map[string]error
	// APIToken opens the operators' doors; empty keeps them closed.
	APIToken string
	Metrics  prometheus.Gatherer
	Log      *logrus.Logger
}

// Errors of Doors.Webhook.
var (
	ErrClosed     = errors.New("this door is closed")
	ErrNotGenuine = errors.New("the signature does not verify")
)

// Routes gives all of Frontdesk's routes.
func Routes(d Doors) http.Handler {
	r := chi.NewRouter()
	r.Use(d.recoverPanic, harden)
	for _, door := range []string{"/slack/events", "/slack/interactions", "/slack/commands", "/slack/options"} {
		r.Method(http.MethodPost, door, d.Slack)
	}
	r.Post("/conveyor/webhook", d.webhook)
	r.Post("/conveyor/poll", d.poll)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	r.Get("/readyz", d.ready)
	r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(d.Metrics, promhttp.HandlerOpts{}))
	return r
}

func (d Doors) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		http.Error(w, "the body is too large or did not arrive", http.StatusRequestEntityTooLarge)
		return
	}
	err = d.Webhook(r.Context(), r.Header, body)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrClosed):
		http.NotFound(w, r)
	case errors.Is(err, ErrNotGenuine):
		http.Error(w, "the signature does not verify", http.StatusUnauthorized)
	default:
		d.Log.WithError(err).Warn("a webhook could not be taken in; its sender will send it again")
		http.Error(w, "not taken in; send it again", http.StatusServiceUnavailable)
	}
}

func (d Doors) poll(w http.ResponseWriter, r *http.Request) {
	if d.APIToken == "" {
		http.NotFound(w, r)
		return
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(d.APIToken)) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "give the FRONTDESK_API_TOKEN as a bearer token", http.StatusUnauthorized)
		return
	}
	found, err := d.Poll(r.Context())
	if err != nil {
		d.Log.WithError(err).Warn("a poll on demand failed")
		answer(w, http.StatusBadGateway, map[string]string{"error": "the poll failed; the log says why"})
		return
	}
	answer(w, http.StatusOK, found)
}

// ready names each part with "ok" or its trouble. The status is 503 if any
// part has trouble.
func (d Doors) ready(w http.ResponseWriter, r *http.Request) {
	status, parts := http.StatusOK, map[string]string{}
	for part, err := range d.Ready(r.Context()) {
		parts[part] = "ok"
		if err != nil {
			status, parts[part] = http.StatusServiceUnavailable, err.Error()
		}
	}
	answer(w, status, parts)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // if the client hung up there is nobody to tell
}

// harden sets headers that keep a browser from doing anything with an answer.
func harden(next http.Handler) http.Handler {
	return middleware.SetHeader("X-Content-Type-Options", "nosniff")(
		middleware.SetHeader("Cache-Control", "no-store")(next))
}

// recoverPanic keeps a panic from ending the process. What panicked may hold
// anything a client sent, so only its type is logged.
func (d Doors) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				d.Log.WithField("path", r.URL.Path).Errorf("a request made Frontdesk panic (%T)", p)
				http.Error(w, "something went wrong inside Frontdesk", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// Server gives a server with Frontdesk's limits.
func Server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: ReadHeaderTimeout, ReadTimeout: ReadTimeout,
		WriteTimeout: WriteTimeout, IdleTimeout: IdleTimeout, MaxHeaderBytes: MaxHeaderBytes,
	}
}
