package practiceconveyor

import (
	"net/http"
	"time"
)

const (
	keptCalls    = 500
	keptCallText = 4096
	keptCounts   = 4096
)

// Call is one call that the API took. Its texts are cut at 4096 characters; headers, and so the key, are not kept.
type Call struct {
	// Number counts the room's calls and is a call's own.
	Number int
	Method string
	// Path is without BasePath.
	Path  string
	Query string
	Body  string
	// Answer is the body of the answer.
	Answer string
	// Status is zero while the call lasts and when the connection was cut.
	Status   int
	Fault    string
	Done     bool
	Time     time.Time
	Duration time.Duration
}

// callLog keeps the last calls and counts all.
type callLog struct {
	ring   []Call
	taken  int
	counts map[string]int
}

func newCallLog() callLog {
	return callLog{ring: make([]Call, 0, keptCalls), counts: make(map[string]int)}
}

// Calls returns the last 500 calls, the oldest first. A call is there from its beginning.
func (r *Room) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := make([]Call, 0, len(r.calls.ring))
	oldest := 0
	if len(r.calls.ring) == keptCalls {
		oldest = r.calls.taken % keptCalls
	}
	calls = append(calls, r.calls.ring[oldest:]...)
	return append(calls, r.calls.ring[:oldest]...)
}

// CallsTo counts the calls to a path, which is without BasePath and may be a pattern that ends in {id}. A call counts
// from its beginning. After 4096 different paths, new ones are counted by pattern only.
func (r *Room) CallsTo(method, path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls.counts[method+" "+path]
}

// ForgetCalls empties the log and the counts. A call that still lasts is forgotten too.
func (r *Room) ForgetCalls() {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.calls.taken
	r.calls = newCallLog()
	// Numbers go on, so that a call that ends later does not write into another one's place.
	r.calls.taken = first + keptCalls - first%keptCalls
}

// begin writes a call into the log and finds the fault that it meets.
func (r *Room) begin(q *http.Request, path string, body []byte, found *route) (met struck, number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	met = r.strike(q.Method, path)
	keys := []string{q.Method + " " + bounded(path, maxShortText)}
	if found != nil && found.pattern != path {
		keys = append(keys, q.Method+" "+found.pattern)
	}
	for i, key := range keys {
		if _, counted := r.calls.counts[key]; counted || i == 1 || len(r.calls.counts) < keptCounts {
			r.calls.counts[key]++
		}
	}
	number = r.calls.add(Call{
		Method: q.Method,
		Path:   bounded(path, maxShortText),
		Query:  bounded(q.URL.RawQuery, keptCallText),
		Body:   bounded(string(body), keptCallText),
		Fault:  met.kind.String(),
		Time:   r.clock(),
	})
	r.publish(EventCall, q.Method+" "+bounded(path, maxShortText))
	return met, number
}

func (l *callLog) add(c Call) (number int) {
	number = l.taken
	c.Number = number
	if len(l.ring) < keptCalls {
		l.ring = append(l.ring, c)
	} else {
		l.ring[number%keptCalls] = c
	}
	l.taken++
	return number
}

// finish writes down how a call ended, unless it is forgotten by now.
func (r *Room) finish(number int, got answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if number < r.calls.taken-len(r.calls.ring) {
		return
	}
	c := &r.calls.ring[number%keptCalls]
	c.Status, c.Done, c.Duration = got.status, true, r.clock().Sub(c.Time)
	c.Answer = bounded(string(got.body), keptCallText)
	r.publish(EventCall, c.Method+" "+c.Path)
}
