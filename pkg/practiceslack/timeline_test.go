package practiceslack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// texts gives the texts of messages.
func texts(messages []practiceslack.Shown) []string {
	all := make([]string, 0, len(messages))
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return all
}

func TestATimelineIsWhatOnePersonSees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	say := func(text, thread string) string {
		t.Helper()
		m, err := w.ws.PostAsUser("U1", "C1", text, thread)
		require.NoError(t, err)
		return m.TS
	}
	first := say("one", "")
	say("reply", first)
	_, _, err := w.api.PostMessage("C1", slack.MsgOptionText("broadcast", false), slack.MsgOptionTS(first), slack.MsgOptionBroadcast())
	require.NoError(t, err)
	whisper, err := w.api.PostEphemeral("C1", "U1", slack.MsgOptionText("only Alice", false))
	require.NoError(t, err)
	second := say("two", "")

	require.Equal(t, []string{"one", "broadcast", "only Alice", "two"}, texts(w.alice.Newest("C1", 9).Messages))
	require.Equal(t, []string{"one", "broadcast", "two"}, texts(w.bob.Newest("C1", 9).Messages))
	require.Equal(t, []string{"one", "reply", "broadcast"}, texts(w.alice.Thread("C1", first)))
	require.Equal(t, 2, w.alice.Newest("C1", 9).Messages[0].Replies)
	require.True(t, w.bob.Newest("C1", 9).Messages[1].Broadcast)

	newest := w.alice.Newest("C1", 2)
	require.Equal(t, []string{"only Alice", "two"}, texts(newest.Messages))
	require.Equal(t, []int{2, 0}, []int{newest.Earlier, newest.Later})
	before := w.alice.Before("C1", newest.Messages[0].TS, 1)
	require.Equal(t, []string{"broadcast"}, texts(before.Messages))
	require.Equal(t, []int{1, 2}, []int{before.Earlier, before.Later})
	after := w.alice.After("C1", first, 2)
	require.Equal(t, []string{"broadcast", "only Alice"}, texts(after.Messages))
	require.Equal(t, []int{1, 1}, []int{after.Earlier, after.Later})
	require.Equal(t, []string{"one"}, texts(w.alice.After("C1", "1.000000", 1).Messages), "what is gone marks a place too")
	require.Empty(t, w.alice.Before("C1", first, 5).Messages)
	require.Empty(t, w.alice.After("C1", second, 5).Messages)
	for _, nothing := range []practiceslack.Timeline{w.alice.Newest("C9", 5), w.ws.User("U9").Newest("C1", 5)} {
		require.Equal(t, practiceslack.Timeline{Messages: []practiceslack.Shown{}}, nothing)
	}
	require.Empty(t, w.ws.User("U9").Thread("C1", first))

	require.Error(t, w.bob.Dismiss("C1", whisper), "Bob does not see it")
	require.Error(t, w.alice.Dismiss("C1", first), "everybody sees it")
	require.NoError(t, w.alice.Dismiss("C1", whisper))
	require.Error(t, w.alice.Dismiss("C1", whisper))
	require.Equal(t, []string{"one", "broadcast", "two"}, texts(w.alice.Newest("C1", 9).Messages))
}

func TestATimelineHoldsWhatThePersonHasChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	require.NoError(t, msg.Select("Access groups").Choose(t.Context(), w.alice, "Group A").Err())
	for person, chosen := range map[*practiceslack.User]bool{w.alice: true, w.bob: false} {
		m, seen := person.Shown("C1", msg.TS())
		require.True(t, seen)
		require.Equal(t, chosen, len(m.State) > 0 && string(m.State) != "{}" && containsGroupA(m.State), person.ID())
	}
	_, seen := w.alice.Shown("C1", "1.000000")
	require.False(t, seen)
}

func containsGroupA(state []byte) bool { return strings.Contains(string(state), "Group A") }

func TestCommandsAreRegistered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	require.Empty(t, w.ws.Commands())
	events, cancel := w.ws.Subscribe()
	defer cancel()
	w.ws.AddCommand(practiceslack.Command{Name: "/one"})
	w.ws.AddCommand(practiceslack.Command{Name: "/two"})
	before := w.ws.Commands()
	w.ws.AddCommand(practiceslack.Command{Name: "/one", Description: "the first", Hint: "[text]"})
	require.Equal(t, []practiceslack.Command{{Name: "/one"}, {Name: "/two"}}, before)
	require.Equal(t, []practiceslack.Command{{Name: "/two"}, {Name: "/one", Description: "the first", Hint: "[text]"}}, w.ws.Commands())
	require.Equal(t, practiceslack.CommandsChanged, (<-events).Kind)
}

func TestASignatureIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.app.answers(func(http.ResponseWriter, *http.Request) { w.clock.Advance(40 * time.Millisecond) })
	require.NoError(t, w.alice.Command(t.Context(), "C1", "/x", "y").Err())
	d, ok := w.ws.LastDelivery()
	require.True(t, ok)
	require.True(t, d.Signed())
	require.True(t, d.SignedWith(w.ws.SigningSecret()))
	require.Equal(t, 40*time.Millisecond, d.Duration)
	require.False(t, d.SignedWith("another secret"))
	forged := d
	forged.Body = append([]byte("x"), d.Body...)
	require.False(t, forged.SignedWith(w.ws.SigningSecret()))
	forged = d
	forged.Header = http.Header{}
	require.False(t, forged.Signed())
	require.False(t, forged.SignedWith(w.ws.SigningSecret()))
}
