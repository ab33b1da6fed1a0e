package practiceconveyor

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	webhookTimeout = 10 * time.Second
	keptDeliveries = 200
)

// WebhookShape is the form of the payload, which Conveyor does not publish.
type WebhookShape int

// The forms that a receiver should understand.
const (
	// ShapeEnvelope is {type, id, timestamp, data}.
	ShapeEnvelope WebhookShape = iota
	// ShapeEventEnvelope is the same with event_type and event_id.
	ShapeEventEnvelope
	// ShapeFlat is the request itself.
	ShapeFlat
)

// Webhook is where and how access.requested is sent.
type Webhook struct {
	URL string
	// Secret is whsec_ followed by base64.
	Secret string
	Shape  WebhookShape
	// StandardHeaders sends webhook-id, webhook-timestamp and webhook-signature instead of svix-….
	StandardHeaders bool
}

// Delivery is one attempt to send a webhook.
type Delivery struct {
	RequestID string
	// MessageID is the same whenever the same request is sent again.
	MessageID string
	// Number counts the room's attempts and is an attempt's own.
	Number int
	// Header and Body are what was sent.
	Header http.Header
	Body   []byte
	// Status is zero when no answer came; Err then says why.
	Status int
	Err    string
	// Answer is the body of the answer, cut at 4096 characters.
	Answer string
	// Time is when it was over, Duration how long it took.
	Time     time.Time
	Duration time.Duration
}

// SetWebhook sets where webhooks go from now on; one without a URL turns them off. What a process before was about to
// send when it ended is sent now.
func (r *Room) SetWebhook(w Webhook) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(w.Secret, "whsec_"))
	if w.URL != "" && (err != nil || len(key) == 0 || !strings.HasPrefix(w.Secret, "whsec_")) {
		return errors.New("set the webhook: its secret must be whsec_ followed by base64")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.webhook, r.webhookKey = w, key
	if w.URL == "" || r.closed {
		return nil
	}
	for _, id := range r.owed {
		r.sends.Add(1)
		go r.sendLater(id)
	}
	r.owed = nil
	return nil
}

// SendWebhook sends a request's webhook now, again if need be, waits for the answer and returns it. Unlike Conveyor it
// never retries on its own. An answer that is not 2xx is no error.
func (r *Room) SendWebhook(ctx context.Context, id string) (Delivery, error) {
	sent, delivery, err := r.prepareWebhook(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	response, err := r.client.Do(sent)
	if err == nil {
		delivery.Status = response.StatusCode
		var answer []byte
		answer, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
		delivery.Answer = bounded(string(answer), keptCallText)
		_ = response.Body.Close()
	}
	if err != nil {
		delivery.Err = err.Error()
		err = fmt.Errorf("send the webhook of request %q: %w", id, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	began := delivery.Time
	delivery.Time = r.clock()
	delivery.Number, delivery.Duration = r.attempts, delivery.Time.Sub(began)
	r.attempts++
	r.deliveries = append(r.deliveries, delivery)
	if len(r.deliveries) > keptDeliveries {
		r.deliveries = append(r.deliveries[:0:0], r.deliveries[1:]...)
	}
	r.publish(EventWebhookSent, id)
	return delivery, err
}

// Deliveries returns the last 200 attempts, the oldest first.
func (r *Room) Deliveries() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery{}, r.deliveries...)
}

func (r *Room) sendInBackground(open context.Context, id string) {
	defer r.sends.Done()
	ctx, cancel := context.WithTimeout(open, webhookTimeout)
	defer cancel()
	// What came of it is among the deliveries.
	_, _ = r.SendWebhook(ctx, id)
	if open.Err() != nil {
		return // it was cut short: the next process sends it
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsent.remove(id)
}

// prepareWebhook gives a request to send, and its delivery as far as it is known then: Time is when it begins.
func (r *Room) prepareWebhook(ctx context.Context, id string) (sent *http.Request, d Delivery, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	request := r.requests.get(id)
	if request == nil {
		return nil, d, fmt.Errorf("send the webhook of request %q: %w", id, ErrUnknown)
	}
	if r.webhook.URL == "" {
		return nil, d, fmt.Errorf("send the webhook of request %q: no webhook is set", id)
	}
	known := r.messageIDs.get(id)
	if known == nil {
		known = new("msg_" + strings.ReplaceAll(r.newID(), "-", ""))
		r.messageIDs.put(id, known)
	}
	messageID := *known
	now := r.clock()
	body, err := json.Marshal(r.webhookBody(request, messageID, now))
	if err != nil {
		return nil, d, fmt.Errorf("encode the webhook of request %q: %w", id, err)
	}
	sent, err = http.NewRequestWithContext(ctx, http.MethodPost, r.webhook.URL, bytes.NewReader(body))
	if err != nil {
		return nil, d, fmt.Errorf("address the webhook of request %q: %w", id, err)
	}
	prefix := "svix-"
	if r.webhook.StandardHeaders {
		prefix = "webhook-"
	}
	at := strconv.FormatInt(now.Unix(), 10)
	sent.Header.Set("Content-Type", "application/json")
	sent.Header.Set(prefix+"id", messageID)
	sent.Header.Set(prefix+"timestamp", at)
	sent.Header.Set(prefix+"signature", signature(r.webhookKey, messageID, at, body))
	return sent, Delivery{RequestID: id, MessageID: messageID, Header: sent.Header.Clone(), Body: body, Time: now}, nil
}

func signature(key []byte, messageID, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(messageID + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Genuine says whether a delivery's signature is the one that its body, its id and its timestamp have with the secret
// of the webhook that is set.
func (r *Room) Genuine(d Delivery) bool {
	r.mu.Lock()
	key := r.webhookKey
	r.mu.Unlock()
	for _, prefix := range []string{"svix-", "webhook-"} {
		if given := d.Header.Get(prefix + "signature"); given != "" {
			right := signature(key, d.Header.Get(prefix+"id"), d.Header.Get(prefix+"timestamp"), d.Body)
			return hmac.Equal([]byte(right), []byte(given))
		}
	}
	return false
}

func (r *Room) webhookBody(request *Request, messageID string, now time.Time) map[string]any {
	flat := r.requestBody(request)
	const event = "access.requested"
	switch r.webhook.Shape {
	case ShapeEnvelope:
		return map[string]any{"type": event, "id": messageID, "timestamp": timestamp(now), "data": flat}
	case ShapeEventEnvelope:
		return map[string]any{"event_type": event, "event_id": messageID, "data": flat}
	case ShapeFlat:
	}
	return flat
}
