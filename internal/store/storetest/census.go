package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func census(t *testing.T, s Store) {
	t.Helper()
	counts := func(pending, approving, rejecting int, oldest time.Time) {
		t.Helper()
		open, since, err := s.Census(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[approval.State]int{
			approval.Pending: pending, approval.Approving: approving, approval.Rejecting: rejecting,
		}, open)
		require.True(t, oldest.Equal(since), "%s is not %s", since, oldest)
	}
	counts(0, 0, 0, time.Time{})
	first := Receive(t, s, "r1", "x1")
	second := Receive(t, s, "r2", "x2")
	counts(2, 0, 0, first.ReceivedAt)

	elsewhere, event := received(t, "r0", "x0")
	elsewhere.Source, elsewhere.ReceivedAt = "elsewhere", at(-5000)
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Receive(ctx, elsewhere, event)
		return err
	})
	counts(3, 0, 0, at(-5000))

	deciding, event := Approve(t, first, "click-1")
	deciding = save(t, s, deciding, event)
	counts(2, 1, 0, at(-5000))
	event = approval.Event{Seq: 3, At: at(3000), Action: approval.Confirm, Confirmation: &approval.Confirmation{}}
	decided, err := approval.Apply(deciding, event)
	require.NoError(t, err)
	save(t, s, decided, event)
	counts(2, 0, 0, at(-5000))

	no := &approval.Decision{ID: "click-2", Verb: approval.Reject, Reviewer: approval.Reviewer{ID: "U1"}, At: at(4000), Note: "No."}
	event = approval.Event{Seq: 2, At: at(4000), Action: approval.Reject, Actor: "U1", Key: no.ID, Decision: no}
	rejecting, err := approval.Apply(second, event)
	require.NoError(t, err)
	save(t, s, rejecting, event)
	counts(1, 0, 1, at(-5000))
}
