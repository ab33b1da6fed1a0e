package faultpoint

import (
	"context"
	"fmt"
	"net"
)

// Dial gives a dial whose connections have points around what they send over a
// WebSocket: the handshake, and each message.
func (p *Points) Dial(under func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := under(ctx, network, address)
		if err != nil {
			return nil, fmt.Errorf("dial %s: %w", address, err)
		}
		return &socket{Conn: c, points: p}, nil
	}
}

type socket struct {
	net.Conn
	points *Points
}

// Write implements net.Conn. The library writes each frame at once.
func (s *socket) Write(b []byte) (int, error) {
	name := sends(b)
	if name == "" {
		return s.Conn.Write(b) //nolint:wrapcheck // a pass-through
	}
	s.points.Reach("socket " + name + " before")
	n, err := s.Conn.Write(b)
	s.points.Reach("socket " + name + " after")
	return n, err //nolint:wrapcheck // a pass-through
}

// sends names what is written, empty for the frames that control a connection.
func sends(b []byte) string {
	const opcode, text = 0x0f, 0x01 // RFC 6455, section 5.2
	switch {
	case len(b) == 0:
		return ""
	case b[0] == 'G': // GET
		return "handshake"
	case b[0]&opcode == text:
		return "message"
	}
	return ""
}
