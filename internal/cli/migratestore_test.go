package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/internal/store/storetest"
)

// filledStore makes a SQLite file with some of everything.
func filledStore(t *testing.T) string {
	t.Helper()
	address := "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db")
	s, err := store.Open(t.Context(), address)
	require.NoError(t, err)
	storetest.Fill(t, s, 3)
	require.NoError(t, s.Close())
	return address
}

// settings makes a .env file.
func settings(t *testing.T, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600))
	return file
}

func TestMigrateStore(t *testing.T) {
	t.Parallel()
	from, to := filledStore(t), postgrestest.URL(t)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(to+"\n"), 0o600))
	// The other settings do not matter, also if they are wrong.
	env := settings(t, "DATABASE_URL_FILE="+secret, "PORT=nonsense")

	code, stdout, stderr := run(t.Context(), "migrate-store", "--from", from, "--env-file", env)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "Everything was moved; both sides hold the same:")
	require.Regexp(t, `(?m)^requests +3 +[0-9a-f]{32}$`, stdout)
	require.Regexp(t, `(?m)^events +6 +[0-9a-f]{32}$`, stdout)
	require.Regexp(t, `(?m)^copying requests \(3 of \d+\)$`, stderr, "no terminal: plain lines")
	require.NotContains(t, stdout+stderr, "\x1b")
	require.NotContains(t, stdout+stderr, "\r")

	code, again, _ := run(t.Context(), "migrate-store", "--from", from, "--to", to)
	require.Zero(t, code)
	require.Equal(t, strings.Replace(stdout, "was moved;", "was moved before;", 1), again)

	back := "sqlite:" + filepath.Join(t.TempDir(), "new", "back.db")
	code, _, stderr = run(t.Context(), "migrate-store", "--to", back, "--env-file", env)
	require.Zero(t, code, stderr)
	s, err := store.Open(t.Context(), back)
	require.NoError(t, err)
	_, err = s.Request(t.Context(), "r000002")
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestMigrateStoreSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const password = "s3cr3t-p4ss"
	const unreachable = "postgres://frontdesk:" + password + "@127.0.0.1:1/frontdesk?sslmode=disable"
	// FROM stands for a database, MISSING for a file that is not there.
	for name, test := range map[string]struct {
		args []string
		env  string
		code int
		says string
	}{
		"nothing":          {nil, "", 2, "say what to move with --from, or where to with --to"},
		"no such scheme":   {[]string{"--from", "FROM", "--to", "mysql://root:" + password + "@db/x"}, "", 2, "--to: begins neither with sqlite: nor with postgres://; use "},
		"no path":          {[]string{"--from", "sqlite:", "--to", "FROM"}, "", 2, "--from: has no path behind sqlite:; use "},
		"wrong setting":    {[]string{"--from", "FROM"}, "DATABASE_URL=mysql://root:" + password + "@db/x", 2, "DATABASE_URL: begins neither "},
		"unreadable file":  {[]string{"--from", "FROM"}, "DATABASE_URL_FILE=/nowhere/" + password, 2, "DATABASE_URL_FILE: the file that it names does not exist; "},
		"malformed .env":   {[]string{"--from", "FROM"}, "what is this", 2, "line 1 is not understood; "},
		"one and the same": {[]string{"--from", "FROM"}, "DATABASE_URL=FROM", 2, "both addresses name the same database; "},
		"no file":          {[]string{"--from", "MISSING", "--to", unreachable}, "", 1, "the database to move from: there is no file /"},
		"out of reach":     {[]string{"--from", "FROM", "--to", unreachable}, "", 1, "could not move everything: the database to move to: open the PostgreSQL database: failed to connect to "},
		"an argument":      {[]string{"--from", "FROM", "extra"}, "", 2, `takes no argument "extra"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			missing := filepath.Join(t.TempDir(), "missing.db")
			fill := strings.NewReplacer("FROM", filledStore(t), "MISSING", "sqlite:"+missing)
			args := []string{"migrate-store", "--env-file", settings(t, fill.Replace(test.env))}
			for _, arg := range test.args {
				args = append(args, fill.Replace(arg))
			}
			code, stdout, stderr := run(t.Context(), args...)
			require.Equal(t, test.code, code)
			require.Empty(t, stdout)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			if strings.HasPrefix(lines[0], "moving from ") {
				lines = lines[1:]
			}
			require.Len(t, lines, 1, "one sentence")
			require.Contains(t, lines[0], test.says)
			require.NotContains(t, stderr, password)
			require.NoFileExists(t, missing, "a file that is not there is not made")
		})
	}
}
