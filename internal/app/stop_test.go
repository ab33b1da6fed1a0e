package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

func TestNoClickIsLostByStopping(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Hang()})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		began := clock()
		require.NoError(t, w.StopFrontdesk(t.Context()))
		require.Less(t, clock().Sub(began).Seconds(), 10.0)
		w.Room.ClearFaults()
		require.NoError(t, w.StartFrontdesk(t.Context()))
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
		require.Len(t, w.Room.Authorizations(), 1)
	})
}

func TestASecondServeOnTheSameFileIsRefused(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	_, err := app.Start(t.Context(), app.Options{
		Config: config.Config{DatabaseURL: config.DatabaseURL(w.databaseURL())}, Listen: "127.0.0.1:0", Clock: clock,
	})
	var inUse *store.InUseError
	require.ErrorAs(t, err, &inUse)
	require.ErrorContains(t, err, "in use by another frontdesk")
}
