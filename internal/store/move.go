package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
)

// tables lists what a store holds, each after those that it refers to. The job
// queue's tables are not among them: jobs are only wake-ups, and the sweep of
// the next start enqueues what the rows call for. Nor are beats, which hold
// nothing.
func tables() []string {
	return []string{"requests", "events", "access_groups", "sources", "notices", "turns", "overviews"}
}

// Progress is told how far a move is: which step it is at, and how many of all
// rows are done. Each row counts twice, for it is copied and then checked.
type Progress func(step string, done, total int64)

// Moved says what a move has copied.
type Moved struct {
	Tables []Contents
	// Before reports that an earlier move had copied all of it already.
	Before bool
}

// Move copies everything from one database to another one, which has to be
// empty, while nobody works on either: it locks both, and returns an error if
// it cannot. Both are migrated first. It all happens in one transaction of the
// target, which commits only if both sides hold the same in the end: a move
// that fails or is aborted leaves the target empty and can be repeated, and
// one that is repeated after it was done does nothing. What is moved is never
// changed; only claims are left behind, for whoever held them is dead.
func Move(ctx context.Context, from, to string, progress Progress) (moved Moved, err error) {
	if from == to {
		return Moved{}, errors.New("the two databases are the same one")
	}
	source, err := openToMove(ctx, from, "from")
	if err != nil {
		return Moved{}, err
	}
	defer func() { err = errors.Join(err, source.close(ctx)) }()
	if err := source.mustBeAStore(ctx); err != nil {
		return Moved{}, err
	}
	target, err := openToMove(ctx, to, "to")
	if err != nil {
		return Moved{}, err
	}
	defer func() { err = errors.Join(err, target.close(ctx)) }()
	for _, s := range []*side{source, target} {
		if err := s.begin(ctx); err != nil {
			return Moved{}, err
		}
	}
	return (&move{source: source, target: target, progress: progress}).run(ctx)
}

// side is one of the two databases of a move.
type side struct {
	*Store
	// name is how errors call it.
	name string
	// conn has the transaction, and on PostgreSQL the lock too: should the lock
	// be lost, then everything is.
	conn *sql.Conn
	tx   *sql.Tx
}

func openToMove(ctx context.Context, databaseURL, direction string) (*side, error) {
	s := &side{name: "the database to move " + direction}
	if path, isFile := strings.CutPrefix(databaseURL, "sqlite:"); isFile && direction == "from" {
		// Opening would make one.
		if _, err := os.Stat(path); path != "" && errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s: there is no file %s", s.name, path)
		}
	}
	var err error
	s.Store, err = connect(ctx, databaseURL, unshared)
	if _, inUse := errors.AsType[*InUseError](err); inUse {
		return nil, s.inUse()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if s.kind == SQLite {
		return s, nil // it holds the file's lock
	}
	alone := false
	if s.conn, err = s.write.Conn(ctx); err == nil {
		alone, err = takeAlone(ctx, s.conn)
	}
	if err == nil && !alone {
		err = s.inUse()
	}
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *side) inUse() error {
	return fmt.Errorf("%s is in use by a running frontdesk or by another move; stop that one, then repeat this", s.name)
}

