package slackapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

// ErrSocketModeOff says that Socket Mode is switched off in the app's settings.
var ErrSocketModeOff = errors.New("Socket Mode is switched off in the Slack app's settings (link_disabled); " + //nolint:staticcheck // a name
	"switch it on there, or unset SLACK_APP_TOKEN and give Slack a request address")

// errNotConnected is the health before the first connection.
var errNotConnected = errors.New("Slack has not taken a Socket Mode connection yet") //nolint:staticcheck // Slack is a name

const (
	// Connections is how many are held: while Slack renews one, the other works.
	Connections = 2
	// pingEvery and deadAfter find a socket that died without a word: whoever
	// does not answer a ping for so long is not there any more.
	pingEvery = 8 * time.Second
	deadAfter = 20 * time.Second
	// dialWithin bounds opening a connection, helloWithin Slack's greeting.
	dialWithin  = 10 * time.Second
	helloWithin = 10 * time.Second
	// steady is how long a connection has to last to count as one that worked:
	// those that end sooner are opened more and more rarely.
	steady = 10 * time.Second
	// reopenMin and reopenMax bound the wait before a connection is opened anew.
	reopenMin = time.Second
	reopenMax = time.Minute
	// drain is how long a connection that Slack replaces is still read.
	drain = 15 * time.Second
	// ackWithin bounds writing an acknowledgement.
	ackWithin = 2 * time.Second
	// maxEnvelope bounds one message; Slack's own are far smaller.
	maxEnvelope = 4 << 20
)

// SocketWatch is told of what an operator should know of Socket Mode.
type SocketWatch interface {
	DoorWatch
	// Connected is called with the number of connections when it changes.
	Connected(n int)
	// Disconnected is called when a connection could not be opened or has ended.
	Disconnected(err error)
}

// Dial opens a connection of the network.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Sockets takes in what Slack sends over Socket Mode, so that no public address
// is needed. Make one with NewSockets and call Run.
type Sockets struct {
	api   API
	desk  *Reception
	watch SocketWatch
	dial  Dial

	mu      sync.Mutex
	open    int
	trouble error
	// draining are connections that Slack has replaced.
	draining sync.WaitGroup
}

// NewSockets makes the Socket Mode side of a reception. The client must have
// the app-level token. The connections are opened with dial.
func NewSockets(api API, desk *Reception, watch SocketWatch, dial Dial) *Sockets {
	return &Sockets{api: api, desk: desk, watch: watch, dial: dial, trouble: errNotConnected}
}

// Run holds the connections until the context ends; then what is under way is
// answered first. It gives ErrSocketModeOff if Slack says so, and nil otherwise.
func (s *Sockets) Run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var slots sync.WaitGroup
	for range Connections {
		slots.Go(func() { s.hold(ctx, end) })
	}
	slots.Wait()
	s.draining.Wait()
	if errors.Is(context.Cause(ctx), ErrSocketModeOff) {
		return ErrSocketModeOff
	}
	return nil
}

// Health gives why no connection is open, nil if one is.
func (s *Sockets) Health() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open > 0 {
		return nil
	}
	return s.trouble
}

// hold keeps one connection open, one after another.
func (s *Sockets) hold(ctx context.Context, end func(error)) {
	for failures := 0; ctx.Err() == nil; {
		lasted, err := s.connect(ctx)
		switch {
		case errors.Is(err, ErrSocketModeOff):
			end(err)
			return
		case lasted >= steady:
			failures = 0
		default:
			failures++
		}
		if err != nil && ctx.Err() == nil {
			s.note(err)
		}
		if failures > 0 {
			rest(ctx, reopenWait(failures, err))
		}
	}
}

// reopenWait gives the wait after so many failures: what Slack named, or 1 s,
// 2 s, 4 s … a minute.
func reopenWait(failures int, err error) time.Duration {
	wait := min(reopenMin<<min(failures-1, 10), reopenMax)
	if passing, ok := errors.AsType[*approval.PassingError](err); ok {
		wait = max(wait, passing.RetryAfter)
	}
	return wait
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Sockets) note(err error) {
	s.mu.Lock()
	s.trouble = err
	s.mu.Unlock()
	s.watch.Disconnected(err)
}

func (s *Sockets) count(by int) {
	s.mu.Lock()
	s.open += by
	n := s.open
	s.mu.Unlock()
	s.watch.Connected(n)
}

// connect opens a connection and reads it until it has to be replaced. It gives
// how long it lasted, and why it ended unless Slack or the context asked for it.
func (s *Sockets) connect(ctx context.Context) (time.Duration, error) {
	asking, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	_, address, err := s.api.StartSocketModeContext(asking)
	if err != nil {
		return 0, fmt.Errorf("ask Slack for a Socket Mode connection: %w", slackError(err))
	}
	dialer := &websocket.Dialer{HandshakeTimeout: dialWithin, NetDialContext: s.dial}
	ws, res, err := dialer.DialContext(asking, address, nil)
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return 0, fmt.Errorf("open a Socket Mode connection: %w", err)
	}
	c := newConnection(ws, s)
	if err := c.greet(); err != nil {
		_ = ws.Close()
		return 0, err
	}
	began := s.desk.clock()
	s.count(1)
	replaced, err := c.read(ctx)
	s.count(-1)
	if replaced {
		s.draining.Go(func() { c.drain(ctx) })
	} else {
		c.close()
	}
	return s.desk.clock().Sub(began), err
}

