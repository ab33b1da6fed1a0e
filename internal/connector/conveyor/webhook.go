package conveyor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector"
)

// webhookWindow is how far a webhook's time may be from ours, both ways: what
// Svix, who delivers Conveyor's webhooks, recommends.
const webhookWindow = 5 * time.Minute

type webhook struct {
	verifier *standardwebhooks.Webhook
	clock    approval.Clock
}

func newWebhook(secret string, clock approval.Clock) (*webhook, error) {
	if secret == "" {
		return nil, nil //nolint:nilnil // switched off
	}
	// An empty key would verify what anybody can sign.
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		// The decoder's error can quote a part of the secret.
		return nil, errors.New("set up the Conveyor webhook: CONVEYOR_WEBHOOK_SECRET is not whsec_ followed by base64")
	}
	verifier, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return nil, errors.New("set up the Conveyor webhook: the secret is not usable")
	}
	return &webhook{verifier: verifier, clock: clock}, nil
}

// ReadWebhook implements connector.Connector. The payload is not documented:
// an envelope and a flat body are both understood, and the id is only a hint.
func (c *Conveyor) ReadWebhook(header http.Header, body []byte) (string, error) {
	if c.webhook.Key() == nil {
		return "", connector.ErrNoWebhook
	}
	err := c.webhook.Verify(func(w *webhook) error { return w.verify(header, body) })
	if err != nil {
		return "", fmt.Errorf("%w: %w", connector.ErrNotGenuine, err)
	}
	return requestIn(body), nil
}

// RenewWebhook replaces the webhook's secret. The one before goes on being
// accepted for a while (package keyring); an empty one switches webhooks off at
// once. On an error all stays as it was.
func (c *Conveyor) RenewWebhook(secret string) error {
	hook, err := newWebhook(secret, c.clock)
	switch {
	case err != nil:
		return err
	case hook == nil:
		c.webhook.Set(nil)
	default:
		c.webhook.Rotate(hook)
	}
	return nil
}

// verify checks the signature. The headers are seen with two prefixes; the
// window is checked here, with our clock. Without a secret nothing verifies.
func (w *webhook) verify(header http.Header, body []byte) error {
	if w == nil {
		return errors.New("there is no secret")
	}
	standard := http.Header{}
	for _, name := range []string{"id", "timestamp", "signature"} {
		value := header.Get("svix-" + name)
		if value == "" {
			value = header.Get("webhook-" + name)
		}
		standard.Set("webhook-"+name, value)
	}
	if err := w.verifier.VerifyIgnoringTimestamp(body, standard); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	seconds, err := strconv.ParseInt(standard.Get("webhook-timestamp"), 10, 64)
	if err != nil {
		return errors.New("the timestamp is not a number")
	}
	if w.clock().Sub(time.Unix(seconds, 0)).Abs() > webhookWindow {
		return errors.New("the timestamp is too far from now")
	}
	return nil
}

// requestIn gives the request's id in a webhook's body, empty if there is none
// that is certain enough.
func requestIn(body []byte) string {
	type flat struct {
		ID        text `json:"id"`
		RequestID text `json:"request_id"`
		Type      text `json:"type"`
		EventType text `json:"event_type"`
	}
	var envelope struct {
		flat
		Data *flat `json:"data"`
	}
	if json.Unmarshal(body, &envelope) != nil {
		return ""
	}
	switch {
	case envelope.Data != nil && envelope.Data.RequestID != "":
		return string(envelope.Data.RequestID)
	case envelope.Data != nil:
		return string(envelope.Data.ID)
	case envelope.RequestID != "":
		return string(envelope.RequestID)
	case envelope.EventType != "" || envelope.Type != "":
		return "" // an envelope's own id is the event's
	}
	return string(envelope.ID)
}

// text reads a JSON string or number, and anything else as nothing.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(raw, &s) == nil:
		*t = text(s)
	case json.Unmarshal(raw, &n) == nil:
		*t = text(n)
	}
	return nil
}
