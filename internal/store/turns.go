package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Turn takes the next turn at what all processes on this database do at one
// common pace: a turn every so often, after a burst of some at once. It gives
// how long the caller has to wait before its turn. If that is longer than
// within, no turn is taken, and the wait is the one that a turn would have had.
func (s *Store) Turn(ctx context.Context, name string, every time.Duration, burst int, within time.Duration) (wait time.Duration, taken bool, err error) {
	if s.kind == SQLite {
		wait, taken = s.turns.take(name, every, burst, within)
		return wait, taken, nil
	}
	if wait, err = s.takeTurn(ctx, name, every, burst, within); err == nil {
		return max(wait, 0), true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, false, fmt.Errorf("take a turn at %s: %w", name, err)
	}
	err = s.read.QueryRowContext(ctx, `SELECT taken_until - $2 - `+postgresNow+` FROM turns WHERE name = $1`,
		name, ahead(every, burst).Milliseconds()).Scan((*millis)(&wait))
	if err != nil {
		return 0, false, fmt.Errorf("look for the next turn at %s: %w", name, err)
	}
	return max(wait, 0), false, nil
}

// postgresNow is the server's time, so that replicas whose clocks differ agree.
const postgresNow = `(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint`

// takeTurn moves the time until which turns are taken, which begins anew at the
// present when it has passed. No row comes back if the turn would be too late.
func (s *Store) takeTurn(ctx context.Context, name string, every time.Duration, burst int, within time.Duration) (wait time.Duration, err error) {
	err = s.write.QueryRowContext(ctx, `INSERT INTO turns (name, taken_until) VALUES ($1, `+postgresNow+` + $2)
		ON CONFLICT (name) DO UPDATE SET taken_until = GREATEST(turns.taken_until, `+postgresNow+`) + $2
		WHERE turns.taken_until - $3 - `+postgresNow+` <= $4
		RETURNING taken_until - $2 - $3 - `+postgresNow,
		name, every.Milliseconds(), ahead(every, burst).Milliseconds(), within.Milliseconds()).Scan((*millis)(&wait))
	return wait, err //nolint:wrapcheck // wrapped by the caller
}

// ahead is how far turns may be taken ahead of time: a burst's turns but one.
func ahead(every time.Duration, burst int) time.Duration { return time.Duration(burst-1) * every }

// millis reads milliseconds into a duration.
type millis time.Duration

// Scan implements sql.Scanner.
func (m *millis) Scan(value any) error {
	ms, ok := value.(int64)
	if !ok {
		return fmt.Errorf("read a duration: %T is not a number of milliseconds", value)
	}
	*m = millis(time.Duration(ms) * time.Millisecond)
	return nil
}

// turns keeps the pace of the one process that a SQLite file has. Nothing is
// written: a new process finds nobody waiting.
type turns struct {
	mu         sync.Mutex
	takenUntil map[string]time.Time
}

func (t *turns) take(name string, every time.Duration, burst int, within time.Duration) (wait time.Duration, taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now() //nolint:forbidigo // what is paced counts real time, and this one never goes back
	until := t.takenUntil[name]
	if until.Before(now) {
		until = now
	}
	wait = max(0, until.Sub(now)-ahead(every, burst))
	if wait > within {
		return wait, false
	}
	t.takenUntil[name] = until.Add(every)
	return wait, true
}
