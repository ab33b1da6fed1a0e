package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func clock() time.Time {
	return time.Now() //nolint:forbidigo // a load is made in real time
}

func clicksOf(t *testing.T, n int) []click {
	t.Helper()
	clicks := make([]click, n)
	for i := range clicks {
		var err error
		clicks[i], err = newClick(i, requestID, clock())
		require.NoError(t, err)
	}
	return clicks
}

func sendTo(t *testing.T, handler http.HandlerFunc) *sender {
	t.Helper()
	server := httptest.NewServer(handler)
	send := newSender(server.URL, clock)
	t.Cleanup(func() {
		send.client.CloseIdleConnections()
		server.Close()
	})
	return send
}

// A subject that stops answering for a while is not spared the clicks that come
// meanwhile: each of them has waited since it was to be sent.
func TestASteadyLoadCountsFromThePlannedTime(t *testing.T) {
	t.Parallel()
	const stall = 200 * time.Millisecond
	var (
		once sync.Once
		one  sync.Mutex
	)
	send := sendTo(t, func(http.ResponseWriter, *http.Request) {
		one.Lock() // it answers one click at a time
		defer one.Unlock()
		once.Do(func() {
			timer := time.NewTimer(stall)
			defer timer.Stop()
			<-timer.C
		})
	})
	got, err := send.steady(t.Context(), clicksOf(t, 20), 200)
	require.NoError(t, err)
	for i := range got.took {
		left := stall - time.Duration(i)*5*time.Millisecond
		require.GreaterOrEqual(t, got.took[i], left-time.Millisecond, "click %d", i)
	}
}

func TestRefusedClicksAreSentAgainAndCounted(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	send := sendTo(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		signature := r.Header.Get("X-Slack-Signature")
		if seen[signature]++; seen[signature] == 1 && len(seen)%2 == 0 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
		}
	})
	got, err := send.atOnce(t.Context(), clicksOf(t, 10), 3)
	require.NoError(t, err)
	require.Equal(t, 5, got.refused)
	require.Len(t, seen, 10)

	never := sendTo(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "never", http.StatusServiceUnavailable) })
	_, err = never.steady(t.Context(), clicksOf(t, 1), 100)
	require.ErrorContains(t, err, "click 0 was answered with 503")
}
