package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// calls asks the same doors again and again, as from any address.
type calls struct {
	*doors
	routes http.Handler
	mu     sync.Mutex
	now    time.Time
}

func newCalls(proxies ...string) *calls {
	c := &calls{doors: newDoors(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	c.Strangers = web.NewStrangers(func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.now
	})
	for _, proxy := range proxies {
		c.Proxies = append(c.Proxies, netip.MustParsePrefix(proxy))
	}
	c.Slack = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Slack-Signature") != "" {
			return
		}
		if !c.Strangers.Failed(r) {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		c.note(web.ClientAddress(r.Context()))
		w.WriteHeader(http.StatusUnauthorized)
	})
	c.Webhook = func(_ context.Context, header http.Header, _ []byte) error {
		if header.Get("Svix-Signature") != "" {
			return nil
		}
		return fmt.Errorf("%w: nobody signed", web.ErrNotGenuine)
	}
	return c
}

func (c *calls) wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// from asks as from an address, with headers as name, value.
func (c *calls) from(t *testing.T, address, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	if c.routes == nil {
		c.routes = web.Routes(c.Doors)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	r.RemoteAddr = address
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Add(pair[0], pair[1])
	}
	answer := httptest.NewRecorder()
	c.routes.ServeHTTP(answer, r)
	return answer
}

// until counts how often something is answered before it is answered otherwise.
func until(most int, ask func(i int) int) (times, otherwise int) {
	first := ask(0)
	for i := 1; i < most; i++ {
		if status := ask(i); status != first {
			return i, status
		}
	}
	return most, first
}

// TestWhoProvesNothingIsLimitedByAddress goes through each door that anybody can
// come to: one address is limited, another is not, and it is over after a while.
func TestWhoProvesNothingIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		heard        int
		wait         time.Duration
	}{
		"Slack's door":     {http.MethodPost, "/slack/events", 10, time.Second},
		"the webhook":      {http.MethodPost, "/conveyor/webhook", 10, time.Second},
		"operators' doors": {http.MethodPost, "/conveyor/poll", 10, time.Second},
		"health":           {http.MethodGet, "/healthz", 50, 100 * time.Millisecond},
		"readiness":        {http.MethodGet, "/readyz", 50, 100 * time.Millisecond},
		"metrics":          {http.MethodGet, "/metrics", 50, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := newCalls()
			times, then := until(500, func(i int) int { return calls.from(t, fmt.Sprintf("192.0.2.1:%d", 1000+i), c.method, c.path).Code })
			require.Equal(t, c.heard, times)
			require.Equal(t, http.StatusTooManyRequests, then)
			require.NotEqual(t, http.StatusTooManyRequests, calls.from(t, "192.0.2.2:1", c.method, c.path).Code, "another address")
			calls.wait(c.wait)
			require.NotEqual(t, http.StatusTooManyRequests, calls.from(t, "192.0.2.1:1", c.method, c.path).Code, "later")
		})
	}
}

// TestWhoProvesItIsNeverLimited: from an address that is out of all patience,
// what is signed goes through.
func TestWhoProvesItIsNeverLimited(t *testing.T) {
	t.Parallel()
	calls := newCalls()
	for range 300 {
		calls.from(t, "192.0.2.1:1", http.MethodPost, "/slack/events")
		calls.from(t, "192.0.2.1:1", http.MethodPost, "/conveyor/webhook")
		calls.from(t, "192.0.2.1:1", http.MethodGet, "/healthz")
		require.Equal(t, http.StatusOK, calls.from(t, "192.0.2.1:1", http.MethodPost, "/slack/events", "X-Slack-Signature", "v0=1").Code)
		require.Equal(t, http.StatusNoContent, calls.from(t, "192.0.2.1:1", http.MethodPost, "/conveyor/webhook", "Svix-Signature", "v1,1").Code)
	}
	require.LessOrEqual(t, strings.Count(calls.log.String(), "\n"), 10, "the log does not grow with it")
}

