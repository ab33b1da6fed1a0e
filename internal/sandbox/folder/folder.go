// Package folder keeps a practice world on disk: what its two practice parties
// hold goes into one SQLite file in a folder of its own, where Frontdesk's own
// database stands too.
//
// It imports the SQLite driver and nothing of ours. It promises that a folder
// is used by one process at a time, that what Save took is there after the
// process was killed at any moment, and that damage is found and told when the
// folder is opened, never passed over. The loss of power is another matter:
// nothing is forced onto the disk, because nothing here is worth waiting for.
package folder

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

const (
	file = "practice.db"
	// format is raised when what is kept is written in another way.
	format = 1
)

// SQLite's errors that are not about what stands in the file.
const (
	sqlitePerm     = 3
	sqliteBusy     = 5
	sqliteNoMem    = 7
	sqliteReadOnly = 8
	sqliteFull     = 13
	sqliteCantOpen = 14
)

// Folder is the open folder of a practice world.
type Folder struct {
	path    string
	db      *sql.DB
	resumed bool
	broken  sync.Once
	failed  chan error
}

// Open opens a practice world's folder, or makes it. The error says what a
// person can do when the folder is in use, damaged, of another version, or not
// a practice world's.
func Open(ctx context.Context, path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the folder %s: %w", path, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the practice world: %w", err)
	}
	found, other, err := lookInto(path)
	if err != nil {
		return nil, err
	}
	if !found {
		if err := refuseOthers(path, other); err != nil {
			return nil, err
		}
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.Join(path, file)}).EscapedPath(), RawQuery: url.Values{
		// The exclusive lock is held as long as the file is open. A rollback
		// journal rather than a write-ahead log, whose damaged end would be
		// dropped without a word.
		"_pragma": {"locking_mode(EXCLUSIVE)", "journal_mode(TRUNCATE)", "synchronous(OFF)"},
		"_txlock": {"exclusive"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open the practice world in %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	f := &Folder{path: path, db: db, failed: make(chan error, 1)}
	if err := f.begin(ctx, other); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return f, nil
}

// lookInto says whether a folder has a practice world's file, and names
// something else in it, if there is anything.
func lookInto(path string) (found bool, other string, err error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return false, "", fmt.Errorf("look into the folder of the practice world: %w", err)
	}
	for _, e := range entries {
		switch {
		case e.Name() == file:
			found = true
		case !strings.HasPrefix(e.Name(), file): // SQLite's journal stands beside it
			other = e.Name()
		}
	}
	return found, other, nil
}

// refuseOthers refuses to begin a world among other things: a real Frontdesk's
// database might be among them, or that of a world whose own file is gone.
func refuseOthers(path, other string) error {
	if other == "" {
		return nil
	}
	return fmt.Errorf("the folder %s holds no practice world, but it is not empty (%s is there); name an empty or a new folder", path, other)
}

