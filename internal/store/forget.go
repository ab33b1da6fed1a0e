package store

import (
	"context"
	"fmt"
	"time"
)

// Forget implements approval.Tx.
func (t *Tx) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	rows, err := t.q.QueryContext(ctx, `SELECT id FROM requests WHERE state IN ('approved', 'rejected', 'handled')
		AND changed_at < $1 AND NOT (`+undelivered+`) ORDER BY changed_at LIMIT $2`+t.forUpdate, toMilli(before), limit)
	if err != nil {
		return 0, fmt.Errorf("look for requests to forget: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var ids []any
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return 0, fmt.Errorf("read a request to forget: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("look for requests to forget: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	for _, each := range []string{`notices WHERE request_id`, `events WHERE request_id`, `requests WHERE id`} {
		if _, err := t.q.ExecContext(ctx, `DELETE FROM `+each+` IN (`+placeholders(1, len(ids))+`)`, ids...); err != nil {
			return 0, fmt.Errorf("forget requests: %w", err)
		}
	}
	return len(ids), nil
}
