package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// beginDurable begins a transaction that is as durable as the server is set up
// to make transactions.
func beginDurable() write {
	return write{
		commands: []command{{query: `BEGIN`}, {query: `SET LOCAL synchronous_commit TO DEFAULT`}},
		outcome: func(_ []int64, err error) error {
			if err != nil {
				return fmt.Errorf("begin a transaction: %w", err)
			}
			return nil
		},
	}
}

// pipeline is a transaction on PostgreSQL that spares trips to the server, which
// are most of what a click waits for: its begin, and the writes whose outcome is
// an error or nothing, travel with the next statement. Nothing is committed if
// one of them fails. It is a pgx.Tx for River, which needs Exec and Query.
type pipeline struct {
	conn *pgx.Conn
	// waiting are the writes that were not sent yet.
	waiting []write
	// sent reports whether there is a transaction on the server.
	sent bool
	// err is why there must be no commit.
	err error
}

func newPipeline(conn *pgx.Conn) *pipeline {
	return &pipeline{conn: conn, waiting: []write{beginDurable()}}
}

// soon sends writes with the next statement, or before the commit.
func (p *pipeline) soon(w write) { p.waiting = append(p.waiting, w) }

// send sends what waits, and a statement after it, whose answer is to be read
// from the result before that is closed. Without a statement everything is read
// and closed.
func (p *pipeline) send(ctx context.Context, statement string, args []any) (pgx.BatchResults, error) {
	if p.err != nil {
		return nil, p.err
	}
	waiting := p.waiting
	p.waiting, p.sent = nil, true
	var batch pgx.Batch
	for _, w := range waiting {
		for _, c := range w.commands {
			batch.Queue(c.query, c.args...)
		}
	}
	if statement != "" {
		batch.Queue(statement, args...)
	}
	results := p.conn.SendBatch(ctx, &batch)
	for _, w := range waiting {
		changed := make([]int64, len(w.commands))
		var err error
		for i := range w.commands {
			var tag pgconn.CommandTag
			if tag, err = results.Exec(); err != nil {
				break
			}
			changed[i] = tag.RowsAffected()
		}
		if err = w.outcome(changed, err); err != nil {
			p.err = err
			return nil, errors.Join(err, results.Close())
		}
	}
	if statement == "" {
		p.err = results.Close()
		return nil, p.err
	}
	return results, nil
}

// flush sends what waits.
func (p *pipeline) flush(ctx context.Context) error {
	if len(p.waiting) == 0 {
		return p.err
	}
	_, err := p.send(ctx, "", nil)
	return err
}

