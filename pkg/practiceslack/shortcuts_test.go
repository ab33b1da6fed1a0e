package practiceslack_test

import (
	"testing"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestShortcut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	require.NoError(t, w.alice.Shortcut(t.Context(), "new_request").Err())
	p := w.app.last()
	require.Equal(t, []any{"shortcut", "new_request"}, []any{p["type"], p["callback_id"]})
	require.Equal(t, "U1", at(t, p, "user", "id"))
	require.NotEmpty(t, p["action_ts"])
	require.NotContains(t, p, "channel")
	require.NotContains(t, p, "response_url")
	_, answer := w.call(t, "views.open", map[string]string{"trigger_id": p["trigger_id"].(string), "view": form}) //nolint:forcetypeassert // a panic says enough here
	require.Equal(t, true, answer["ok"], "%v", answer)
	w.alice.ExpectModal(t, "Reject")

	w.ws.AddUser(practiceslack.Person{ID: "U4", Deleted: true})
	require.False(t, w.ws.User("U4").Shortcut(t.Context(), "new_request").OK)
	require.Equal(t, 1, w.app.count())
}

func TestMessageShortcut(t *testing.T) {
	t.Parallel()
	var cb slack.InteractionCallback
	w := newWorld(t, practiceslack.Options{})
	said, err := w.ws.PostAsUser("U2", "C1", "ada@x.com wants in", "")
	require.NoError(t, err)
	msg := w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("wants in"))
	require.NoError(t, msg.Shortcut(t.Context(), w.alice, "look_up").Err())
	d, _ := w.ws.LastDelivery()
	require.Equal(t, "message_action", d.Kind)
	require.NoError(t, cb.UnmarshalJSON(d.Payload))
	require.Equal(t, slack.InteractionTypeMessageAction, cb.Type)
	require.Equal(t, []string{"look_up", "U1", "C1", said.TS, "U2", "ada@x.com wants in"},
		[]string{cb.CallbackID, cb.User.ID, cb.Channel.ID, cb.MessageTs, cb.Message.User, cb.Message.Text})
	require.NotEmpty(t, cb.TriggerID)
	_, answer := w.post(t, cb.ResponseURL, "application/json", `{"text":"found"}`, "")
	require.Equal(t, true, answer["ok"])
	w.alice.ExpectEphemeral(t, practiceslack.Contains("found"))
	_, answer = w.post(t, cb.ResponseURL, "application/json", `{"text":"x","replace_original":true}`, "")
	require.Equal(t, "message_not_found", answer["error"], "another's message cannot be replaced")

	require.False(t, w.alice.ExpectEphemeral(t).Shortcut(t.Context(), w.alice, "look_up").OK, "an ephemeral message has no shortcuts")
	carol := w.ws.AddUser(practiceslack.Person{ID: "U3"})
	require.False(t, msg.Shortcut(t.Context(), carol, "look_up").OK, "carol does not see the message")
	require.Equal(t, 1, w.app.count())
}
