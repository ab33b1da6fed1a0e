// Package keyring keeps a key that may be changed while Frontdesk runs: the one
// in use and, for a while, the one before.
//
// It may import the standard library only. It promises that the key before is
// never tried later than Overlap after the change, nor later than Afterglow
// after the new one was seen to be right, and not at all after Set.
package keyring

import (
	"sync"
	"time"
)

const (
	// Overlap is for how long the key before verifies too, if nothing shows that
	// the new one is right. A new key that was mistyped locks nobody out that long.
	Overlap = time.Hour
	// Afterglow is for how long it does once the new one has verified something:
	// what was signed before the change may still be on its way.
	Afterglow = time.Minute
)

// Ring is a key and the one before. Make one with New.
type Ring[K any] struct {
	clock func() time.Time

	mu  sync.Mutex
	key K
	// before is nil if no other key is accepted; it is since a time, for so long.
	before *K
	since  time.Time
	lasts  time.Duration
}

// New makes a ring with one key.
func New[K any](clock func() time.Time, key K) *Ring[K] {
	return &Ring[K]{clock: clock, key: key}
}

// Set puts a key in the place of all others, at once.
func (r *Ring[K]) Set(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key, r.before = key, nil
}

// Rotate puts a key in the place of the one in use, which goes on verifying for
// a while.
func (r *Ring[K]) Rotate(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.key
	r.key, r.before, r.since, r.lasts = key, &before, r.clock(), Overlap
}

// Key gives the key in use.
func (r *Ring[K]) Key() K {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.key
}

// Verify tries the key in use, and then the one before if that is still
// accepted. It gives nil if one of them verifies, else what the one in use says.
func (r *Ring[K]) Verify(verify func(key K) error) error {
	key, before := r.keys()
	err := verify(key)
	if before == nil {
		return err
	}
	if err == nil {
		r.proven()
		return nil
	}
	if verify(*before) == nil {
		return nil
	}
	return err
}

func (r *Ring[K]) keys() (key K, before *K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A time ahead of us is of before the clock was put back.
	if r.before != nil && r.clock().Sub(r.since).Abs() > r.lasts {
		r.before = nil
	}
	return r.key, r.before
}

// proven notes that the key in use is right.
func (r *Ring[K]) proven() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lasts == Overlap {
		r.since, r.lasts = r.clock(), Afterglow
	}
}
