package practiceslack

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// debugRefreshAge is how old a connection gets that was opened with
	// debug_reconnects=true.
	debugRefreshAge = 360 * time.Second
	// warningLead is how long before its refresh a connection is warned.
	warningLead = 10 * time.Second
	// drainTime is how long a connection that is to be refreshed may still
	// acknowledge what it got before; in real time.
	drainTime = 10 * time.Second
	// writeLimit is how long a client may take to read what is sent; in real
	// time.
	writeLimit = 5 * time.Second
	// ageCheck is how often a connection's age is looked at: its age is a matter
	// of the clock, which does not call.
	ageCheck = 100 * time.Millisecond
)

// DisconnectReason says why Slack ends a connection.
type DisconnectReason string

// The reasons of disconnect messages.
const (
	Warning           DisconnectReason = "warning"             // the connection is refreshed in about ten seconds
	RefreshRequested  DisconnectReason = "refresh_requested"   // the connection gets nothing more; another one is to be opened
	LinkDisabled      DisconnectReason = "link_disabled"       // Socket Mode is switched off in the app's settings
	tooManyWebSockets DisconnectReason = "too_many_websockets" // there are ten already
)

// connection is one Socket Mode connection.
type connection struct {
	ws      *Workspace
	id      string
	socket  *websocket.Conn
	debug   bool          // opened with debug_reconnects=true
	over    chan struct{} // closed at its end
	writing sync.Mutex    // one message at a time; taken before the workspace's lock, never after it

	// The rest is behind the workspace's lock.
	opened   time.Time
	warned   time.Time // when its refresh was announced; zero when it was not
	draining bool      // it gets no payloads any more
	frozen   bool
	ended    bool
	waiting  map[string]*envelope // sent and not acknowledged
	settled  []settled            // the newest that wait no more
}

func newConnection(ws *Workspace, socket *websocket.Conn, debug bool) *connection {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.seq++
	return &connection{
		ws: ws, id: fmt.Sprintf("connection-%d", ws.seq), socket: socket, debug: debug, over: make(chan struct{}),
		opened: ws.now(), waiting: map[string]*envelope{},
	}
}

// life is how old the connection gets.
func (c *connection) life() time.Duration {
	if c.debug {
		return min(c.ws.pace.RefreshAge, debugRefreshAge)
	}
	return c.ws.pace.RefreshAge
}

// serveConnection serves a connection to its end.
func (ws *Workspace) serveConnection(c *connection) {
	// Nothing may come before the hello, so nothing else is written meanwhile.
	c.writing.Lock()
	count, life, reason := ws.admit(c)
	if reason != "" {
		_ = c.put(c.goodbye(reason)) // a client that is gone needs no reason
		c.writing.Unlock()
		c.hangUp()
		return
	}
	defer ws.sockets.serving.Done()
	err := c.put(object{
		"type": "hello", "num_connections": count, "connection_info": object{"app_id": ws.opt.AppID},
		"debug_info": object{
			"host": host, "started": c.opened.UTC().Format("2006-01-02 15:04:05.000"), "build_number": 1,
			"approximate_connection_time": int(life / time.Second),
		},
	})
	c.writing.Unlock()
	if err == nil {
		ws.sockets.serving.Go(c.keepAlive)
		c.listen()
	}
	c.end()
}

// admit takes a connection in, counts it and says how old it gets, or says why
// not.
func (ws *Workspace) admit(c *connection) (count int, life time.Duration, reason DisconnectReason) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	switch {
	case ws.sockets.closed:
		return 0, 0, RefreshRequested
	case !ws.sockets.on:
		return 0, 0, LinkDisabled
	case len(ws.sockets.open) >= maxConnections:
		return 0, 0, tooManyWebSockets
	}
	ws.sockets.serving.Add(1)
	ws.sockets.open = append(ws.sockets.open, c)
	ws.announce(Event{Kind: SocketsChanged})
	return len(ws.sockets.open), c.life(), ""
}

// listen reads what the client sends until the connection breaks.
func (c *connection) listen() {
	c.socket.SetReadLimit(maxReplyBytes)
	for {
		kind, message, err := c.socket.ReadMessage()
		if err != nil {
			break
		}
		c.acknowledge(kind, message)
	}
	c.ws.mu.Lock()
	frozen := c.frozen
	c.ws.mu.Unlock()
	if frozen {
		// Whatever comes is thrown away, but that the client has gone is noticed.
		_ = c.socket.SetReadDeadline(time.Time{})
		_, _ = io.Copy(io.Discard, c.socket.NetConn())
	}
}

