package web

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"golang.org/x/time/rate"
)

const (
	// Of calls whose proof does not hold, so many a second are heard of from one
	// address, and so many from all together; the rest is answered 429.
	failuresPerSecond, failureBurst       = 1, 10
	allFailuresPerSecond, allFailureBurst = 5, 20
	// pagesPerSecond and pageBurst bound what one address may read of what anybody
	// may read.
	pagesPerSecond, pageBurst = 10, 50
	// maxAddresses is how many addresses are remembered, twice: more than these
	// come from somebody who has as many as they like, and are bounded together.
	maxAddresses = 4096
	// networkBits is how much of an IPv6 address stands for one client: a network
	// of that size is what one client is usually given.
	networkBits = 64
)

// Strangers bounds what is heard of callers that cannot prove who they are, by
// their addresses. Whoever proves it is never limited. Make one with NewStrangers.
type Strangers struct {
	clock    func() time.Time
	failures byAddress
	all      *rate.Limiter
	pages    byAddress
}

// NewStrangers gives a bound of which nothing is used up.
func NewStrangers(clock func() time.Time) *Strangers {
	return &Strangers{
		clock:    clock,
		failures: byAddress{rate: failuresPerSecond, burst: failureBurst},
		all:      rate.NewLimiter(allFailuresPerSecond, allFailureBurst),
		pages:    byAddress{rate: pagesPerSecond, burst: pageBurst},
	}
}

// Failed notes that a caller's proof does not hold, and reports whether that is
// to be told to the operator: beyond some rate it is not.
func (s *Strangers) Failed(r *http.Request) (heard bool) {
	now := s.clock()
	return s.failures.of(clientOf(r)).AllowN(now, 1) && s.all.AllowN(now, 1)
}

// barred reports whether so many of a caller's proofs did not hold that no other
// is looked at for now.
func (s *Strangers) barred(r *http.Request) bool {
	return s.failures.of(clientOf(r)).TokensAt(s.clock()) < 1
}

// readers lets each address read so much and no more.
func (s *Strangers) readers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.pages.of(clientOf(r)).AllowN(s.clock(), 1) {
			tooMany(w, "too much is asked from this address; ask again later")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func tooMany(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, why, http.StatusTooManyRequests)
}

// byAddress is a rate for each address. Of those that were not seen for a while,
// the oldest are forgotten.
type byAddress struct {
	rate  rate.Limit
	burst int

	mu         sync.Mutex
	young, old map[netip.Addr]*rate.Limiter
}

func (b *byAddress) of(address netip.Addr) *rate.Limiter {
	if address.Is6() {
		if network, err := address.Prefix(networkBits); err == nil {
			address = network.Addr()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if limiter, ok := b.young[address]; ok {
		return limiter
	}
	if len(b.young) >= maxAddresses || b.young == nil {
		b.young, b.old = map[netip.Addr]*rate.Limiter{}, b.young
	}
	limiter, ok := b.old[address]
	if !ok {
		limiter = rate.NewLimiter(b.rate, b.burst)
	}
	b.young[address] = limiter
	return limiter
}

// ClientAddress gives the address of who sent a request, from the request's
// context, for the log. It is empty if it is not known.
func ClientAddress(ctx context.Context) string {
	return middleware.GetClientIP(ctx)
}

// clientOf gives the address of who sent a request. If a trusted proxy names
// nobody, or what cannot be read, that is the proxy.
func clientOf(r *http.Request) netip.Addr {
	if address := middleware.GetClientIPAddr(r.Context()); address.IsValid() {
		return address.WithZone("")
	}
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	return peer.Addr().Unmap().WithZone("")
}

// locate finds out who sent a request. What X-Forwarded-For says counts only if
// it comes from a trusted proxy, from the right to the first that is not one.
func locate(proxies []netip.Prefix) func(http.Handler) http.Handler {
	if len(proxies) == 0 {
		return middleware.ClientIPFromRemoteAddr
	}
	trusted := make([]string, len(proxies))
	for i, proxy := range proxies {
		trusted[i] = proxy.String()
	}
	return middleware.ClientIPFromXFF(trusted...)
}
