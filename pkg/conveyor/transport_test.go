package conveyor_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

// failures are ways in which an exchange can end without an answer. Each gives a base URL, an HTTP client and
// a context.
func failures() map[string]struct {
	sent  bool
	cause error
	setUp func(*testing.T) (string, *http.Client, context.Context)
} {
	plain := func(t *testing.T, transport http.RoundTripper) (string, *http.Client, context.Context) {
		t.Helper()
		return "http://conveyor.example", &http.Client{Transport: transport}, t.Context()
	}
	dialing := func(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) (string, *http.Client, context.Context) {
		t.Helper()
		return plain(t, &http.Transport{DialContext: dial})
	}
	// stuck answers nothing; the context is cancelled as soon as the request is there.
	stuck := func(t *testing.T, h2 bool) (string, *http.Client, context.Context) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if h2 && r.ProtoMajor != 2 {
				t.Error("this was to be HTTP/2")
			}
			_, _ = io.Copy(io.Discard, r.Body) // Until then HTTP/1 does not notice that the client is gone.
			cancel()
			<-r.Context().Done()
		}))
		server.EnableHTTP2 = h2
		if h2 {
			server.StartTLS()
		} else {
			server.Start()
		}
		t.Cleanup(server.Close)
		return server.URL, server.Client(), ctx
	}
	hijacked := func(t *testing.T, raw string) (string, *http.Client, context.Context) {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}))
		t.Cleanup(server.Close)
		return server.URL, server.Client(), t.Context()
	}
	return map[string]struct {
		sent  bool
		cause error
		setUp func(*testing.T) (string, *http.Client, context.Context)
	}{
		"nobody listens": {setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			server := httptest.NewServer(nil)
			server.Close()
			return server.URL, &http.Client{}, t.Context()
		}},
		"no such name": {setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return dialing(t, func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.DNSError{Err: "no such host", Name: "conveyor.example", IsNotFound: true}
			})
		}},
		"time-out while dialing": {cause: context.DeadlineExceeded, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			base, client, _ := dialing(t, func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			client.Timeout = 250 * time.Millisecond // a slow machine has begun to dial by then
			return base, client, t.Context()
		}},
		"untrusted certificate": {setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				t.Error("the request arrived")
			}))
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			t.Cleanup(server.Close)
			return server.URL, &http.Client{Transport: &http.Transport{}}, t.Context()
		}},
		"context over before": {cause: context.Canceled, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			base, client, _ := plain(t, roundTrip(func(*http.Request) (*http.Response, error) {
				return nil, errors.New("must not be asked")
			}))
			return base, client, ctx
		}},
		"no answer": {sent: true, cause: context.Canceled, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return stuck(t, false)
		}},
		"no answer over HTTP/2": {sent: true, cause: context.Canceled, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return stuck(t, true)
		}},
		"closed before the answer": {sent: true, cause: io.EOF, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return hijacked(t, "")
		}},
		"closed in the answer": {sent: true, cause: io.ErrUnexpectedEOF, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return hijacked(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":\"a1\"}")
		}},
		"no HTTP, quoting the key": {sent: true, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return hijacked(t, key+" jane%40c.example\r\n\r\n")
		}},
		"a transport that reports nothing": {sent: true, cause: io.ErrClosedPipe, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return plain(t, roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe }))
		}},
		"connected, no report of a write": {sent: true, cause: context.DeadlineExceeded, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return plain(t, roundTrip(func(r *http.Request) (*http.Response, error) {
				trace := httptrace.ContextClientTrace(r.Context())
				trace.GetConn(r.URL.Host)
				trace.GotConn(httptrace.GotConnInfo{})
				return nil, context.DeadlineExceeded
			}))
		}},
		"a transport that quotes all": {sent: true, setUp: func(t *testing.T) (string, *http.Client, context.Context) {
			t.Helper()
			return plain(t, roundTrip(func(r *http.Request) (*http.Response, error) {
				return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: errors.New("gave up " + r.URL.String() + " with " + key)}
			}))
		}},
	}
}

