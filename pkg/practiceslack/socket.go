package practiceslack

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	openMethod = "apps.connections.open"
	// maxConnections is how many connections an app may hold at once.
	maxConnections = 10
)

// sockets is what a workspace knows of Socket Mode. It is behind the
// workspace's lock.
type sockets struct {
	on      bool
	closed  bool                 // nothing is opened any more
	tickets map[string]time.Time // when each was given
	open    []*connection        // oldest first
	turn    int                  // whose turn it is to get a payload
	serving sync.WaitGroup       // the goroutines of the connections
}

// SocketMode says whether the app takes its payloads over Socket Mode.
func (ws *Workspace) SocketMode() bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.sockets.on
}

// SetSocketMode is the switch in the app's settings. While it is on, nothing is
// sent to the app's addresses. Switching it off ends all connections with the
// reason LinkDisabled, and the addresses are used again.
func (ws *Workspace) SetSocketMode(on bool) {
	ws.mu.Lock()
	ws.sockets.on = on
	open := slices.Clone(ws.sockets.open)
	ws.mu.Unlock()
	if on {
		return
	}
	for _, c := range open {
		c.disconnect(LinkDisabled)
	}
}

// AppToken is the app-level token that opens Socket Mode connections now.
func (ws *Workspace) AppToken() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.appToken
}

// routeSocketMode adds what Socket Mode is opened with. Its method has routes
// of its own because it alone goes by the app-level token.
func (ws *Workspace) routeSocketMode(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/"+openMethod, ws.serveOpen)
	mux.HandleFunc("GET /api/"+openMethod, ws.serveOpen)
	mux.HandleFunc("GET /link/{$}", ws.serveLink)
}

func (ws *Workspace) serveOpen(w http.ResponseWriter, r *http.Request) {
	args, token, problem := readArguments(w, r)
	record := Call{Time: ws.now(), Method: openMethod, Args: args.recorded()}
	fault, ok := ws.undergo(w, r, &record)
	if !ok {
		return
	}
	answer, refused := object(nil), problem
	if refused == nil {
		answer, refused = ws.giveTicket(r, token)
	}
	if fault.Kind == LostAnswer {
		ws.recordCall(record)
		panic(http.ErrAbortHandler)
	}
	ws.write(w, record, answer, refused)
}

// giveTicket checks who asks, and gives the address of one connection.
func (ws *Workspace) giveTicket(r *http.Request, token string) (object, *refusal) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	switch {
	case token == "":
		return nil, refuse("not_authed")
	case ws.grants[token] != nil:
		return nil, refuse("not_allowed_token_type")
	case token != ws.appToken, r.Header.Get("Authorization") == "":
		// This method takes its token in the header only.
		return nil, refuse("invalid_auth")
	case r.Method != http.MethodPost:
		return nil, refuse("insecure_request")
	}
	if wait, ok := ws.take(openMethod, ""); !ok {
		return nil, &refusal{code: "ratelimited", retryAfter: wait}
	}
	if !slices.Contains(ws.opt.AppTokenScopes, "connections:write") {
		return nil, &refusal{code: "missing_scope", extra: object{
			"needed": "connections:write", "provided": strings.Join(ws.opt.AppTokenScopes, ","),
		}}
	}
	now := ws.now()
	for ticket, given := range ws.sockets.tickets {
		if now.Sub(given) > ws.pace.TicketLife {
			delete(ws.sockets.tickets, ticket)
		}
	}
	ticket := rand.Text()
	ws.sockets.tickets[ticket] = now
	base := cmp.Or(ws.baseURL, "http://"+r.Host)
	query := url.Values{"ticket": {ticket}, "app_id": {ws.opt.AppID}}
	return object{"url": "ws" + strings.TrimPrefix(base, "http") + "/link/?" + query.Encode()}, nil
}

// redeem takes a ticket, which is good for one connection.
func (ws *Workspace) redeem(ticket string) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	given, ok := ws.sockets.tickets[ticket]
	delete(ws.sockets.tickets, ticket)
	return ok && ws.now().Sub(given) <= ws.pace.TicketLife
}

// serveLink turns a ticket into a connection and serves it to its end.
func (ws *Workspace) serveLink(w http.ResponseWriter, r *http.Request) {
	record := Call{Time: ws.now(), Method: "link", Args: map[string]string{"app_id": r.URL.Query().Get("app_id")}}
	fault, ok := ws.undergo(w, r, &record)
	if !ok {
		return
	}
	if !ws.redeem(r.URL.Query().Get("ticket")) {
		record.Status, record.Error = http.StatusForbidden, "invalid_ticket"
		ws.recordCall(record)
		http.Error(w, "The ticket is not good, or no more.", http.StatusForbidden)
		return
	}
	if fault.Kind == LostAnswer {
		ws.recordCall(record)
		panic(http.ErrAbortHandler)
	}
	// The ticket says who comes; what page they come from does not matter.
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil { // and the client has been told
		record.Status, record.Error = http.StatusBadRequest, "bad_handshake"
		ws.recordCall(record)
		return
	}
	record.Status = http.StatusSwitchingProtocols
	ws.recordCall(record)
	ws.serveConnection(newConnection(ws, socket, r.URL.Query().Get("debug_reconnects") == "true"))
}

// closeSockets ends all connections and waits until nothing of them is left.
func (ws *Workspace) closeSockets() {
	ws.mu.Lock()
	ws.sockets.closed = true
	open := slices.Clone(ws.sockets.open)
	ws.mu.Unlock()
	for _, c := range open {
		c.end()
	}
	ws.sockets.serving.Wait()
}
