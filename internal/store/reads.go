package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// namesPerRead bounds the values of one IN list.
const namesPerRead = 500

// Request implements approval.Store.
func (s *Store) Request(ctx context.Context, id string) (approval.Request, error) {
	return scanRequest(s.read.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, id))
}

// ByExternalID implements approval.Store.
func (s *Store) ByExternalID(ctx context.Context, source string, externalIDs []string) ([]approval.Request, error) {
	var found []approval.Request
	for names := range slices.Chunk(externalIDs, namesPerRead) {
		args := []any{source}
		for _, name := range names {
			args = append(args, storable(name))
		}
		some, err := queryRequests(ctx, s.read,
			`WHERE source = $1 AND external_id IN (`+placeholders(2, len(names))+`)`, args...)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// Pending implements approval.Store.
func (s *Store) Pending(ctx context.Context, source string) ([]approval.Request, error) {
	return queryRequests(ctx, s.read, `WHERE source = $1 AND state = 'pending' ORDER BY id`, source)
}

// Events implements approval.Store.
func (s *Store) Events(ctx context.Context, id string) ([]approval.Event, error) {
	rows, err := s.read.QueryContext(ctx,
		`SELECT seq, at, action, actor, key, details FROM events WHERE request_id = $1 ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("read the events of request %s: %w", id, err)
	}
	defer func() { _ = rows.Close() }()
	var events []approval.Event
	for rows.Next() {
		var (
			e       approval.Event
			key     sql.NullString
			details string
		)
		if err := rows.Scan(&e.Seq, (*milli)(&e.At), &e.Action, &e.Actor, &key, &details); err != nil {
			return nil, fmt.Errorf("read an event of request %s: %w", id, err)
		}
		if err := fromJSON(details, &e); err != nil {
			return nil, fmt.Errorf("read event %d of request %s: %w", e.Seq, id, err)
		}
		e.Key = key.String
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the events of request %s: %w", id, err)
	}
	return events, nil
}

// Groups implements approval.Store.
func (s *Store) Groups(ctx context.Context, source string) ([]approval.Group, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, name FROM access_groups WHERE source = $1 ORDER BY position`, source)
	if err != nil {
		return nil, fmt.Errorf("read the access groups of %s: %w", source, err)
	}
	defer func() { _ = rows.Close() }()
	var groups []approval.Group
	for rows.Next() {
		var g approval.Group
		if err := rows.Scan(&g.ID, &g.Name); err != nil {
			return nil, fmt.Errorf("read an access group of %s: %w", source, err)
		}
		groups = append(groups, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the access groups of %s: %w", source, err)
	}
	return groups, nil
}

// Source implements approval.Store.
func (s *Store) Source(ctx context.Context, source string) (approval.SourceRecord, error) {
	var record approval.SourceRecord
	err := s.read.QueryRowContext(ctx, `SELECT groups_wanted, groups_known FROM sources WHERE source = $1`, source).
		Scan(&record.GroupsWanted, &record.GroupsKnown)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return record, fmt.Errorf("read the record of source %s: %w", source, err)
	}
	return record, nil
}

// Notice implements approval.Store.
func (s *Store) Notice(ctx context.Context, id string) (approval.Notice, error) {
	var (
		n       approval.Notice
		details string
	)
	err := s.read.QueryRowContext(ctx,
		`SELECT id, request_id, recipient, code, at, details, sent_at FROM notices WHERE id = $1`, id).
		Scan(&n.ID, &n.RequestID, &n.To, &n.Code, (*milli)(&n.At), &details, (*milli)(&n.SentAt))
	if errors.Is(err, sql.ErrNoRows) {
		return n, approval.ErrUnknown
	}
	if err != nil {
		return n, fmt.Errorf("read notice %s: %w", id, err)
	}
	if err := fromJSON(details, &n.NoticeDetails); err != nil {
		return n, fmt.Errorf("read notice %s: %w", id, err)
	}
	return n, nil
}

// LeastSeen implements approval.Store.
func (s *Store) LeastSeen(ctx context.Context, since time.Time) (approval.Request, error) {
	return scanRequest(s.read.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests
		WHERE state = 'pending' AND ts <> '' AND delivery_done >= delivery_wanted AND seen_at <= $1
		ORDER BY seen_at, id LIMIT 1`, toMilli(since)))
}