// TestATokenCannotBeGuessed: who gave too many wrong ones is not told when one is
// right, until some time has passed; an operator elsewhere is not held up.
func TestATokenCannotBeGuessed(t *testing.T) {
	t.Parallel()
	calls := newCalls()
	for range 10 {
		require.Equal(t, http.StatusUnauthorized, calls.from(t, "192.0.2.1:1", http.MethodPost, "/conveyor/poll", "Authorization", "Bearer wrong").Code)
	}
	right := []string{"Authorization", "Bearer " + operator}
	require.Equal(t, http.StatusTooManyRequests, calls.from(t, "192.0.2.1:1", http.MethodPost, "/conveyor/poll", right...).Code)
	require.Equal(t, http.StatusOK, calls.from(t, "192.0.2.2:1", http.MethodPost, "/conveyor/poll", right...).Code)
	calls.wait(time.Second)
	require.Equal(t, http.StatusOK, calls.from(t, "192.0.2.1:1", http.MethodPost, "/conveyor/poll", right...).Code)
	require.Contains(t, calls.log.String(), "client=192.0.2.1")
	require.NotContains(t, calls.log.String(), operator)
}

// TestManyAddressesAreLimitedTogether: what the operator hears of failures is
// bounded for all addresses together, and so is what is remembered of them.
func TestManyAddressesAreLimitedTogether(t *testing.T) {
	t.Parallel()
	calls := newCalls()
	codes := map[int]int{}
	for i := range 20_000 {
		address := fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)
		codes[calls.from(t, address, http.MethodPost, "/slack/events").Code]++
	}
	require.Equal(t, map[int]int{http.StatusUnauthorized: 20, http.StatusTooManyRequests: 19_980}, codes)
	require.LessOrEqual(t, calls.Strangers.Remembered(), 2*2*4096)
}

// TestOneNetworkIsOneClient: who has a whole network of IPv6 has no more than
// who has one address of IPv4.
func TestOneNetworkIsOneClient(t *testing.T) {
	t.Parallel()
	calls := newCalls()
	times, then := until(100, func(i int) int {
		return calls.from(t, fmt.Sprintf("[2001:db8:1:2:%x::1]:1", i), http.MethodPost, "/slack/events").Code
	})
	require.Equal(t, 10, times)
	require.Equal(t, http.StatusTooManyRequests, then)
	require.Equal(t, http.StatusUnauthorized, calls.from(t, "[2001:db8:1:3::1]:1", http.MethodPost, "/slack/events").Code)
}

// TestWhoAClientIs: only what a trusted proxy says counts, and only as far as
// trusted proxies said it.
func TestWhoAClientIs(t *testing.T) {
	t.Parallel()
	const proxy, other = "10.0.0.7:1234", "192.0.2.1:1234"
	for name, c := range map[string]struct {
		trusted []string
		peer    string
		said    []string
		is      string
	}{
		"nobody is trusted":               {nil, proxy, []string{"203.0.113.5"}, "10.0.0.7"},
		"a proxy that is trusted":         {[]string{"10.0.0.0/8"}, proxy, []string{"203.0.113.5"}, "203.0.113.5"},
		"one that is not":                 {[]string{"10.0.0.0/8"}, other, []string{"203.0.113.5"}, "192.0.2.1"},
		"a client who claims another":     {[]string{"10.0.0.0/8"}, proxy, []string{"198.51.100.9, 203.0.113.5"}, "203.0.113.5"},
		"one who claims to be a proxy":    {[]string{"10.0.0.0/8"}, proxy, []string{"198.51.100.9, 10.9.9.9, 203.0.113.5"}, "203.0.113.5"},
		"a chain of proxies":              {[]string{"10.0.0.0/8"}, proxy, []string{"203.0.113.5, 10.1.1.1, 10.2.2.2"}, "203.0.113.5"},
		"a header on each":                {[]string{"10.0.0.0/8"}, proxy, []string{"198.51.100.9", "203.0.113.5, 10.1.1.1"}, "203.0.113.5"},
		"IPv6":                            {[]string{"10.0.0.0/8"}, proxy, []string{"2001:db8::1"}, "2001:db8::1"},
		"IPv4 in IPv6":                    {[]string{"10.0.0.0/8"}, "[::ffff:10.0.0.7]:1", []string{"::ffff:203.0.113.5"}, "203.0.113.5"},
		"a proxy that says nothing":       {[]string{"10.0.0.0/8"}, proxy, nil, ""},
		"a proxy that says nonsense":      {[]string{"10.0.0.0/8"}, proxy, []string{"198.51.100.9, unknown"}, ""},
		"a name where an address belongs": {[]string{"10.0.0.0/8"}, proxy, []string{"evil\" client=1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := newCalls(c.trusted...)
			var headers []string
			for _, said := range c.said {
				headers = append(headers, "X-Forwarded-For", said)
			}
			require.Equal(t, http.StatusUnauthorized, calls.from(t, c.peer, http.MethodPost, "/slack/events", headers...).Code)
			require.Equal(t, []string{c.is}, calls.came)
		})
	}
}