// keepAlive pings the client, and refreshes the connection when it is old.
func (c *connection) keepAlive() {
	pingEvery := c.ws.Pace().PingEvery
	ping, age := time.NewTicker(pingEvery), time.NewTicker(ageCheck)
	defer ping.Stop()
	defer age.Stop()
	var drained <-chan time.Time
	for {
		select {
		case <-c.over:
			return
		case <-ping.C:
			c.ping()
		case <-age.C:
			reason, draining := c.agedInto()
			if reason != "" {
				c.disconnect(reason)
			}
			if draining && drained == nil {
				drained = time.NewTimer(drainTime).C
			}
			if every := c.ws.Pace().PingEvery; every != pingEvery {
				pingEvery = every
				ping.Reset(pingEvery)
			}
		case <-drained:
			c.end()
		}
	}
}

func (c *connection) ping() {
	c.ws.mu.Lock()
	frozen := c.frozen
	c.ws.mu.Unlock()
	if frozen {
		return
	}
	_ = c.unlessStuck(func() error {
		return c.socket.WriteControl(websocket.PingMessage, []byte("Ping from "+host), time.Time{})
	})
}

// agedInto says what the connection's age calls for now, and whether it only
// waits for acknowledgements.
func (c *connection) agedInto() (reason DisconnectReason, draining bool) {
	c.ws.mu.Lock()
	defer c.ws.mu.Unlock()
	now, life := c.ws.now(), c.life()
	age, warned := now.Sub(c.opened), !c.warned.IsZero()
	switch {
	case c.draining:
		return "", true
	case age >= life, warned && now.Sub(c.warned) >= warningLead:
		return RefreshRequested, false
	case age >= life-warningLead && life > warningLead && !warned:
		return Warning, false
	}
	return "", false
}

// disconnect tells the client that the connection ends, and does what belongs
// to the reason.
func (c *connection) disconnect(reason DisconnectReason) {
	c.ws.mu.Lock()
	if c.frozen || c.ended {
		c.ws.mu.Unlock()
		return
	}
	if reason == Warning {
		c.warned = c.ws.now()
	} else {
		c.draining = true
	}
	c.ws.mu.Unlock()
	if err := c.write(c.goodbye(reason)); err != nil || reason == LinkDisabled {
		c.end()
	}
}

func (c *connection) goodbye(reason DisconnectReason) object {
	return object{"type": "disconnect", "reason": string(reason), "debug_info": object{"host": host}}
}

// freeze makes the connection dead without closing it.
func (c *connection) freeze() {
	c.ws.mu.Lock()
	defer c.ws.mu.Unlock()
	if c.frozen || c.ended {
		return
	}
	c.frozen = true
	_ = c.socket.SetReadDeadline(time.Unix(1, 0)) // long ago: listen stops at once
}

// end closes the connection, once.
func (c *connection) end() {
	ws := c.ws
	ws.mu.Lock()
	if c.ended {
		ws.mu.Unlock()
		return
	}
	c.ended = true
	ws.sockets.open = slices.DeleteFunc(ws.sockets.open, func(other *connection) bool { return other == c })
	close(c.over)
	frozen := c.frozen
	ws.announce(Event{Kind: SocketsChanged})
	ws.mu.Unlock()
	if frozen {
		_ = c.socket.Close()
		return
	}
	c.hangUp()
}

// hangUp says goodbye in WebSocket's own way and closes.
func (c *connection) hangUp() {
	_ = c.unlessStuck(func() error {
		return c.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Time{})
	})
	_ = c.socket.Close()
}

// write sends one message.
func (c *connection) write(message object) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.put(message)
}

// put is write while nobody else writes.
func (c *connection) put(message object) error {
	return c.unlessStuck(func() error { return c.socket.WriteMessage(websocket.TextMessage, encode(message)) })
}

// unlessStuck closes the connection when a client takes too long to read.
func (c *connection) unlessStuck(write func() error) error {
	stuck := time.AfterFunc(writeLimit, func() { _ = c.socket.Close() })
	defer stuck.Stop()
	return write()
}
