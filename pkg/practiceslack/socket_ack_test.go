package practiceslack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const search = `[{"type":"actions","block_id":"find","elements":[
 {"type":"external_select","action_id":"group","min_query_length":1,"placeholder":{"type":"plain_text","text":"Group"}}]}]`

// TestSocketAnswersMeanWhatHTTPAnswersMean sends each kind of answer.
func TestSocketAnswersMeanWhatHTTPAnswersMean(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.openForm(t, form)
	w.ws.SetSocketMode(true)
	answer := ""
	w.connect(t).serve(func(map[string]any) string { return answer })
	modal := w.alice.ExpectModal(t, "Reject").Fill("Reason", "no")

	answer = `{"envelope_id":"$ID","payload":{"response_action":"errors","errors":{"reason":"Too short"}}}`
	result := modal.Submit(t.Context())
	require.False(t, result.OK)
	require.Equal(t, "Too short", result.ErrorOf("Reason"))
	require.True(t, modal.IsOpen())

	answer = `{"envelope_id":"$ID","payload":{"response_action":"update","view":` + strings.Replace(form, "Reject ada", "Changed ada", 1) + `}}`
	require.True(t, modal.Submit(t.Context()).Updated)
	require.Contains(t, modal.Text(), "Changed ada")

	// An empty payload is none: Slack's client for Node sends one always.
	answer = `{"envelope_id":"$ID","payload":{}}`
	require.True(t, modal.Submit(t.Context()).Closed)
	require.False(t, modal.IsOpen())

	msg := w.postBlocks(t, search)
	answer = `{"envelope_id":"$ID","payload":{"options":[{"text":{"type":"plain_text","text":"Group A"},"value":"a"}]}}`
	found := w.ws.LoadOptions(t.Context(), "U1", "C1", msg.TS(), "find", "group", "gr")
	require.NoError(t, found.Err())
	require.Equal(t, []practiceslack.Option{{Text: "Group A", Value: "a"}}, found.Options)

	answer = `{"envelope_id":"$ID","payload":{"response_type":"ephemeral","text":"None is open."}}`
	require.NoError(t, w.alice.Command(t.Context(), "C1", "/requests", "").Err())
	require.Equal(t, "None is open.", w.alice.Ephemerals("C1")[0].Text)
	d, _ := w.ws.LastDelivery()
	require.JSONEq(t, `{"response_type":"ephemeral","text":"None is open."}`, string(d.Response))
	require.Empty(t, w.ws.Violations())
}

// TestSocketBadAcknowledgements says what each of them is recorded as, and that
// none but the last two acknowledges anything.
func TestSocketBadAcknowledgements(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer    string
		violation string
		taken     bool
	}{
		"not JSON":          {`{"envelope_id":"$ID"`, "is not an acknowledgement in JSON", false},
		"not an object":     {`"$ID"`, "is not an acknowledgement in JSON", false},
		"no id":             {`{"payload":{}}`, "has no envelope_id", false},
		"other id":          {`{"envelope_id":"x$ID"}`, "names none that this connection got", false},
		"payload is text":   {`{"envelope_id":"$ID","payload":"hello"}`, "has a payload that is not a JSON object", false},
		"too big":           {`{"envelope_id":"$ID","payload":{"text":"` + strings.Repeat("x", 20*1024) + `"}}`, "has 20 KB or more and is dropped", false},
		"payload unwelcome": {`{"envelope_id":"$ID","payload":{"text":"hello"}}`, "the envelope accepts none", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := socketWorld(t, practiceslack.Options{Pace: practiceslack.Pace{DeliveryTimeout: 100 * time.Millisecond}})
			if c.taken {
				w = socketWorld(t, practiceslack.Options{})
			}
			msg := w.postBlocks(t, request)
			w.connect(t).serve(func(map[string]any) string { return c.answer })
			out := msg.Button("Approve").Click(t.Context(), w.alice)
			require.Equal(t, c.taken, out.OK)
			if !c.taken {
				require.Equal(t, "Operation timed out. Apps need to respond within 3 seconds.", out.Error)
			}
			require.Empty(t, out.Reply)
			require.Len(t, w.ws.Violations(), 1)
			require.Contains(t, w.ws.Violations()[0], c.violation)
		})
	}
}

func TestSocketAcknowledgesOnceAndInTime(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{Pace: practiceslack.Pace{DeliveryTimeout: 300 * time.Millisecond}})
	msg := w.postBlocks(t, request)
	c := w.connect(t)
	out := msg.Button("Approve").Click(t.Context(), w.alice)
	require.False(t, out.OK)
	late := c.read(t)
	c.send(t, fmt.Sprintf(`{"envelope_id":%q}`, late["envelope_id"]))
	violation := w.expectViolation(t, 1)
	require.Contains(t, violation, fmt.Sprint(late["envelope_id"]))
	require.Contains(t, violation, "came too late")

	require.NoError(t, c.WriteMessage(websocket.BinaryMessage, []byte(`{"envelope_id":"x"}`)))
	require.Contains(t, w.expectViolation(t, 2), "is not a text message")

	// An envelope is acknowledged where it came, not on another connection.
	other := w.connect(t)
	w.ws.Sockets()[0].Cut()
	got := other.serve(func(map[string]any) string { return "" })
	clicked := make(chan practiceslack.Outcome)
	go func() { clicked <- msg.Button("Approve").Click(t.Context(), w.alice) }()
	e := <-got
	w.connect(t).send(t, fmt.Sprintf(`{"envelope_id":%q}`, e["envelope_id"]))
	require.Contains(t, w.expectViolation(t, 3), "names none that this connection got")
	ack := fmt.Sprintf(`{"envelope_id":%q}`, e["envelope_id"])
	other.send(t, ack)
	other.send(t, ack)
	require.Contains(t, w.expectViolation(t, 4), "came twice")
	require.True(t, (<-clicked).OK)
}

// expectViolation waits until there are n violations and gives the last one.
func (w *world) expectViolation(t *testing.T, n int) string {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.ws.Violations()) == n }, 5*time.Second, time.Millisecond)
	return w.ws.Violations()[n-1]
}