func TestTransportFailures(t *testing.T) {
	t.Parallel()
	for name, tt := range failures() {
		for style, opt := range map[string]conveyor.ParamStyle{"json": conveyor.JSON, "query": conveyor.Query} {
			t.Run(name+"/"+style, func(t *testing.T) {
				t.Parallel()
				base, client, ctx := tt.setUp(t)
				c, err := conveyor.New(base, key, conveyor.WithHTTPClient(client), conveyor.WithParamStyle(opt))
				require.NoError(t, err)

				err = grant(ctx, c)
				var failed *conveyor.TransportError
				require.ErrorAs(t, err, &failed)
				require.Equal(t, "POST", failed.Method)
				require.Equal(t, "/exchange/authorizations", failed.Path)
				require.Equal(t, tt.sent, failed.Sent, err.Error())
				require.Equal(t, tt.sent, conveyor.Ambiguous(err))
				require.True(t, conveyor.Temporary(err))
				if tt.cause != nil {
					require.ErrorIs(t, err, tt.cause)
				}
				for cause := err; cause != nil; cause = errors.Unwrap(cause) {
					require.NotContains(t, cause.Error(), key)
					if name != "no HTTP, quoting the key" {
						require.NotContains(t, cause.Error(), "jane")
					}
				}
			})
		}
	}
}

func TestAFailedReadIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	for name, tt := range failures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, client, ctx := tt.setUp(t)
			c, err := conveyor.New(base, key, conveyor.WithHTTPClient(client))
			require.NoError(t, err)
			err = read(ctx, c)
			var failed *conveyor.TransportError
			require.ErrorAs(t, err, &failed)
			require.False(t, conveyor.Ambiguous(err))
			require.True(t, conveyor.Temporary(err))
			require.NotContains(t, err.Error(), key)
		})
	}
}

// A connection that was kept and is dead by now, then no new one: the first attempt may have left.
func TestSentIsNotForgottenByASecondAttempt(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":"a1"}`)
	}))
	defer server.Close()
	var dials atomic.Int32
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) > 1 {
			return nil, errors.New("no more")
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &dying{Conn: conn}, err
	}}
	defer transport.CloseIdleConnections()
	c := newClient(t, server, conveyor.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, grant(t.Context(), c))

	err := grant(t.Context(), c)
	var failed *conveyor.TransportError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, int32(2), dials.Load(), "the transport was to try again")
	require.True(t, failed.Sent)
}

// dying refuses the second request's bytes.
type dying struct {
	net.Conn
	writes int
}

func (d *dying) Write(p []byte) (int, error) {
	if d.writes++; d.writes > 1 {
		return 0, errors.New("broken pipe")
	}
	n, err := d.Conn.Write(p)
	if err != nil {
		return n, errors.New("broken pipe")
	}
	return n, nil
}

func TestNoRetries(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 500, 502, 503} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.WriteHeader(status)
			}))
			defer server.Close()
			c := newClient(t, server)
			require.Error(t, grant(t.Context(), c))
			require.Error(t, read(t.Context(), c))
			server.Close()
			require.Equal(t, 2, requests)
		})
	}
}

func TestErrorTextsHoldNoSecretAndNoQuery(t *testing.T) {
	t.Parallel()
	answers := map[int]string{
		200: "<html>" + key + " jane@c.example</html>",
		403: `{"error":"the key ` + key + ` is not active"}`,
		404: key,
		500: `{"errors":{"` + key + `":["` + key + `"]}}`,
	}
	for status, body := range answers {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			server := answering(t, status, body)
			for _, auth := range []conveyor.AuthStyle{conveyor.APIKey, conveyor.Bearer} {
				c := newClient(t, server, conveyor.WithAuthStyle(auth), conveyor.WithParamStyle(conveyor.Query))
				for _, err := range []error{grant(t.Context(), c), read(t.Context(), c)} {
					require.Error(t, err)
					require.NotContains(t, err.Error(), key)
					require.NotContains(t, err.Error(), "jane")
					require.False(t, strings.ContainsRune(err.Error(), '?'))
				}
			}
		})
	}
}
