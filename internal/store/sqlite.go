package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite" // the driver, in Go alone: no C compiler, one static binary

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// sqliteReaders is how many reads can run beside each other and beside the one
// writer.
const sqliteReaders = 4

// journalPages is how long the journal may become, 32 MB: that of some 800
// clicks. With SQLite's own 1,000 pages one click in a hundred waited for the
// move, and the slowest hundredth of the answers took a third longer.
const journalPages = 8000

// busyTimeout is how long SQLite waits for a lock that another process holds: a
// tool of the operator's, since Frontdesk is the only one of its kind.
const busyTimeout = 1500 * time.Millisecond

// openSQLite opens the file with one connection that writes, because SQLite
// has one writer at a time and waiting in Go is fair and can be given up, and
// several that only read. The pragmas stand in the DSN: run as statements they
// would reach one connection of the pool only.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	// sqlite://host/path and :memory: are read differently by each tool; here
	// they would open a file, or two databases, that nobody meant.
	if path == "" || path == ":memory:" || strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///") {
		return nil, fmt.Errorf("open the SQLite database: %q is not the path of a file; write DATABASE_URL=sqlite:frontdesk.db "+
			"or sqlite:/folder/frontdesk.db", path)
	}
	path = filepath.Clean(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the SQLite database: %w", err)
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	// The journal survives the loss of power at any moment: synchronous FULL
	// makes each commit durable before it returns. The commit that makes it long
	// enough moves it into the file, for milliseconds in which nobody else
	// commits.
	patience := fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())
	write, err := openPool(ctx, path, 1, url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", patience, "temp_store(MEMORY)", "wal_autocheckpoint(" + strconv.Itoa(journalPages) + ")"},
		"_txlock": {"immediate"},
	})
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	// They read a few rows each, which the system's cache has at hand: half a
	// megabyte of SQLite's own for each is enough, the default is two.
	read, err := openPool(ctx, path, sqliteReaders, url.Values{
		"_pragma": {"query_only(ON)", patience, "cache_size(-512)"},
	})
	if err != nil {
		return nil, errors.Join(err, write.Close(), lock.release())
	}
	return &Store{
		kind: SQLite, write: write, lent: lend(write), writer: newWriter(write), read: read, lock: lock, turns: turns{takenUntil: map[string]time.Time{}},
	}, nil
}

// makePrivate creates the file, if there is none, for its owner only: it holds
// people's addresses. SQLite gives the files beside it the same mode.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the path
	if err != nil {
		return fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	return nil
}

func openPool(ctx context.Context, path string, connections int, options url.Values) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	db := sql.OpenDB(preparing{connector})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the SQLite database %s: %w", path, err), db.Close())
	}
	return db, nil
}

func (s *Store) inSQLiteTx(ctx context.Context, fn func(ctx context.Context, tx approval.Tx) error) error {
	return s.writer.inTx(ctx, func(ctx context.Context, tx *sql.Tx) (func(), error) {
		own := &Tx{
			q: tx, raw: tx,
			row: func(ctx context.Context, query string, args ...any) scanner {
				return tx.QueryRowContext(ctx, query, args...)
			},
			soon: func(ctx context.Context, w write) error { return w.outcome(oneByOne(ctx, tx, w.commands)) },
		}
		return own.committed, fn(ctx, own)
	})
}

func oneByOne(ctx context.Context, tx *sql.Tx, commands []command) ([]int64, error) {
	changed := make([]int64, len(commands))
	for i, s := range commands {
		res, err := tx.ExecContext(ctx, s.query, s.args...)
		if err == nil {
			changed[i], err = res.RowsAffected()
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // wrapped by the callers
		}
	}
	return changed, nil
}

// FreeClaims lets go of every claim of a process that died and that keeps
// somebody from what is due, also of a poll that it did not end. It is for SQLite only, where holding the file's
// lock proves that no other process works; on PostgreSQL claims run out by
// themselves.
func (s *Store) FreeClaims(ctx context.Context) error {
	if s.kind != SQLite {
		return nil
	}
	for _, statement := range []string{
		`UPDATE requests SET effect_claimed_until = 0 WHERE state IN ('approving', 'rejecting') AND effect_claimed_until > 0`,
		`UPDATE requests SET delivery_claimed_until = 0 WHERE ` + undelivered + ` AND delivery_claimed_until > 0`,
		`UPDATE overviews SET delivery_claimed_until = 0 WHERE delivery_claimed_until > 0`,
		`UPDATE sources SET polled_at = 0, polling_until = 0 WHERE polling_until > 0`,
	} {
		if _, err := s.write.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("free the claims of the process before: %w", err)
		}
	}
	return nil
}
