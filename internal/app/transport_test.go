package app_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
)

// As many calls at once as there are jobs find their connections again.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const atOnce = 16
	var opened atomic.Int32
	var together sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		together.Done()
		together.Wait() // all of them are under way at once
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	transport := app.Keeping(atOnce)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for range 5 {
		together.Add(atOnce)
		errs := make(chan error, atOnce)
		for range atOnce {
			go func() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
				if err == nil {
					var response *http.Response
					if response, err = client.Do(request); err == nil {
						_, err = io.Copy(io.Discard, response.Body)
						_ = response.Body.Close()
					}
				}
				errs <- err
			}()
		}
		for range atOnce {
			require.NoError(t, <-errs)
		}
	}
	// A connection that is just being given back may be missed once or twice.
	require.LessOrEqual(t, opened.Load(), int32(atOnce+5))
}
