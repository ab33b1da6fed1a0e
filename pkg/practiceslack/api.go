package practiceslack

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRequestBytes bounds what is read of one call.
const maxRequestBytes = 4 << 20

// refusal is an answer with ok: false.
type refusal struct {
	code       string
	messages   []string
	extra      object
	retryAfter time.Duration
}

func refuse(code string) *refusal { return &refusal{code: code} }

// call is one call of a method while it is worked on.
type call struct {
	method string
	args   arguments
	client clientCredentials // of the app, for the methods that take no token
	grant  *grant            // what the token stands for; nil without one
	late   time.Duration
}

// Handler serves the Web API under /api/, the response addresses under
// /actions/, the connections of Socket Mode under /link/, and what a browser
// visits to install the app or to sign in.
func (ws *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", ws.serveAPI)
	mux.HandleFunc("GET /api/{method}", ws.serveAPI)
	mux.HandleFunc("POST /actions/{id}", ws.serveResponseURL)
	ws.routeSocketMode(mux)
	ws.handleConsent(mux)
	ws.handleOpenID(mux)
	return mux
}

func (ws *Workspace) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	args, token, problem := readArguments(w, r)
	record := Call{Time: ws.now(), Method: name, Args: args.recorded()}
	fault, ok := ws.undergo(w, r, &record)
	if !ok {
		return
	}
	c := &call{method: name, args: args, client: readClient(r, args), late: fault.Late}
	answer, refused := object(nil), problem
	if refused == nil {
		answer, refused = ws.answer(c, token)
	}
	if fault.Kind == LostAnswer {
		ws.recordCall(record)
		panic(http.ErrAbortHandler)
	}
	if c.grant != nil {
		w.Header().Set("X-OAuth-Scopes", c.grant.scopeList())
	}
	ws.write(w, record, answer, refused)
}

// undergo lets a call meet its fault. It says false when the call has had its
// answer with that, or will get none.
func (ws *Workspace) undergo(w http.ResponseWriter, r *http.Request, record *Call) (Fault, bool) {
	fault, cleared := ws.meet(record.Method)
	if fault.Kind == 0 {
		return fault, true
	}
	record.Fault = fault.Kind.String()
	switch fault.Kind {
	case RateLimited:
		ws.write(w, *record, nil, &refusal{code: "ratelimited", retryAfter: max(fault.RetryAfter, time.Second)})
		return fault, false
	case ServerError:
		record.Status = http.StatusInternalServerError
		ws.recordCall(*record)
		w.WriteHeader(http.StatusInternalServerError)
		return fault, false
	case SlackError:
		ws.write(w, *record, nil, refuse(fault.Code))
		return fault, false
	case DropBefore:
		ws.recordCall(*record)
		panic(http.ErrAbortHandler)
	case Hang:
		if !ws.hang(r.Context(), cleared) {
			ws.recordCall(*record)
			panic(http.ErrAbortHandler)
		}
	case LostAnswer, LatePublish:
	}
	return fault, true
}

// answer checks the token, the limits and the scopes, and does the work.
func (ws *Workspace) answer(c *call, token string) (object, *refusal) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	m, known := ws.methods[c.method]
	if !known {
		return nil, &refusal{code: "unknown_method", extra: object{"req_method": c.method}}
	}
	if m.access != withoutToken {
		g, refused := ws.authenticate(token, m.access)
		if refused != nil {
			return nil, refused
		}
		// A copy: the answer's header is written when the lock is free again.
		held := *g
		c.grant = &held
	}
	if wait, ok := ws.take(c.method, c.args.str("channel")); !ok {
		return nil, &refusal{code: "ratelimited", retryAfter: wait}
	}
	for _, scope := range m.scopes {
		if !c.grant.allows(scope) {
			return nil, missingScope(scope, c.grant.scopes)
		}
	}
	return m.do(ws, c)
}

func (ws *Workspace) write(w http.ResponseWriter, record Call, answer object, refused *refusal) {
	ws.cutIfUnkept()
	record.Status = http.StatusOK
	if refused != nil {
		answer = object{"ok": false, "error": refused.code}
		maps.Copy(answer, refused.extra)
		if len(refused.messages) > 0 {
			answer["response_metadata"] = object{"messages": refused.messages}
		}
		record.Error = refused.code
		if refused.retryAfter > 0 {
			record.Status = http.StatusTooManyRequests
			seconds := int((refused.retryAfter + time.Second - 1) / time.Second)
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
	} else if _, set := answer["ok"]; !set {
		answer = with(answer, "ok", true)
	}
	body := encode(answer)
	if len(body) <= maxRecordedBytes {
		record.Response = encode(withoutTokens(answer))
	}
	ws.recordCall(record)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(record.Status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// arguments are a call's arguments: strings from a form or a query, any JSON
// from a JSON body.
type arguments map[string]any

func (a arguments) has(key string) bool { _, ok := a[key]; return ok }

// str gives an argument as a string, whatever it was written as.
func (a arguments) str(key string) string {
	switch v := a[key].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return string(encode(v))
	}
}

func (a arguments) flag(key string) bool {
	s := a.str(key)
	return s == "true" || s == "1"
}

// tree gives an argument that is JSON itself, sent as such or as a string.
func (a arguments) tree(key string) (v any, ok bool) {
	s, isString := a[key].(string)
	if !isString {
		return a[key], true
	}
	v, err := decode([]byte(s))
	return v, err == nil
}

func (a arguments) recorded() map[string]string {
	kept := make(map[string]string, len(a))
	for key := range a {
		if key == "client_secret" || key == "refresh_token" {
			kept[key] = "(not recorded)"
			continue
		}
		s := a.str(key)
		if len(s) > maxRecordedBytes {
			s = strings.ToValidUTF8(s[:maxRecordedBytes], "")
		}
		kept[key] = s
	}
	return kept
}

// readArguments reads query, form or JSON body. A token counts in the header
// and in a form; as Slack has it, not in a query and not in a JSON body.
func readArguments(w http.ResponseWriter, r *http.Request) (arguments, string, *refusal) {
	args := arguments{}
	// The word is part of the header, and its case counts.
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		token = ""
	}
	for key, values := range r.URL.Query() {
		args[key] = values[0]
	}
	delete(args, "token")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		return args, token, refuse("request_timeout")
	}
	if len(body) == 0 {
		return args, token, nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains([]string{"application/json", "application/x-www-form-urlencoded"}, kind) {
		return args, token, refuse("invalid_post_type")
	}
	if kind == "application/json" {
		v, err := decode(body)
		o, ok := v.(object)
		if err != nil || !ok {
			return args, token, refuse("invalid_json")
		}
		for key, value := range o {
			if value != nil {
				args[key] = value
			}
		}
		delete(args, "token")
		return args, token, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return args, token, refuse("invalid_form_data")
	}
	for key, values := range form {
		args[key] = values[0]
	}
	if formToken := args.str("token"); token == "" {
		token = formToken
	}
	delete(args, "token")
	return args, token, nil
}
