package approval_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// TestABusyDatabaseDoesNotKeepTheClaim: what the outside system did is recorded
// as soon as the database works again, long before the claim runs out.
func TestABusyDatabaseDoesNotKeepTheClaim(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tries int
		kept  bool
	}{
		"for a moment": {30, true},
		"for long":     {1000, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				timing := testTiming()
				timing.Keep = 0 // the default
				w.build(timing, w.clock.read)
				r := w.deciding("a1")
				busy := test.tries
				w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
					w.store.fail = func(string) error {
						if busy--; busy >= 0 {
							return errors.New("busy")
						}
						return nil
					}
					return approval.Confirmation{}, nil
				}
				var err error
				took := elapsed(func() { _, err = w.desk.CarryOut(t.Context(), r.ID) })
				if !test.kept {
					require.ErrorContains(t, err, "busy")
					require.InDelta(t, 8, took.Seconds(), 0.2)
					return
				}
				require.NoError(t, err)
				require.InDelta(t, 3, took.Seconds(), 0.2)
				require.Equal(t, approval.Approved, w.now(r.ID).State)
			})
		})
	}
}

// elapsed gives how long something takes in the bubble.
func elapsed(do func()) time.Duration {
	began := time.Now() //nolint:forbidigo // the bubble's own time
	do()
	return time.Since(began) //nolint:forbidigo // the bubble's own time
}
