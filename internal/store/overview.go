package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Unposted implements approval.Store.
func (s *Store) Unposted(ctx context.Context, source string) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM requests WHERE `+undelivered+`
		AND state = 'pending' AND ts = '' AND source = $1`, source).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the requests of %s that wait to be posted: %w", source, err)
	}
	return n, nil
}

const heldBack = `delivery_held AND state = 'pending' AND source = $1`

// CountHeld implements approval.Store.
func (s *Store) CountHeld(ctx context.Context, source string) (count int, oldest time.Time, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(received_at), 0) FROM requests WHERE `+heldBack, source).
		Scan(&count, (*milli)(&oldest))
	if err != nil {
		return 0, oldest, fmt.Errorf("count the requests of %s behind the overview: %w", source, err)
	}
	return count, oldest, nil
}

// Held implements approval.Store.
func (s *Store) Held(ctx context.Context, source, typed string, limit int) ([]approval.Request, error) {
	// Its wildcards mean themselves.
	typed = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(storable(typed))
	return queryRequests(ctx, s.read, `WHERE `+heldBack+` AND LOWER(requester) LIKE LOWER($2) ESCAPE '\' ORDER BY id LIMIT $3`,
		source, "%"+typed+"%", limit)
}

const overviewColumns = `source, held, oldest_at, ` + deliveryColumns

// Overview implements approval.Store.
func (s *Store) Overview(ctx context.Context, source string) (approval.Overview, error) {
	return readOverview(s.read.QueryRowContext(ctx, `SELECT `+overviewColumns+` FROM overviews WHERE source = $1`, source), source)
}

// Overview implements approval.Tx.
func (t *Tx) Overview(ctx context.Context, source string) (approval.Overview, error) {
	return readOverview(t.row(ctx, `SELECT `+overviewColumns+` FROM overviews WHERE source = $1`+t.forUpdate, source), source)
}

func readOverview(row scanner, source string) (approval.Overview, error) {
	var o approval.Overview
	err := row.Scan(append([]any{&o.Source, &o.Held, (*milli)(&o.Oldest)}, deliveryFields(&o.Delivery)...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return approval.Overview{Source: source}, nil
	}
	if err != nil {
		return o, fmt.Errorf("read the overview of %s: %w", source, err)
	}
	return o, nil
}

// SaveOverview implements approval.Tx.
func (t *Tx) SaveOverview(ctx context.Context, o approval.Overview) error {
	values := append([]any{o.Source, o.Held, toMilli(o.Oldest)}, deliveryValues(o.Delivery)...)
	given := placeholders(1, len(values))
	_, err := t.q.ExecContext(ctx, `INSERT INTO overviews (`+overviewColumns+`) VALUES (`+given+`)
		ON CONFLICT (source) DO UPDATE SET (`+overviewColumns+`) = (`+given+`)`, values...)
	if err != nil {
		return fmt.Errorf("save the overview of %s: %w", o.Source, err)
	}
	return nil
}
