// Package web is Frontdesk's HTTP side: which door leads where.
//
// It may import chi, the metrics library, golang.org/x/time and the standard
// library. It promises that every route stands in this file, that a panic ends
// one request and not the process, that operators' doors are closed unless a
// token is set, that clients which are slow, many or excessive cost bounded
// memory and keep nobody out, and that who cannot prove who they are is limited
// by their address and nobody else is.
package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sirupsen/logrus"
)

// Timeouts and limits of the server.
const (
	// ReadHeaderTimeout bounds how long a client may take for its headers. Slack
	// itself waits for 3 seconds only, for the whole exchange.
	ReadHeaderTimeout = 3 * time.Second
	// ReadTimeout bounds how long a client may take for a whole request.
	ReadTimeout = 5 * time.Second
	// WriteTimeout bounds a whole exchange; the longest is a poll on demand.
	WriteTimeout = 90 * time.Second
	// IdleTimeout is how long a kept connection may rest.
	IdleTimeout = 2 * time.Minute
	// pagesAtOnce is how many may read at once what anybody may read.
	pagesAtOnce = 4
	// MaxHeaderBytes bounds a request's headers.
	MaxHeaderBytes = 16 << 10
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
	// APIToken gives what opens the operators' doors; empty keeps them closed.
	APIToken func() string
	Metrics  prometheus.Gatherer
	Log      *logrus.Logger
	// Strangers bounds what is heard of those who cannot prove who they are.
	Strangers *Strangers
	// Proxies are those that are believed when they name the client.
	Proxies []netip.Prefix
}

// Errors of Doors.Webhook.
var (
	ErrClosed     = errors.New("this door is closed")
	ErrNotGenuine = errors.New("the signature does not verify")
)

// Routes gives all of Frontdesk's routes.
func Routes(d Doors) http.Handler {
	r := chi.NewRouter()
	r.Use(harden, locate(d.Proxies), whole, d.recoverPanic)
	for _, door := range []string{"/slack/events", "/slack/interactions", "/slack/commands", "/slack/options"} {
		r.Method(http.MethodPost, door, d.Slack)
	}
	r.Post("/conveyor/webhook", d.webhook)
	r.Post("/conveyor/poll", d.poll)
	pages := r.With(d.Strangers.readers, few(pagesAtOnce))
	pages.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	pages.Get("/readyz", d.ready)
	pages.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(d.Metrics, promhttp.HandlerOpts{}))
	return r
}

func (d Doors) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the body did not arrive", http.StatusRequestTimeout)
		return
	}
	err = d.Webhook(r.Context(), r.Header, body)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrClosed):
		http.NotFound(w, r)
	case errors.Is(err, ErrNotGenuine) && !d.Strangers.Failed(r):
		tooMany(w, "too many requests with a wrong signature")
	case errors.Is(err, ErrNotGenuine):
		// What is wrong with it may quote what was sent.
		d.Log.WithField("client", ClientAddress(r.Context())).Warn("a webhook does not come from its sender, or CONVEYOR_WEBHOOK_SECRET is wrong")
		http.Error(w, "the signature does not verify", http.StatusUnauthorized)
	default:
		d.Log.WithError(err).Warn("a webhook could not be taken in; its sender will send it again")
		http.Error(w, "not taken in; send it again", http.StatusServiceUnavailable)
	}
}

func (d Doors) poll(w http.ResponseWriter, r *http.Request) {
	right := d.APIToken()
	if right == "" {
		http.NotFound(w, r)
		return
	}
	if d.Strangers.barred(r) { // who guesses is not told when they are right
		tooMany(w, "too many wrong tokens from this address; ask again later")
		return
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(right)) != 1 {
		if d.Strangers.Failed(r) {
			d.Log.WithField("client", ClientAddress(r.Context())).Warn("somebody asked at an operators' door without the FRONTDESK_API_TOKEN")
		}
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

// harden sets headers that keep a browser, and what lies on the way, from doing
// anything with an answer. No answer is a page for a browser.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// recoverPanic keeps a panic from ending the process. What panicked may hold
// anything a client sent, so only its type is logged.
func (d Doors) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := ClientAddress(r.Context())
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				d.Log.WithFields(logrus.Fields{"path": r.URL.Path, "client": client}).Errorf("a request made Frontdesk panic (%T)", p)
				http.Error(w, "something went wrong inside Frontdesk", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// Server gives a server with Frontdesk's limits. It speaks HTTP/1.1 only: all
// that comes is a few small requests, and a connection that carries one at a
// time can be bounded and cut by itself.
func Server(handler http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Protocols: &protocols,
		Handler:   handler, ReadHeaderTimeout: ReadHeaderTimeout, ReadTimeout: ReadTimeout,
		WriteTimeout: WriteTimeout, IdleTimeout: IdleTimeout, MaxHeaderBytes: MaxHeaderBytes,
	}
}
