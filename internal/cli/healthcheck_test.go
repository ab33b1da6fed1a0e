package cli_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// served gives an .env file whose PORT is that of a server with this answer.
func served(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	return portFile(t, port)
}

func portFile(t *testing.T, port string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(file, []byte("PORT="+port+"\n"), 0o600))
	return file
}

// nobodysPort is refused to whoever calls it and cannot become somebody's while
// the test runs: a socket holds it and never listens. A port that was listened on
// and given back could be the next server's.
func nobodysPort(t *testing.T) string {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(socket) })
	require.NoError(t, syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	at, err := syscall.Getsockname(socket)
	require.NoError(t, err)
	held, ok := at.(*syscall.SockaddrInet4)
	require.True(t, ok, "%T", at)
	return strconv.Itoa(held.Port)
}

func TestHealthcheckSaysByItsExitCodeWhetherItLives(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32

	for name, c := range map[string]struct {
		file string
		code int
		says string
	}{
		"it lives": {served(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/healthz" {
				w.WriteHeader(http.StatusNotFound)
			}
		}), 0, ""},
		"it is busy at first": {served(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}), 0, ""},
		"something else answers": {served(t, http.NotFound), 1, "answers 404 Not Found"},
		"it leads elsewhere": {served(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/", http.StatusFound)
		}), 1, "answers 302 Found"},
		"nobody is there":  {portFile(t, nobodysPort(t)), 1, "connection refused"},
		"no port is known": {portFile(t, "0"), 2, "PORT=0"},
		"no port at all":   {portFile(t, "http"), 2, "PORT: is no whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t.Context(), "healthcheck", "--env-file", c.file, "--within", "1m")
			require.Equal(t, c.code, code, stderr)
			require.Empty(t, stdout)
			if c.says == "" {
				require.Empty(t, stderr)
			}
			require.Contains(t, stderr, c.says)
		})
	}
}

// TestHealthcheckDoesNotWaitForEver asks somebody who takes the call and never
// says a word, and somebody who is always busy.
func TestHealthcheckDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	silent := served(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	busy := served(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	for _, file := range []string{silent, busy} {
		code, _, stderr := run(t.Context(), "healthcheck", "--env-file", file, "--within", "250ms")
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "there was no answer within 250ms")
	}
}

// TestHealthcheckAsksOverTLS if Frontdesk speaks it: the certificate names another
// host, as the public one of a Frontdesk does.
func TestHealthcheckAsksOverTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	file := portFile(t, port+"\nTLS_CERT_FILE=/etc/frontdesk/tls.crt\nTLS_KEY_FILE=/etc/frontdesk/tls.key")
	code, _, stderr := run(t.Context(), "healthcheck", "--env-file", file, "--within", "1m")
	require.Equal(t, 0, code, stderr)
	code, _, _ = run(t.Context(), "healthcheck", "--env-file", portFile(t, port), "--within", "1m")
	require.Equal(t, 1, code, "without a certificate it asks in plain HTTP")
}
