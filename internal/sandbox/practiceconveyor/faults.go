package practiceconveyor

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind is how a call goes wrong. The functions below make one; the zero Kind does nothing.
type Kind struct {
	name   string
	status int
	wait   time.Duration
}

// Status answers with a status code and does no work. 401 and 403 come without a body, as documented. A Retry-After
// header is sent if it is asked for, in whole seconds, rounded up.
func Status(code int, retryAfter time.Duration) Kind {
	return Kind{name: "status", status: code, wait: retryAfter}
}

// Hang does no work and gives no answer until the client gives up. If the faults are cleared first, the call goes on.
func Hang() Kind { return Kind{name: "hang"} }

// LostAnswer does the work and cuts the connection instead of answering.
func LostAnswer() Kind { return Kind{name: "lost answer"} }

// DropBefore cuts the connection and does no work. Go's HTTP client repeats a GET on its own, once, if the connection
// had been used before.
func DropBefore() Kind { return Kind{name: "drop before"} }

// HTML does no work and answers 200 with a web page, as a proxy in between does.
func HTML() Kind { return Kind{name: "html"} }

// TruncatedJSON does the work and answers with the first half of the body.
func TruncatedJSON() Kind { return Kind{name: "truncated json"} }

// EmptyQueue makes a list answer that there is nothing in it.
func EmptyQueue() Kind { return Kind{name: "empty queue"} }

// SamePageForever makes a list answer its first page whatever page is asked for, always with one more to come.
func SamePageForever() Kind { return Kind{name: "same page forever"} }

// Slow does the work at once and answers later, or when the faults are cleared. A client that gives up before has a
// true ambiguous time-out.
func Slow(wait time.Duration) Kind { return Kind{name: "slow", wait: wait} }

// String names the kind for people.
func (k Kind) String() string {
	switch {
	case k.status != 0:
		return fmt.Sprintf("status %d", k.status)
	case k.name == "slow":
		return fmt.Sprintf("slow by %s", k.wait)
	default:
		return k.name
	}
}

// Fault makes calls go wrong on command.
type Fault struct {
	// Method restricts it to one method; empty means any.
	Method string
	// PathPrefix restricts it to paths that begin so, without BasePath; empty means any.
	PathPrefix string
	// Kind is what goes wrong.
	Kind Kind
	// After lets so many matching calls pass first.
	After int
	// Times is how many calls go wrong; zero means all until the faults are cleared.
	Times int
}

type armedFault struct {
	Fault
	seen     int
	released chan struct{}
}

// release lets the calls go that hang on the fault or are slow. Called with the mutex held, once.
func (f *armedFault) release() { close(f.released) }

// ArmedFault is a fault that was armed.
type ArmedFault struct {
	room  *Room
	fault *armedFault
}

// Fault arms a fault, to be disarmed alone or with all others. Of several that match a call, the one armed first is
// used as long as it has times left.
func (r *Room) Fault(f Fault) *ArmedFault {
	f.PathPrefix = strings.TrimPrefix(f.PathPrefix, BasePath)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.faults) == maxFaults {
		r.faults[0].release()
		r.faults = r.faults[1:]
	}
	armed := &armedFault{Fault: f, released: make(chan struct{})}
	r.faults = append(r.faults, armed)
	r.publish(EventFaultsChanged, "")
	return &ArmedFault{room: r, fault: armed}
}

// Clear disarms this fault, and lets the calls go that hang on it or are slow. Other faults stay.
func (a *ArmedFault) Clear() {
	a.room.mu.Lock()
	defer a.room.mu.Unlock()
	if !without(&a.room.faults, a.fault) && !without(&a.room.spent, a.fault) {
		return
	}
	a.fault.release()
	a.room.publish(EventFaultsChanged, "")
}

// without takes a fault out of a list, and says whether it was there.
func without(list *[]*armedFault, f *armedFault) bool {
	before := len(*list)
	*list = slices.DeleteFunc(slices.Clone(*list), func(other *armedFault) bool { return other == f })
	return len(*list) < before
}

// Faults returns the faults that can still strike.
func (r *Room) Faults() []Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	armed := []Fault{}
	for _, f := range r.faults {
		armed = append(armed, f.Fault)
	}
	return armed
}

// ClearFaults disarms all faults and lets calls go that hang or are slow.
func (r *Room) ClearFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range slices.Concat(r.faults, r.spent) {
		f.release()
	}
	r.faults, r.spent = nil, nil
	r.publish(EventFaultsChanged, "")
}

// struck is the fault that one call meets.
type struck struct {
	kind     Kind
	released <-chan struct{}
}

// strike finds the fault that a call meets and counts it. Called with the mutex held.
func (r *Room) strike(method, path string) struck {
	met := struck{}
	for i, f := range r.faults {
		if (f.Method != "" && f.Method != method) || !strings.HasPrefix(path, f.PathPrefix) {
			continue
		}
		f.seen++
		if f.seen <= f.After {
			continue
		}
		met = struck{kind: f.Kind, released: f.released}
		if f.Times > 0 && f.seen == f.After+f.Times {
			r.faults = append(r.faults[:i:i], r.faults[i+1:]...)
			if len(r.spent) == maxFaults {
				r.spent[0].release()
				r.spent = r.spent[1:]
			}
			r.spent = append(r.spent, f)
			r.publish(EventFaultsChanged, "")
		}
		break
	}
	return met
}

func (s struck) list() listFault {
	switch s.kind.name {
	case EmptyQueue().name:
		return listEmpty
	case SamePageForever().name:
		return listEndless
	default:
		return listTrue
	}
}

// undergo works under a fault. An answer without a status means that the connection is cut.
func (r *Room) undergo(q *http.Request, met struck, work func() answer) answer {
	switch met.kind.name {
	case Status(0, 0).name:
		a := refuse(met.kind.status, "this fault was asked for")
		if met.kind.status == http.StatusForbidden || met.kind.status == http.StatusUnauthorized {
			a = answer{status: met.kind.status}
		}
		a.retryAfter = met.kind.wait
		return a
	case Hang().name:
		select {
		case <-q.Context().Done():
			return answer{}
		case <-met.released:
			return work()
		}
	case LostAnswer().name:
		work()
		return answer{}
	case DropBefore().name:
		return answer{}
	case HTML().name:
		page := "<!DOCTYPE html><html><head><title>One moment</title></head><body>Please wait.</body></html>"
		return answer{status: http.StatusOK, contentType: "text/html; charset=utf-8", body: []byte(page)}
	case TruncatedJSON().name:
		a := work()
		a.body = a.body[:len(a.body)/2]
		return a
	case Slow(0).name:
		a := work()
		late := time.NewTimer(met.kind.wait)
		defer late.Stop()
		select {
		case <-q.Context().Done():
			return answer{}
		case <-met.released:
		case <-late.C:
		}
		return a
	default:
		return work()
	}
}
