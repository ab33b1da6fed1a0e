package practiceconveyor

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// shelf keeps rows in the order in which they came and drops the oldest when it is full.
type shelf[T any] struct {
	order []string
	rows  map[string]*T
	// touch is told of each row that changes: by put and remove, and by whoever changes a row in its place.
	touch func(id string)
}

// newShelf makes one of the room's shelves. The kind is what its rows are called where they are kept.
func newShelf[T any](r *Room, kind string) *shelf[T] {
	s := &shelf[T]{rows: make(map[string]*T)}
	s.touch = func(id string) { r.touch(change{kind: kind, id: id, gone: s.get(id) == nil}) }
	r.shelves[kind] = s
	return s
}

func (s *shelf[T]) get(id string) *T { return s.rows[id] }

func (s *shelf[T]) put(id string, row *T) {
	if _, known := s.rows[id]; !known {
		s.order = append(s.order, id)
	}
	s.rows[id] = row
	s.touch(id)
	for len(s.order) > maxRows {
		delete(s.rows, s.order[0])
		s.touch(s.order[0])
		s.order = s.order[1:]
	}
}

func (s *shelf[T]) remove(id string) bool {
	if _, known := s.rows[id]; !known {
		return false
	}
	delete(s.rows, id)
	s.touch(id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
	return true
}

// oldestFirst returns the rows that keep says yes to; a nil keep takes all.
func (s *shelf[T]) oldestFirst(keep func(*T) bool) []*T {
	var rows []*T
	for _, id := range s.order {
		if row := s.rows[id]; keep == nil || keep(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// newestFirst is how lists are answered. No order is documented; this one punishes a client that assumes arrival.
func (s *shelf[T]) newestFirst(keep func(*T) bool) []*T {
	rows := s.oldestFirst(keep)
	slices.Reverse(rows)
	return rows
}

// newID makes the next id: it looks like a random UUID and depends only on the seed and on what came before.
// Called with the mutex held.
func (r *Room) newID() string {
	r.issuedIDs++
	r.touch(change{kind: keptCounters})
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], r.seed)
	binary.BigEndian.PutUint64(in[8:], r.issuedIDs)
	b := sha256.Sum256(in[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// bounded cuts a text to at most limit characters.
func bounded(text string, limit int) string {
	count := 0
	for i := range text {
		if count == limit {
			return text[:i]
		}
		count++
	}
	return text
}
