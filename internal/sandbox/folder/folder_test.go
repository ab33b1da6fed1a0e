package folder_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/folder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *folder.Folder {
	t.Helper()
	f, err := folder.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() }) // most tests close it themselves
	return f
}

// one is a single change.
func one(key, value string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) { yield(key, []byte(value)) }
}

// held lists what a party keeps, as key=value.
func held(t *testing.T, p *folder.Party) []string {
	t.Helper()
	rows, err := load(p)
	require.NoError(t, err)
	return rows
}

func load(p *folder.Party) (rows []string, err error) {
	err = p.Load(func(key string, value []byte) error {
		rows = append(rows, key+"="+string(value))
		return nil
	})
	return rows, err
}

func TestAPartyFindsWhatItKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "a folder with % ? # in its name")
	f := open(t, path)
	require.False(t, f.Resumed())
	slack, conveyor := f.Party("slack"), f.Party("conveyor")
	require.Empty(t, held(t, slack))
	require.NoError(t, conveyor.Save(one("b", "other")))
	require.NoError(t, slack.Save(func(yield func(string, []byte) bool) {
		_ = yield("b", []byte("1")) && yield("a/x", []byte(`{"n":"ä"}`)) && yield("c", []byte("3")) && yield("never", nil)
	}))
	require.NoError(t, slack.Save(one("b", "2")))
	require.NoError(t, slack.Save(func(yield func(string, []byte) bool) { yield("c", nil) }))
	require.NoError(t, slack.Save(one("c", "4")))
	want := []string{"b=2", `a/x={"n":"ä"}`, "c=4"}
	require.Equal(t, want, held(t, slack), "in the order in which they first came")
	require.NoError(t, f.Settle(t.Context()))
	require.NoError(t, f.Close())

	f = open(t, path)
	require.True(t, f.Resumed())
	require.Equal(t, want, held(t, f.Party("slack")))
	require.Equal(t, []string{"b=other"}, held(t, f.Party("conveyor")))
	stop := errors.New("stop")
	require.ErrorIs(t, f.Party("slack").Load(func(string, []byte) error { return stop }), stop)
}

func TestAWorldThatWasNeverCompleteIsBegunAgain(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f := open(t, path)
	require.NoError(t, f.Party("slack").Save(one("half", "1")))
	require.NoError(t, f.Close())
	f = open(t, path)
	require.False(t, f.Resumed())
	require.Empty(t, held(t, f.Party("slack")))
}

func TestAFolderHasOneUser(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	first := open(t, path)
	_, err := folder.Open(t.Context(), path)
	require.EqualError(t, err, "the practice world in "+path+" is in use by another frontdesk sandbox; end that one first, or name another folder")
	require.NoError(t, first.Party("slack").Save(one("a", "1")), "the first one is not disturbed")
	require.NoError(t, first.Close())
	open(t, path)
}

func TestAFolderThatIsNoPracticeWorlds(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	precious := filepath.Join(path, "frontdesk.db")
	require.NoError(t, os.WriteFile(precious, []byte("real"), 0o600))
	for range 2 {
		_, err := folder.Open(t.Context(), path)
		require.EqualError(t, err, "the folder "+path+" holds no practice world, but it is not empty (frontdesk.db is there); name an empty or a new folder")
	}
	_, err := folder.Open(t.Context(), precious)
	require.ErrorContains(t, err, "not a directory")
}

// world makes a folder as it is after a while: with Frontdesk's database, and
// with as many rows as fill some pages.
func world(t *testing.T) (path string, rows []string) {
	t.Helper()
	path = t.TempDir()
	f := open(t, path)
	party := f.Party("slack")
	for i := range 30 {
		require.NoError(t, party.Save(one(fmt.Sprintf("message/%d", i), strings.Repeat(strconv.Itoa(i), 100))))
	}
	for i := range 10 {
		require.NoError(t, party.Save(func(yield func(string, []byte) bool) { yield(fmt.Sprintf("message/%d", 2*i), nil) }))
	}
	rows = held(t, party)
	require.NoError(t, f.Settle(t.Context()))
	require.NoError(t, f.Close())
	require.NoError(t, os.WriteFile(filepath.Join(path, "frontdesk.db"), nil, 0o600))
	return path, rows
}

