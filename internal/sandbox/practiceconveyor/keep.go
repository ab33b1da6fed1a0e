package practiceconveyor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"
)

// Keeper keeps what a room holds, from one process to the next. It is a map from keys to JSON values that remembers the
// order of its keys.
type Keeper interface {
	// Load gives everything that is kept, in the order in which the keys first came, and ends with the first error of
	// each.
	Load(each func(key string, value []byte) error) error
	// Save keeps changes, all of them or none, before it returns. A nil value takes the key away. It is called with the
	// room's mutex held, one call at a time, and must not call the room. After an error the room answers no call any
	// more: what it cannot keep it does not acknowledge.
	Save(changes iter.Seq2[string, []byte]) error
}

// Open is New with everything that a keeper kept of a room before, and keeps on doing so. What happens is kept before a
// call is answered: requests, authorizations, groups, connections, signatures, the ids of webhooks and which are still
// to be sent. The seed of a room that was kept wins over the one in the options, so that no id is given twice. Not kept
// are the logs of calls and deliveries, faults, and what is set: the webhook, who may decide, whether an NDA is required.
func Open(o Options, keeper Keeper) (*Room, error) {
	r := New(o)
	if err := keeper.Load(r.restore); err != nil {
		r.Close()
		return nil, fmt.Errorf("open the practice room: %w", err)
	}
	r.owed = append(r.owed, r.unsent.order...)
	r.mu.keep = func() { r.keep(keeper) }
	return r, nil
}

// guard is the mutex of a room. What changed under it is kept before it is let go, so nobody can have been told of it
// before.
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

// change names something that is kept and has changed: a row of a shelf, or the counters.
type change struct {
	kind, id string
	gone     bool
}

const keptCounters = "counters"

// counters make the ids.
type counters struct {
	Seed      uint64
	IssuedIDs uint64
}

// keptShelf is a shelf, whatever stands on it.
type keptShelf interface {
	record(id string) []byte
	restore(id string, value []byte) error
}

// record gives what is to be kept of a row; nil when it is gone.
func (s *shelf[T]) record(id string) []byte {
	row := s.get(id)
	if row == nil {
		return nil
	}
	return encodeRecord(row)
}

// restore puts back what was kept of a row.
func (s *shelf[T]) restore(id string, value []byte) error {
	row := new(T)
	if err := decodeRecord(value, row); err != nil {
		return err
	}
	s.put(id, row)
	return nil
}

// touch notes that something changed. How it stands is looked at when the mutex is let go.
func (r *Room) touch(c change) {
	if r.mu.keep != nil {
		r.touched = append(r.touched, c)
	}
}

// keep hands what changed to the keeper. Called with the mutex held.
func (r *Room) keep(keeper Keeper) {
	if len(r.touched) == 0 || r.unkept {
		return
	}
	written := make(map[change]bool, len(r.touched))
	err := keeper.Save(func(yield func(string, []byte) bool) {
		for _, c := range r.touched {
			if c.gone { // it may come again, in another place
				delete(written, change{kind: c.kind, id: c.id})
			}
			if !written[c] && !yield(c.kind+"/"+c.id, r.recordOf(c)) {
				return
			}
			written[c] = !c.gone
		}
	})
	r.touched = r.touched[:0]
	r.unkept = err != nil
}

// recordOf gives what is to be kept under a key; nil when it is gone. Called with the mutex held.
func (r *Room) recordOf(c change) []byte {
	switch {
	case c.gone:
		return nil
	case c.kind == keptCounters:
		return encodeRecord(counters{r.seed, r.issuedIDs})
	}
	return r.shelves[c.kind].record(c.id)
}

// restore puts back what was kept under a key.
func (r *Room) restore(key string, value []byte) error {
	kind, id, _ := strings.Cut(key, "/")
	if s, known := r.shelves[kind]; known {
		return s.restore(id, value)
	}
	if kind != keptCounters {
		return fmt.Errorf("restore %q: there is nothing of this kind", key)
	}
	var c counters
	if err := decodeRecord(value, &c); err != nil {
		return err
	}
	r.seed, r.issuedIDs = c.Seed, c.IssuedIDs
	return nil
}

// isUnkept says whether something could not be kept. What ails the keeper is known to the keeper.
func (r *Room) isUnkept() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unkept
}

func encodeRecord(record any) []byte {
	value, err := json.Marshal(record)
	if err != nil {
		// Rows are made of texts, numbers and times.
		panic(fmt.Sprintf("practiceconveyor: encode %T: %v", record, err))
	}
	return value
}

// decodeRecord reads a record, and takes no other.
func decodeRecord(value []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("decode what was kept: %w", err)
	}
	return nil
}
