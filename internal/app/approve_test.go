package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

func TestApproveWithGroups(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials", "Security documents").Err())
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())

		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"), contains("Financials"), contains("Security documents"))
		require.False(t, msg.HasControls())
		got := w.inRoom(id)
		require.Equal(t, practiceconveyor.RequestApproved, got.Status)
		require.Equal(t, "ada@vendor.example", got.DecidedBy)
		require.Len(t, w.Room.Authorizations(), 1)
		require.Equal(t, 1, w.posts())
	})
}
