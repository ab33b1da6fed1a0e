package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

func TestBackup(t *testing.T) {
	t.Parallel()
	from, target := filledStore(t), filepath.Join(t.TempDir(), "copy.db")
	running, err := store.Open(t.Context(), from) // as serve does
	require.NoError(t, err)
	code, stdout, stderr := run(t.Context(), "backup", target, "--env-file", settings(t, "DATABASE_URL="+from, "PORT=nonsense"))
	require.NoError(t, running.Close())
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Contains(t, stdout, " to "+target+": 3 requests, ")
	copied, err := store.Open(t.Context(), "sqlite:"+target)
	require.NoError(t, err)
	_, err = copied.Request(t.Context(), "r000002")
	require.NoError(t, err)
	require.NoError(t, copied.Close())
}

func TestBackupSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		env  string
		code int
		says string
	}{
		"no target":       {nil, "DATABASE_URL=FROM", 2, "frontdesk backup needs the one file to write to"},
		"two targets":     {[]string{"a.db", "b.db"}, "DATABASE_URL=FROM", 2, "frontdesk backup needs the one file to write to"},
		"PostgreSQL":      {[]string{"TARGET"}, "DATABASE_URL=postgres://root:s3cr3t@db/frontdesk", 2, "use pg_dump, as docs/operations.md says"},
		"a wrong address": {[]string{"TARGET"}, "DATABASE_URL=mysql://root:s3cr3t@db/x", 2, "DATABASE_URL: begins neither"},
		"no database":     {[]string{"TARGET"}, "DATABASE_URL=sqlite:/nowhere/frontdesk.db", 1, "no copy was made: find the database: stat /nowhere/frontdesk.db: no such file"},
		"a target there":  {[]string{"THERE"}, "DATABASE_URL=FROM", 1, "exists already, and nothing is overwritten: name another file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, there := filepath.Join(t.TempDir(), "copy.db"), filepath.Join(t.TempDir(), "there.db")
			require.NoError(t, os.WriteFile(there, []byte("precious"), 0o600))
			fill := strings.NewReplacer("FROM", filledStore(t), "TARGET", target, "THERE", there)
			args := []string{"backup", "--env-file", settings(t, fill.Replace(test.env))}
			for _, arg := range test.args {
				args = append(args, fill.Replace(arg))
			}
			code, stdout, stderr := run(t.Context(), args...)
			require.Equal(t, test.code, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, test.says)
			require.Len(t, strings.Split(strings.TrimSpace(stderr), "\n"), 1, "one sentence")
			require.NotContains(t, stderr, "s3cr3t")
			require.NoFileExists(t, target)
		})
	}
}

// TestNothingTouchesANewerDatabase gives a database that a later version was on
// to each command that would work on it.
func TestNothingTouchesANewerDatabase(t *testing.T) {
	t.Parallel()
	newer := func(t *testing.T, address string) string {
		t.Helper()
		s, err := store.Open(t.Context(), address)
		require.NoError(t, err)
		const statement = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`
		if s.Kind() == store.SQLite {
			_, err = s.SQLite().ExecContext(t.Context(), statement)
		} else {
			_, err = s.Pool().Exec(t.Context(), statement)
		}
		require.NoError(t, err)
		require.NoError(t, s.Close())
		return address
	}
	for kind, empty := range map[store.Kind]func(t *testing.T) string{
		store.SQLite:   func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db") },
		store.Postgres: func(t *testing.T) string { t.Helper(); return postgrestest.URL(t) },
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			address := newer(t, empty(t))
			env := practiceEnv(t, "DATABASE_URL="+address, "PORT=0")
			target := filepath.Join(t.TempDir(), "copy.db")
			commands := map[string][]string{
				"serve":              {"serve", "--env-file", env},
				"check":              {"check", "--env-file", env},
				"migrate-store from": {"migrate-store", "--env-file", env, "--to", "sqlite:" + target},
				"migrate-store to":   {"migrate-store", "--env-file", env, "--from", filledStore(t)},
			}
			if kind == store.SQLite {
				commands["backup"] = []string{"backup", "--env-file", env, target}
			}
			for name, args := range commands {
				code, stdout, stderr := run(t.Context(), args...)
				require.Equal(t, 1, code, name)
				require.NoFileExists(t, target, name)
				require.Contains(t, stdout+stderr, "a newer frontdesk has made the tables of this database (version 9999; this one knows them up to ", name)
			}
		})
	}
}
