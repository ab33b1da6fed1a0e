package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// pollLease is for how long whoever polls a source counts as alive without
// saying so again.
const pollLease = 15 * time.Second

// PollLease is how often at least a process that polls has to call KeepPolling.
const PollLease = pollLease / 3

// BeginPoll reports whether the caller is the one that polls a source now: it
// is if no process has begun to within nine tenths of the interval, for tickers
// are never quite even. A time that lies further ahead than the interval was
// written by a clock that was wrong, and keeps nobody from polling.
func (s *Store) BeginPoll(ctx context.Context, source string, now time.Time, interval time.Duration) (bool, error) {
	return s.changes(ctx, "begin to poll", source, `INSERT INTO sources (source, polled_at, polling_until, groups_wanted, groups_known)
		VALUES ($1, $2, `+s.now()+` + $5, FALSE, FALSE)
		ON CONFLICT (source) DO UPDATE SET polled_at = excluded.polled_at, polling_until = excluded.polling_until
		WHERE sources.polled_at <= $3 OR sources.polled_at > $4`,
		toMilli(now), toMilli(now.Add(-interval*9/10)), toMilli(now.Add(interval)), pollLease.Milliseconds())
}

// KeepPolling says that the caller lives and still polls a source.
func (s *Store) KeepPolling(ctx context.Context, source string) error {
	_, err := s.changes(ctx, "go on polling", source,
		`UPDATE sources SET polling_until = `+s.now()+` + $2 WHERE source = $1`, pollLease.Milliseconds())
	return err
}

// TakeOverPoll reports whether the process that polled a source last died over
// it, and the caller is the one that polls in its place.
func (s *Store) TakeOverPoll(ctx context.Context, source string, now time.Time) (bool, error) {
	return s.changes(ctx, "take a poll over", source, `UPDATE sources SET polled_at = $2, polling_until = `+s.now()+` + $3
		WHERE source = $1 AND polling_until > 0 AND polling_until < `+s.now(), toMilli(now), pollLease.Milliseconds())
}

// EndPoll notes that a poll is over, and what it met with, for the processes
// that did not poll: a sentence, or nothing if it went well.
func (s *Store) EndPoll(ctx context.Context, source, trouble string) error {
	_, err := s.changes(ctx, "note how the poll went", source,
		`UPDATE sources SET poll_trouble = $2, polling_until = 0 WHERE source = $1`, storable(trouble))
	return err
}

// changes runs a statement about a source and reports whether it changed it.
func (s *Store) changes(ctx context.Context, what, source, statement string, args ...any) (bool, error) {
	res, err := s.write.ExecContext(ctx, statement, append([]any{source}, args...)...)
	if err != nil {
		return false, fmt.Errorf("%s of %s: %w", what, source, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err //nolint:wrapcheck // no driver of ours returns one
}

// now is the database's time in milliseconds since 1970: the processes that
// share a database need not agree on theirs.
func (s *Store) now() string {
	if s.kind == SQLite {
		return `CAST(unixepoch('subsec') * 1000 AS INTEGER)`
	}
	return postgresNow
}

// PollTrouble gives what the last poll of a source met with, by any process;
// empty if it went well or there was none.
func (s *Store) PollTrouble(ctx context.Context, source string) (string, error) {
	var trouble string
	err := s.read.QueryRowContext(ctx, `SELECT poll_trouble FROM sources WHERE source = $1`, source).Scan(&trouble)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read how the last poll of %s went: %w", source, err)
	}
	return trouble, nil
}
