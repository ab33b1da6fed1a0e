package practiceconveyor_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" //nolint:gosec // the example secret of the standard

type received struct {
	header http.Header
	body   []byte
}

func receiver(t *testing.T, status int) (url string, got <-chan received) {
	t.Helper()
	inbox := make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		inbox <- received{q.Header, body}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, inbox
}

// verified checks the signature with the standard's own library and returns the payload.
func (r received) verified(t *testing.T, prefix string) map[string]any {
	t.Helper()
	header := http.Header{}
	for _, name := range []string{"id", "timestamp", "signature"} {
		require.NotEmpty(t, r.header.Get(prefix+name))
		header.Set("webhook-"+name, r.header.Get(prefix+name))
	}
	verifier, err := standardwebhooks.NewWebhook(webhookSecret)
	require.NoError(t, err)
	require.NoError(t, verifier.VerifyIgnoringTimestamp(r.body, header))
	require.Error(t, verifier.VerifyIgnoringTimestamp(append([]byte(" "), r.body...), header))
	var payload map[string]any
	require.NoError(t, json.Unmarshal(r.body, &payload))
	return payload
}

func TestAFirstRequestSendsAWebhook(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	url, inbox := receiver(t, http.StatusAccepted)
	require.NoError(t, c.room.SetWebhook(practiceconveyor.Webhook{URL: url, Secret: webhookSecret}))
	events, end := c.room.Subscribe()
	defer end()
	id := c.file("a@x.example")
	got := <-inbox
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.Equal(t, "1773480413", got.header.Get("Svix-Timestamp"))
	payload := got.verified(t, "svix-")
	require.Equal(t, "access.requested", payload["type"])
	require.Equal(t, id, payload["data"].(map[string]any)["id"])
	require.Equal(t, id, waitFor(t, events, practiceconveyor.EventWebhookSent).Subject)

	c.file("A@x.example")
	c.room.Request(practiceconveyor.Requester{Email: "draft@x.example", Draft: true})
	c.room.Close()
	require.Empty(t, inbox, "only a person's first request is told")
	deliveries := c.room.Deliveries()
	require.Len(t, deliveries, 1)
	d := deliveries[0]
	require.Equal(t, []any{id, got.header.Get("Svix-Id"), http.StatusAccepted, c.clock.Now(), got.body},
		[]any{d.RequestID, d.MessageID, d.Status, d.Time, d.Body})
	require.True(t, c.room.Genuine(d))
	forged := d
	forged.Body = append([]byte(" "), d.Body...)
	require.False(t, c.room.Genuine(forged))
	forged.Header = http.Header{}
	require.False(t, c.room.Genuine(forged))
	c.file("after@x.example")
	require.Empty(t, inbox, "a closed room starts nothing")
}

func TestAWebhookIsSentAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	id, other := c.file("a@x.example"), c.file("b@x.example")
	_, err := c.room.SendWebhook(t.Context(), id)
	require.ErrorContains(t, err, "no webhook is set")
	url, inbox := receiver(t, http.StatusInternalServerError)
	send := func(id string, w practiceconveyor.Webhook) received {
		w.URL, w.Secret = url, webhookSecret
		require.NoError(t, c.room.SetWebhook(w))
		delivery, err := c.room.SendWebhook(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, http.StatusInternalServerError, delivery.Status)
		return <-inbox
	}
	first := send(id, practiceconveyor.Webhook{})
	c.clock.Advance(time.Minute)
	again := send(id, practiceconveyor.Webhook{StandardHeaders: true, Shape: practiceconveyor.ShapeEventEnvelope})
	require.Equal(t, first.header.Get("Svix-Id"), again.header.Get("Webhook-Id"))
	require.NotEqual(t, first.header.Get("Svix-Timestamp"), again.header.Get("Webhook-Timestamp"))
	require.Empty(t, again.header.Get("Svix-Id"))
	payload := again.verified(t, "webhook-")
	require.Equal(t, "access.requested", payload["event_type"])
	require.Equal(t, again.header.Get("Webhook-Id"), payload["event_id"])

	flat := send(other, practiceconveyor.Webhook{Shape: practiceconveyor.ShapeFlat})
	require.Equal(t, other, flat.verified(t, "svix-")["id"])
	require.NotEqual(t, first.header.Get("Svix-Id"), flat.header.Get("Svix-Id"))

	_, err = c.room.SendWebhook(t.Context(), "nobody")
	require.ErrorIs(t, err, practiceconveyor.ErrUnknown)
}

func TestAWebhookThatCannotBeDelivered(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	for _, secret := range []string{"", "whsec_", "whsec_!", strings.TrimPrefix(webhookSecret, "whsec_")} {
		require.Error(t, c.room.SetWebhook(practiceconveyor.Webhook{URL: "http://127.0.0.1:1", Secret: secret}))
	}
	id := c.file("a@x.example")
	require.NoError(t, c.room.SetWebhook(practiceconveyor.Webhook{URL: "http://127.0.0.1:1", Secret: webhookSecret}))
	delivery, err := c.room.SendWebhook(t.Context(), id)
	require.Error(t, err)
	require.Zero(t, delivery.Status)
	require.NotEmpty(t, c.room.Deliveries()[0].Err)
	require.NoError(t, c.room.SetWebhook(practiceconveyor.Webhook{}), "no address turns it off")
	require.Empty(t, c.room.Requests()[0].DecidedBy)
}

func TestClosingGivesUpAWebhookThatHangs(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		_, _ = io.ReadAll(q.Body)
		close(arrived)
		<-q.Context().Done()
	}))
	t.Cleanup(server.Close)
	require.NoError(t, c.room.SetWebhook(practiceconveyor.Webhook{URL: server.URL, Secret: webhookSecret}))
	c.file("a@x.example")
	<-arrived
	c.room.Close()
	require.Contains(t, c.room.Deliveries()[0].Err, "canceled")
}
