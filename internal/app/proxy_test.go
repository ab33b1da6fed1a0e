package app_test

import (
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands before a server on TCP, and can be cut.
type proxy struct {
	listener net.Listener
	target   string
	all      sync.WaitGroup

	mu    sync.Mutex
	state line
	open  map[net.Conn]bool
	// heal is closed when the line is whole again.
	heal chan struct{}
}

// line is how a proxy's line is.
type line int

const (
	// isWhole passes everything on.
	isWhole line = iota
	// isCut ends what is open and refuses what is new, as a server that is stopped.
	isCut
	// isSilent takes connections and bytes and gives nothing back, as a cable
	// that is unplugged.
	isSilent
)

// behindProxy gives the address of a database by way of a proxy.
func behindProxy(t *testing.T, databaseURL string) (string, *proxy) {
	t.Helper()
	address, err := url.Parse(databaseURL)
	require.NoError(t, err)
	var lc net.ListenConfig
	p := &proxy{target: address.Host, open: map[net.Conn]bool{}, heal: make(chan struct{})}
	p.listener, err = lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.all.Go(p.accept)
	t.Cleanup(func() {
		_ = p.listener.Close()
		p.turn(isCut)
		p.all.Wait()
	})
	address.Host = p.listener.Addr().String()
	return address.String(), p
}

// turn changes how the line is. Whatever was open before ends, but on a silent
// line nobody learns of that.
func (p *proxy) turn(to line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = to
	if to == isSilent {
		return
	}
	for conn := range p.open {
		_ = conn.Close()
	}
	clear(p.open)
	close(p.heal)
	p.heal = make(chan struct{})
}

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		state := p.state
		if state != isCut {
			p.open[conn] = true
		}
		p.mu.Unlock()
		switch state {
		case isCut:
			_ = conn.Close()
		case isSilent: // it stays open, and nobody reads it
		case isWhole:
			p.all.Go(func() { p.join(conn) })
		}
	}
}

// join passes on what two sides say, as long as the line is whole.
func (p *proxy) join(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	var both sync.WaitGroup
	pass := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			p.mu.Lock()
			state, heal := p.state, p.heal
			p.mu.Unlock()
			if state == isSilent {
				<-heal // what was said meanwhile is lost
				break
			}
			if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
				break
			}
		}
		_, _ = client.Close(), server.Close()
	}
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, client)
	p.mu.Unlock()
}
