package practiceslack

import "time"

// Socket is the handle of an open Socket Mode connection.
type Socket struct{ c *connection }

// Sockets lists the open connections, oldest first.
func (ws *Workspace) Sockets() []*Socket {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	all := make([]*Socket, 0, len(ws.sockets.open))
	for _, c := range ws.sockets.open {
		all = append(all, &Socket{c})
	}
	return all
}

// ID is the connection's name in the URL of a Delivery.
func (s *Socket) ID() string { return s.c.id }

// Opened is when the connection was opened, by the clock.
func (s *Socket) Opened() time.Time { return s.c.opened }

// IsOpen says whether the connection is open, as far as the workspace knows.
func (s *Socket) IsOpen() bool {
	s.c.ws.mu.Lock()
	defer s.c.ws.mu.Unlock()
	return !s.c.ended
}

// Disconnect tells the app that its connection ends. After Warning it is
// refreshed ten seconds later, by the clock. After RefreshRequested it gets no
// more payloads, and may acknowledge for ten seconds what it has. After
// LinkDisabled it is closed at once.
func (s *Socket) Disconnect(reason DisconnectReason) { s.c.disconnect(reason) }

// Freeze makes the connection dead without closing it: nothing is sent any more,
// no ping either, and what the app sends is not seen. Payloads still go to it,
// and are lost, until the app has closed it.
func (s *Socket) Freeze() { s.c.freeze() }

// Cut closes the connection without a word, as a broken network does.
func (s *Socket) Cut() {
	_ = s.c.socket.Close()
	s.c.end()
}

// ExpectSockets waits until exactly n connections are open.
func (ws *Workspace) ExpectSockets(t TB, n int) []*Socket {
	t.Helper()
	if !ws.wait(func() bool { return len(ws.sockets.open) == n }) {
		t.Fatalf("%d Socket Mode connections are open, not %d", len(ws.Sockets()), n)
	}
	return ws.Sockets()
}