// begin locks the file, checks it, and clears what was never finished.
func (f *Folder) begin(ctx context.Context, other string) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return f.explain(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var found int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil {
		return f.explain(err)
	}
	if found != 0 && found != format {
		return fmt.Errorf("the practice world in %s was kept by another version of Frontdesk (its format is %d, this one reads %d); "+
			"run that version, or move the folder away to start afresh", f.path, found, format)
	}
	f.resumed = found == format
	if f.resumed {
		var verdict string
		if err := tx.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
			return f.explain(err)
		}
		if verdict != "ok" {
			return f.damaged(errors.New(verdict))
		}
		return f.explain(tx.Commit())
	}
	if err := refuseOthers(f.path, other); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DROP TABLE IF EXISTS kept;
		CREATE TABLE kept (
			place INTEGER PRIMARY KEY, -- the order in which keys first came
			party TEXT NOT NULL,
			key   TEXT NOT NULL,
			value BLOB NOT NULL,
			crc   INTEGER NOT NULL,
			UNIQUE (party, key)
		)`)
	if err != nil {
		return f.explain(err)
	}
	return f.explain(tx.Commit())
}

// Resumed says whether a world was there already.
func (f *Folder) Resumed() bool { return f.resumed }

// Settle says that a new world is complete. One that was left before that is
// begun again.
func (f *Folder) Settle(ctx context.Context) error {
	_, err := f.db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", format))
	return f.explain(err)
}

// Failed gives the error with which keeping ended, if it did: a full disk, say.
func (f *Folder) Failed() <-chan error { return f.failed }

// Close lets go of the folder.
func (f *Folder) Close() error {
	if err := f.db.Close(); err != nil {
		return fmt.Errorf("close the practice world in %s: %w", f.path, err)
	}
	return nil
}

// explain says in whose words a person can do something about an error.
func (f *Folder) explain(err error) error {
	if err == nil {
		return nil
	}
	var trouble *sqlite.Error
	if !errors.As(err, &trouble) {
		return fmt.Errorf("the practice world in %s: %w", f.path, err)
	}
	switch trouble.Code() & 0xff { // the rest says more, but needs no other remedy
	case sqliteBusy:
		return fmt.Errorf("the practice world in %s is in use by another frontdesk sandbox; end that one first, or name another folder", f.path)
	case sqlitePerm, sqliteNoMem, sqliteReadOnly, sqliteFull, sqliteCantOpen:
		return fmt.Errorf("the practice world in %s: %w", f.path, err)
	}
	return f.damaged(err)
}

func (f *Folder) damaged(err error) error {
	return fmt.Errorf("the practice world in %s is damaged (%s: %w); move the folder away to start afresh", f.path, file, err)
}

// Party is what one of the practice parties keeps.
type Party struct {
	folder *Folder
	name   string
}

// Party gives the part of the folder that belongs to a practice party.
func (f *Folder) Party(name string) *Party { return &Party{folder: f, name: name} }

// Load gives everything that the party keeps, in the order in which the keys
// first came, and ends with the first error of each.
func (p *Party) Load(each func(key string, value []byte) error) error {
	rows, err := p.folder.db.QueryContext(context.Background(),
		"SELECT key, value, crc FROM kept WHERE party = ? ORDER BY place", p.name)
	if err != nil {
		return p.folder.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var value sql.RawBytes
		var crc uint32
		if err := rows.Scan(&key, &value, &crc); err != nil {
			return p.folder.explain(err)
		}
		if crc != p.sum(key, value) {
			return p.folder.damaged(fmt.Errorf("%s of %s is not as it was written", key, p.name))
		}
		if err := each(key, value); err != nil {
			return p.folder.damaged(fmt.Errorf("%s of %s: %w", key, p.name, err))
		}
	}
	return p.folder.explain(rows.Err())
}

// Save keeps changes, all of them or none: they are with the operating system
// before it returns. A nil value takes the key away.
func (p *Party) Save(changes iter.Seq2[string, []byte]) error {
	err := p.folder.explain(p.save(changes))
	if err != nil {
		p.folder.broken.Do(func() { p.folder.failed <- err })
	}
	return err
}

func (p *Party) save(changes iter.Seq2[string, []byte]) error {
	ctx := context.Background() // half of a change is no use to anybody
	tx, err := p.folder.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to keep a change: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for key, value := range changes {
		if value == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM kept WHERE party = ? AND key = ?", p.name, key)
		} else {
			_, err = tx.ExecContext(ctx, `INSERT INTO kept (party, key, value, crc) VALUES (?, ?, ?, ?)
				ON CONFLICT (party, key) DO UPDATE SET value = excluded.value, crc = excluded.crc`,
				p.name, key, value, p.sum(key, value))
		}
		if err != nil {
			return fmt.Errorf("keep %s of %s: %w", key, p.name, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keep a change: %w", err)
	}
	return nil
}

// sum finds a row that is not what was written: SQLite checks its pages'
// structure, but not what stands in them.
func (p *Party) sum(key string, value []byte) uint32 {
	crc := crc32.ChecksumIEEE([]byte(p.name + "/" + key + "="))
	return crc32.Update(crc, crc32.IEEETable, value)
}
