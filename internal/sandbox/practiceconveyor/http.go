package practiceconveyor

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// BasePath is what the API's paths begin with. Calls and faults name paths without it.
const BasePath = "/api/v2"

const maxBody = 1 << 20

// answer is what a call comes to before anything is written.
type answer struct {
	status      int
	contentType string
	body        []byte
	retryAfter  time.Duration
}

// endpoint answers one call. It is called with the mutex held.
type endpoint func(c call) answer

// call is one call that has passed the door.
type call struct {
	id     string // of the path
	params params
	faulty listFault
}

type route struct {
	method, pattern string
	params          map[string]paramKind
	serve           endpoint
}

// Handler serves the API under BasePath.
func (r *Room) Handler() http.Handler { return http.HandlerFunc(r.serve) }

func (r *Room) serve(w http.ResponseWriter, q *http.Request) {
	// The whole body is read first: only then does net/http notice that a client has given up on a hanging call.
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil {
		write(w, refuse(http.StatusRequestEntityTooLarge, "the body cannot be read or is too large"))
		return
	}
	path := strings.TrimPrefix(q.URL.Path, BasePath)
	found, id, pathKnown := r.find(q.Method, path)
	fault, number := r.begin(q, path, body, found)

	got := r.undergo(q, fault, func() answer { return r.answer(q, body, found, id, pathKnown, fault.list()) })
	if got.status == 0 || r.isUnkept() {
		r.finish(number, answer{})
		panic(http.ErrAbortHandler)
	}
	r.finish(number, got)
	write(w, got)
}

// answer carries out the call under the mutex.
func (r *Room) answer(q *http.Request, body []byte, found *route, id string, pathKnown bool, faulty listFault) answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.opens(q.Header):
		return answer{status: http.StatusForbidden}
	case !pathKnown || !strings.HasPrefix(q.URL.Path, BasePath+"/"):
		return refuse(http.StatusNotFound, "there is no such path")
	case found == nil:
		return refuse(http.StatusMethodNotAllowed, "this path does not take "+q.Method)
	}
	p, err := readParams(q, body, r.params, found.params)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	return found.serve(call{id: id, params: p, faulty: faulty})
}

// opens reports whether the headers carry the key in a style that the room takes.
func (r *Room) opens(h http.Header) bool {
	given := h.Get("X-Api-Key")
	bearer, isBearer := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	if r.auth == AuthBearer || (r.auth == AuthAny && given == "") {
		given = ""
		if isBearer {
			given = bearer
		}
	}
	return !r.keyDead && subtle.ConstantTimeCompare([]byte(given), []byte(r.key)) == 1
}

// find returns the route of a call, the id in its path, and whether the path is known for some method.
func (r *Room) find(method, path string) (found *route, id string, pathKnown bool) {
	for i := range r.routes {
		prefix, isOne := strings.CutSuffix(r.routes[i].pattern, "{id}")
		rest, matches := strings.CutPrefix(path, prefix)
		switch {
		case !matches, isOne && (rest == "" || strings.Contains(rest, "/")), !isOne && rest != "":
			continue
		}
		pathKnown = true
		if r.routes[i].method == method {
			return &r.routes[i], rest, true
		}
	}
	return nil, "", pathKnown
}

func write(w http.ResponseWriter, a answer) {
	if a.contentType != "" {
		w.Header().Set("Content-Type", a.contentType)
	}
	if a.retryAfter > 0 {
		seconds := (a.retryAfter + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	// A client that is gone needs no answer.
	_, _ = w.Write(a.body)
}

func answerJSON(status int, body any) answer {
	var encoded bytes.Buffer
	if err := json.NewEncoder(&encoded).Encode(body); err != nil {
		return answer{status: http.StatusInternalServerError}
	}
	return answer{status: status, contentType: "application/json; charset=utf-8", body: encoded.Bytes()}
}

func refuse(status int, why string) answer {
	return answerJSON(status, map[string]any{"message": why})
}
