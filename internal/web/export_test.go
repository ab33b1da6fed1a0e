package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Waited gives how many connections are waited for.
func (c *Crowd) Waited() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.strangers.Len() + c.kept.Len()
}

// Remembered gives how many addresses are remembered.
func (s *Strangers) Remembered() int {
	n := 0
	for _, b := range []*byAddress{&s.failures, &s.pages} {
		b.mu.Lock()
		n += len(b.young) + len(b.old)
		b.mu.Unlock()
	}
	return n
}

// RoutesOf gives each route as method and path.
func RoutesOf(d Doors) map[string]bool {
	routes := map[string]bool{}
	_ = chi.Walk(Routes(d).(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes[method+" "+route] = true
		return nil
	})
	return routes
}
