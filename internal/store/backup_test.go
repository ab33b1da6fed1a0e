package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// pathOf gives the file that a SQLite address names.
func pathOf(address string) string { return strings.TrimPrefix(address, "sqlite:") }

// TestBackUpWhileOthersWrite copies a file again and again while requests come
// in: each copy has all that was committed before it was begun.
func TestBackUpWhileOthersWrite(t *testing.T) {
	t.Parallel()
	address := filled(t, sqliteURL(t))
	s := open(t, address)
	ctx, stop := context.WithCancel(t.Context())
	var (
		mu    sync.Mutex
		added []string
		work  sync.WaitGroup
	)
	work.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			id := fmt.Sprintf("later%05d", i)
			addRequest(t, s, id) //nolint:contextcheck // the one that was begun last is let finish
			mu.Lock()
			added = append(added, id)
			mu.Unlock()
		}
	})
	folder := t.TempDir()
	for i := range 3 {
		require.Eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(added) > 10*i
		}, time.Minute, time.Millisecond)
		mu.Lock()
		committed := len(added)
		mu.Unlock()
		target := filepath.Join(folder, fmt.Sprintf("copy%d.db", i))
		done, err := store.BackUp(t.Context(), pathOf(address), target)
		require.NoError(t, err)
		require.GreaterOrEqual(t, done.Requests, int64(manyRequests+committed))
		is, err := os.Stat(target)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), is.Mode().Perm(), "it holds people's addresses")
		require.Equal(t, is.Size(), done.Bytes)

		kept := open(t, "sqlite:"+target)
		for _, id := range added[:committed] {
			_, err := kept.Request(t.Context(), id)
			require.NoError(t, err, "%s was committed before", id)
		}
		require.NoError(t, kept.Ping(t.Context()), "it can be worked on")
	}
	stop()
	work.Wait()
	left, err := filepath.Glob(filepath.Join(folder, "*partial*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestABackupHoldsTheSame compares all rows of all tables.
func TestABackupHoldsTheSame(t *testing.T) {
	t.Parallel()
	address, target := filled(t, sqliteURL(t)), filepath.Join(t.TempDir(), "copy.db")
	_, err := store.BackUp(t.Context(), pathOf(address), target)
	require.NoError(t, err)
	requireSame(t, dump(t, address), dump(t, "sqlite:"+target))
}

func TestBackUpRefuses(t *testing.T) {
	t.Parallel()
	sound, folder := pathOf(filled(t, sqliteURL(t))), t.TempDir()
	write := func(content string) string {
		t.Helper()
		file, err := os.CreateTemp(t.TempDir(), "*.db")
		require.NoError(t, err)
		_, err = file.WriteString(content)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		return file.Name()
	}
	newer := pathOf(filled(t, sqliteURL(t)))
	s, err := store.Open(t.Context(), "sqlite:"+newer)
	require.NoError(t, err)
	_, err = s.DB().ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	content, err := os.ReadFile(sound) //nolint:gosec // the test's own
	require.NoError(t, err)
	// The first page stays, so that it is a database until it is read.
	damaged := write(string(content[:8192]) + strings.Repeat("x", len(content)-8192))

	free := func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "copy.db") }
	is := func(path string) func(*testing.T) string { return func(*testing.T) string { return path } }
	for name, test := range map[string]struct {
		from string
		to   func(t *testing.T) string
		says string
	}{
		"no database":          {filepath.Join(folder, "nothing.db"), free, "find the database"},
		"somebody else's file": {write("no database, but a letter that is long enough to be read as one"), free, "file is not a database"},
		"an empty file":        {write(""), free, "it holds nothing of a frontdesk"},
		"a newer database":     {newer, free, "a newer frontdesk has made the tables of this database (version 9999; "},
		"a damaged database":   {damaged, free, "the database is damaged"},
		"a target that exists": {sound, is(write("precious")), "exists already, and nothing is overwritten"},
		"itself":               {sound, is(sound), "exists already, and nothing is overwritten"},
		"a folder":             {sound, is(folder), "is a folder: name the file to write in it"},
		"no folder":            {sound, is(filepath.Join(folder, "nowhere", "copy.db")), "make the copy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := test.to(t)
			before, _ := os.ReadFile(to) //nolint:gosec // the test's own
			_, err := store.BackUp(t.Context(), test.from, to)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "\n")
			after, _ := os.ReadFile(to) //nolint:gosec // the test's own
			require.Equal(t, before, after, "the target is as it was")
			left, err := filepath.Glob(filepath.Join(filepath.Dir(to), "*.partial-*"))
			require.NoError(t, err)
			require.Empty(t, left, "nothing is left behind")
		})
	}
}
