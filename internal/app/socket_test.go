package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func overSocketMode(o *sandbox.Options) { o.Slack.SocketMode = true }

// TestSocketsAreRenewed ends connections in each way there is, and clicks after
// each.
func TestSocketsAreRenewed(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, s *practiceslack.Socket){
		"warning": func(_ *world, s *practiceslack.Socket) { s.Disconnect(practiceslack.Warning) },
		"refresh": func(_ *world, s *practiceslack.Socket) { s.Disconnect(practiceslack.RefreshRequested) },
		"cut":     func(_ *world, s *practiceslack.Socket) { s.Cut() },
		"dead":    func(_ *world, s *practiceslack.Socket) { s.Freeze() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorld(t, "", overSocketMode)
			w.Slack.ExpectSockets(t, 2)
			before := w.Slack.Sockets()
			for _, s := range before {
				end(w, s)
			}
			require.Eventually(t, func() bool {
				now := w.Slack.Sockets()
				return len(now) >= 2 && now[len(now)-1].ID() != before[1].ID() && now[len(now)-2].ID() != before[1].ID()
			}, time.Minute, 10*time.Millisecond, "both are opened again")
			_, msg := w.requestFrom("grace@northwind.example")
			require.Eventually(t, func() bool { return msg.Button("Approve").Click(t.Context(), w.ada).OK }, time.Minute, 10*time.Millisecond)
			msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		})
	}
}

func TestSocketModeThatIsSwitchedOffEndsFrontdesk(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "", overSocketMode)
	require.NoError(t, w.StopFrontdesk(t.Context()))
	desk := w.another(t)
	w.Slack.ExpectSockets(t, 2)
	w.Slack.SetSocketMode(false)
	select {
	case err := <-desk.Failed():
		require.ErrorIs(t, err, slackapp.ErrSocketModeOff)
	case <-time.After(time.Minute): //nolint:forbidigo // a bound, not a pace
		require.Fail(t, "Frontdesk goes on")
	}
}

func TestWithoutAConnectionFrontdeskIsNotReady(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "", overSocketMode)
	w.Slack.Fault(practiceslack.Fault{Method: "apps.connections.open", Kind: practiceslack.SlackError, Code: "missing_scope", Times: -1})
	for _, s := range w.Slack.Sockets() {
		s.Cut()
	}
	w.expectLog("the app lacks a scope")
	status, body := w.get("/readyz")
	require.Equal(t, 503, status)
	require.Contains(t, body, "the app lacks a scope")
}
