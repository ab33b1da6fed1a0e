package approval_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

type (
	carryOutFunc = func(context.Context, approval.Request) (approval.Confirmation, error)
	outcomeFunc  = func(context.Context, approval.Request) (approval.Standing, *approval.Confirmation, error)
)

func refuseWith(reason approval.RefusalReason) carryOutFunc { return failWith(refused(reason)) }

func failWith(err error) carryOutFunc {
	return func(context.Context, approval.Request) (approval.Confirmation, error) {
		return approval.Confirmation{}, err
	}
}

func stands(standing approval.Standing, confirmed *approval.Confirmation) outcomeFunc {
	return func(context.Context, approval.Request) (approval.Standing, *approval.Confirmation, error) {
		return standing, confirmed, nil
	}
}

func unreadable(err error) outcomeFunc {
	return func(context.Context, approval.Request) (approval.Standing, *approval.Confirmation, error) {
		return "", nil, err
	}
}

func TestCarryOutApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	given := approval.Confirmation{Groups: []approval.Group{{ID: "g1", Name: "Reports 2026"}}, Gated: true}
	w.system.carryOut = func(ctx context.Context, sent approval.Request) (approval.Confirmation, error) {
		require.Equal(t, r.Decision, sent.Decision)
		now, err := w.desk.Request(ctx, r.ID)
		require.NoError(t, err)
		require.Equal(t, 1, now.Effect.Attempts, "the attempt is counted before it is made")
		return given, nil
	}
	require.Zero(t, w.carryOut(r.ID))
	got := w.now(r.ID)
	require.Equal(t, approval.Approved, got.State)
	require.Equal(t, given, *got.Confirmation, "what is shown is what was confirmed, not what was asked for")
	require.Equal(t, []string{"carry out"}, w.system.take())
	require.Equal(t, []string{"decided approved, confirmed true"}, w.watch.take())
	require.Contains(t, w.jobs.waiting(), approval.DeliveryJob(got))

	require.Zero(t, w.carryOut(r.ID))
	require.Empty(t, w.system.take(), "a second job does nothing")
}

func TestCarryOutRejection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	w.decide(r.ID, reject("U1", "click"), approval.Accepted)
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, approval.Rejected, w.now(r.ID).State)
	require.Equal(t, "not a customer", w.now(r.ID).Decision.Note)
}

func TestNothingToCarryOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.posted("a1")
	require.Zero(t, w.carryOut(r.ID))
	require.Empty(t, w.system.take())
	require.Zero(t, w.now(r.ID).Effect)
	_, err := w.desk.CarryOut(t.Context(), "nobody")
	require.ErrorIs(t, err, approval.ErrUnknown)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	elsewhere := approval.Confirmation{}
	for name, test := range map[string]struct {
		reason  approval.RefusalReason
		outcome outcomeFunc
		// want is the reason in the end; empty: handled elsewhere.
		want     approval.RefusalReason
		standing approval.Standing
	}{
		"reviewer not allowed":              {reason: approval.RefusedReviewer, want: approval.RefusedReviewer},
		"reading is refused too: the key":   {reason: approval.RefusedReviewer, outcome: unreadable(refused(approval.RefusedKey)), want: approval.RefusedKey},
		"the key":                           {reason: approval.RefusedKey, outcome: unreadable(refused(approval.RefusedKey)), want: approval.RefusedKey},
		"invalid, and reading is refused":   {reason: approval.RefusedInvalid, outcome: unreadable(refused(approval.RefusedKey)), want: approval.RefusedInvalid},
		"invalid":                           {reason: approval.RefusedInvalid, want: approval.RefusedInvalid},
		"gone, but the request is there":    {reason: approval.RefusedGone, want: approval.RefusedGone},
		"invalid, because it is gone":       {reason: approval.RefusedInvalid, outcome: stands(approval.StandingGone, nil), want: approval.RefusedGone},
		"conflict, but it is open":          {reason: approval.RefusedConflict, want: approval.RefusedConflict},
		"conflict, approved elsewhere":      {reason: approval.RefusedConflict, outcome: stands(approval.StandingApproved, nil), standing: approval.StandingApproved},
		"conflict, approved just the same":  {reason: approval.RefusedConflict, outcome: stands(approval.StandingApproved, &elsewhere), standing: approval.StandingApproved},
		"conflict, ignored elsewhere":       {reason: approval.RefusedConflict, outcome: stands(approval.StandingIgnored, nil), standing: approval.StandingIgnored},
		"reviewer, but ignored elsewhere":   {reason: approval.RefusedReviewer, outcome: stands(approval.StandingIgnored, nil), standing: approval.StandingIgnored},
		"no answer is not what a call says": {reason: approval.RefusedPatience, want: approval.RefusedPatience},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			w.system.carryOut, w.system.outcome = refuseWith(test.reason), test.outcome
			require.Zero(t, w.carryOut(r.ID))
			require.Equal(t, []string{"carry out", "outcome"}, w.system.take())
			got, n := w.now(r.ID), w.notice()
			require.Equal(t, "U1", n.To)
			require.Equal(t, approval.Approve, n.Verb)
			require.Contains(t, w.jobs.waiting(), approval.Job{Kind: approval.JobTell, Subject: n.ID})
			require.Contains(t, w.jobs.waiting(), approval.DeliveryJob(got))
			if test.want == "" {
				require.Equal(t, approval.Handled, got.State)
				require.Equal(t, test.standing, got.Closing.Standing)
				require.Equal(t, approval.NoticeElsewhere, n.Code)
				require.Equal(t, test.standing, n.Standing)
				require.Empty(t, w.watch.take())
				return
			}
			require.Equal(t, approval.Pending, got.State)
			require.Equal(t, approval.NoticeRefused, n.Code)
			require.Equal(t, approval.Refusal{Reason: test.want, Detail: "their words"}, *n.Refusal)
			watched := w.watch.take()
			require.Len(t, watched, 1)
			require.Contains(t, watched[0], "refused "+string(test.want))
		})
	}
}

