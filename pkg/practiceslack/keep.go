package practiceslack

import (
	"fmt"
	"iter"
	"net/http"
	"sync"
)

// Keeper keeps what a workspace holds, from one process to the next. It is a
// map from keys to JSON values that remembers the order of its keys.
type Keeper interface {
	// Load gives everything that is kept, in the order in which the keys first
	// came, and ends with the first error of each.
	Load(each func(key string, value []byte) error) error
	// Save keeps changes, all of them or none, before it returns. A nil value
	// takes the key away. It is called under the workspace's lock, one call at a
	// time, and must not call the workspace. After an error the workspace
	// answers no call any more: what it cannot keep it does not acknowledge.
	Save(changes iter.Seq2[string, []byte]) error
}

// Open is New with everything that a keeper kept of a workspace before, and
// keeps on doing so. What happens is kept before anybody is answered: people,
// channels, user groups, messages, what stands in their controls, open modals,
// Home tabs, response_urls, tokens, and events that wait for a retry. Not kept
// are settings, commands and shortcuts, records of calls and deliveries,
// violations, faults, rate limits, the key of id tokens, and what is good for a
// short time: triggers, codes of OAuth, tickets of Socket Mode.
func Open(opt Options, keeper Keeper) (*Workspace, error) {
	ws := New(opt)
	if err := keeper.Load(ws.restore); err != nil {
		return nil, fmt.Errorf("open the practice workspace: %w", err)
	}
	ws.mu.keep = func() { ws.keep(keeper) }
	return ws, nil
}

// guard is the lock on a workspace's state. What changed under it is kept
// before it is let go, so nobody can have been told of it before.
type guard struct {
	sync.Mutex
	keep func() // nil where nothing is kept
}

// Unlock keeps what changed and lets go.
func (g *guard) Unlock() {
	if g.keep != nil {
		g.keep()
	}
	g.Mutex.Unlock()
}

// touch notes that something changed. How it stands is looked at when the lock
// is let go.
func (ws *Workspace) touch(k keptKey) {
	if ws.mu.keep != nil {
		ws.touched = append(ws.touched, k)
	}
}

// touchFor notes what an event is about.
func (ws *Workspace) touchFor(e Event) {
	switch e.Kind { //nolint:exhaustive // the others are about nothing that is kept
	case MessagePosted, MessageChanged, MessageDeleted:
		ws.touch(keptKey{keptMessages, e.Channel, e.TS})
	case EphemeralPosted, EphemeralChanged, EphemeralDeleted:
		ws.touch(keptKey{keptEphemerals, e.User, e.TS})
	case StateChanged:
		ws.touchControls(e.User, Place{Channel: e.Channel, TS: e.TS, View: e.View})
	case ViewsChanged:
		ws.touchControls(e.User, Place{View: e.View})
	case UserChanged:
		ws.touch(keptKey{kind: keptUsers, id: e.User})
	case ChannelChanged:
		ws.touch(keptKey{kind: keptChannels, id: e.Channel})
	}
}

// touchControls notes that a person put something in somewhere. A message may
// be an ephemeral one, and a view a Home tab: what is not there is not kept.
func (ws *Workspace) touchControls(person string, place Place) {
	if place.TS != "" {
		ws.touch(keptKey{keptMessages, place.Channel, place.TS})
		ws.touch(keptKey{keptEphemerals, person, place.TS})
		return
	}
	ws.touch(keptKey{kind: keptViews, id: person})
	ws.touch(keptKey{kind: keptHomes, id: person})
}

// keep hands what changed to the keeper. The lock is held.
func (ws *Workspace) keep(keeper Keeper) {
	if len(ws.touched) == 0 || ws.unkept {
		return
	}
	seen := make(map[keptKey]bool, len(ws.touched))
	err := keeper.Save(func(yield func(string, []byte) bool) {
		for _, k := range ws.touched {
			if !seen[k] && !yield(k.String(), ws.valueOf(k)) {
				return
			}
			seen[k] = true
		}
	})
	ws.touched = ws.touched[:0]
	ws.unkept = err != nil
}

// valueOf gives what is to be kept under a key; nil when it is gone. The lock
// is held.
func (ws *Workspace) valueOf(k keptKey) []byte {
	record, there := ws.recordOf(k)
	if !there {
		return nil
	}
	return encode(record)
}

// cutIfUnkept gives no answer rather than one that a restart would belie. What
// ails the keeper is known to the keeper.
func (ws *Workspace) cutIfUnkept() {
	ws.mu.Lock()
	unkept := ws.unkept
	ws.mu.Unlock()
	if unkept {
		panic(http.ErrAbortHandler)
	}
}
