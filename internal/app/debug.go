package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof" // what it adds to the default routes is served nowhere

	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// listenForDebugging serves Go's profiles on an address of this machine, if one
// is set. They show what is in memory, so they are on no other address.
func (a *App) listenForDebugging(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s for debugging (is another program using the port? FRONTDESK_DEBUG_ADDR names another): %w", address, err)
	}
	if on, ok := listener.Addr().(*net.TCPAddr); !ok || !on.IP.IsLoopback() {
		// A name such as localhost can be made to lead elsewhere.
		return errors.Join(fmt.Errorf("FRONTDESK_DEBUG_ADDR leads to %s, which other machines may reach; use 127.0.0.1:6060", listener.Addr()), listener.Close())
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/debug/pprof/", pprof.Index) // also every profile by its name
	routes.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	routes.HandleFunc("/debug/pprof/profile", pprof.Profile)
	routes.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	routes.HandleFunc("/debug/pprof/trace", pprof.Trace)
	// Without a bound on the answer: a profile takes as long as it is asked to.
	a.debug = &http.Server{
		Handler: local(routes), ReadHeaderTimeout: web.ReadHeaderTimeout, ReadTimeout: web.ReadTimeout,
		IdleTimeout: web.IdleTimeout, MaxHeaderBytes: web.MaxHeaderBytes,
	}
	a.debugAddr = listener.Addr().String()
	a.log.Infof("debugging: profiles on http://%s/debug/pprof/", a.debugAddr)
	go func() {
		if err := a.debug.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.WithError(err).Error("the address for debugging is not served any more")
		}
	}()
	return nil
}

// local answers only those who call this machine by its address: a page in the
// operator's browser could otherwise read profiles under a name of its own.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "call this address as 127.0.0.1 or localhost", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// DebugURL gives the address of the profiles, empty if they are off.
func (a *App) DebugURL() string {
	if a.debugAddr == "" {
		return ""
	}
	return "http://" + a.debugAddr + "/debug/pprof/"
}
