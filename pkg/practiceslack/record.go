package practiceslack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// maxRecordedBytes bounds each body that is kept for looking at.
const maxRecordedBytes = 256 * 1024

// Call is one call of the Web API or of a response_url as it was answered.
type Call struct {
	Seq      uint64
	Time     time.Time
	Duration time.Duration // until the answer, by the clock
	Method   string
	Args     map[string]string // without the token
	Status   int               // 0 when the connection was cut
	Response json.RawMessage
	Error    string // Slack's error code, empty when all was well
	Fault    string // the fault that was switched on, if one met this call
}

// Delivery is one payload that the workspace sent to the app.
type Delivery struct {
	Seq      uint64
	Time     time.Time
	Kind     string          // block_actions, view_submission, view_closed, block_suggestion, command, shortcut, message_action, event, url_verification
	URL      string          // over Socket Mode the connection's id, empty when none was open
	Header   http.Header     // none over Socket Mode
	Body     []byte          // the raw body, as it was signed; over Socket Mode the envelope
	Payload  json.RawMessage // the payload field; the body itself if that is JSON; empty for a command over HTTP
	Status   int             // 0 when there was no answer; 200 for an acknowledgement over Socket Mode
	Response []byte          // over Socket Mode the acknowledgement's payload
	Duration time.Duration
	Error    string

	Transport  Transport
	EnvelopeID string // over Socket Mode only
}

// EventKind says what changed.
type EventKind string

// The kinds of events. After Lagged a subscriber has missed some and reads the
// snapshots again.
const (
	MessagePosted    EventKind = "message_posted"
	MessageChanged   EventKind = "message_changed"
	MessageDeleted   EventKind = "message_deleted"
	EphemeralPosted  EventKind = "ephemeral_posted"
	EphemeralChanged EventKind = "ephemeral_changed"
	EphemeralDeleted EventKind = "ephemeral_deleted"
	ViewsChanged     EventKind = "views_changed"
	StateChanged     EventKind = "state_changed"
	UserChanged      EventKind = "user_changed"
	ChannelChanged   EventKind = "channel_changed"
	CallMade         EventKind = "call"
	DeliveryMade     EventKind = "delivery"
	CommandsChanged  EventKind = "commands_changed"
	ViolationFound   EventKind = "violation"
	PaceChanged      EventKind = "pace_changed"
	SocketsChanged   EventKind = "sockets_changed"
	Lagged           EventKind = "lagged"
)

// Event tells that something changed, and where. Call and Delivery are set for
// the events of those kinds.
type Event struct {
	Seq      uint64
	Kind     EventKind
	Channel  string
	User     string
	TS       string
	Thread   string // the first message of the thread that a message is a reply in
	View     string
	Call     *Call
	Delivery *Delivery
	Text     string
}

type subscriber struct {
	events chan Event
	lagged bool
}

// Subscribe follows all changes from now on. A subscriber that does not keep up
// loses events and then gets one Lagged. The channel is closed by cancel or by
// Close.
func (ws *Workspace) Subscribe() (events <-chan Event, cancel func()) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	sub := &subscriber{events: make(chan Event, 256)}
	ws.subscribers[sub] = struct{}{}
	return sub.events, func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		ws.end(sub)
	}
}

func (ws *Workspace) end(sub *subscriber) {
	if _, ok := ws.subscribers[sub]; ok {
		delete(ws.subscribers, sub)
		close(sub.events)
	}
}

// announce wakes those who wait and tells subscribers. The lock is held.
func (ws *Workspace) announce(e Event) {
	ws.touchFor(e)
	ws.seq++
	e.Seq = ws.seq
	close(ws.changed)
	ws.changed = make(chan struct{})
	for sub := range ws.subscribers {
		if sub.lagged {
			// Lagged was the last one in; an empty channel means that it was read.
			if len(sub.events) > 0 {
				continue
			}
			sub.lagged = false
		}
		if len(sub.events) < cap(sub.events)-1 {
			sub.events <- e
			continue
		}
		sub.lagged = true
		sub.events <- Event{Seq: e.Seq, Kind: Lagged}
	}
}

func (ws *Workspace) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	ws.violations = keepNewest(append(ws.violations, text), ws.opt.MaxRecords)
	ws.announce(Event{Kind: ViolationFound, Text: text})
}

// Violations lists what the app answered against Slack's protocol.
func (ws *Workspace) Violations() []string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return slices.Clone(ws.violations)
}

// Calls lists the recorded calls of a method, oldest first; of all methods when
// it is empty.
func (ws *Workspace) Calls(method string) []Call {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var found []Call
	for _, c := range ws.calls {
		if method == "" || c.Method == method {
			found = append(found, c)
		}
	}
	return found
}

// Deliveries lists the recorded deliveries, oldest first.
func (ws *Workspace) Deliveries() []Delivery {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return slices.Clone(ws.deliveries)
}

// LastDelivery is the newest delivery with its raw body and headers, to be
// replayed as it is.
func (ws *Workspace) LastDelivery() (Delivery, bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(ws.deliveries) == 0 {
		return Delivery{}, false
	}
	return ws.deliveries[len(ws.deliveries)-1], true
}

func (ws *Workspace) recordCall(c Call) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c.Seq, c.Duration = ws.seq+1, ws.now().Sub(c.Time)
	ws.calls = keepNewest(append(ws.calls, c), ws.opt.MaxRecords)
	ws.announce(Event{Kind: CallMade, Call: &c})
}

func (ws *Workspace) recordDelivery(d Delivery) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	d.Seq = ws.seq + 1
	ws.deliveries = keepNewest(append(ws.deliveries, d), ws.opt.MaxRecords)
	ws.announce(Event{Kind: DeliveryMade, Delivery: &d})
}

func keepNewest[T any](list []T, most int) []T {
	if extra := len(list) - most; extra > 0 {
		return slices.Delete(list, 0, extra)
	}
	return list
}
