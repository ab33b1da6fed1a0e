package app_test

import (
	"net/http"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// TestAMovedStoreGoesOn moves the store of a Frontdesk with two requests, of
// which one waits and one was approved while Conveyor was in trouble, and starts
// a Frontdesk on the new one, in the same workspace and before the same room.
func TestAMovedStoreGoesOn(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "", withoutWebhook)
	waiting, msg := w.requestFrom("grace@northwind.example")
	deciding, other := w.requestFrom("lin@contoso.example")
	w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(503, 0)})
	require.NoError(t, other.Button("Approve").Click(t.Context(), w.ada).Err())
	other.ExpectUpdate(t, contains("not answering"))
	before := w.Settings()
	target := postgrestest.URL(t)
	quiet := func(string, int64, int64) {}
	_, err := store.Move(t.Context(), before.DatabaseURL.Reveal(), target, quiet)
	require.ErrorContains(t, err, "in use by a running frontdesk")

	require.NoError(t, w.StopFrontdesk(t.Context()))
	w.Room.ClearFaults()
	_, err = store.Move(t.Context(), before.DatabaseURL.Reveal(), target, quiet)
	require.NoError(t, err)
	after := before
	after.DatabaseURL = config.DatabaseURL(target)
	log := logrus.New()
	log.SetOutput(w.log)
	desk, err := app.Start(t.Context(), app.Options{
		Config: after, Listen: "127.0.0.1:0", Version: "test", Clock: clock, Log: log, Timing: quick(),
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, desk.Stop(t.Context())) }()
	w.Slack.SetRequestURL(desk.URL() + slackDoor)

	other.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ben).Err())
	msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ben+">"))
	for _, id := range []string{waiting, deciding} {
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	}
	require.Len(t, w.Room.Authorizations(), 2, "each is decided once")
	require.Equal(t, 2, w.posts(), "and was posted once")
}
