package practiceslack_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// TestSocketSharesAmongConnections holds that each payload goes to exactly one.
func TestSocketSharesAmongConnections(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	var got []<-chan map[string]any
	for range 10 {
		got = append(got, w.connect(t).serve(nil))
	}
	refused := dial(t, w.ticket(t))
	require.Equal(t, "too_many_websockets", refused.read(t)["reason"], "instead of a hello")
	require.Len(t, w.ws.Sockets(), 10)
	for range 20 {
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	}
	for i, c := range got {
		require.Len(t, c, 2, "connection %d", i)
	}
	w.ws.Sockets()[0].Cut()
	w.ws.ExpectSockets(t, 9)
	w.connect(t)
	w.ws.ExpectSockets(t, 10)
}

func TestSocketDisconnects(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	old := w.connect(t)
	s := w.ws.Sockets()[0]
	require.True(t, s.Opened().Equal(w.clock.Now()))

	s.Disconnect(practiceslack.Warning)
	require.Equal(t, "warning", old.read(t)["reason"])
	clicked := make(chan practiceslack.Outcome)
	go func() { clicked <- msg.Button("Approve").Click(t.Context(), w.alice) }()
	e := old.read(t)
	require.Equal(t, "interactive", e["type"], "a warning takes nothing away")
	w.clock.Advance(11 * time.Second)
	require.Equal(t, "refresh_requested", old.read(t)["reason"])

	// It gets nothing more, and may acknowledge what it has.
	fresh := w.connect(t).serve(nil)
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	require.Len(t, fresh, 2)
	id, _ := e["envelope_id"].(string)
	old.send(t, `{"envelope_id":"`+id+`"}`)
	require.True(t, (<-clicked).OK)
	require.True(t, s.IsOpen())
	require.NoError(t, old.Close())
	w.ws.ExpectSockets(t, 1)
	require.False(t, s.IsOpen())

	w.ws.Sockets()[0].Disconnect(practiceslack.LinkDisabled)
	<-fresh
	<-fresh
	require.Equal(t, "link_disabled", (<-fresh)["reason"])
	_, more := <-fresh
	require.False(t, more, "it is closed at once")
	require.Empty(t, w.ws.Violations())
}

// TestSocketIsRefreshedByAge goes by the workspace's clock.
func TestSocketIsRefreshedByAge(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	long, short := w.connect(t), dial(t, w.ticket(t)+"&debug_reconnects=true")
	require.Equal(t, "hello", short.read(t)["type"])
	w.clock.Advance(350 * time.Second)
	require.Equal(t, "warning", short.read(t)["reason"])
	w.clock.Advance(10 * time.Second)
	require.Equal(t, "refresh_requested", short.read(t)["reason"])
	w.clock.Advance(time.Hour)
	require.Equal(t, "refresh_requested", long.read(t)["reason"], "a warning may be missed")
}

// TestSocketFrozen holds that a dead connection swallows payloads until the app
// closes it.
func TestSocketFrozen(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{Pace: practiceslack.Pace{DeliveryTimeout: 200 * time.Millisecond}})
	msg := w.postBlocks(t, request)
	c := w.connect(t)
	w.ws.Sockets()[0].Freeze()
	w.ws.Sockets()[0].Freeze() // no more than once
	c.send(t, `not JSON`)
	out := msg.Button("Approve").Click(t.Context(), w.alice)
	require.Equal(t, "Operation timed out. Apps need to respond within 3 seconds.", out.Error)
	w.ws.Sockets()[0].Disconnect(practiceslack.RefreshRequested) // a dead connection says nothing
	require.Len(t, w.ws.Sockets(), 1, "it is not closed")
	require.Empty(t, w.ws.Violations(), "and sees nothing")
	require.NoError(t, c.Close())
	w.ws.ExpectSockets(t, 0)
}

// TestSocketBreaks holds what a person sees when the connection breaks before
// the acknowledgement, and that closing the workspace ends all.
func TestSocketBreaks(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	msg := w.postBlocks(t, request)
	c := w.connect(t)
	clicked := make(chan practiceslack.Outcome)
	go func() { clicked <- msg.Button("Approve").Click(t.Context(), w.alice) }()
	require.Equal(t, "interactive", c.read(t)["type"])
	require.NoError(t, c.Close())
	require.Equal(t, "The app could not be reached.", (<-clicked).Error)

	left, frozen, silent := w.connect(t), w.connect(t), w.connect(t)
	w.ws.Sockets()[1].Freeze()
	w.ws.Close()
	require.Empty(t, w.ws.Sockets())
	_, _, err := left.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), "%v", err)
	_, _, err = frozen.ReadMessage()
	require.Error(t, err)
	_, _, err = silent.ReadMessage()
	require.Error(t, err)
	require.Equal(t, "disconnect", dial(t, w.ticket(t)).read(t)["type"], "nothing is opened any more")
}

// TestSocketEventRetries holds the schedule of events that are not taken.
func TestSocketEventRetries(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{Pace: practiceslack.Pace{DeliveryTimeout: 200 * time.Millisecond}})
	require.Equal(t, "The app could not be reached.", w.alice.OpenHome(t.Context()).Error)
	got := w.connect(t).serve(func(envelope map[string]any) string {
		if envelope["retry_attempt"] == 1.0 {
			return ""
		}
		return `{"envelope_id":"$ID"}`
	})
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	first := <-got
	require.InDelta(t, 1.0, first["retry_attempt"], 0)
	require.Equal(t, "connection_failed", first["retry_reason"])
	w.clock.Advance(time.Minute)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	second := <-got
	require.InDelta(t, 2.0, second["retry_attempt"], 0)
	require.Equal(t, "timeout", second["retry_reason"])
	require.Equal(t, first["payload"], second["payload"], "the same event")
	require.NotEqual(t, first["envelope_id"], second["envelope_id"], "in another envelope")
	_, waits := w.ws.NextRetry()
	require.False(t, waits)
	require.Empty(t, w.ws.Violations())
}

// TestSocketFaults lets opening go wrong, at the method and at the link.
func TestSocketFaults(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	w.ws.Fault(practiceslack.Fault{Method: "apps.connections.open", Kind: practiceslack.SlackError, Code: "internal_error"})
	_, answer := w.post(t, w.url+"/api/apps.connections.open", "application/json", "", w.ws.AppToken())
	require.Equal(t, "internal_error", answer["error"])
	address := w.ticket(t)
	w.ws.Fault(practiceslack.Fault{Method: "link", Kind: practiceslack.ServerError})
	_, resp, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	require.ErrorIs(t, err, websocket.ErrBadHandshake)
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "hello", dial(t, address).read(t)["type"], "nothing was done, the ticket is still good")
	links := w.ws.Calls("link")
	require.Len(t, links, 2)
	require.Equal(t, "server error", links[0].Fault)
	require.Equal(t, http.StatusSwitchingProtocols, links[1].Status)
}
