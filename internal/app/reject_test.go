package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const rejectTitle = "Reject request"

func TestRejectNeedsAReason(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
		modal := w.ada.ExpectModal(t, rejectTitle)
		require.Contains(t, modal.Text(), "grace@northwind.example")

		require.False(t, modal.Submit(t.Context()).Closed, "an empty reason")
		for _, blank := range []string{"   ", "\n\t \n", "\u00a0\u2003", "\u200b\u200b"} {
			result := modal.Fill("reason", blank).Submit(t.Context())
			require.False(t, result.Closed, "%q", blank)
			require.NotEmpty(t, result.ErrorOf("reason"), "%q", blank)
		}
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)

		reason := "We do not know this company.\n<!channel> & *friends*"
		require.True(t, modal.Fill("reason", reason).Submit(t.Context()).Closed)
		msg.ExpectUpdate(t, contains("ejected by <@"+sandbox.Ada+">"), contains("We do not know this company."))
		require.False(t, msg.HasControls())
		got := w.inRoom(id)
		require.Equal(t, practiceconveyor.RequestIgnored, got.Status)
		require.Equal(t, "ada@vendor.example", got.DecidedBy)
	})
}

func TestALongReasonIsShownInFull(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
		reason := strings.Repeat("é&<", 996) + "the end"
		require.True(t, w.ada.ExpectModal(t, rejectTitle).Fill("reason", reason).Submit(t.Context()).Closed)
		msg.ExpectUpdate(t, contains("ejected by <@"+sandbox.Ada+">"), contains("the end"))
	})
}

// TestTheFormOpensBeforeSlackIsAskedAnythingElse clicks as somebody of whom
// nothing is known yet: who it is, is asked after the form is open.
func TestTheFormOpensBeforeSlackIsAskedAnythingElse(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.cleo).Err())
		w.cleo.ExpectModal(t, rejectTitle)
		var order []string
		require.Eventually(t, func() bool {
			order = nil
			for _, call := range w.Slack.Calls("") {
				if call.Method == "views.open" || call.Args["user"] == sandbox.Cleo {
					order = append(order, call.Method)
				}
			}
			return len(order) == 2
		}, 10*time.Second, time.Millisecond)
		require.Equal(t, []string{"views.open", "users.info"}, order)
	})
}

func TestClosingTheFormChangesNothing(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
		require.NoError(t, w.ada.ExpectModal(t, rejectTitle).Fill("reason", "changed my mind").Close(t.Context()).Err())
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
		require.True(t, msg.HasButton("Reject"))
		require.Empty(t, w.Slack.Calls("chat.update"))
	})
}

func TestAFormThatDoesNotOpenIsSaid(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		w.Slack.Fault(practiceslack.Fault{Method: "views.open", Kind: practiceslack.SlackError, Code: "expired_trigger_id"})
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
		w.ada.ExpectEphemeral(t, contains("did not open the form"))
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
		w.ada.ExpectModal(t, rejectTitle)
	})
}
