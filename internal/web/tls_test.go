package web_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/web"
	"github.com/frontdesk-hq/frontdesk/internal/web/webtest"
)

// secured is a server with a crowd that speaks TLS.
type secured struct {
	*served
	authority   *webtest.Authority
	folder      string
	pair        webtest.Pair
	certificate *web.Certificate
}

func serveTLS(t *testing.T, d *doors, most int) *secured {
	t.Helper()
	s := &secured{authority: webtest.NewAuthority(t, clock()), folder: t.TempDir()}
	s.issue(t)
	var err error
	s.certificate, err = web.LoadCertificate(s.pair.CertFile, s.pair.KeyFile)
	require.NoError(t, err)
	s.served = serveWithin(t, d, most, func(l net.Listener) net.Listener { return tls.NewListener(l, s.certificate.Config()) })
	return s
}

func (s *secured) issue(t *testing.T) {
	t.Helper()
	s.pair = s.authority.Issue(t, s.folder, clock().Add(time.Hour), "desk.example.com")
}

// dial opens a connection as a client that trusts the authority.
func (s *secured) dial(t *testing.T, change ...func(*tls.Config)) (*tls.Conn, error) {
	t.Helper()
	config := &tls.Config{RootCAs: s.authority.Pool(), ServerName: "desk.example.com", MinVersion: tls.VersionTLS12}
	for _, c := range change {
		c(config)
	}
	d := tls.Dialer{Config: config, NetDialer: &net.Dialer{Timeout: 5 * time.Second}}
	conn, err := d.DialContext(t.Context(), "tcp", s.address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*tls.Conn), nil
}

func (s *secured) mustDial(t *testing.T) *tls.Conn {
	t.Helper()
	conn, err := s.dial(t)
	require.NoError(t, err)
	return conn
}

// ask sends a request on an open connection.
func ask(t *testing.T, conn net.Conn, text string) (status int, header http.Header) {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(clock().Add(10*time.Second)))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode, answer.Header
}

func requireOK(t *testing.T, conn net.Conn, text, why string) {
	t.Helper()
	status, _ := ask(t, conn, text)
	require.Equal(t, http.StatusOK, status, why)
}

func shown(conn *tls.Conn) *big.Int { return conn.ConnectionState().PeerCertificates[0].SerialNumber }

// TestACertificateIsRenewedUnderLiveConnections: connections that are open go
// on, new ones see the new certificate, and files that are no good change nothing.
func TestACertificateIsRenewedUnderLiveConnections(t *testing.T) {
	t.Parallel()
	s := serveTLS(t, newDoors(), 50)
	first := s.pair.Serial
	old := s.mustDial(t)
	require.Equal(t, first, shown(old))
	requireOK(t, old, wholeGet, "it is connected")

	changed, err := s.certificate.Reload()
	require.NoError(t, err)
	require.False(t, changed, "it is the same")

	s.issue(t)
	changed, err = s.certificate.Reload()
	require.NoError(t, err)
	require.True(t, changed)
	second := s.pair.Serial
	require.NotEqual(t, first, second)
	require.Equal(t, second, s.certificate.Leaf().SerialNumber)
	require.Equal(t, second, shown(s.mustDial(t)))
	requireOK(t, old, wholeGet, "who is connected stays so")

	key, err := os.ReadFile(s.pair.KeyFile)
	require.NoError(t, err)
	s.issue(t)                                                   // its certificate, but not its key
	require.NoError(t, os.WriteFile(s.pair.KeyFile, key, 0o600)) //nolint:gosec // in the test's own folder
	_, err = s.certificate.Reload()
	require.ErrorContains(t, err, "private key does not match")
	require.Equal(t, second, shown(s.mustDial(t)), "the one before is still shown")
	require.NoError(t, os.Remove(s.pair.CertFile))
	_, err = s.certificate.Reload()
	require.ErrorContains(t, err, "no such file")
	require.Equal(t, second, shown(s.mustDial(t)))
	requireOK(t, old, wholeGet, "it is connected")
}

