package conveyor_test

import (
	"encoding/base64"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
	"github.com/frontdesk-hq/frontdesk/internal/keyring"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// TestAKeyIsTakenUpOnlyIfConveyorTakesIt: every other one leaves all as it was.
func TestAKeyIsTakenUpOnlyIfConveyorTakesIt(t *testing.T) {
	t.Parallel()
	room := practiceconveyor.New(practiceconveyor.Options{Clock: now})
	server := httptest.NewServer(room.Handler())
	t.Cleanup(func() {
		room.Close()
		server.Close()
	})
	c, err := conveyor.New(conveyor.Settings{APIURL: server.URL + practiceconveyor.BasePath, Key: room.Key()}, now, "frontdesk/test")
	require.NoError(t, err)
	works := func() error { _, err := c.Groups(t.Context()); return err }
	require.NoError(t, works())

	var refused *approval.RefusedError
	require.ErrorAs(t, c.RenewKey(t.Context(), "nobody"), &refused)
	require.Error(t, c.RenewKey(t.Context(), "a key with blanks"))
	room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Status(503, 0), Times: 1})
	var passing *approval.PassingError
	require.ErrorAs(t, c.RenewKey(t.Context(), room.Key()), &passing)
	require.NoError(t, works(), "the key before is still used")
	require.NoError(t, c.Health(), "and trying another says nothing of the room")

	room.SetKey("renewed")
	require.Error(t, works())
	require.NoError(t, c.RenewKey(t.Context(), "renewed"))
	require.NoError(t, works())
}

// TestTheWebhooksSecretIsRenewed: both are accepted until the new one has proven
// to be right, then the new one alone; an empty one switches webhooks off.
func TestTheWebhooksSecretIsRenewed(t *testing.T) {
	t.Parallel()
	at := now()
	c, err := conveyor.New(conveyor.Settings{APIURL: "http://127.0.0.1:9", Key: "k", WebhookSecret: hookSecret()},
		func() time.Time { return at }, "frontdesk/test")
	require.NoError(t, err)
	body := []byte(`{"data":{"id":"x1"}}`)
	come := func(key string) error {
		_, err := c.ReadWebhook(signed("svix-", key, "msg_1", stampOf(at), body), body)
		return err
	}
	const renewed = "another key for practice webhooks"
	require.Error(t, c.RenewWebhook("whsec_no base64"))
	require.NoError(t, come(hookKey))
	require.NoError(t, c.RenewWebhook("whsec_"+base64.StdEncoding.EncodeToString([]byte(renewed))))
	require.NoError(t, come(hookKey))
	require.NoError(t, come(renewed))
	require.ErrorIs(t, come("neither"), connector.ErrNotGenuine)
	at = at.Add(keyring.Afterglow + time.Second)
	require.ErrorIs(t, come(hookKey), connector.ErrNotGenuine)
	require.NoError(t, come(renewed))

	require.NoError(t, c.RenewWebhook(""))
	require.ErrorIs(t, come(renewed), connector.ErrNoWebhook)
	require.NoError(t, c.RenewWebhook(hookSecret()))
	require.NoError(t, come(hookKey))
	require.ErrorIs(t, come("neither"), connector.ErrNotGenuine)
}