// TestRefusedAndNotReadable: before a refusal is believed it must be known how
// the request stands.
func TestRefusedAndNotReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = refuseWith(approval.RefusedConflict)
	w.system.outcome = unreadable(passing("503"))
	require.Equal(t, time.Second, w.carryOut(r.ID))
	require.Equal(t, approval.Approving, w.now(r.ID).State)
	require.Empty(t, w.notices())

	w.clock.advance(time.Second)
	w.system.outcome = stands(approval.StandingApproved, nil)
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, approval.Handled, w.now(r.ID).State)
	require.Equal(t, []string{"carry out", "outcome", "outcome"}, w.system.take())
}

func TestRefusedAndNotReadableToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.clock.advance(time.Hour)
	w.system.carryOut = refuseWith(approval.RefusedConflict)
	w.system.outcome = unreadable(passing("503"))
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, approval.RefusedConflict, w.notice().Refusal.Reason)
}

func TestPassingTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = failWith(passing("503"))
	var waits []time.Duration
	for range 9 {
		wait := w.carryOut(r.ID)
		waits = append(waits, wait)
		require.Equal(t, wait, w.carryOut(r.ID), "too early: only the rest of the wait")
		w.clock.advance(wait - time.Millisecond)
		require.Equal(t, time.Millisecond, w.carryOut(r.ID))
		w.clock.advance(time.Millisecond)
	}
	s := time.Second
	require.Equal(t, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, time.Minute, time.Minute, time.Minute}, waits)
	require.Equal(t, []approval.Action{approval.Receive, approval.Approve, approval.Delay}, w.actions(r.ID), "the delay is said once")
	require.True(t, w.now(r.ID).Delayed)
	require.Len(t, w.watch.take(), 9)
	calls := w.system.take()
	require.Equal(t, []string{"carry out", "outcome", "carry out", "outcome", "carry out"}, calls[:5])

	w.system.carryOut = nil
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, approval.Approved, w.now(r.ID).State)
	require.False(t, w.now(r.ID).Delayed)
}

func TestUnknownTroubleIsPassing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = failWith(errors.New("what is this"))
	require.Equal(t, time.Second, w.carryOut(r.ID))
	require.Equal(t, approval.Approving, w.now(r.ID).State)
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = failWith(&approval.PassingError{RetryAfter: 17 * time.Minute, Err: errors.New("429")})
	require.Equal(t, 17*time.Minute, w.carryOut(r.ID))
	require.Equal(t, start.Add(17*time.Minute), w.now(r.ID).Effect.NextAt)

	w.clock.advance(17 * time.Minute)
	w.system.carryOut = failWith(&approval.PassingError{RetryAfter: time.Millisecond, Err: errors.New("429")})
	require.Equal(t, 2*time.Second, w.carryOut(r.ID), "at least the back-off")
}

func TestRetryAfterDoesNotOutlastPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = failWith(&approval.PassingError{RetryAfter: 1000 * time.Hour, Err: errors.New("429")})
	require.Equal(t, time.Hour, w.carryOut(r.ID))
	w.clock.advance(time.Hour)
	w.system.take()
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, []string{"outcome"}, w.system.take(), "looked at once more, not sent")
	require.Equal(t, approval.Pending, w.now(r.ID).State)
}

func TestPatienceRunsOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		outcome outcomeFunc
		// calls at the end of patience
		calls []string
	}{
		"not even reading works": {unreadable(passing("503")), []string{"outcome"}},
		"reading works":          {nil, []string{"outcome"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			w.system.carryOut, w.system.outcome = failWith(passing("503")), test.outcome
			for w.clock.read().Before(start.Add(time.Hour)) {
				wait := w.carryOut(r.ID)
				require.Positive(t, wait)
				require.Equal(t, approval.Approving, w.now(r.ID).State)
				w.clock.advance(wait)
			}
			w.system.take()
			w.watch.take()
			require.Zero(t, w.carryOut(r.ID))
			require.Equal(t, test.calls, w.system.take())
			require.Equal(t, approval.Pending, w.now(r.ID).State)
			require.Equal(t, start.Add(time.Hour), w.now(r.ID).ChangedAt, "neither earlier nor later")
			n := w.notice()
			require.Equal(t, approval.NoticeRefused, n.Code)
			require.Equal(t, approval.RefusedPatience, n.Refusal.Reason)
			require.Len(t, w.watch.take(), 1)
		})
	}
}

// TestAmbiguousAtTheEndOfPatience: an attempt that may have taken effect is
// looked at however late it is, before the request is called pending again.
func TestAmbiguousAtTheEndOfPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
		w.clock.advance(time.Hour)
		return approval.Confirmation{}, ambiguous("time-out")
	}
	wait := w.carryOut(r.ID)
	require.Equal(t, time.Second, wait)
	require.Equal(t, approval.Approving, w.now(r.ID).State)
	w.clock.advance(wait)
	w.system.outcome = stands(approval.StandingApproved, &approval.Confirmation{})
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, approval.Approved, w.now(r.ID).State)
}

func TestAfterAnAmbiguousTimeout(t *testing.T) {
	t.Parallel()
	given := &approval.Confirmation{Groups: []approval.Group{{ID: "g1", Name: "Reports"}}}
	for name, test := range map[string]struct {
		outcome outcomeFunc
		calls   []string
		state   approval.State
		notice  approval.NoticeCode
	}{
		"it was ours":                 {stands(approval.StandingApproved, given), []string{"outcome"}, approval.Approved, ""},
		"somebody else approved":      {stands(approval.StandingApproved, nil), []string{"outcome"}, approval.Handled, approval.NoticeElsewhere},
		"somebody else ignored":       {stands(approval.StandingIgnored, nil), []string{"outcome"}, approval.Handled, approval.NoticeElsewhere},
		"it is gone":                  {stands(approval.StandingGone, nil), []string{"outcome"}, approval.Pending, approval.NoticeRefused},
		"it is open, so it is sent":   {stands(approval.StandingOpen, nil), []string{"outcome", "carry out"}, approval.Approved, ""},
		"the key is refused by now":   {unreadable(refused(approval.RefusedKey)), []string{"outcome", "outcome"}, approval.Pending, approval.NoticeRefused},
		"it cannot be read: not sent": {unreadable(passing("503")), []string{"outcome"}, approval.Approving, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			w.system.carryOut = failWith(ambiguous("time-out"))
			w.clock.advance(w.carryOut(r.ID))
			w.system.take()
			w.system.carryOut, w.system.outcome = nil, test.outcome
			w.carryOut(r.ID)
			require.Equal(t, test.calls, w.system.take())
			require.Equal(t, test.state, w.now(r.ID).State)
			if test.notice == "" {
				require.Empty(t, w.notices())
				return
			}
			require.Equal(t, test.notice, w.notice().Code)
		})
	}
}