func TestAPairThatIsNoGoodIsNamed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	authority := webtest.NewAuthority(t, clock())
	pair := authority.Issue(t, folder, clock().Add(time.Hour), "desk.example.com")
	other := authority.Issue(t, t.TempDir(), clock().Add(time.Hour), "desk.example.com")
	empty := folder + "/empty.pem"
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, c := range map[string]struct{ cert, key, says string }{
		"no certificate":      {folder + "/none", pair.KeyFile, "no such file"},
		"no key":              {pair.CertFile, folder + "/none", "no such file"},
		"another's key":       {pair.CertFile, other.KeyFile, "private key does not match public key"},
		"exchanged":           {pair.KeyFile, pair.CertFile, "did find a private key; PEM inputs may have been switched"},
		"an empty file":       {empty, pair.KeyFile, "failed to find any PEM data in certificate input"},
		"a key that is empty": {pair.CertFile, empty, "failed to find any PEM data in key input"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := web.LoadCertificate(c.cert, c.key)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "TLS_CERT_FILE")
			require.ErrorContains(t, err, "TLS_KEY_FILE")
			secret, readErr := os.ReadFile(pair.KeyFile)
			require.NoError(t, readErr)
			for line := range strings.Lines(string(secret)) {
				require.NotContains(t, err.Error(), strings.TrimSpace(line))
			}
		})
	}
}

func TestWhatTLSIsSpoken(t *testing.T) {
	t.Parallel()
	s := serveTLS(t, newDoors(), 50)
	versions := func(least, most uint16) func(*tls.Config) {
		return func(c *tls.Config) { c.MinVersion, c.MaxVersion = least, most }
	}
	for name, c := range map[string]struct {
		change func(*tls.Config)
		fails  bool
	}{
		"1.0":                   {versions(tls.VersionTLS10, tls.VersionTLS10), true},
		"1.1":                   {versions(tls.VersionTLS11, tls.VersionTLS11), true},
		"1.2":                   {versions(tls.VersionTLS12, tls.VersionTLS12), false},
		"1.3":                   {versions(tls.VersionTLS13, tls.VersionTLS13), false},
		"HTTP/2 or else 1.1":    {func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }, false},
		"who trusts others":     {func(c *tls.Config) { c.RootCAs = webtest.NewAuthority(t, clock()).Pool() }, true},
		"who wants another":     {func(c *tls.Config) { c.ServerName = "another.example.com" }, true},
		"who names an address ": {func(c *tls.Config) { c.ServerName = "127.0.0.1" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := s.dial(t, c.change)
			if c.fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.NotEqual(t, "h2", conn.ConnectionState().NegotiatedProtocol)
			status, header := ask(t, conn, wholeGet)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, "max-age=31536000", header.Get("Strict-Transport-Security"))
		})
	}
	plain := s.says(wholeGet)
	require.Equal(t, http.StatusBadRequest, status(t, plain), "who speaks plain HTTP is told so")
}

// TestTheCrowdIsBoundedOverTLSToo: half a handshake keeps a place no longer than
// half a request does, and who brought a good request is known again.
func TestTheCrowdIsBoundedOverTLSToo(t *testing.T) {
	t.Parallel()
	s := serveTLS(t, newDoors(), 5)
	kept := s.mustDial(t)
	requireOK(t, kept, wholePost, "it is connected")
	for range 20 {
		s.says("\x16\x03\x01") // how a handshake begins
	}
	require.Eventually(t, func() bool { return s.cuts.Load() >= 16 }, 20*time.Second, time.Millisecond)
	requireOK(t, s.mustDial(t), wholeGet, "there is room for others")
	requireOK(t, kept, wholePost, "who was good stays")
	require.LessOrEqual(t, s.crowd.Open(), 5)
}
