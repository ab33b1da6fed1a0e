package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/store"
)

const (
	// beatEvery is how often it is seen whether the database can be written.
	beatEvery = 5 * time.Second
	// beatWithin is how long a small write may take; a click's may take less.
	beatWithin = 3 * time.Second
)

// storage is how the database is.
type storage struct {
	mu      sync.Mutex
	trouble store.Trouble
	// damaged stays until the end: a file does not mend itself, and the part of it
	// that is read next may well be whole.
	damaged bool
}

func (s *storage) health() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.damaged:
		return errors.New(string(store.TroubleDamaged))
	case s.trouble != "":
		return errors.New(string(s.trouble))
	}
	return nil
}

func (s *storage) set(now store.Trouble) (before store.Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.trouble = s.trouble, now
	return before
}

func (s *storage) damage() (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	news, s.damaged = !s.damaged, true
	return news
}

// beat sees whether the database can be written. The log says so when that
// changes; what fails meanwhile is logged where it fails.
func (a *App) beat(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	err := a.shared.Ping(within)
	if ctx.Err() != nil {
		return
	}
	now := store.TroubleOf(err)
	if err != nil && now == "" {
		now = store.TroubleOther
	}
	if before := a.storage.set(now); now == before {
		return
	}
	if now == "" {
		a.log.Info("the database can be written again; what waited goes on")
	} else {
		a.log.WithError(err).Error(string(now) + ". Until then clicks are answered as errors, and nothing that was taken in is lost")
		a.lookForDamage(err)
	}
}

// lookForDamage notes that something could not be read because the database is
// damaged.
func (a *App) lookForDamage(err error) {
	if store.TroubleOf(err) == store.TroubleDamaged && a.storage.damage() {
		a.log.WithError(err).Error(string(store.TroubleDamaged) + ". See docs/operations.md")
	}
}
