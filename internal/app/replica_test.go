package app_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// TestTwoReplicasDecideOnce clicks as two people, each answered by another
// Frontdesk on the same PostgreSQL; then one of the two stops, and the other
// finishes what was begun.
func TestTwoReplicasDecideOnce(t *testing.T) {
	t.Parallel()
	w := startWorld(t, postgrestest.URL(t))
	log := logrus.New()
	log.SetOutput(w.log)
	other, err := app.Start(t.Context(), app.Options{
		Config: w.Settings(), Listen: "127.0.0.1:0", Version: "test", Clock: clock, Log: log, Timing: quick(),
	})
	require.NoError(t, err)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, other.Stop(ctx))
	}()

	id, msg := w.requestFrom("grace@northwind.example")
	require.Equal(t, 1, w.channel.Count(contains("grace@northwind.example")), "both poll, one posts")
	w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(503, 0)})
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
	msg.ExpectUpdate(t, contains("not answering"))

	// Ben still has the buttons on his screen.
	w.Slack.SetRequestURL(other.URL() + slackDoor)
	body := w.lastClick()
	forged := w.asBen(body.Body)
	status, _ := w.postTo(other.URL()+slackDoor, w.signed(forged), forged)
	require.Equal(t, http.StatusOK, status)
	w.ben.ExpectEphemeral(t, contains("<@"+sandbox.Ada+">"))

	require.NoError(t, w.StopFrontdesk(t.Context()))
	w.Room.ClearFaults()
	msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
	require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	require.Len(t, w.Room.Authorizations(), 1)
	require.Equal(t, 1, w.channel.Count(contains("grace@northwind.example")))
}
