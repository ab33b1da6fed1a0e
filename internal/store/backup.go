package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Backup says what a copy holds.
type Backup struct {
	// Requests is how many requests are in it, Bytes how large it is.
	Requests, Bytes int64
}

// BackUp writes a copy of a SQLite file, also while a Frontdesk works on it:
// the copy is of one moment, and holds all that was committed before the call.
// Nothing is ever overwritten, and what stands under the target's name is
// whole: it has been checked and is on the disk. It may be read by its owner
// only.
func BackUp(ctx context.Context, path, target string) (done Backup, err error) {
	if _, err := os.Stat(path); err != nil {
		return Backup{}, fmt.Errorf("find the database: %w", err)
	}
	if err := mustBeFree(target); err != nil {
		return Backup{}, err
	}
	// Beside the target, so that it can be given the name in one step.
	partial, err := os.CreateTemp(filepath.Dir(target), filepath.Base(target)+".partial-*") // for its owner only
	if err != nil {
		return Backup{}, fmt.Errorf("make the copy: %w", err)
	}
	defer func() {
		_ = partial.Close() // what is written was flushed
		_ = os.Remove(partial.Name())
	}()
	if err := vacuumInto(ctx, path, partial.Name()); err != nil {
		return Backup{}, err
	}
	if done, err = examine(ctx, partial.Name()); err != nil {
		return Backup{}, err
	}
	if err := partial.Sync(); err != nil {
		return Backup{}, fmt.Errorf("bring the copy to the disk: %w", err)
	}
	if err := name(partial.Name(), target); err != nil {
		return Backup{}, err
	}
	return done, syncFolder(filepath.Dir(target))
}

// name gives a file its name, unless somebody took it meanwhile. A link is
// refused then; where the file system has no links, a look has to do.
func name(file, target string) error {
	err := os.Link(file, target)
	if err != nil && !errors.Is(err, os.ErrExist) {
		if err = mustBeFree(target); err == nil {
			err = os.Rename(file, target)
		}
	}
	if err != nil {
		return fmt.Errorf("give the copy its name: %w", err)
	}
	return nil
}

func mustBeFree(target string) error {
	switch is, err := os.Stat(target); {
	case err == nil && is.IsDir():
		return fmt.Errorf("%s is a folder: name the file to write in it", target)
	case err == nil:
		return fmt.Errorf("%s exists already, and nothing is overwritten: name another file", target)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("look at the target: %w", err)
	}
	return nil
}

// vacuumInto copies what is in the database now. Its reading keeps nobody from
// writing.
func vacuumInto(ctx context.Context, path, target string) error {
	db, err := openPool(ctx, path, 1, url.Values{"_pragma": {"busy_timeout(10000)"}})
	if err != nil {
		return WithRemedy(err)
	}
	defer func() { _ = db.Close() }()
	if err := known(ctx, SQLite, db); err != nil {
		return WithRemedy(fmt.Errorf("%s: %w", path, err))
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, target); err != nil {
		return WithRemedy(fmt.Errorf("copy the database: %w", err))
	}
	return nil
}

// examine reads all of a copy, to know that it can be.
func examine(ctx context.Context, path string) (Backup, error) {
	// Nobody else knows the file, so that it needs no files beside it.
	db, err := openPool(ctx, path, 1, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	if err != nil {
		return Backup{}, fmt.Errorf("open the copy: %w", err)
	}
	defer func() { _ = db.Close() }()
	for check, fine := range map[string]string{`PRAGMA integrity_check`: "ok", `SELECT COUNT(*) FROM pragma_foreign_key_check`: "0"} {
		var says string
		if err := db.QueryRowContext(ctx, check).Scan(&says); err != nil {
			return Backup{}, fmt.Errorf("check the copy: %w", err)
		}
		if says != fine {
			return Backup{}, fmt.Errorf("the copy is not sound (%s); nothing was kept of it", strings.TrimSpace(says))
		}
	}
	var b Backup
	err = db.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM requests), (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)`).
		Scan(&b.Requests, &b.Bytes)
	if err != nil {
		return Backup{}, fmt.Errorf("check the copy: %w", err)
	}
	return b, nil
}

// syncFolder brings a file's name to the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the operator names the path
	if err == nil {
		err = errors.Join(folder.Sync(), folder.Close())
	}
	if err != nil {
		return fmt.Errorf("bring the copy's name to the disk: %w", err)
	}
	return nil
}
