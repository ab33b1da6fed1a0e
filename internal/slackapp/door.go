package slackapp

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/keyring"
)

// Limits of the door.
const (
	// maxBody bounds what is read of a request; Slack's own are far smaller.
	maxBody = 1 << 20
	// signatureWindow is how far Slack's time may be from ours, both ways
	// (docs.slack.dev, verifying requests); replayWindow spans both ways.
	signatureWindow = 300 * time.Second
	replayWindow    = 2 * signatureWindow
)

// DoorWatch is told of what an operator should know of the door.
type DoorWatch interface {
	// Unverified is called for a request whose signature does not hold, with the
	// request's context.
	Unverified(ctx context.Context, err error)
	// Unknown is called for a verified payload that Frontdesk has no use for.
	Unknown(kind string)
	// Unanswered is called when a click could not be made durable in time, or
	// a form could not be opened. The context has the trail of the click.
	Unanswered(ctx context.Context, what string, err error)
}

// UnknownKinds lists what DoorWatch.Unknown is called with.
func UnknownKinds() []string {
	return []string{
		"action", "command", "envelope", "event", "form", "interaction", "options", "overflow", "unreadable",
	}
}

// UnansweredKinds lists what DoorWatch.Unanswered is called with.
func UnansweredKinds() []string {
	return []string{"acknowledgement", "click", "form", "options", "whisper"}
}

// Strangers bounds what is heard of callers that cannot prove who they are.
type Strangers interface {
	// Failed notes that a caller's proof does not hold, and reports whether that
	// is to be told to the operator: beyond some rate it is not.
	Failed(r *http.Request) (heard bool)
}

// Door takes in what Slack sends over HTTP. Its address is one for everything:
// interactions, options loads, commands and events.
type Door struct {
	secret *keyring.Ring[string]
	desk   *Reception
	watch  DoorWatch
	clock  approval.Clock

	strangers Strangers
	seen      seen
}

// NewDoor makes the door of a reception. Without a signing secret it stays
// closed: anybody can sign with an empty one. Good signatures are never limited,
// others as the strangers say.
func NewDoor(signingSecret string, desk *Reception, strangers Strangers, watch DoorWatch, clock approval.Clock) *Door {
	return &Door{
		secret: keyring.New(clock, signingSecret), desk: desk, watch: watch, clock: clock, strangers: strangers,
		seen: seen{at: map[string]time.Time{}},
	}
}

// Renew replaces the signing secret. The one before goes on being accepted for a
// while (package keyring); an empty one closes the door at once.
func (d *Door) Renew(signingSecret string) {
	if signingSecret == "" {
		d.secret.Set("")
		return
	}
	d.secret.Rotate(signingSecret)
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.secret.Key() == "" {
		http.NotFound(w, r)
		return
	}
	// The server lets no request on before all of it is there, so that a length
	// that somebody only claims takes no memory here.
	var read bytes.Buffer
	read.Grow(int(min(max(r.ContentLength, 0), maxBody)) + bytes.MinRead)
	if _, err := read.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		http.Error(w, "the body is too large or did not arrive", http.StatusRequestEntityTooLarge)
		return
	}
	body := read.Bytes()
	signature, err := d.verify(r.Header, body)
	if err != nil {
		if !d.strangers.Failed(r) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many requests with a wrong signature", http.StatusTooManyRequests)
			return
		}
		d.watch.Unverified(r.Context(), err)
		http.Error(w, "the signature does not verify", http.StatusUnauthorized)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), d.desk.bounds.answer)
	defer cancel()
	answer, err := d.take(ctx, r.Header.Get("Content-Type"), body, signature)
	if err != nil {
		http.Error(w, "this could not be recorded in time", http.StatusServiceUnavailable)
		return
	}
	respond(w, answer)
}

// verify checks Slack's signature over the raw body and gives it. It is our
// own because the window is measured on the clock we are given; the library's
// reads the machine's.
func (d *Door) verify(header http.Header, body []byte) (string, error) {
	timestamp := header.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return "", errors.New("there is no timestamp")
	}
	if d.clock().Sub(time.Unix(seconds, 0)).Abs() > signatureWindow {
		return "", errors.New("the timestamp is more than 5 minutes from now")
	}
	hexed, ok := strings.CutPrefix(header.Get("X-Slack-Signature"), "v0=")
	given, err := hex.DecodeString(hexed)
	if !ok || err != nil {
		return "", errors.New("there is no signature")
	}
	err = d.secret.Verify(func(secret string) error { return matches(given, secret, timestamp, body) })
	return hex.EncodeToString(given), err
}

// matches compares a signature with the one that a secret gives; an empty secret
// gives none.
func matches(given []byte, secret, timestamp string, body []byte) error {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:", timestamp)
	_, _ = mac.Write(body)
	if secret == "" || !hmac.Equal(mac.Sum(nil), given) {
		return errors.New("the signature does not match")
	}
	return nil
}

// take works on a verified body. A nil answer is an empty 200.
func (d *Door) take(ctx context.Context, contentType string, body []byte, signature string) (any, error) {
	if strings.HasPrefix(contentType, "application/json") {
		return d.takeEvent(body), nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		d.watch.Unknown("form")
		return nil, nil //nolint:nilnil,nilerr // what cannot be read is counted and answered
	}
	var p payload
	if err := json.Unmarshal([]byte(form.Get("payload")), &p); err != nil {
		d.watch.Unknown("unreadable")
		return nil, nil //nolint:nilnil,nilerr // what cannot be read is counted and answered
	}
	id := "slack:" + signature
	if p.Type == optionsLoad {
		// It changes nothing and has no trigger: somebody who types the same twice
		// in a second sends the same again, and wants the options again.
		return d.desk.take(ctx, p, id)
	}
	if !d.seen.first(signature, d.clock()) {
		return nil, nil //nolint:nilnil // a replay has no second effect
	}
	answer, err := d.desk.take(ctx, p, id)
	if err != nil {
		// What was not done may be tried again, with the same signature too.
		d.seen.forget(signature)
	}
	return answer, err
}

// takeEvent answers the Events API: its handshake, and nothing else yet.
func (d *Door) takeEvent(body []byte) any {
	var event struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(body, &event); err == nil && event.Type == "url_verification" {
		return map[string]string{"challenge": event.Challenge}
	}
	d.watch.Unknown("event")
	return nil
}

func respond(w http.ResponseWriter, answer any) {
	if answer == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer) // if Slack hung up there is nobody to tell
}

// seen remembers signatures for as long as they are accepted. It is a first
// line only: what a click does is also guarded by its id in the store.
type seen struct {
	mu     sync.Mutex
	at     map[string]time.Time
	purged time.Time
}

func (s *seen) first(signature string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A time ahead of us is of before the clock was put back. Its signature is
	// refused for its age by now, or guarded by its id in the store.
	if now.Sub(s.purged).Abs() > replayWindow {
		for old, at := range s.at {
			if now.Sub(at).Abs() > replayWindow {
				delete(s.at, old)
			}
		}
		s.purged = now
	}
	if _, ok := s.at[signature]; ok {
		return false
	}
	s.at[signature] = now
	return true
}

func (s *seen) forget(signature string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.at, signature)
}