// TestALimitCannotBeEscapedByAHeader: neither by one who is no proxy, nor behind
// one; and one client behind a proxy does not use up what another may.
func TestALimitCannotBeEscapedByAHeader(t *testing.T) {
	t.Parallel()
	for _, peer := range []string{"192.0.2.1:1", "10.0.0.7:1"} {
		calls := newCalls("10.0.0.0/8")
		times, then := until(100, func(i int) int {
			said := fmt.Sprintf("198.51.100.%d, 203.0.113.5", i)
			return calls.from(t, peer, http.MethodPost, "/slack/events", "X-Forwarded-For", said).Code
		})
		require.Equal(t, 10, times)
		require.Equal(t, http.StatusTooManyRequests, then)
		other := calls.from(t, "10.0.0.7:1", http.MethodPost, "/slack/events", "X-Forwarded-For", "203.0.113.6")
		require.Equal(t, http.StatusUnauthorized, other.Code)
	}
	calls := newCalls("10.0.0.0/8")
	times, _ := until(100, func(i int) int {
		return calls.from(t, "10.0.0.7:1", http.MethodPost, "/slack/events", "X-Forwarded-For", fmt.Sprintf("nonsense-%d", i)).Code
	})
	require.Equal(t, 10, times, "who cannot be told apart counts as the proxy")
}

// TestEveryAnswerHasItsHeaders goes through every route and every way in which it
// is answered.
func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	signed, hook, token := []string{"X-Slack-Signature", "v0=1"}, []string{"Svix-Signature", "v1,1"}, []string{"Authorization", "Bearer " + operator}
	type answered struct {
		method, path string
		headers      []string
		status       int
	}
	var all []answered
	for _, door := range []string{"/slack/events", "/slack/interactions", "/slack/commands", "/slack/options"} {
		all = append(all, answered{http.MethodPost, door, signed, 200}, answered{http.MethodPost, door, nil, 401}, answered{http.MethodGet, door, nil, 405})
	}
	all = append(all,
		answered{http.MethodPost, "/conveyor/webhook", hook, 204}, answered{http.MethodPost, "/conveyor/webhook", nil, 401},
		answered{http.MethodPost, "/conveyor/poll", token, 200}, answered{http.MethodPost, "/conveyor/poll", nil, 401},
		answered{http.MethodGet, "/healthz", nil, 200}, answered{http.MethodGet, "/readyz", nil, 200}, answered{http.MethodGet, "/metrics", nil, 200},
		answered{http.MethodGet, "/", nil, 404}, answered{http.MethodPost, "/nothing", nil, 404}, answered{http.MethodPut, "/healthz", nil, 405},
	)
	check := func(t *testing.T, calls *calls, a answered) {
		t.Helper()
		got := calls.from(t, "192.0.2.1:1", a.method, a.path, a.headers...)
		require.Equal(t, a.status, got.Code)
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			require.Equal(t, value, got.Header().Get(name), "%s %s %d", a.method, a.path, a.status)
		}
		for _, name := range []string{"Server", "X-Powered-By", "Set-Cookie", "Access-Control-Allow-Origin", "Strict-Transport-Security"} {
			require.Empty(t, got.Header().Get(name))
		}
	}
	routed := map[string]bool{}
	for _, a := range all {
		t.Run(fmt.Sprintf("%s %s %d", a.method, a.path, a.status), func(t *testing.T) {
			t.Parallel()
			check(t, newCalls(), a)
		})
		if a.status < 300 {
			routed[a.method+" "+a.path] = true
		}
	}
	require.Equal(t, web.RoutesOf(newCalls().Doors), routed, "a route that this test does not know, or one that is gone")
	t.Run("limited", func(t *testing.T) {
		t.Parallel()
		calls := newCalls()
		for range 50 {
			calls.from(t, "192.0.2.1:1", http.MethodGet, "/healthz")
		}
		check(t, calls, answered{http.MethodGet, "/healthz", nil, 429})
	})
	t.Run("in trouble", func(t *testing.T) {
		t.Parallel()
		calls := newCalls()
		calls.Ready = func(context.Context) map[string]error { return map[string]error{"store": errors.New("gone")} }
		calls.Slack = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") })
		check(t, calls, answered{http.MethodGet, "/readyz", nil, 503})
		check(t, calls, answered{http.MethodPost, "/slack/events", nil, 500})
	})
}