// TestSecondSendMeetsTheFirst: the first attempt took effect late, so that the
// second is told that it is decided already. It is decided, and by us.
// TestNothingIsSentWhereNothingIsOpen: what was decided elsewhere before the
// click is said, and not decided again, whether or not the outside system would
// mind.
func TestNothingIsSentWhereNothingIsOpen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		look outcomeFunc
		ends approval.State
		says approval.NoticeCode
	}{
		"approved, just the same": {stands(approval.StandingApproved, &approval.Confirmation{}), approval.Handled, approval.NoticeElsewhere},
		"approved":                {stands(approval.StandingApproved, nil), approval.Handled, approval.NoticeElsewhere},
		"ignored":                 {stands(approval.StandingIgnored, nil), approval.Handled, approval.NoticeElsewhere},
		"gone":                    {stands(approval.StandingGone, nil), approval.Pending, approval.NoticeRefused},
		"the key is dead":         {unreadable(refused(approval.RefusedKey)), approval.Pending, approval.NoticeRefused},
		"it does not answer":      {unreadable(&approval.PassingError{Err: errors.New("503")}), approval.Approving, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			w.system.firstLook = test.look
			w.carryOut(r.ID)
			require.Equal(t, test.ends, w.now(r.ID).State)
			require.NotContains(t, w.system.take(), "carry out")
			if test.says != "" {
				require.Equal(t, test.says, w.notice().Code)
			}
		})
	}
}

// TestOnlyWhatMayHaveBeenDoneCountsAsOurs: the same outcome is the decision's
// own after an attempt that may have taken effect, and somebody else's after
// attempts that surely did not.
func TestOnlyWhatMayHaveBeenDoneCountsAsOurs(t *testing.T) {
	t.Parallel()
	sure := &approval.PassingError{Err: errors.New("429")}
	for name, test := range map[string]struct {
		attempts []error
		ends     approval.State
	}{
		"surely not":                   {[]error{sure}, approval.Handled},
		"surely not, twice":            {[]error{sure, sure}, approval.Handled},
		"maybe":                        {[]error{ambiguous("time-out")}, approval.Approved},
		"maybe, then surely not":       {[]error{ambiguous("time-out"), sure}, approval.Approved},
		"surely not, then maybe":       {[]error{sure, ambiguous("time-out")}, approval.Approved},
		"an error that nobody foresaw": {[]error{errors.New("odd")}, approval.Approved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.deciding("a1")
			w.system.outcome = stands(approval.StandingOpen, nil)
			for _, err := range test.attempts {
				w.system.carryOut = failWith(err)
				w.clock.advance(w.carryOut(r.ID))
			}
			w.system.outcome = stands(approval.StandingApproved, &approval.Confirmation{})
			w.carryOut(r.ID)
			require.Equal(t, test.ends, w.now(r.ID).State)
		})
	}
}

func TestSecondSendMeetsTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = failWith(ambiguous("time-out"))
	w.clock.advance(w.carryOut(r.ID))
	w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
		w.system.outcome = stands(approval.StandingApproved, &approval.Confirmation{})
		return approval.Confirmation{}, refused(approval.RefusedConflict)
	}
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, approval.Approved, w.now(r.ID).State)
}

func TestGoneAfterATimeoutSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.system.carryOut = failWith(ambiguous("time-out"))
	w.clock.advance(w.carryOut(r.ID))
	w.system.outcome = stands(approval.StandingGone, nil)
	w.carryOut(r.ID)
	require.Equal(t, approval.RefusedGone, w.notice().Refusal.Reason)
}

func TestNoConnector(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	other := approval.NewDesk(approval.Ports{Store: w.store, Jobs: w.jobs, Clock: w.clock.read}, testTiming())
	_, err := other.CarryOut(t.Context(), r.ID)
	require.ErrorContains(t, err, source)
	require.Equal(t, approval.Approving, w.now(r.ID).State)
}

// TestALastLookIsNotPutOff: when patience is over, an ambiguous failure leaves
// one look to be taken, and that soon, whatever wait the other side names.
func TestALastLookIsNotPutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	w.clock.advance(2 * time.Hour)
	w.system.carryOut = failWith(&approval.PassingError{RetryAfter: 24 * time.Hour, Ambiguous: true, Err: errors.New("503")})
	require.LessOrEqual(t, w.carryOut(r.ID), time.Minute)
}

// TestAClockThatIsPutBackKeepsNoClaim: a claim made by the clock of before would
// hold for a day.
func TestAClockThatIsPutBackKeepsNoClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.deciding("a1")
	crash := errors.New("crash")
	w.system.carryOut = func(context.Context, approval.Request) (approval.Confirmation, error) {
		w.store.fail = func(string) error { return crash }
		return approval.Confirmation{}, nil
	}
	_, err := w.desk.CarryOut(t.Context(), r.ID)
	require.ErrorIs(t, err, crash)
	w.store.fail = nil
	w.clock.advance(-24 * time.Hour)
	w.system.outcome = stands(approval.StandingApproved, &approval.Confirmation{})
	require.Zero(t, w.carryOut(r.ID))
	require.Equal(t, approval.Approved, w.now(r.ID).State)
}
