package web

import (
	"container/list"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

const (
	// maxConnections is far more than Slack, Conveyor and an operator open, and
	// few enough that what half-open ones hold in memory is bounded.
	maxConnections = 1024
	// connectionsIfUnknown is for where the system does not say how many files a
	// process may have open; the usual least is 256.
	connectionsIfUnknown = 128
	// grace is how long a client is waited for in any case: on a fast line a
	// request is there at once, but a client in a crowd is slow itself.
	grace = 100 * time.Millisecond
)

// Crowd bounds the open connections of a server, so that clients which open
// many and say little cannot keep those out that have something to say. When
// one too many comes, the one that has been waited for longest is cut: first
// those that never brought a good request, then kept ones that rest. Each has a
// moment before that, and who comes next waits outside for as long. A connection
// whose request arrived whole is not cut before its answer begins.
type Crowd struct {
	most  int
	clock func() time.Time
	onCut func()

	mu sync.Mutex
	// open counts all. Those that are waited for stand in one of the lists, the
	// longest wait first.
	open int
	// unread counts those that the server did not begin to read from.
	unread          int
	strangers, kept *list.List
}

// NewCrowd allows so many connections at once, and calls onCut for each that is
// cut.
func NewCrowd(most int, clock func() time.Time, onCut func()) *Crowd {
	return &Crowd{most: most, clock: clock, onCut: onCut, strangers: list.New(), kept: list.New()}
}

// MostConnections gives how many connections this process should allow: half of
// the files that it may have open, because the database and the calls to others
// need some too.
func MostConnections() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return connectionsIfUnknown
	}
	return int(max(min(limit.Cur/2, maxConnections), 1))
}

// Open gives how many connections are open.
func (c *Crowd) Open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// Guard keeps a server to the bound. It gives the listener that is to be served,
// as it is or within a TLS listener.
func (c *Crowd) Guard(server *http.Server, listener net.Listener) net.Listener {
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if encrypted, ok := conn.(*tls.Conn); ok {
			conn = encrypted.NetConn()
		}
		return context.WithValue(ctx, guestKey{}, conn)
	}
	return &entrance{Listener: listener, crowd: c}
}

type entrance struct {
	net.Listener
	crowd *Crowd
}

// Accept implements net.Listener.
func (e *entrance) Accept() (net.Conn, error) {
	for {
		conn, err := e.Listener.Accept()
		if err != nil {
			return nil, err //nolint:wrapcheck // the server looks at what it is
		}
		e.crowd.wait()
		if g := e.crowd.admit(conn); g != nil {
			return g, nil
		}
	}
}

// wait waits until there is room, or somebody may be cut, or a grace is over.
// Those that come after wait in the kernel's queue meanwhile.
func (c *Crowd) wait() {
	for left := grace; left > 0; {
		step := min(c.patience(), 10*time.Millisecond, left)
		if step <= 0 {
			return
		}
		<-time.NewTimer(step).C
		left -= step
	}
}

// patience gives for how long nobody may be cut.
func (c *Crowd) patience() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open < c.most {
		return 0
	}
	longest := c.longest()
	if longest == nil || c.unread > 0 && longest.known {
		return grace // those who wait for an answer may get it, and those who came last be heard
	}
	return longest.since.Add(grace).Sub(c.clock())
}

// longest gives who has been waited for longest, nil if nobody is waited for.
func (c *Crowd) longest() *guest {
	for _, waited := range []*list.List{c.strangers, c.kept} {
		if first := waited.Front(); first != nil {
			return first.Value.(*guest) //nolint:forcetypeassert // nothing else stands there
		}
	}
	return nil
}

// admit takes a connection in. If nobody can be cut for it, because all who are
// in wait for an answer, it is cut itself and nil is given.
func (c *Crowd) admit(conn net.Conn) *guest {
	g := &guest{Conn: conn, crowd: c}
	out, full := c.makeRoom()
	switch {
	case out != nil:
		cut(out)
		c.onCut()
	case full:
		cut(conn)
		c.onCut()
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	c.unread++
	return g
}

// makeRoom takes whoever has to go off the books, if it is full. Connections
// come in one by one, so the room is still there when it is taken.
func (c *Crowd) makeRoom() (out net.Conn, full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open < c.most {
		return nil, false
	}
	longest := c.longest()
	if longest == nil {
		return nil, true
	}
	longest.goAway()
	return longest.Conn, true
}

// cut ends a connection at once and leaves nothing of it behind in the kernel.
func cut(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close() // whoever opened it will notice
}

// guest is a connection that was let in. Its methods, but for those of net.Conn
// and CloseWrite, are called with the crowd's mutex held.
type guest struct {
	net.Conn
	crowd *Crowd
	// in and place say where it stands, and since when it is waited for; nil
	// while Frontdesk works for it.
	in    *list.List
	place *list.Element
	since time.Time
	// read reports that the server began to read. Only from then on it is the
	// client who is waited for: what came before is there at once.
	read bool
	// known reports that it brought a good request.
	known bool
	gone  bool
}

// Read implements net.Conn.
func (g *guest) Read(p []byte) (int, error) {
	g.crowd.mu.Lock()
	if !g.read && !g.gone {
		g.begin()
		g.stand(g.crowd.strangers)
	}
	g.crowd.mu.Unlock()
	return g.Conn.Read(p) //nolint:wrapcheck // the server looks at what it is
}

func (g *guest) stand(in *list.List) {
	g.in, g.place, g.since = in, in.PushBack(g), g.crowd.clock()
}

func (g *guest) leave() {
	if g.place != nil {
		g.in.Remove(g.place)
		g.in, g.place = nil, nil
	}
}

func (g *guest) begin() {
	if !g.read {
		g.read = true
		g.crowd.unread--
	}
}

func (g *guest) goAway() {
	if !g.gone {
		g.gone = true
		g.begin()
		g.crowd.open--
		g.leave()
	}
}

// Close implements net.Conn.
func (g *guest) Close() error {
	g.crowd.mu.Lock()
	g.goAway()
	g.crowd.mu.Unlock()
	if err := g.Conn.Close(); err != nil {
		return fmt.Errorf("close a client's connection: %w", err)
	}
	return nil
}

// CloseWrite lets the server say that no more comes, so that a client which is
// still sending can read why it was refused.
func (g *guest) CloseWrite() error {
	if half, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type guestKey struct{}

// workedFor notes that a request arrived as a whole. What it gives notes that
// its answer begins, after which it is the client's turn again.
func workedFor(ctx context.Context) (answered func(good bool)) {
	g, ok := ctx.Value(guestKey{}).(*guest)
	if !ok {
		return func(bool) {}
	}
	g.crowd.mu.Lock()
	defer g.crowd.mu.Unlock()
	g.leave()
	return func(good bool) {
		g.crowd.mu.Lock()
		defer g.crowd.mu.Unlock()
		g.known = g.known || good
		switch {
		case g.gone || g.place != nil:
		case g.known:
			g.stand(g.crowd.kept)
		default:
			g.stand(g.crowd.strangers)
		}
	}
}
