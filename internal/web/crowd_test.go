package web_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/web"
)

func clock() time.Time {
	return time.Now() //nolint:forbidigo // connections are real
}

// served is a server with a crowd of its own.
type served struct {
	t       *testing.T
	address string
	crowd   *web.Crowd
	cuts    atomic.Int64
}

func serve(t *testing.T, d *doors, most int) *served {
	t.Helper()
	return serveWithin(t, d, most, func(l net.Listener) net.Listener { return l })
}

// serveWithin serves on what is made of the guarded listener.
func serveWithin(t *testing.T, d *doors, most int, within func(net.Listener) net.Listener) *served {
	t.Helper()
	s := &served{t: t}
	s.crowd = web.NewCrowd(most, clock, func() { s.cuts.Add(1) })
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = listener.Addr().String()
	server := web.Server(web.Routes(d.Doors))
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	guarded := within(s.crowd.Guard(server, listener))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(guarded) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
		require.Eventually(t, func() bool { return s.crowd.Open() == 0 }, 5*time.Second, time.Millisecond, "all are off the books")
	})
	return s
}

// says opens a connection and sends some bytes, which need not be a request.
func (s *served) says(text string) net.Conn {
	s.t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(s.t.Context(), "tcp", s.address)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, text)
	require.NoError(s.t, err)
	return conn
}

func (s *served) expectOpen(n int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.crowd.Open() == n }, 5*time.Second, time.Millisecond)
}

// expectWaited waits until so many clients are waited for, in the order in which
// they came.
func (s *served) expectWaited(n int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.crowd.Waited() == n }, 5*time.Second, time.Millisecond)
}

func isCut(t *testing.T, conn net.Conn) bool {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(200*time.Millisecond))) //nolint:forbidigo // of the network
	_, err := conn.Read(make([]byte, 1))
	timeout, ok := err.(net.Error) //nolint:errorlint // what a connection gives
	return !ok || !timeout.Timeout()
}

func status(t *testing.T, conn net.Conn) int {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second))) //nolint:forbidigo // of the network
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

const (
	wholeGet  = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	wholePost = "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
)

// TestHalfOpenConnectionsKeepNobodyOut: however a client is slow, who is not
// gets an answer, and the one that was waited for longest has to go.
func TestHalfOpenConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":          "",
		"half a line":      "POST /sla",
		"half the headers": "POST /slack/events HTTP/1.1\r\nHost: x\r\nX-One: ",
		"half a body":      "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
		"half a chunk":     "POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
		"rest":             wholeGet,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, newDoors(), 5)
			var slow []net.Conn
			for i := range 5 {
				slow = append(slow, s.says(text))
				s.expectWaited(i + 1)
				if text == wholeGet {
					require.Equal(t, http.StatusOK, status(t, slow[i]))
				}
			}
			require.Equal(t, http.StatusOK, status(t, s.says(wholeGet)))
			require.Equal(t, int64(1), s.cuts.Load())
			require.True(t, isCut(t, slow[0]))
			for _, other := range slow[1:] {
				require.False(t, isCut(t, other))
			}
			s.expectOpen(5)
		})
	}
}

// TestARequestInHandIsNotCut: all places are taken by requests that wait for
// their answers, so who comes next is turned away, and they get their answers.
func TestARequestInHandIsNotCut(t *testing.T) {
	t.Parallel()
	d := newDoors()
	goOn, came := make(chan struct{}), make(chan struct{}, 3)
	d.Slack = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		came <- struct{}{}
		<-goOn
	})
	s := serve(t, d, 3)
	var inHand []net.Conn
	for range 3 {
		inHand = append(inHand, s.says(wholePost))
		<-came
	}
	var dialer net.Dialer
	if late, err := dialer.DialContext(t.Context(), "tcp", s.address); err == nil { // it can be cut before it is made
		require.Eventually(t, func() bool { return isCut(t, late) }, 5*time.Second, time.Millisecond)
		require.NoError(t, late.Close())
	}
	require.Eventually(t, func() bool { return s.cuts.Load() == 1 }, 5*time.Second, time.Millisecond)
	s.expectOpen(3)
	close(goOn)
	for _, conn := range inHand {
		require.Equal(t, http.StatusOK, status(t, conn))
	}
}

