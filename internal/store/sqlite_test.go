package store_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// arrived gives a new request and its first event.
func arrived(id string) (approval.Request, approval.Event, error) {
	arrival := &approval.Arrival{Source: "conveyor", ExternalID: "x-" + id, Requester: "ann@example.com"}
	event := approval.Event{Seq: 1, At: time.UnixMilli(1).UTC(), Action: approval.Receive, Arrival: arrival}
	r, err := approval.Apply(approval.Request{ID: id}, event)
	return r, event, err
}

// addRequest writes something that a later reader can look for.
func addRequest(t *testing.T, s *store.Store, id string) {
	t.Helper()
	r, event, err := arrived(id)
	require.NoError(t, err)
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Receive(ctx, r, event)
		return err
	}))
}

func TestSQLiteIsDurable(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteURL(t))
	pragma := func(from interface {
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}, name string,
	) (got string) {
		require.NoError(t, from.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got))
		return got
	}
	for range 2 {
		require.NoError(t, s.InTx(t.Context(), func(_ context.Context, tx approval.Tx) error {
			raw, ok := tx.(interface{ Raw() any }).Raw().(*sql.Tx)
			require.True(t, ok)
			for name, want := range map[string]string{
				"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "1500",
			} {
				require.Equal(t, want, pragma(raw, name), name)
			}
			return nil
		}))
		require.Equal(t, "1", pragma(s.SQLite(), "synchronous"), "the queue's own bookkeeping waits for no flush")
		ctx, cancel := context.WithCancel(t.Context())
		broken, err := s.SQLite().BeginTx(ctx, nil)
		require.NoError(t, err)
		cancel() // whoever borrows the connection gives it back as it was, however that ends
		require.Error(t, broken.Commit())
	}
	require.Equal(t, store.SQLite, s.Kind())
	require.Nil(t, s.Pool())
	require.NoError(t, s.Ping(t.Context()))
}

func TestSQLiteFileIsServedOnce(t *testing.T) {
	t.Parallel()
	address := sqliteURL(t)
	first, err := store.Open(t.Context(), address)
	require.NoError(t, err)
	addRequest(t, first, "r1")

	_, err = store.Open(t.Context(), address)
	var inUse *store.InUseError
	require.ErrorAs(t, err, &inUse)
	require.ErrorContains(t, err, inUse.Path)
	require.ErrorContains(t, err, "in use by another frontdesk; stop that one first")
	require.NoError(t, first.Ping(t.Context()), "the refused one disturbed the first")

	require.NoError(t, first.Close())
	second := open(t, address)
	_, err = second.Request(t.Context(), "r1")
	require.NoError(t, err)
}

func TestSQLiteFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"frontdesk.db", "we ird?#%.db", "%20+&=;.db", "a:b.db", "ümläut 🦉.db", "new/folder/frontdesk.db", "./x/../y.db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir() + "/" + name
			s := open(t, "sqlite:"+path)
			addRequest(t, s, "r1")
			require.FileExists(t, filepath.Clean(path))
			require.FileExists(t, filepath.Clean(path)+".lock")
			for _, beside := range []string{"", "-wal", "-shm", ".lock"} {
				info, err := os.Stat(filepath.Clean(path) + beside)
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "%q holds people's addresses", beside)
			}
			// The connections that read look at the same file.
			_, err := s.Request(t.Context(), "r1")
			require.NoError(t, err)
		})
	}
}

func TestSQLiteCannotBeOpened(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, []byte("This is a letter and surely not a database. "), 0o600))
	for name, test := range map[string]struct{ address, says string }{
		"no path":            {"sqlite:", `"" is not the path of a file; write DATABASE_URL=sqlite:frontdesk.db`},
		"in memory":          {"sqlite::memory:", `":memory:" is not the path of a file`},
		"host":               {"sqlite://frontdesk.db", `"//frontdesk.db" is not the path of a file`},
		"not a database":     {"sqlite:" + file, "open the SQLite database " + file + ": file is not a database"},
		"file as folder":     {"sqlite:" + file + "/frontdesk.db", "make the folder of the SQLite database"},
		"folder as database": {"sqlite:" + folder, "open the SQLite database " + folder},
		"read-only folder":   {"sqlite:" + readOnlyFolder(t) + "/frontdesk.db", "open the lock beside the SQLite database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), test.address)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// readOnlyFolder gives a folder in which this user cannot make a file.
func readOnlyFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		folder := t.TempDir()
		require.NoError(t, os.Chmod(folder, 0o500)) //nolint:gosec // a folder has to be entered
		return folder
	}
	// Permissions do not bind root, the kind of the file system does.
	if runtime.GOOS != "linux" {
		t.Skip("root can write everywhere")
	}
	return "/proc/self"
}