// Query implements pgx.Tx.
func (p *pipeline) Query(ctx context.Context, statement string, args ...any) (pgx.Rows, error) {
	results, err := p.send(ctx, statement, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	return &lastRows{rows, results}, err //nolint:wrapcheck // wrapped by the callers
}

// QueryRow implements pgx.Tx.
func (p *pipeline) QueryRow(ctx context.Context, statement string, args ...any) pgx.Row {
	rows, err := p.Query(ctx, statement, args...)
	return onlyRow{rows, err}
}

// Exec implements pgx.Tx.
func (p *pipeline) Exec(ctx context.Context, statement string, args ...any) (pgconn.CommandTag, error) {
	results, err := p.send(ctx, statement, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	return tag, errors.Join(err, results.Close())
}

// Commit implements pgx.Tx. Nothing is sent for a transaction that did nothing.
func (p *pipeline) Commit(ctx context.Context) error {
	if !p.sent && len(p.waiting) == 1 {
		return nil
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	tag, err := p.conn.Exec(ctx, `COMMIT`)
	if err != nil {
		return err //nolint:wrapcheck // wrapped by the callers
	}
	p.sent = false
	if tag.String() == "ROLLBACK" { // what the server does to a transaction of which a statement failed
		return pgx.ErrTxCommitRollback
	}
	return nil
}

// Rollback implements pgx.Tx. It does nothing after a commit.
func (p *pipeline) Rollback(ctx context.Context) error {
	if !p.sent {
		return nil
	}
	p.sent, p.err = false, pgx.ErrTxClosed
	if p.conn.IsClosed() {
		return nil
	}
	if _, err := p.conn.Exec(ctx, `ROLLBACK`); err != nil {
		return errors.Join(err, p.conn.Close(ctx)) // the transaction must not go on for who gets the connection next
	}
	return nil
}

// CopyFrom implements pgx.Tx.
func (p *pipeline) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, from pgx.CopyFromSource) (int64, error) {
	if err := p.flush(ctx); err != nil {
		return 0, err
	}
	return p.conn.CopyFrom(ctx, table, columns, from) //nolint:wrapcheck // wrapped by the callers
}

// SendBatch implements pgx.Tx.
func (p *pipeline) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := p.flush(ctx); err != nil {
		var refused context.CancelCauseFunc
		ctx, refused = context.WithCancelCause(ctx)
		refused(err)
	}
	return p.conn.SendBatch(ctx, batch)
}

// Prepare implements pgx.Tx.
func (p *pipeline) Prepare(ctx context.Context, name, statement string) (*pgconn.StatementDescription, error) {
	if err := p.flush(ctx); err != nil {
		return nil, err
	}
	return p.conn.Prepare(ctx, name, statement) //nolint:wrapcheck // wrapped by the callers
}

// Begin implements pgx.Tx. There are no savepoints.
func (*pipeline) Begin(context.Context) (pgx.Tx, error) {
	return nil, errors.New("a transaction of the store has no savepoints")
}

// LargeObjects implements pgx.Tx. There are none, and using them panics.
func (*pipeline) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Conn implements pgx.Tx.
func (p *pipeline) Conn() *pgx.Conn { return p.conn }

// lastRows are the rows of the last statement that was sent. Behind them the
// connection is to be made free for others.
type lastRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Next implements pgx.Rows, which are closed at their end.
func (r *lastRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close implements pgx.Rows.
func (r *lastRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // what it would say, the rows have said
}

// onlyRow is the first row of some, and closes them.
type onlyRow struct {
	rows pgx.Rows
	err  error
}

// Scan implements pgx.Row.
func (r onlyRow) Scan(dest ...any) error {
	if r.rows == nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err //nolint:wrapcheck // wrapped by the callers
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err //nolint:wrapcheck // wrapped by the callers
	}
	r.rows.Close()
	return r.rows.Err() //nolint:wrapcheck // wrapped by the callers
}

// guarded runs the store's own statements of a pipeline through database/sql's
// connection, and the pipeline itself only while that holds on to it. A statement
// whose time was up before it was sent makes database/sql let go of the
// connection: another goroutine closes it then, and the driver panics if it is
// used meanwhile.
type guarded struct {
	conn *sql.Conn
	pipe *pipeline
}

func (g guarded) raw(do func() error) error {
	return g.conn.Raw(func(any) error { return do() }) //nolint:wrapcheck // wrapped by the callers
}

// ExecContext implements querier.
func (g guarded) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := g.raw(func() error { return g.pipe.flush(ctx) }); err != nil {
		return nil, err
	}
	return g.conn.ExecContext(ctx, query, args...) //nolint:wrapcheck // wrapped by the callers
}

// QueryContext implements querier.
func (g guarded) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := g.raw(func() error { return g.pipe.flush(ctx) }); err != nil {
		return nil, err
	}
	return g.conn.QueryContext(ctx, query, args...) //nolint:wrapcheck // wrapped by the callers
}

// row gives a row that is asked for when it is read.
func (g guarded) row(ctx context.Context, query string, args ...any) scanner {
	return scan(func(dest ...any) error {
		return g.raw(func() error { return g.pipe.QueryRow(ctx, query, args...).Scan(dest...) })
	})
}

// scan is a scanner.
type scan func(dest ...any) error

// Scan implements scanner.
func (s scan) Scan(dest ...any) error { return s(dest...) }
