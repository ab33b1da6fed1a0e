package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// mostPrepared bounds the statements that a connection keeps. Frontdesk and its
// job queue use some 40; migrations use others, once.
const mostPrepared = 100

// preparing makes connections that keep the statements they have run. SQLite
// takes longer to parse one of ours than to run it, and database/sql, which the
// job queue uses as well, would have each parsed anew.
type preparing struct{ driver.Connector }

// Connect implements driver.Connector.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // database/sql looks at a driver's own errors
	}
	plain, ok := conn.(plainConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connection is a %T", conn), conn.Close())
	}
	return &preparedConn{plainConn: plain, idle: map[string]statement{}}, nil
}

// plainConn is what the driver's connections can do.
type plainConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// preparedConn is used by one goroutine at a time, as every driver.Conn.
type preparedConn struct {
	plainConn
	// idle has those that are not in use. One that is needed again while its rows
	// are still read is prepared a second time.
	idle map[string]statement
}

// ExecContext implements driver.ExecerContext.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	if err != nil {
		_ = s.Close()   // says the same again
		return nil, err //nolint:wrapcheck // as the driver says it
	}
	return result, c.giveBack(query, s)
}

// QueryContext implements driver.QueryerContext.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = s.Close()   // says the same again
		return nil, err //nolint:wrapcheck // as the driver says it
	}
	return &preparedRows{Rows: rows, conn: c, query: query, statement: s}, nil
}

// Close implements driver.Conn.
func (c *preparedConn) Close() error {
	return errors.Join(c.forget(), c.plainConn.Close())
}

func (c *preparedConn) take(ctx context.Context, query string) (statement, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err //nolint:wrapcheck // as the driver says it
	}
	s, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's statement is a %T", prepared), prepared.Close())
	}
	return s, nil
}

func (c *preparedConn) giveBack(query string, s statement) error {
	if _, another := c.idle[query]; another {
		return s.Close() //nolint:wrapcheck // as the driver says it
	}
	var err error
	if len(c.idle) == mostPrepared {
		err = c.forget()
	}
	c.idle[query] = s
	return err
}

func (c *preparedConn) forget() error {
	var errs []error
	for _, s := range c.idle {
		errs = append(errs, s.Close())
	}
	clear(c.idle)
	return errors.Join(errs...)
}

// preparedRows gives its statement back when it is closed.
type preparedRows struct {
	driver.Rows
	conn      *preparedConn
	query     string
	statement statement
}

// Close implements driver.Rows. database/sql calls it once.
func (r *preparedRows) Close() error {
	return errors.Join(r.Rows.Close(), r.conn.giveBack(r.query, r.statement))
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *preparedRows) ColumnTypeDatabaseTypeName(column int) string {
	if named, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return named.ColumnTypeDatabaseTypeName(column)
	}
	return ""
}