func TestSQLiteBusy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	s := open(t, "sqlite:"+path)
	addRequest(t, s, "r1")
	other, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	tx, err := other.BeginTx(t.Context(), nil)
	require.NoError(t, err)

	// The deadline that a click has. The test's own is generous, for a slow
	// machine, and still short enough to notice that none was kept.
	failed := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		failed <- s.InTx(ctx, func(context.Context, approval.Tx) error { return nil })
	}()
	late := time.NewTimer(6 * time.Second)
	defer late.Stop()
	select {
	case err := <-failed:
		require.Error(t, err)
	case <-late.C:
		require.Fail(t, "a transaction waits for a busy database beyond its deadline")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	require.Error(t, s.Ping(ctx), "a database that cannot be written is not ready")
	// Reading does not need the lock.
	_, err = s.Request(t.Context(), "r1")
	require.NoError(t, err)

	require.NoError(t, tx.Rollback())
	require.NoError(t, s.Ping(t.Context()))
	addRequest(t, s, "r2")
}

// Who has less time than SQLite itself waits for a lock gives up in time too,
// and the next one waits as long as before.
func TestSQLiteIsBusyForLongerThanOneHas(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	s := open(t, "sqlite:"+path)
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate&_pragma=busy_timeout(900)"
	other, err := sql.Open("sqlite", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	tx, err := other.BeginTx(t.Context(), nil)
	require.NoError(t, err)

	ended := make(chan string, 2)
	var both sync.WaitGroup
	both.Go(func() {
		_, err := other.BeginTx(t.Context(), nil)
		assert.Error(t, err)
		ended <- "whoever waits for 900 ms"
	})
	both.Go(func() {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		assert.Error(t, s.InTx(ctx, func(context.Context, approval.Tx) error { return nil }))
		ended <- "whoever has 300 ms"
	})
	both.Wait()
	require.Equal(t, "whoever has 300 ms", <-ended)

	require.NoError(t, tx.Rollback())
	var patience string
	require.NoError(t, s.DB().QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&patience))
	require.Equal(t, "1500", patience)
}

// Those that wait for the one writer in the same process give up in time too.
func TestSQLiteWriterIsTaken(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteURL(t))
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, _ approval.Tx) error {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		err := s.InTx(ctx, func(context.Context, approval.Tx) error { return nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return nil
	}))
}

func TestFreeClaims(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteURL(t))
	addRequest(t, s, "r1")
	claimed, err := s.Request(t.Context(), "r1")
	require.NoError(t, err)
	claimed.State, claimed.Version = approval.Approving, 2
	claimed.Effect.ClaimedUntil, claimed.Delivery.ClaimedUntil = time.UnixMilli(1e12), time.UnixMilli(1e12)
	claimed.Delivery.NextAt = time.UnixMilli(2e12).UTC()
	overview := approval.Overview{Source: "conveyor", Delivery: claimed.Delivery}
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		if err := tx.SaveOverview(ctx, overview); err != nil {
			return err
		}
		return tx.Save(ctx, claimed, approval.Event{Seq: 2, Action: approval.Approve})
	}))
	require.NoError(t, s.FreeClaims(t.Context()))
	got, err := s.Request(t.Context(), "r1")
	require.NoError(t, err)
	claimed.Effect.ClaimedUntil, claimed.Delivery.ClaimedUntil = time.Time{}, time.Time{}
	require.Equal(t, claimed, got)
	overview.Delivery.ClaimedUntil = time.Time{}
	gotOverview, err := s.Overview(t.Context(), "conveyor")
	require.NoError(t, err)
	require.Equal(t, overview, gotOverview)
}

// TestSQLiteJournalIsBounded writes several times what the journal may hold.
func TestSQLiteJournalIsBounded(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	s := open(t, "sqlite:"+file)
	addRequest(t, s, "r1")
	var most int64
	for i := range 80 {
		require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.AddNotice(ctx, approval.Notice{
				ID: strconv.Itoa(i), RequestID: "r1", NoticeDetails: approval.NoticeDetails{By: strings.Repeat("x", 1<<20)},
			})
			return err
		}))
		journal, err := os.Stat(file + "-wal")
		require.NoError(t, err)
		most = max(most, journal.Size())
	}
	require.Greater(t, most, int64(30<<20), "it is moved seldom")
	require.Less(t, most, int64(40<<20))
}
