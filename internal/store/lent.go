package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// lend gives a database whose one connection is the one that writes, borrowed
// for each statement or transaction. What is committed through it is not
// flushed to the disk at once: with the next transaction of InTx it is. It is
// for the job queue's own bookkeeping, such as which job runs: should the power
// fail, the rows still say what is due. The death of the process loses nothing.
func lend(write *sql.DB) *sql.DB {
	db := sql.OpenDB(lender{write})
	db.SetMaxIdleConns(-1) // it is given back at once
	return db
}

type lender struct{ write *sql.DB }

// Connect implements driver.Connector.
func (l lender) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := l.write.Conn(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // database/sql looks at a driver's own errors
	}
	lent := &lentConn{conn: conn}
	err = conn.Raw(func(c any) error {
		var ok bool
		if lent.preparedConn, ok = c.(*preparedConn); !ok {
			return fmt.Errorf("the driver's connection is a %T", c)
		}
		return lent.flushing(ctx, `PRAGMA synchronous = NORMAL`)
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return lent, nil
}

// Driver implements driver.Connector.
func (l lender) Driver() driver.Driver { return l.write.Driver() }

// lentConn is the connection that writes, which nobody else uses until Close.
type lentConn struct {
	*preparedConn
	conn *sql.Conn
}

func (c *lentConn) flushing(ctx context.Context, pragma string) error {
	_, err := c.ExecContext(ctx, pragma, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", pragma, err)
	}
	return nil
}

// Close implements driver.Conn: it gives the connection back. One that cannot
// be made to flush again is not used any more.
func (c *lentConn) Close() error {
	err := c.flushing(context.Background(), `PRAGMA synchronous = FULL`)
	if err != nil {
		_ = c.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return errors.Join(err, c.conn.Close())
}
