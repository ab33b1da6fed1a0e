package slackapp_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// within are bounds short enough for a test, in the proportions of the real.
func (w *world) within(answer time.Duration) {
	w.reception.SetBounds(answer, answer*2/5, answer*4/5)
}

func TestTheBoundsAddUpBelowSlacksThreeSeconds(t *testing.T) {
	t.Parallel()
	answer, ask, store := newWorld(t).reception.Bounds()
	require.Less(t, answer, 3*time.Second, "whatever hangs ends with the whole")
	require.LessOrEqual(t, ask, time.Second)
	require.LessOrEqual(t, store, 2*time.Second)
}

func TestEveryAnswerLeavesInTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		slackHangs bool
		deskHangs  string
		status     int
	}{
		"Slack hangs":                   {true, "", http.StatusServiceUnavailable},
		"the groups hang":               {false, "Groups", http.StatusServiceUnavailable},
		"deciding hangs":                {false, "Decide", http.StatusServiceUnavailable},
		"Slack hangs, and then reading": {true, "Groups", http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(p *plan) { p.slack.DeliveryTimeout = 3 * time.Second })
			w.within(300 * time.Millisecond)
			msg := w.post()
			w.choose(msg, "Financials")
			if c.deskHangs != "" {
				w.desk.script(c.deskHangs, hang)
			}
			if c.slackHangs {
				w.ws.Fault(practiceslack.Fault{Method: "users.info", Kind: practiceslack.Hang, Times: -1})
			}
			out := msg.Button("Approve").Click(t.Context(), w.ada)
			require.Equal(t, c.status, out.Status, out.Error)
			require.Empty(t, w.desk.decisions())
		})
	}
}

func TestAFormIsAnsweredInTimeWhateverHangs(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"users.info", "Request", "Groups", "Decide"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.within(300 * time.Millisecond)
			msg := w.post()
			w.choose(msg, "Financials")
			modal := w.optionsForm(msg)
			w.reception.Close()
			w.clock.Advance(time.Hour)
			if call == "users.info" {
				w.ws.Fault(practiceslack.Fault{Method: call, Kind: practiceslack.Hang, Times: -1})
			} else {
				w.desk.script(call, hang)
			}
			result := modal.Submit(t.Context())
			require.Equal(t, http.StatusOK, result.Status, result.Error)
			require.Contains(t, result.ErrorOf("note"), "could not be recorded in time")
			require.Empty(t, w.desk.decisions())
		})
	}
}

// TestTheWorstCaseWithTheRealBounds has a slow read before a store that hangs:
// the bounds of the two are more than 3 seconds, and the answer is an error
// inside the 3 seconds that the practice Slack waits by the real clock.
func TestTheWorstCaseWithTheRealBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.knows(w.ada)
	msg := w.post()
	w.choose(msg, "Financials")
	slow := func(ctx context.Context) error {
		timer := time.NewTimer(1200 * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.desk.script("Groups", slow)
	w.desk.script("Decide", hang)
	out := msg.Button("Approve").Click(t.Context(), w.ada)
	require.Equal(t, http.StatusServiceUnavailable, out.Status, out.Error)
	require.Empty(t, w.desk.decisions())
	w.ada.ExpectEphemeral(t, practiceslack.Contains("could not be recorded in time"))
}

func TestAnAnswerDoesNotWaitForTheWhisper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	msg := w.post()
	w.desk.stands(func(r *approval.Request) { r.ID = "another" })
	w.ws.Fault(practiceslack.Fault{Method: "chat.postEphemeral", Kind: practiceslack.Hang})
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
	w.ada.NoEphemeral(t, practiceslack.Contains("does not know"))
	require.Eventually(t, func() bool {
		w.ws.ReleaseHangs()
		return len(w.ada.Ephemerals(channelID)) == 1
	}, 4*time.Second, 5*time.Millisecond)
}

func TestNothingIsReadThatAClickDoesNotNeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.knows(w.ada)
	msg := w.post()
	before := len(w.methods())
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
	require.Equal(t, []string{"Decide"}, w.desk.calls)
	require.Empty(t, w.methods()[before:], "Slack is asked nothing about somebody who is known")
}
