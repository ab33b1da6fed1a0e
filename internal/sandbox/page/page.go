// Package page is the practice workspace as a person sees it in a browser: the
// channel with its Block Kit messages, threads, modals and App Home, the
// customer's side, the practice Conveyor, and what goes over the wire between
// them.
//
// It may import the two practice parties, the standard library and nothing
// else. What people do on the page goes through the same Go API that tests use,
// so the page can do nothing that a person in Slack could not.
//
// Beside that it has switches for what can go wrong, each by itself, and stops
// and starts Frontdesk through the small interface Desk.
//
// An open page follows one stream of events, which begins with everything and
// goes on with what changes; a page holds a part of a channel only, and fetches
// others as somebody scrolls. The browser's side is in ui, and what is built
// from it in assets.
//
// It promises: assets are embedded, nothing is fetched from elsewhere, no script
// stands in the page itself and no text becomes markup; only the page's own
// origin, on this machine, may read or act; bodies are bounded; no token is
// shown; a stream ends with its request.
package page

import (
	"context"
	"embed"
	"net"
	"net/http"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

//go:embed assets
var assets embed.FS

// contentPolicy lets the page use its own files only, and lets no script make
// markup or code out of a text.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Desk is Frontdesk, as far as the page may stop and start it.
type Desk interface {
	FrontdeskRunning() bool
	StopFrontdesk(ctx context.Context) error
	StartFrontdesk(ctx context.Context) error
}

// Page serves the page of a practice world.
type Page struct {
	slack    *practiceslack.Workspace
	room     *practiceconveyor.Room
	desk     Desk
	switches switches
	news     bell
	handler  http.Handler
}

// New gives the page of a practice workspace, of a practice room and of the
// Frontdesk between them. It is to be served at the root of an address of this
// machine.
func New(slack *practiceslack.Workspace, room *practiceconveyor.Room, desk Desk) *Page {
	p := &Page{slack: slack, room: room, desk: desk}
	p.news.rung = make(chan struct{})
	p.switches.armed = map[string][]clearer{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, assets, "assets/index.html")
	})
	mux.Handle("GET /assets/", http.FileServerFS(assets))
	mux.HandleFunc("GET /practice/snapshot", p.serveSnapshot)
	mux.HandleFunc("GET /practice/events", p.serveEvents)
	mux.HandleFunc("GET /practice/messages", p.serveMessages)
	mux.HandleFunc("GET /practice/thread", p.serveThread)
	mux.HandleFunc("GET /practice/exchange", p.serveExchange)
	mux.Handle("POST /practice/say", taking(p.say))
	mux.Handle("POST /practice/dismiss", taking(p.dismiss))
	mux.Handle("POST /practice/home", taking(p.openHome))
	mux.Handle("POST /practice/sign", taking(p.signNDA))
	mux.Handle("POST /practice/act", taking(p.act))
	mux.Handle("POST /practice/search", taking(p.search))
	mux.Handle("POST /practice/submit", taking(p.submit))
	mux.Handle("POST /practice/close", taking(p.closeView))
	mux.Handle("POST /practice/request", taking(p.fileRequest))
	mux.Handle("POST /practice/decide", taking(p.decideElsewhere))
	mux.Handle("POST /practice/group", taking(p.addGroup))
	mux.Handle("POST /practice/fault", taking(p.switchFault))
	mux.Handle("POST /practice/desk", taking(p.runDesk))
	p.handler = withPolicy(onThisMachine(http.NewCrossOriginProtection().Handler(mux)))
	return p
}

// ServeHTTP serves the page, its assets and what it asks for.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// Changed tells open pages to look again. The practice parties tell of their
// own changes; this is for Frontdesk's start and stop.
func (p *Page) Changed() { p.news.ring() }

// onThisMachine refuses names that only resolve to this machine: a page of
// somebody else's could come here under one (DNS rebinding).
func onThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		switch host {
		case "localhost", "127.0.0.1", "[::1]", "::1":
			next.ServeHTTP(w, r)
		default:
			http.Error(w, "The practice workspace answers on localhost only.", http.StatusForbidden)
		}
	})
}

func withPolicy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// Another version of the page may be served at the same address soon.
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
