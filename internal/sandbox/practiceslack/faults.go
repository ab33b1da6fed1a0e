package practiceslack

import (
	"context"
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
	Method     string // empty means every method; response_url means the actions address
	Kind       FaultKind
	Code       string        // for SlackError
	RetryAfter time.Duration // for RateLimited; default 1 s
	Times      int           // how many calls; 0 means one, below 0 means until ClearFaults
	Late       time.Duration // for LatePublish and LostAnswer: when a posted message appears, by the clock
}

// Fault switches a fault on. Faults of the same method are met in the order in
// which they were switched on.
func (ws *Workspace) Fault(f Fault) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	ws.faults = append(ws.faults, &f)
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

// meet takes the fault that a call of method meets, if there is one.
func (ws *Workspace) meet(method string) Fault {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for i, f := range ws.faults {
		if f.Method != "" && f.Method != method {
			continue
		}
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				ws.faults = append(ws.faults[:i:i], ws.faults[i+1:]...)
			}
		}
		return *f
	}
	return Fault{}
}

// hang waits until the client has given up (false) or the hang is released.
func (ws *Workspace) hang(ctx context.Context) bool {
	ws.mu.Lock()
	released := ws.hangs
	ws.mu.Unlock()
	select {
	case <-released:
		return true
	case <-ctx.Done():
		return false
	}
}