// TestWhoBroughtAGoodRequestStaysLonger: a kept connection of Slack, or of the
// proxy that its calls come through, outlives any number of strangers.
func TestWhoBroughtAGoodRequestStaysLonger(t *testing.T) {
	t.Parallel()
	d := newDoors()
	d.Slack = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Slack-Signature") == "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s := serve(t, d, 4)
	signed := strings.Replace(wholePost, "Host: x", "Host: x\r\nX-Slack-Signature: v0=1", 1)
	kept := s.says(signed)
	require.Equal(t, http.StatusOK, status(t, kept))
	forged := s.says(wholePost)
	require.Equal(t, http.StatusUnauthorized, status(t, forged))
	for range 20 {
		s.says("")
	}
	require.Eventually(t, func() bool { return s.cuts.Load() == 18 }, 5*time.Second, time.Millisecond)
	require.True(t, isCut(t, forged))
	for range 2 {
		_, err := io.WriteString(kept, signed)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status(t, kept))
	}
	s.expectOpen(4)
}

// TestWhoDoesNotReadTheAnswerIsCut: an answer that nobody takes keeps no place.
func TestWhoDoesNotReadTheAnswerIsCut(t *testing.T) {
	t.Parallel()
	d := newDoors()
	began := make(chan struct{}, 3)
	d.Slack = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		began <- struct{}{}
		_, _ = io.WriteString(w, strings.Repeat("x", 64<<20)) // more than the kernel holds
	})
	s := serve(t, d, 3)
	for range 3 {
		s.says(wholePost)
		<-began
	}
	require.Equal(t, http.StatusOK, status(t, s.says(wholeGet)))
}

func TestExcessiveRequestsAreTurnedAway(t *testing.T) {
	t.Parallel()
	var headers strings.Builder
	for i := range 200 {
		fmt.Fprintf(&headers, "X-%d: 1\r\n", i)
	}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"many headers":  {"GET /healthz HTTP/1.1\r\nHost: x\r\n" + headers.String() + "\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"long headers":  {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"a long body":   {"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n" + strings.Repeat("x", 1<<20+1), http.StatusRequestEntityTooLarge},
		"a body of 1MB": {"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", 1<<20), http.StatusOK},
		"no HTTP":       {"hello\r\n\r\n", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, newDoors(), 5)
			require.Equal(t, c.want, status(t, s.says(c.text)))
		})
	}
}

// TestSlowLargeBodiesAreFewAndHinderNoSmallOne: what is held of large bodies is
// bounded, and who sends a usual one does not notice.
func TestSlowLargeBodiesAreFewAndHinderNoSmallOne(t *testing.T) {
	t.Parallel()
	s := serve(t, newDoors(), 100)
	half := "POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 70_000)
	refused := make(chan bool, 20)
	for range cap(refused) {
		conn := s.says(half)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(3*time.Second))) //nolint:forbidigo // of the network
		go func() {
			line, err := bufio.NewReader(conn).ReadString('\n')
			refused <- err == nil && strings.Contains(line, "503")
		}()
	}
	for range cap(refused) - 4 {
		require.True(t, <-refused, "those beyond 4 are asked to come again, at once")
	}
	require.Equal(t, http.StatusOK, status(t, s.says(wholePost)))
	for range 4 {
		require.False(t, <-refused)
	}
}

// TestASlowRequestIsGivenUp: a request that does not arrive within seconds
// leaves nothing behind.
func TestASlowRequestIsGivenUp(t *testing.T) {
	t.Parallel()
	s := serve(t, newDoors(), 5)
	s.says("")
	s.says("POST /sla")
	slow := s.says("POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
	s.expectOpen(3)
	require.Equal(t, http.StatusRequestTimeout, func() int {
		require.NoError(t, slow.SetReadDeadline(time.Now().Add(20*time.Second))) //nolint:forbidigo // of the network
		res, err := http.ReadResponse(bufio.NewReader(slow), nil)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}())
	s.expectOpen(0)
}

func TestThereIsRoomForAConnection(t *testing.T) {
	t.Parallel()
	require.Positive(t, web.MostConnections())
	require.LessOrEqual(t, web.MostConnections(), 1024)
}
