package practiceslack

import (
	"context"
	"slices"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind int

// The kinds of faults.
const (
	RateLimited FaultKind = iota + 1 // 429 with Retry-After, nothing is done
	ServerError                      // 500, nothing is done
	SlackError                       // ok: false with Code, nothing is done
	DropBefore                       // the connection is cut before anything is done
	LostAnswer                       // all is done, then the connection is cut
	Hang                             // no answer until the client gives up or ReleaseHangs
	LatePublish                      // all is well, but a posted message appears only after Late
)

func (k FaultKind) String() string {
	switch k {
	case RateLimited:
		return "rate limited"
	case ServerError:
		return "server error"
	case SlackError:
		return "Slack error"
	case DropBefore:
		return "dropped before"
	case LostAnswer:
		return "lost answer"
	case Hang:
		return "hang"
	case LatePublish:
		return "late publish"
	}
	return "none"
}

// Fault makes the next calls of a method go wrong.
type Fault struct {
	Method     string // empty means every method; response_url and link mean the addresses /actions/ and /link/
	Kind       FaultKind
	Code       string        // for SlackError
	RetryAfter time.Duration // for RateLimited; default 1 s
	Times      int           // how many calls; 0 means one, below 0 means until it is cleared
	Late       time.Duration // for LatePublish and LostAnswer: when a posted message appears, by the clock
}

// ArmedFault is a fault that was switched on.
type ArmedFault struct {
	ws      *Workspace
	fault   Fault
	cleared chan struct{} // closed when it is switched off by itself
}

// Fault switches a fault on, to be switched off alone or with all others. Faults
// of the same method are met in the order in which they were switched on.
func (ws *Workspace) Fault(f Fault) *ArmedFault {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	armed := &ArmedFault{ws: ws, fault: f, cleared: make(chan struct{})}
	ws.faults = append(ws.faults, armed)
	return armed
}

// Clear switches this fault off and lets go on what hangs on it. Other faults
// stay.
func (a *ArmedFault) Clear() {
	a.ws.mu.Lock()
	defer a.ws.mu.Unlock()
	select {
	case <-a.cleared:
		return
	default:
	}
	close(a.cleared)
	a.ws.faults = slices.DeleteFunc(a.ws.faults, func(other *ArmedFault) bool { return other == a })
}

// Faults lists the faults that can still strike, with the times that they have
// left.
func (ws *Workspace) Faults() []Fault {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	all := make([]Fault, 0, len(ws.faults))
	for _, armed := range ws.faults {
		all = append(all, armed.fault)
	}
	return all
}

// ClearFaults switches all faults off.
func (ws *Workspace) ClearFaults() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.faults = nil
}

// ReleaseHangs lets the calls that hang go on; their work is done then.
func (ws *Workspace) ReleaseHangs() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	close(ws.hangs)
	ws.hangs = make(chan struct{})
}

// meet takes the fault that a call of method meets, if there is one, and what
// is closed when it is switched off by itself.
func (ws *Workspace) meet(method string) (Fault, <-chan struct{}) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for i, armed := range ws.faults {
		f := &armed.fault
		if f.Method != "" && f.Method != method {
			continue
		}
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				ws.faults = append(ws.faults[:i:i], ws.faults[i+1:]...)
			}
		}
		return *f, armed.cleared
	}
	return Fault{}, nil
}

// hang waits until the client has given up (false) or the hang is released.
func (ws *Workspace) hang(ctx context.Context, cleared <-chan struct{}) bool {
	ws.mu.Lock()
	released := ws.hangs
	ws.mu.Unlock()
	select {
	case <-released:
		return true
	case <-cleared:
		return true
	case <-ctx.Done():
		return false
	}
}
