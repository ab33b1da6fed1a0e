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
	// Status is zero when no answer came; Err then says why.
	Status int
	Err    string
	Time   time.Time
}

// SetWebhook sets where webhooks go from now on; one without a URL turns them off.
func (r *Room) SetWebhook(w Webhook) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(w.Secret, "whsec_"))
	if w.URL != "" && (err != nil || len(key) == 0 || !strings.HasPrefix(w.Secret, "whsec_")) {
		return errors.New("set the webhook: its secret must be whsec_ followed by base64")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.webhook, r.webhookKey = w, key
	return nil
}

// SendWebhook sends a request's webhook now, again if need be, waits for the answer and returns it. Unlike Conveyor it
// never retries on its own. An answer that is not 2xx is no error.
func (r *Room) SendWebhook(ctx context.Context, id string) (Delivery, error) {
	sent, messageID, err := r.prepareWebhook(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	delivery := Delivery{RequestID: id, MessageID: messageID}
	response, err := r.client.Do(sent)
	if err == nil {
		delivery.Status = response.StatusCode
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxBody))
		_ = response.Body.Close()
	}
	if err != nil {
		delivery.Err = err.Error()
		err = fmt.Errorf("send the webhook of request %q: %w", id, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delivery.Time = r.clock()
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
}

func (r *Room) prepareWebhook(ctx context.Context, id string) (sent *http.Request, messageID string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	request := r.requests.get(id)
	if request == nil {
		return nil, "", fmt.Errorf("send the webhook of request %q: %w", id, ErrUnknown)
	}
	if r.webhook.URL == "" {
		return nil, "", fmt.Errorf("send the webhook of request %q: no webhook is set", id)
	}
	known := r.messageIDs.get(id)
	if known == nil {
		known = new("msg_" + strings.ReplaceAll(r.newID(), "-", ""))
		r.messageIDs.put(id, known)
	}
	messageID = *known
	now := r.clock()
	body, err := json.Marshal(r.webhookBody(request, messageID, now))
	if err != nil {
		return nil, "", fmt.Errorf("encode the webhook of request %q: %w", id, err)
	}
	sent, err = http.NewRequestWithContext(ctx, http.MethodPost, r.webhook.URL, bytes.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("address the webhook of request %q: %w", id, err)
	}
	prefix := "svix-"
	if r.webhook.StandardHeaders {
		prefix = "webhook-"
	}
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, r.webhookKey)
	mac.Write([]byte(messageID + "." + at + "."))
	mac.Write(body)
	sent.Header.Set("Content-Type", "application/json")
	sent.Header.Set(prefix+"id", messageID)
	sent.Header.Set(prefix+"timestamp", at)
	sent.Header.Set(prefix+"signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return sent, messageID, nil
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