func TestAnotherFormat(t *testing.T) {
	t.Parallel()
	path, _ := world(t)
	file := filepath.Join(path, "practice.db")
	raw, err := os.ReadFile(file) //nolint:gosec // the test's own file
	require.NoError(t, err)
	raw[63] = 9                                        // where SQLite has the user_version
	require.NoError(t, os.WriteFile(file, raw, 0o600)) //nolint:gosec // the test's own file
	_, err = folder.Open(t.Context(), path)
	require.EqualError(t, err, "the practice world in "+path+" was kept by another version of Frontdesk (its format is 9, this one reads 1); "+
		"run that version, or move the folder away to start afresh")
}

// TestDamageIsFound flips bytes all over the file, and cuts it short: each time
// all is there as it was, or a person is told what to do.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	path, want := world(t)
	file := filepath.Join(path, "practice.db")
	whole, err := os.ReadFile(file) //nolint:gosec // the test's own file
	require.NoError(t, err)
	found := 0
	try := func(what string, raw []byte) {
		require.NoError(t, os.WriteFile(file, raw, 0o600)) //nolint:gosec // the test's own file
		require.NoError(t, os.RemoveAll(file+"-journal"))
		f, err := folder.Open(t.Context(), path)
		var rows []string
		if err == nil {
			rows, err = load(f.Party("slack"))
			require.NoError(t, f.Close())
		}
		if err == nil {
			require.Equal(t, want, rows, what)
			return
		}
		found++
		require.Contains(t, err.Error(), path, what)
		require.Regexp(t, "move the folder away|name an empty or a new folder", err.Error(), what)
	}
	for at := 0; at < len(whole); at += 101 {
		raw := bytes.Clone(whole)
		raw[at] ^= 0x15
		try(fmt.Sprintf("byte %d", at), raw)
	}
	for at := range 100 { // the file's header
		raw := bytes.Clone(whole)
		raw[at] ^= 0xff
		try(fmt.Sprintf("byte %d of the header", at), raw)
	}
	for length := 0; length < len(whole); length += 1024 {
		try(fmt.Sprintf("cut at %d", length), whole[:length])
	}
	require.Greater(t, found, 50, "much of it matters")
}

// TestAKilledProcessLeavesAllOrNothing copies the files in the middle of a
// change that is too large for SQLite to hold back, as a killed process would
// leave them.
func TestAKilledProcessLeavesAllOrNothing(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f := open(t, path)
	party := f.Party("slack")
	big := bytes.Repeat([]byte("x"), 1<<16)
	want := map[string][]byte{}
	for i := range 100 {
		key := strconv.Itoa(i)
		want[key] = []byte("before")
		require.NoError(t, party.Save(one(key, "before")))
	}
	require.NoError(t, f.Settle(t.Context()))
	left := filepath.Join(t.TempDir(), "left")
	require.NoError(t, party.Save(func(yield func(string, []byte) bool) {
		for i := range 100 {
			if !yield(strconv.Itoa(i), big) {
				return
			}
		}
		require.NoError(t, os.CopyFS(left, os.DirFS(path)))
	}))
	grown, err := os.Stat(filepath.Join(left, "practice.db"))
	require.NoError(t, err)
	require.Greater(t, grown.Size(), int64(1<<20), "the half-made change is in the file")

	again := open(t, left)
	require.True(t, again.Resumed())
	got := map[string][]byte{}
	require.NoError(t, again.Party("slack").Load(func(key string, value []byte) error {
		got[key] = bytes.Clone(value)
		return nil
	}))
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	require.Equal(t, want, got)
}

func TestWhatCannotBeKeptIsTold(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	require.NoError(t, f.Close())
	for range 2 { // who asks later gets an answer too
		require.ErrorContains(t, f.Party("slack").Save(one("a", "1")), "database is closed")
	}
	require.ErrorContains(t, <-f.Failed(), "database is closed")
	_, err := load(f.Party("slack"))
	require.ErrorContains(t, err, "database is closed")
}
