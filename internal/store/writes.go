package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Tx is an approval.Tx.
type Tx struct {
	q   querier
	raw any
	// row asks for one row.
	row func(ctx context.Context, query string, args ...any) scanner
	// soon writes now, or with the next statement: then the error, which keeps
	// everything from being committed, comes later, at the latest from InTx.
	soon func(ctx context.Context, w write) error
	// forUpdate keeps others from a row that is read. SQLite needs none: its
	// transactions hold the file's write lock from their begin.
	forUpdate string
	// afterCommit is to be called when the transaction has been committed.
	afterCommit []func()
}

// write is some statements, and what is said about how many rows each of them
// changed, or about the error of one.
type write struct {
	commands []command
	outcome  func(changed []int64, err error) error
}

type command struct {
	query string
	args  []any
}

// Raw gives the driver's transaction, a *sql.Tx or a pgx.Tx, for the job queue
// that shares the database.
func (t *Tx) Raw() any { return t.raw }

// AfterCommit has something called when the transaction is committed, by
// whoever commits it, so that it must not wait for anything. If it cannot be
// known whether it was committed, it may be called or not.
func (t *Tx) AfterCommit(do func()) { t.afterCommit = append(t.afterCommit, do) }

func (t *Tx) committed() {
	for _, do := range t.afterCommit {
		do()
	}
}

// Request implements approval.Tx.
func (t *Tx) Request(ctx context.Context, id string) (approval.Request, error) {
	return scanRequest(t.row(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`+t.forUpdate, id))
}

// Receive implements approval.Tx.
func (t *Tx) Receive(ctx context.Context, r approval.Request, e approval.Event) (bool, error) {
	values, err := requestValues(r)
	if err != nil {
		return false, err
	}
	added, err := t.insert(ctx, `INSERT INTO requests (`+requestColumns+`) VALUES (`+placeholders(1, len(values))+`)
		ON CONFLICT (source, external_id) DO NOTHING`, values...)
	if err != nil {
		return false, fmt.Errorf("add request %s: %w", r.ID, err)
	}
	if !added {
		return false, nil
	}
	event, err := newEvent(r.ID, e)
	if err != nil {
		return false, err
	}
	added, err = t.insert(ctx, event.query, event.args...)
	if err != nil {
		return false, fmt.Errorf("add the first event of request %s: %w", r.ID, err)
	}
	if !added {
		return false, approval.ErrReplayed
	}
	return true, nil
}

// Save implements approval.Tx.
func (t *Tx) Save(ctx context.Context, r approval.Request, e approval.Event) error {
	event, err := newEvent(r.ID, e)
	if err != nil {
		return err
	}
	values, err := requestValues(r)
	if err != nil {
		return err
	}
	row := command{`UPDATE requests SET (` + requestColumns + `) = (` + placeholders(1, len(values)) + `)
		WHERE id = $1 AND version = $` + strconv.Itoa(len(values)+1), append(values, e.Seq-1)}
	return t.soon(ctx, write{[]command{event, row}, func(changed []int64, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("save request %s: %w", r.ID, err)
		case changed[0] == 0:
			return approval.ErrReplayed
		case changed[1] != 1:
			return fmt.Errorf("save request %s at version %d: %d rows were at the version before", r.ID, r.Version, changed[1])
		}
		return nil
	}})
}

// SaveBookkeeping implements approval.Tx.
func (t *Tx) SaveBookkeeping(ctx context.Context, r approval.Request) error {
	values := bookkeepingValues(r)
	row := command{`UPDATE requests SET (` + bookkeepingColumns + `) = (` + placeholders(2, len(values)) + `)
		WHERE id = $1`, append([]any{r.ID}, values...)}
	return t.soon(ctx, write{[]command{row}, func(_ []int64, err error) error {
		if err != nil {
			return fmt.Errorf("save the bookkeeping of request %s: %w", r.ID, err)
		}
		return nil
	}})
}

// WantPending implements approval.Tx.
func (t *Tx) WantPending(ctx context.Context, source string) ([]approval.Request, error) {
	_, err := t.q.ExecContext(ctx, `UPDATE requests SET delivery_wanted = delivery_wanted + 1
		WHERE source = $1 AND state = 'pending'`, source)
	if err != nil {
		return nil, fmt.Errorf("make pending messages due: %w", err)
	}
	return queryRequests(ctx, t.q, `WHERE source = $1 AND state = 'pending' ORDER BY id`, source)
}

// SaveGroups implements approval.Tx.
func (t *Tx) SaveGroups(ctx context.Context, source string, groups []approval.Group) error {
	if _, err := t.q.ExecContext(ctx, `DELETE FROM access_groups WHERE source = $1`, source); err != nil {
		return fmt.Errorf("replace the access groups of %s: %w", source, err)
	}
	for i, g := range groups {
		_, err := t.q.ExecContext(ctx, `INSERT INTO access_groups (source, position, id, name) VALUES ($1, $2, $3, $4)`,
			source, i, storable(g.ID), storable(g.Name))
		if err != nil {
			return fmt.Errorf("save access group %d of %s: %w", i, source, err)
		}
	}
	return nil
}

// SaveSource implements approval.Tx.
func (t *Tx) SaveSource(ctx context.Context, source string, record approval.SourceRecord) error {
	_, err := t.q.ExecContext(ctx, `INSERT INTO sources (source, groups_wanted, groups_known) VALUES ($1, $2, $3)
		ON CONFLICT (source) DO UPDATE SET groups_wanted = excluded.groups_wanted, groups_known = excluded.groups_known`,
		source, record.GroupsWanted, record.GroupsKnown)
	if err != nil {
		return fmt.Errorf("save the record of source %s: %w", source, err)
	}
	return nil
}

// AddNotice implements approval.Tx.
func (t *Tx) AddNotice(ctx context.Context, n approval.Notice) (bool, error) {
	details, err := toJSON(n.NoticeDetails, false)
	if err != nil {
		return false, err
	}
	added, err := t.insert(ctx, `INSERT INTO notices (id, request_id, recipient, code, at, details, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		n.ID, n.RequestID, n.To, string(n.Code), toMilli(n.At), details, toMilli(n.SentAt))
	if err != nil {
		return false, fmt.Errorf("add notice %s: %w", n.ID, err)
	}
	return added, nil
}

// NoticeSent implements approval.Tx.
func (t *Tx) NoticeSent(ctx context.Context, id string, at time.Time) error {
	if _, err := t.q.ExecContext(ctx, `UPDATE notices SET sent_at = $2 WHERE id = $1`, id, toMilli(at)); err != nil {
		return fmt.Errorf("mark notice %s as sent: %w", id, err)
	}
	return nil
}

// newEvent gives the statement that adds an event; it adds none if the event's
// key was used before.
func newEvent(requestID string, e approval.Event) (command, error) {
	details, err := toJSON(storableArrival(e), false)
	return command{
		`INSERT INTO events (request_id, seq, at, action, actor, key, details)
		SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT 1 FROM notices WHERE id = $6) ON CONFLICT (key) DO NOTHING`,
		[]any{requestID, e.Seq, toMilli(e.At), string(e.Action), e.Actor, sql.NullString{String: e.Key, Valid: e.Key != ""}, details},
	}, err
}

// insert runs an INSERT … ON CONFLICT DO NOTHING and reports whether it added.
func (t *Tx) insert(ctx context.Context, query string, args ...any) (bool, error) {
	res, err := t.q.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err //nolint:wrapcheck // wrapped by the callers
}
