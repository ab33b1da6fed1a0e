package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const requestColumns = `id, source, external_id, requester, message, link, requested_at, received_at,
	state, version, changed_at, delayed, decision, confirmation, closing, ` + bookkeepingColumns

// bookkeepingColumns are what changes without an event.
const bookkeepingColumns = `effect_attempts, effect_maybe_done, effect_next_at, effect_claimed_until,
	` + deliveryColumns + `, missing_polls, missing_not_found`

const deliveryColumns = `channel, ts, content_hash, delivery_held, delivery_wanted, delivery_done, seen_at,
	post_begun_at, post_missed_at, rewrite_begun_at, delivery_failures, delivery_next_at, delivery_claimed_until`

// undelivered is what approval.Delivery's Due says, as the index has it.
const undelivered = `delivery_done < delivery_wanted AND NOT delivery_held`

type scanner interface{ Scan(dest ...any) error }

func scanRequest(row scanner) (approval.Request, error) {
	var (
		r                               approval.Request
		decision, confirmation, closing string
	)
	fields := append([]any{
		&r.ID, &r.Source, &r.ExternalID, &r.Requester, &r.Message, &r.Link,
		(*milli)(&r.RequestedAt), (*milli)(&r.ReceivedAt), &r.State, &r.Version, (*milli)(&r.ChangedAt), &r.Delayed,
		&decision, &confirmation, &closing,
		&r.Effect.Attempts, &r.Effect.MaybeDone, (*milli)(&r.Effect.NextAt), (*milli)(&r.Effect.ClaimedUntil),
	}, deliveryFields(&r.Delivery)...)
	err := row.Scan(append(fields, &r.Missing.Polls, &r.Missing.NotFound)...)
	if errors.Is(err, sql.ErrNoRows) {
		return r, approval.ErrUnknown
	}
	if err != nil {
		return r, fmt.Errorf("read a request: %w", err)
	}
	err = errors.Join(fromJSON(decision, &r.Decision), fromJSON(confirmation, &r.Confirmation), fromJSON(closing, &r.Closing))
	if err != nil {
		return r, fmt.Errorf("read request %s: %w", r.ID, err)
	}
	return r, nil
}

// requestValues gives a request's values in the order of requestColumns.
func requestValues(r approval.Request) ([]any, error) {
	decision, err1 := toJSON(r.Decision, r.Decision == nil)
	confirmation, err2 := toJSON(r.Confirmation, r.Confirmation == nil)
	closing, err3 := toJSON(r.Closing, r.Closing == nil)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("write request %s: %w", r.ID, err)
	}
	return append([]any{
		r.ID, r.Source, storable(r.ExternalID), storable(r.Requester), storable(r.Message), storable(r.Link),
		toMilli(r.RequestedAt), toMilli(r.ReceivedAt), string(r.State), r.Version, toMilli(r.ChangedAt), r.Delayed,
		decision, confirmation, closing,
	}, bookkeepingValues(r)...), nil
}

// bookkeepingValues gives a request's values in the order of bookkeepingColumns.
func bookkeepingValues(r approval.Request) []any {
	e := r.Effect
	values := append([]any{e.Attempts, e.MaybeDone, toMilli(e.NextAt), toMilli(e.ClaimedUntil)}, deliveryValues(r.Delivery)...)
	return append(values, r.Missing.Polls, r.Missing.NotFound)
}

// deliveryFields gives where to scan deliveryColumns.
func deliveryFields(d *approval.Delivery) []any {
	return []any{
		&d.Channel, &d.TS, &d.Hash, &d.Held, &d.Wanted, &d.Done, (*milli)(&d.SeenAt), (*milli)(&d.PostBegun),
		(*milli)(&d.PostMissed), (*milli)(&d.RewriteBegun), &d.Failures, (*milli)(&d.NextAt), (*milli)(&d.ClaimedUntil),
	}
}

// deliveryValues gives values in the order of deliveryColumns.
func deliveryValues(d approval.Delivery) []any {
	return []any{
		d.Channel, d.TS, d.Hash, d.Held, d.Wanted, d.Done, toMilli(d.SeenAt), toMilli(d.PostBegun),
		toMilli(d.PostMissed), toMilli(d.RewriteBegun), d.Failures, toMilli(d.NextAt), toMilli(d.ClaimedUntil),
	}
}

func queryRequests(ctx context.Context, q querier, query string, args ...any) ([]approval.Request, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+requestColumns+` FROM requests `+query, args...)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var requests []approval.Request
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, err
		}
		requests = append(requests, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	return requests, nil
}

// placeholders gives $from, … for n values.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

// milli reads milliseconds since 1970 into a time, 0 into the zero time.
type milli time.Time

// Scan implements sql.Scanner.
func (m *milli) Scan(value any) error {
	ms, ok := value.(int64)
	if !ok {
		return fmt.Errorf("read a time: %T is not a number of milliseconds", value)
	}
	if ms == 0 {
		*m = milli(time.Time{})
		return nil
	}
	*m = milli(time.UnixMilli(ms).UTC())
	return nil
}

func toMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func toJSON(v any, none bool) (string, error) {
	if none {
		return "", nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(text), nil
}

func fromJSON(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("decode %T: %w", into, err)
	}
	return nil
}