// mustBeAStore refuses a database in which no Frontdesk was before, or a newer
// one.
func (s *side) mustBeAStore(ctx context.Context) error {
	err := known(ctx, s.kind, s.read)
	if errors.Is(err, errNoStore) {
		return fmt.Errorf("%s holds nothing of a frontdesk; is it the right one?", s.name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// begin migrates the database and begins the transaction of the move, which on
// SQLite also keeps every other program from writing.
func (s *side) begin(ctx context.Context) error {
	err := s.migrate(ctx)
	if err == nil && s.conn == nil {
		s.conn, err = s.write.Conn(ctx)
	}
	if err == nil {
		s.tx, err = s.conn.BeginTx(ctx, nil)
	}
	if newer, ok := errors.AsType[*NewerError](err); ok {
		return fmt.Errorf("%s: %w", s.name, newer)
	}
	if err != nil {
		return fmt.Errorf("prepare %s: %w", s.name, err)
	}
	return nil
}

// close lets go of the database, and of what was not committed.
func (s *side) close(ctx context.Context) error {
	if s.tx != nil {
		_ = s.tx.Rollback() // after a commit it does nothing
	}
	if s.conn != nil && s.kind == Postgres {
		// A server hears only later of a connection that is closed.
		_, _ = s.conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock_all()`)
	}
	if s.conn != nil {
		_ = s.conn.Close() // a connection that is lost has nothing to close
	}
	return s.Close()
}

// move is a move of which both sides are ready.
type move struct {
	source, target *side
	progress       Progress
	done, total    int64
}

func (m *move) run(ctx context.Context) (Moved, error) {
	if err := m.sameSchema(ctx); err != nil {
		return Moved{}, err
	}
	there, err := m.target.counts(ctx)
	if err != nil {
		return Moved{}, err
	}
	here, err := m.source.counts(ctx)
	if err != nil {
		return Moved{}, err
	}
	for _, n := range here {
		m.total += 2 * n
	}
	if nonzero(there) != "" {
		return m.compare(ctx, here, there)
	}
	moved := Moved{}
	for _, table := range tables() {
		contents, err := m.copyTable(ctx, table)
		if err != nil {
			return Moved{}, err
		}
		moved.Tables = append(moved.Tables, contents)
	}
	for i, table := range tables() {
		arrived, err := m.read(ctx, m.target, "checking ", table)
		if err != nil {
			return Moved{}, err
		}
		if arrived != moved.Tables[i] || arrived.Rows != here[table] {
			return Moved{}, fmt.Errorf("the table %s is not the same on both sides (%d rows with hash %s, then %d rows with hash %s); "+
				"nothing was moved", table, here[table], moved.Tables[i].Hash, arrived.Rows, arrived.Hash)
		}
	}
	if m.target.kind == Postgres {
		// Without statistics the first statements on many rows may take long.
		if _, err := m.target.tx.ExecContext(ctx, `ANALYZE `+strings.Join(tables(), ", ")); err != nil {
			return Moved{}, fmt.Errorf("analyze %s: %w", m.target.name, err)
		}
	}
	if err := m.target.tx.Commit(); err != nil {
		return Moved{}, fmt.Errorf("commit the move (whether it is done shows when it is repeated): %w", err)
	}
	return moved, nil
}

// compare finds out whether a target that is not empty holds just what was to
// be moved: an earlier move may have been done without anybody hearing of it.
func (m *move) compare(ctx context.Context, here, there map[string]int64) (Moved, error) {
	notEmpty := fmt.Errorf("%s is not empty (%s) and differs from what is to be moved; "+
		"nothing is ever overwritten or merged, so use an empty database", m.target.name, nonzero(there))
	moved := Moved{Before: true}
	for _, table := range tables() {
		if here[table] != there[table] {
			return Moved{}, notEmpty
		}
	}
	for _, table := range tables() {
		ours, err := m.read(ctx, m.source, "comparing ", table)
		if err != nil {
			return Moved{}, err
		}
		theirs, err := m.read(ctx, m.target, "comparing ", table)
		if err != nil {
			return Moved{}, err
		}
		if ours != theirs {
			return Moved{}, notEmpty
		}
		moved.Tables = append(moved.Tables, ours)
	}
	return moved, nil
}

// sameSchema makes sure that both sides are at the same version, also when a
// newer Frontdesk was on one of them.
func (m *move) sameSchema(ctx context.Context) error {
	var versions [2]int64
	for i, s := range []*side{m.source, m.target} {
		err := s.tx.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&versions[i])
		if err != nil {
			return fmt.Errorf("read the version of %s: %w", s.name, err)
		}
	}
	if versions[0] != versions[1] {
		return fmt.Errorf("%s has tables of version %d and %s of version %d; use the newest frontdesk that was on either",
			m.source.name, versions[0], m.target.name, versions[1])
	}
	return nil
}

// counts gives how many rows each table has.
func (s *side) counts(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	for _, table := range tables() {
		var n int64
		if err := s.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
			return nil, fmt.Errorf("count the rows of %s in %s: %w", table, s.name, err)
		}
		counts[table] = n
	}
	return counts, nil
}

// nonzero names the tables that have rows.
func nonzero(counts map[string]int64) string {
	var filled []string
	for _, table := range tables() {
		if counts[table] > 0 {
			filled = append(filled, fmt.Sprintf("%s: %d", table, counts[table]))
		}
	}
	return strings.Join(filled, ", ")
}
