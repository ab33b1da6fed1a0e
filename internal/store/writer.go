package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// mostInGroup bounds how many transactions become durable together, and with it
// how long the first of them waits for the last.
const mostInGroup = 16

// writer is the one connection of SQLite that writes. Transactions that wait
// when one is done join it instead of beginning their own: they become durable
// with one flush of the disk, and none hears of success before it.
type writer struct {
	db    *sql.DB
	turns turnstile
	// open is the group that whoever has the turn joins; nil if there is none.
	open *group
}

func newWriter(db *sql.DB) *writer { return &writer{db: db, turns: turnstile{free: 1}} }

// inTx runs fn in a transaction. The context of fn does not end with ctx: a
// statement that is broken off would undo the whole group. What fn gives is
// called when the group is committed.
func (w *writer) inTx(ctx context.Context, fn part) error {
	if err := w.turns.await(ctx); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	g, err := w.join(ctx)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	err = func() error {
		defer w.leave(g) // also when fn panics
		return g.run(ctx, fn)
	}()
	// Who failed waits too: what it saw may be of another that is not durable yet.
	select {
	case <-g.done:
		if err == nil {
			err = g.err
		}
	case <-ctx.Done():
		if err == nil {
			err = fmt.Errorf("commit a transaction: %w", ctx.Err())
		}
	}
	return err
}

// join gives the open group, or a new one. On an error the turn is over.
func (w *writer) join(ctx context.Context) (*group, error) {
	if w.open != nil {
		return w.open, nil
	}
	g, err := begin(ctx, w.db)
	if err != nil {
		w.turns.leave()
	}
	return g, err
}

// leave lets another join, or ends the group, and ends the turn.
func (w *writer) leave(g *group) {
	g.members++
	if g.members < mostInGroup && g.broken == nil {
		w.open = g
		if w.turns.handOver() {
			return
		}
	}
	w.open = nil
	g.end()
	w.turns.leave()
}

// part is what one transaction of a group does.
type part func(ctx context.Context, tx *sql.Tx) (afterCommit func(), err error)

// group is transactions that commit as one. All of it is for whoever has the
// turn, but for done, which is closed at its end, and err, which stands then.
type group struct {
	conn    *sql.Conn
	tx      *sql.Tx
	members int
	// afterCommit is what its members want to be called.
	afterCommit []func()
	// broken is why nothing of the group can be kept.
	broken error
	done   chan struct{}
	err    error
}

func begin(ctx context.Context, db *sql.DB) (*group, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // wrapped by the caller
	}
	tx, err := beginInTime(ctx, conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &group{conn: conn, tx: tx, done: make(chan struct{})}, nil
}

// beginInTime waits for another process's lock no longer than the context has
// left: SQLite's own wait does not end with a context, and who had waited for
// the connection before would have waited twice.
func beginInTime(ctx context.Context, conn *sql.Conn) (*sql.Tx, error) {
	endless := context.WithoutCancel(ctx)
	ends, bounded := ctx.Deadline()
	if left := time.Until(ends); bounded && left < busyTimeout { //nolint:forbidigo // a context ends in real time
		// In steps, because the connection keeps each statement.
		if err := waitForLocks(endless, conn, max(0, left.Truncate(100*time.Millisecond))); err != nil {
			return nil, err
		}
		defer func() {
			if waitForLocks(endless, conn, busyTimeout) != nil {
				_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // nobody is to wait too short
			}
		}()
	}
	return conn.BeginTx(endless, nil) //nolint:wrapcheck // wrapped by the caller
}

// waitForLocks sets how long the connection waits for another process's lock.
func waitForLocks(ctx context.Context, conn *sql.Conn, atMost time.Duration) error {
	pragma := fmt.Sprintf("PRAGMA busy_timeout = %d", atMost.Milliseconds())
	if _, err := conn.ExecContext(ctx, pragma); err != nil {
		return fmt.Errorf("%s: %w", pragma, err)
	}
	return nil
}

// run runs fn as a part of the group that can be undone alone.
func (g *group) run(ctx context.Context, fn part) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	endless := context.WithoutCancel(ctx)
	if err := g.exec(endless, `SAVEPOINT part`); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	kept := false
	defer func() { // also when fn panics
		if !kept {
			_ = g.exec(endless, `ROLLBACK TO part`)
		}
		_ = g.exec(endless, `RELEASE part`)
	}()
	afterCommit, err := fn(endless, g.tx)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("commit a transaction: %w", err)
	}
	kept = true
	g.afterCommit = append(g.afterCommit, afterCommit)
	return nil
}

// exec runs a statement without which the group is broken: after some errors,
// such as a full disk, SQLite has undone the whole transaction by itself, and a
// savepoint that is gone shows it.
func (g *group) exec(ctx context.Context, statement string) error {
	_, err := g.tx.ExecContext(ctx, statement)
	if err != nil && g.broken == nil {
		g.broken = err
	}
	return err //nolint:wrapcheck // wrapped by the caller
}

// end commits what the group wrote, or undoes it if it is broken.
func (g *group) end() {
	if g.broken != nil {
		_ = g.tx.Rollback()
		g.err = fmt.Errorf("write together with others: %w", g.broken)
	} else if err := g.tx.Commit(); err != nil {
		_ = g.tx.Rollback()
		g.err = fmt.Errorf("commit a transaction: %w", err)
	} else {
		for _, do := range g.afterCommit {
			do()
		}
	}
	_ = g.conn.Close() // gives the connection back; a bad one is found by its next user
	close(g.done)
}
