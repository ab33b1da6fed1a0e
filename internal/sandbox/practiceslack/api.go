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
	late   time.Duration
}

// method says which scopes open it (each of them is needed) and what it does.
type method struct {
	scopes []string
	do     func(ws *Workspace, c *call) (object, *refusal)
}

func methodFor(name string) (method, bool) {
	switch name {
	case "auth.test":
		return method{nil, (*Workspace).authTest}, true
	case "chat.postMessage":
		return method{[]string{"chat:write"}, (*Workspace).chatPostMessage}, true
	case "chat.update":
		return method{[]string{"chat:write"}, (*Workspace).chatUpdate}, true
	case "chat.postEphemeral":
		return method{[]string{"chat:write"}, (*Workspace).chatPostEphemeral}, true
	case "chat.delete":
		return method{[]string{"chat:write"}, (*Workspace).chatDelete}, true
	case "views.open":
		return method{nil, (*Workspace).viewsOpen}, true
	case "views.update":
		return method{nil, (*Workspace).viewsUpdate}, true
	case "views.push":
		return method{nil, (*Workspace).viewsPush}, true
	case "views.publish":
		return method{nil, (*Workspace).viewsPublish}, true
	case "users.info":
		return method{[]string{"users:read"}, (*Workspace).usersInfo}, true
	case "users.list":
		return method{[]string{"users:read"}, (*Workspace).usersList}, true
	case "users.lookupByEmail":
		return method{[]string{"users:read.email"}, (*Workspace).usersLookupByEmail}, true
	case "usergroups.list":
		return method{[]string{"usergroups:read"}, (*Workspace).usergroupsList}, true
	case "usergroups.users.list":
		return method{[]string{"usergroups:read"}, (*Workspace).usergroupsUsersList}, true
	case "conversations.info":
		return method{nil, (*Workspace).conversationsInfo}, true
	case "conversations.history":
		return method{nil, (*Workspace).conversationsHistory}, true
	case "conversations.replies":
		return method{nil, (*Workspace).conversationsReplies}, true
	}
	return method{}, false
}

// Handler serves the Web API under /api/ and the response addresses under
// /actions/.
func (ws *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", ws.serveAPI)
	mux.HandleFunc("GET /api/{method}", ws.serveAPI)
	mux.HandleFunc("POST /actions/{id}", ws.serveResponseURL)
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
	answer, refused := object(nil), problem
	if refused == nil {
		answer, refused = ws.answer(&call{method: name, args: args, late: fault.Late}, token)
	}
	if fault.Kind == LostAnswer {
		ws.recordCall(record)
		panic(http.ErrAbortHandler)
	}
	if refused == nil || (refused.code != "not_authed" && refused.code != "invalid_auth") {
		w.Header().Set("X-OAuth-Scopes", strings.Join(ws.opt.Scopes, ","))
	}
	ws.write(w, record, answer, refused)
}

// undergo lets a call meet its fault. It says false when the call has had its
// answer with that, or will get none.
func (ws *Workspace) undergo(w http.ResponseWriter, r *http.Request, record *Call) (Fault, bool) {
	fault := ws.meet(record.Method)
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
		if !ws.hang(r.Context()) {
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
	m, known := methodFor(c.method)
	switch {
	case !known:
		return nil, refuse("unknown_method")
	case token == "":
		return nil, refuse("not_authed")
	case token != ws.opt.BotToken:
		return nil, refuse("invalid_auth")
	}
	if wait, ok := ws.take(c.method, c.args.str("channel")); !ok {
		return nil, &refusal{code: "ratelimited", retryAfter: wait}
	}
	for _, scope := range m.scopes {
		if !ws.granted(scope) {
			return nil, ws.missingScope(scope)
		}
	}
	return m.do(ws, c)
}

func (ws *Workspace) missingScope(needed string) *refusal {
	return &refusal{code: "missing_scope", extra: object{"needed": needed, "provided": strings.Join(ws.opt.Scopes, ",")}}
}

func (ws *Workspace) write(w http.ResponseWriter, record Call, answer object, refused *refusal) {
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
		record.Response = body
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
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
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
