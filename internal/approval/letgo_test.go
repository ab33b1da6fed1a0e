package approval_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// TestClaimsOfTheDeadAreLetGo: a claim that is younger than the death is not
// the dead one's.
func TestClaimsOfTheDeadAreLetGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		job  func(r approval.Request) approval.Job
		old  time.Duration // how old the claims are
		let  bool
	}{
		{"a decision", approval.CarryOutJob, 3 * time.Second, true},
		{"a message", approval.DeliveryJob, 3 * time.Second, true},
		{"a decision that another carries out by now", approval.CarryOutJob, time.Second, false},
		{"a message that another delivers by now", approval.DeliveryJob, time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			until := w.clock.read().UTC().Add(30 * time.Second)
			kept := r
			kept.Effect.ClaimedUntil, kept.Delivery.ClaimedUntil = until, until
			w.store.rows.requests[r.ID] = kept
			w.clock.advance(c.old)

			others := []approval.Job{{Kind: approval.JobTell, Subject: "a notice"}, {Kind: approval.JobPost, Subject: "gone"}}
			require.NoError(t, w.desk.LetGo(t.Context(), append(others, c.job(r)), 2*time.Second))
			want := kept
			if c.let && c.job(r).Kind == approval.JobCarryOut {
				want.Effect.ClaimedUntil = time.Time{}
			} else if c.let {
				want.Delivery.ClaimedUntil = time.Time{}
			}
			require.Equal(t, want, w.now(r.ID))
		})
	}
}

func TestTheClaimOnAnOverviewIsLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	claimed := approval.Overview{Source: source, Held: 1}
	claimed.Delivery.ClaimedUntil = w.clock.read().UTC().Add(30 * time.Second)
	save := func() {
		require.NoError(t, w.store.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			return tx.SaveOverview(ctx, claimed)
		}))
	}
	save()
	jobs := []approval.Job{{Kind: approval.JobOverview, Subject: source}}
	require.NoError(t, w.desk.LetGo(t.Context(), jobs, 2*time.Second))
	o, err := w.store.Overview(t.Context(), source)
	require.NoError(t, err)
	require.Equal(t, claimed, o, "it is too young")
	w.clock.advance(2 * time.Second)
	require.NoError(t, w.desk.LetGo(t.Context(), jobs, 2*time.Second))
	o, err = w.store.Overview(t.Context(), source)
	require.NoError(t, err)
	require.Zero(t, o.Delivery.ClaimedUntil)
}
