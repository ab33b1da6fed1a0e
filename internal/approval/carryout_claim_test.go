package approval_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// TestCrashBetweenClaimAndResult: what a killed process did is not known, so
// the next one looks first. Until the claim runs out it may still be at it.
func TestCrashBetweenClaimAndResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
		w.store.fail = func(string) error { return errors.New("the process is dead") }
		return approval.Confirmation{}, nil
	}
	_, err := w.desk.CarryOut(t.Context(), r.ID)
	require.ErrorContains(t, err, "the process is dead")
	w.store.fail = nil
	require.Equal(t, approval.Approving, w.now(r.ID).State)
	require.Empty(t, w.watch.take(), "nothing is announced that was not recorded")
	w.system.take()

	w.clock.advance(10 * time.Second)
	require.Equal(t, 20*time.Second, w.carryOut(r.ID), "somebody holds the claim")
	require.Empty(t, w.system.take())

	w.clock.advance(20 * time.Second)
	w.system.outcome = stands(approval.StandingApproved, &approval.Confirmation{})
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, []string{"outcome"}, w.system.take())
	require.Equal(t, approval.Approved, w.now(r.ID).State)
}

// lostClaim carries out, and during the call lets the claim run out and does
// something else in its place.
func lostClaim(w *world, r approval.Request, meanwhile func(), result error) {
	first := true
	w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
		if first {
			first = false
			w.clock.advance(31 * time.Second)
			meanwhile()
		}
		return approval.Confirmation{}, result
	}
	_, err := w.desk.CarryOut(w.t.Context(), r.ID)
	require.NoError(w.t, err)
}

func TestDecisionReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]error{
		"success": nil, "refused": refused(approval.RefusedInvalid), "passing": passing("503"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			var then approval.Request
			var told int
			lostClaim(w, r, func() {
				w.system.outcome = stands(approval.StandingGone, nil)
				w.carryOut(r.ID)
				w.system.outcome = nil
				w.decide(r.ID, reject("U2", "click-2"), approval.Accepted)
				then, told = w.now(r.ID), len(w.notices())
				w.watch.take()
			}, result)
			require.Equal(t, then, w.now(r.ID), "the result of the first decision is dropped")
			require.Len(t, w.notices(), told)
			for _, said := range w.watch.take() {
				require.Contains(t, said, "delayed", "nothing is said of an outcome")
			}
		})
	}
}

// TestAttemptOvertaken: another attempt at the same decision is under way. Bad
// news of the first is not news any more, a confirmation is.
func TestAttemptOvertaken(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]error{
		"refused": refused(approval.RefusedConflict), "passing": passing("503"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			var then approval.Request
			lostClaim(w, r, func() {
				w.store.fail = func(write string) error {
					if write == "Save" {
						return errors.New("dead")
					}
					return nil
				}
				_, err := w.desk.CarryOut(t.Context(), r.ID)
				require.Error(t, err)
				w.store.fail = nil
				then = w.now(r.ID)
				require.Equal(t, 2, then.Effect.Attempts)
				w.system.outcome = stands(approval.StandingApproved, &approval.Confirmation{})
			}, result)
			require.Equal(t, then, w.now(r.ID))
		})
	}
	t.Run("confirmed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.deciding("a1")
		lostClaim(w, r, func() {
			w.system.outcome = unreadable(passing("503"))
			require.Positive(t, w.carryOut(r.ID))
		}, nil)
		require.Equal(t, approval.Approved, w.now(r.ID).State)
	})
}

// TestResultIsKeptWhenTheJobsTimeIsUp: the context ends during the call.
func TestResultIsKeptWhenTheJobsTimeIsUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		result error
		state  approval.State
	}{
		"success": {nil, approval.Approved},
		"refused": {refused(approval.RefusedInvalid), approval.Pending},
		"passing": {ambiguous("time-out"), approval.Approving},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			ctx, cancel := context.WithCancel(t.Context())
			w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
				cancel()
				return approval.Confirmation{}, test.result
			}
			w.system.outcome = func(ctx context.Context, _ approval.Request) (approval.Standing, *approval.Confirmation, error) {
				return approval.StandingOpen, nil, ctx.Err()
			}
			_, err := w.desk.CarryOut(ctx, r.ID)
			require.NoError(t, err)
			require.Equal(t, test.state, w.now(r.ID).State)
			if test.state == approval.Approving {
				require.Zero(t, w.now(r.ID).Effect.ClaimedUntil, "the claim is let go")
			}
		})
	}
}

// TestStoppingIsNotTheirDelay: when Frontdesk breaks a call off because it
// stops, nobody is told that the outside system does not answer.
func TestStoppingIsNotTheirDelay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	ctx, cancel := context.WithCancel(t.Context())
	w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
		cancel()
		return approval.Confirmation{}, ambiguous("canceled")
	}
	wait, err := w.desk.CarryOut(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, time.Second, wait)
	got := w.now(r.ID)
	require.False(t, got.Delayed)
	require.Equal(t, approval.Effect{Attempts: 1, MaybeDone: true, NextAt: start.Add(time.Second)}, got.Effect)
	require.Empty(t, w.watch.take())

	w.clock.advance(wait)
	w.system.outcome = stands(approval.StandingApproved, &approval.Confirmation{})
	w.carryOut(r.ID)
	require.Equal(t, approval.Approved, w.now(r.ID).State)
}
