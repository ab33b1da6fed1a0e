package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Reader gives connections for reading beside the one that writes.
func (s *Store) Reader() *sql.DB { return s.read }

// Census counts the requests that are not decided yet, by their state, and
// gives when the first of the pending ones came in; zero if there is none. It
// reads small indexes only, whatever the length of the history.
func (s *Store) Census(ctx context.Context) (open map[approval.State]int, oldest time.Time, err error) {
	var pending, approving, rejecting int
	if pending, oldest, err = s.countPending(ctx); err != nil {
		return nil, oldest, err
	}
	err = s.read.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN state = 'approving' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN state = 'rejecting' THEN 1 ELSE 0 END), 0)
		FROM requests WHERE state IN ('approving', 'rejecting')`).Scan(&approving, &rejecting)
	if err != nil {
		return nil, oldest, fmt.Errorf("count the requests that are being decided: %w", err)
	}
	return map[approval.State]int{
		approval.Pending: pending, approval.Approving: approving, approval.Rejecting: rejecting,
	}, oldest, nil
}

// countPending counts by source, because that is how the index has them. Ids
// sort by the time that they were made.
func (s *Store) countPending(ctx context.Context) (pending int, oldest time.Time, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT COUNT(*), MIN(id) FROM requests WHERE state = 'pending' GROUP BY source`)
	if err != nil {
		return 0, oldest, fmt.Errorf("count the pending requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	first := ""
	for rows.Next() {
		var n int
		var id string
		if err := rows.Scan(&n, &id); err != nil {
			return 0, oldest, fmt.Errorf("count the pending requests of a source: %w", err)
		}
		pending += n
		if first == "" || id < first {
			first = id
		}
	}
	if err := rows.Err(); err != nil {
		return 0, oldest, fmt.Errorf("count the pending requests: %w", err)
	}
	// Without one there is nothing to find, and the answer is still a row.
	err = s.read.QueryRowContext(ctx, `SELECT COALESCE(MIN(received_at), 0) FROM requests WHERE id = $1`, first).Scan((*milli)(&oldest))
	if err != nil {
		return 0, oldest, fmt.Errorf("see when request %s came in: %w", first, err)
	}
	return pending, oldest, nil
}
