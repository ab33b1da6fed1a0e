package practiceslack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/websocket"
)

const (
	// host is the name under which Slack's end of a connection goes.
	host = "applink-practice-1"
	// maxAckBytes is the size from which Slack drops an acknowledgement without
	// a word.
	maxAckBytes = 20 * 1024
	// maxSettled bounds how many envelopes are remembered after they were
	// acknowledged or given up.
	maxSettled = 100
)

// Transport is the way that a delivery takes.
type Transport string

// The ways of a delivery.
const (
	OverHTTP       Transport = "http"
	OverSocketMode Transport = "socket"
)

// envelope is one payload on its way over a connection.
type envelope struct {
	id       string
	accepts  bool // its acknowledgement may have a payload
	message  object
	answered chan []byte // gets the payload of its acknowledgement
}

// settled is an envelope that waits no more, and why.
type settled struct{ id, why string }

// newEnvelope wraps a delivery as Slack does.
func newEnvelope(d Delivery, retry http.Header) *envelope {
	kind, accepts, payload := "interactive", false, any(d.Payload)
	switch d.Kind {
	case "view_submission", "block_suggestion":
		accepts = true
	case "command":
		kind, accepts, payload = "slash_commands", true, fields(d.Body)
	case "event":
		kind = "events_api"
	}
	e := &envelope{id: newEnvelopeID(), accepts: accepts, answered: make(chan []byte, 1)}
	e.message = object{"envelope_id": e.id, "type": kind, "accepts_response_payload": accepts, "payload": payload}
	if d.Kind == "event" {
		attempt, _ := strconv.Atoi(retry.Get(retryNumHeader)) // none: the first attempt, 0
		e.message["retry_attempt"], e.message["retry_reason"] = attempt, retry.Get(retryReasonHeader)
	}
	return e
}

// fields gives a form as the object that Socket Mode sends in its place.
func fields(form []byte) object {
	values, _ := url.ParseQuery(string(form)) // it was encoded here
	o := object{}
	for key := range values {
		o[key] = values.Get(key)
	}
	return o
}

// newEnvelopeID gives a random UUID.
func newEnvelopeID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// dispatchOverSocket sends a delivery over one of the open connections, waits
// until it is acknowledged, and records it. The lock is not held.
func (ws *Workspace) dispatchOverSocket(ctx context.Context, d Delivery, retry http.Header) Outcome {
	if d.Kind == "url_verification" {
		return failed("Socket Mode is on: there is no address to verify.")
	}
	ctx, cancel := context.WithTimeout(ctx, ws.Pace().DeliveryTimeout)
	defer cancel()
	e := newEnvelope(d, retry)
	d.Time, d.Transport, d.EnvelopeID = ws.now(), OverSocketMode, e.id
	d.Payload = encode(e.message["payload"])
	d.Body = encode(e.message)
	out := Outcome{Delivered: true, overSocket: true}
	err := errNoConnection
	c := ws.nextConnection(e)
	if c != nil {
		d.URL = c.id
		out.Reply, err = c.ask(ctx, e)
	}
	switch {
	case err == nil:
		out.OK, out.Status = true, http.StatusOK
	case errors.Is(err, context.DeadlineExceeded):
		out.Error = timedOut
	default:
		out.Error = unreachable
	}
	d.Status, d.Response, d.Error, d.Duration = out.Status, out.Reply, out.Error, ws.now().Sub(d.Time)
	ws.recordDelivery(d)
	return out
}

var (
	errNoConnection = errors.New("no connection is open")
	errConnection   = errors.New("the connection ended")
)

// nextConnection picks the connection whose turn it is and lets the envelope
// wait for its acknowledgement there.
func (ws *Workspace) nextConnection(e *envelope) *connection {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var able []*connection
	for _, c := range ws.sockets.open {
		if !c.draining {
			able = append(able, c)
		}
	}
	if len(able) == 0 {
		return nil
	}
	c := able[ws.sockets.turn%len(able)]
	ws.sockets.turn++
	c.waiting[e.id] = e
	return c
}

// ask sends an envelope and waits for the payload of its acknowledgement.
func (c *connection) ask(ctx context.Context, e *envelope) ([]byte, error) {
	if err := c.send(e); err != nil {
		return nil, c.giveUp(e, err)
	}
	select {
	case reply := <-e.answered:
		return reply, nil
	case <-ctx.Done():
		// What came at the last moment still counts.
		if err := c.giveUp(e, ctx.Err()); err != nil {
			return nil, err
		}
	case <-c.over:
		if err := c.giveUp(e, errConnection); err != nil {
			return nil, err
		}
	}
	return <-e.answered, nil
}

// send sends an envelope, of which a frozen connection takes no notice.
func (c *connection) send(e *envelope) error {
	c.ws.mu.Lock()
	frozen := c.frozen
	c.ws.mu.Unlock()
	if frozen {
		return nil
	}
	return c.write(e.message)
}

// giveUp stops waiting for an acknowledgement, and says why; nil when it has
// come.
func (c *connection) giveUp(e *envelope, why error) error {
	c.ws.mu.Lock()
	defer c.ws.mu.Unlock()
	if _, still := c.waiting[e.id]; !still {
		return nil
	}
	c.settle(e.id, "came too late")
	return why
}

func (c *connection) settle(id, why string) {
	delete(c.waiting, id)
	c.settled = keepNewest(append(c.settled, settled{id, why}), maxSettled)
}

// acknowledge takes in what a client has sent. Anything but a good
// acknowledgement is a violation, and acknowledges nothing.
func (c *connection) acknowledge(kind int, message []byte) {
	c.ws.mu.Lock()
	defer c.ws.mu.Unlock()
	if c.frozen {
		return
	}
	id, payload, problem := readAcknowledgement(kind, message)
	if problem != "" {
		c.ws.violation("message over Socket Mode %s: %.100q", problem, message)
		return
	}
	e, ok := c.waiting[id]
	if !ok {
		c.ws.violation("acknowledgement over Socket Mode of the envelope %.50q %s", id, c.whyNot(id))
		return
	}
	if len(payload) > 0 && !e.accepts {
		c.ws.violation("acknowledgement over Socket Mode has a payload, but the envelope accepts none: %.100q", payload)
		payload = nil
	}
	c.settle(id, "came twice")
	e.answered <- payload
}

// whyNot says why no envelope of that id waits on this connection.
func (c *connection) whyNot(id string) string {
	for _, s := range c.settled {
		if s.id == id {
			return s.why
		}
	}
	return "names none that this connection got"
}

// readAcknowledgement reads an envelope's id and the payload for it. No payload
// and an empty one are the same: Slack's own clients send an empty one always.
func readAcknowledgement(kind int, message []byte) (id string, payload []byte, problem string) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	switch {
	case kind != websocket.TextMessage:
		return "", nil, "is not a text message"
	case len(message) >= maxAckBytes:
		return "", nil, "has 20 KB or more and is dropped"
	case json.Unmarshal(message, &ack) != nil:
		return "", nil, "is not an acknowledgement in JSON"
	case ack.EnvelopeID == "":
		return "", nil, "has no envelope_id"
	}
	if len(ack.Payload) == 0 || bytes.Equal(ack.Payload, []byte("null")) {
		return ack.EnvelopeID, nil, ""
	}
	decoded, err := decode(ack.Payload)
	o, isObject := decoded.(object)
	switch {
	case err != nil || !isObject:
		return "", nil, "has a payload that is not a JSON object"
	case len(o) == 0:
		return ack.EnvelopeID, nil, ""
	}
	return ack.EnvelopeID, ack.Payload, ""
}