// connection is one Socket Mode connection.
type connection struct {
	ws      *websocket.Conn
	sockets *Sockets
	write   sync.Mutex
	working sync.WaitGroup
	stop    chan struct{} // ends the pings
	pinging sync.WaitGroup
}

func newConnection(ws *websocket.Conn, s *Sockets) *connection {
	c := &connection{ws: ws, sockets: s, stop: make(chan struct{})}
	ws.SetReadLimit(maxEnvelope)
	answer := ws.PingHandler()
	ws.SetPingHandler(func(text string) error {
		_ = c.alive(deadAfter)
		return answer(text)
	})
	ws.SetPongHandler(func(string) error { return c.alive(deadAfter) })
	return c
}

// alive says that the other side showed itself, and has so long for the next time.
func (c *connection) alive(within time.Duration) error {
	return c.ws.SetReadDeadline(time.Now().Add(within)) //nolint:forbidigo,wrapcheck // the network keeps real time
}

// envelope is one message of Socket Mode.
type envelope struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Accepts bool            `json:"accepts_response_payload"`
	Payload json.RawMessage `json:"payload"`
	Reason  string          `json:"reason"`
}

func (c *connection) next() (envelope, error) {
	var e envelope
	_, text, err := c.ws.ReadMessage()
	if err != nil {
		return e, fmt.Errorf("read a Socket Mode connection: %w", err)
	}
	if err := json.Unmarshal(text, &e); err != nil {
		c.sockets.watch.Unknown("unreadable") // nobody can be answered
		return envelope{}, nil                //nolint:nilerr // the next one may be readable
	}
	return e, nil
}

// greet waits for Slack's hello; until then nothing is to be expected.
func (c *connection) greet() error {
	if err := c.alive(helloWithin); err != nil {
		return err
	}
	e, err := c.next()
	switch {
	case err != nil:
		return err
	case e.Type == "disconnect" && e.Reason == "link_disabled":
		return ErrSocketModeOff
	case e.Type != "hello":
		return errors.New("Slack did not greet on a new Socket Mode connection") //nolint:staticcheck // Slack is a name
	}
	c.pinging.Go(c.ping)
	return c.alive(deadAfter)
}

func (c *connection) ping() {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case now := <-ticker.C:
			_ = c.ws.WriteControl(websocket.PingMessage, nil, now.Add(ackWithin)) // the reader notices
		}
	}
}

// read works on what comes until the connection has to be replaced (true), or
// is not to be read any more.
func (c *connection) read(ctx context.Context) (replaced bool, err error) {
	unblock := context.AfterFunc(ctx, func() { _ = c.alive(-time.Second) })
	defer unblock()
	for ctx.Err() == nil {
		e, err := c.next()
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil:
			return false, err
		case e.Type == "disconnect" && e.Reason == "link_disabled":
			return false, ErrSocketModeOff
		case e.Type == "disconnect":
			return true, nil
		}
		_ = c.alive(deadAfter)
		c.working.Go(func() { c.work(ctx, e) })
	}
	return false, nil
}

// drain goes on reading a connection that is replaced, until Slack closes it.
func (c *connection) drain(ctx context.Context) {
	defer c.close()
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	for replaced := true; replaced && ctx.Err() == nil; {
		replaced, _ = c.read(ctx)
	}
}

// close answers what is under way, and lets go.
func (c *connection) close() {
	c.working.Wait()
	close(c.stop)
	c.pinging.Wait()
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(ackWithin)) //nolint:forbidigo // the network keeps real time
	_ = c.ws.Close()
}

// work works on one envelope and acknowledges it. What could not be recorded is
// not acknowledged, so that the person sees that it came to nothing.
func (c *connection) work(ctx context.Context, e envelope) {
	desk, watch := c.sockets.desk, c.sockets.watch
	// Also what came a moment before the end is answered.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), desk.bounds.answer)
	defer cancel()
	var answer any
	switch e.Type {
	case "interactive":
		var p payload
		if err := json.Unmarshal(e.Payload, &p); err != nil {
			watch.Unknown("unreadable")
			break
		}
		var err error
		if answer, err = desk.take(ctx, p, payloadID(e)); err != nil {
			return
		}
	case "slash_commands":
		watch.Unknown("command")
	case "events_api":
		watch.Unknown("event")
	default:
		watch.Unknown("envelope")
		return
	}
	c.acknowledge(ctx, e, answer)
}

// payloadID gives the id of what an envelope brings, the same when it is sent
// again.
func payloadID(e envelope) string { return "slack:" + e.ID }

func (c *connection) acknowledge(ctx context.Context, e envelope, answer any) {
	ack := map[string]any{"envelope_id": e.ID}
	if answer != nil && e.Accepts {
		ack["payload"] = answer
	}
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(ackWithin)) //nolint:forbidigo // the network keeps real time
	if err := c.ws.WriteJSON(ack); err != nil {
		ctx = trail.With(ctx, func(t *trail.Trail) { t.Decision = payloadID(e) })
		c.sockets.watch.Unanswered(ctx, "acknowledgement", err)
	}
}
