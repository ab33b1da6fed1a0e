package practiceslack_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestSnapshots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	require.Equal(t, "alice@corp.example", w.ws.User("alice").Info().Email)
	require.Equal(t, "U1", w.ws.User("alice").ID())
	require.Equal(t, w.ws.BotUserID(), w.ws.Users()[0].ID)
	require.Len(t, w.ws.Users(), 3)
	require.Equal(t, "access", w.ws.Channels()[0].Name)
	room := w.ws.Channel("access")
	require.Equal(t, "C1", room.ID())
	require.ElementsMatch(t, []string{"U1", "U2", w.ws.BotUserID()}, room.Info().Members)
	require.Empty(t, w.ws.Channel("C9").Messages())
	require.Empty(t, w.ws.Channel("C9").Info().ID)
	w.ws.Join("C1", "U9", "U1")
	require.Len(t, room.Info().Members, 4)
	w.ws.Join("C9", "U1")

	msg := w.postBlocks(t, request)
	m, ok := msg.Snapshot()
	require.True(t, ok)
	require.Equal(t, w.ws.BotUserID(), m.User)
	require.Contains(t, string(m.Blocks), `"block_id":"groups"`)
	require.Equal(t, msg.Text(), m.Visible())
	for _, text := range []string{"Access request", "*ada@x.com* asks", "Approve with options…", "Group B", "Reject"} {
		require.Contains(t, m.Visible(), text)
	}
	groups := msg.Select("Access groups")
	require.Len(t, groups.Options(w.alice), 2)
	require.NoError(t, groups.Choose(t.Context(), w.alice, "Group A").Err())
	in := practiceslack.InMessage("C1", msg.TS())
	require.JSONEq(t, `{"groups":{"pick":{"type":"multi_static_select","selected_options":[{"text":{"type":"plain_text","text":"Group A"},"value":"a"}]}}}`, string(w.ws.StateOf("U1", in)))
	require.JSONEq(t, `{}`, string(w.ws.StateOf("U9", in)))
	require.False(t, w.ws.LoadOptions(t.Context(), "U1", "C1", msg.TS(), "groups", "pick", "abc").OK, "not an external menu")

	require.NoError(t, w.ws.DeleteMessage("C1", msg.TS()))
	_, ok = msg.Snapshot()
	require.False(t, ok)
	require.Empty(t, msg.Text())
	require.False(t, groups.Choose(t.Context(), w.alice, "Group A").OK)
	require.False(t, groups.Remove(t.Context(), w.alice, "Group A").OK)
	require.False(t, groups.Search(t.Context(), w.alice, "abc").OK)
	require.Empty(t, groups.Chosen(w.alice))
	require.Empty(t, msg.Overflow().Entries(w.alice))
	_, err := w.ws.PostAsUser("U1", "C9", "x", "")
	require.Error(t, err)
	_, err = w.ws.PostAsUser("U1", "C1", "x", "1.000000")
	require.Error(t, err)
}

func TestModalHandle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.openForm(t, strings.Replace(form, `"blocks":[`, `"blocks":[{"type":"actions","elements":[{"type":"button","action_id":"go","text":{"type":"plain_text","text":"Go"}}]},`, 1))
	modal := w.alice.ExpectModal(t, "Reject").Expect(practiceslack.Contains("Reject ada@x.com"))
	require.NoError(t, modal.Click(t.Context(), "Go").Err())
	require.Equal(t, "go", at(t, w.app.last(), "actions", 0, "action_id"))
	require.Equal(t, "Bypass", modal.Options("NDA")[0].Text)
	modal.Check("NDA", "Bypass").PickDate("until", "2026-05-05")
	require.Equal(t, []string{"Bypass"}, modal.Chosen("NDA"))
	require.Equal(t, "2026-05-05", modal.Value("Until"))
	require.Empty(t, modal.Value("Reason"))
	modal.Check("NDA")
	require.Empty(t, modal.Chosen("NDA"))
	require.False(t, w.ws.SubmitView(t.Context(), "U2", modal.ID(), nil).OK, "not bob's view")
	require.False(t, w.ws.CloseView(t.Context(), "U2", modal.ID()).OK)
	unknown := map[string]map[string]practiceslack.Input{"x": {"y": {}}}
	require.False(t, w.ws.SubmitView(t.Context(), "U1", modal.ID(), unknown).OK)
}

// TestManyClicksAtOnce is for the race detector, and for the promise that
// deliveries do not wait for each other.
func TestManyClicksAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	msg := w.postBlocks(t, request)
	events, cancel := w.ws.Subscribe()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			who := []*practiceslack.User{w.alice, w.bob}[i%2]
			if !msg.Button("Approve").Click(t.Context(), who).OK || !msg.Select("pick").Choose(t.Context(), who, "Group A").OK && len(msg.Select("pick").Chosen(who)) == 0 {
				t.Error("a click was lost")
			}
			w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("ada"))
		})
	}
	all.Wait()
	cancel()
	for range events {
	}
	require.GreaterOrEqual(t, w.app.count(), 50)
	triggers := map[any]bool{}
	for _, p := range w.app.payloads {
		triggers[p["trigger_id"]] = true
	}
	require.Len(t, triggers, w.app.count(), "each has a trigger of its own")
}

// FuzzValidate feeds what may come over the wire; it must be judged, not crash.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(request))
	f.Add([]byte(form))
	f.Add([]byte(external))
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{}]}]}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, surface := range []practiceslack.Surface{practiceslack.MessageSurface, practiceslack.ModalSurface, practiceslack.HomeSurface} {
			for _, problem := range practiceslack.ValidateBlocks(surface, raw) {
				if !strings.Contains(problem, "[json-pointer:/") {
					t.Fatalf("no place in %q", problem)
				}
			}
		}
		practiceslack.ValidateModal(raw)
	})
}
