package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/internal/store/storetest"
)

// manyRequests are several batches of each of the large tables.
const manyRequests = 600

// dump gives all rows of all tables, as text and in an order of their own.
func dump(t *testing.T, databaseURL string) map[string][]string {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	db, list := s.SQLite(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	if db == nil {
		db, list = stdlib.OpenDBFromPool(s.Pool()), `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
		defer func() { require.NoError(t, db.Close()) }()
	}
	tables := map[string][]string{}
	for _, row := range query(t, db, list) {
		// Of beats nothing is kept: they only show that the database can be written.
		if name := row["name"]; name != "goose_db_version" && name != "beats" && !strings.HasPrefix(name, "river_") {
			tables[name] = []string{}
		}
	}
	for name := range tables {
		for _, row := range query(t, db, `SELECT * FROM `+name) {
			tables[name] = append(tables[name], fmt.Sprint(row)) // a map prints in the order of its keys
		}
		slices.Sort(tables[name])
	}
	return tables
}

func query(t *testing.T, db *sql.DB, statement string) []map[string]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), statement)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var all []map[string]string
	for rows.Next() {
		values, fields := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			fields[i] = &values[i]
		}
		require.NoError(t, rows.Scan(fields...))
		row := map[string]string{}
		for i, column := range columns {
			row[column] = fmt.Sprint(values[i])
			if truth, ok := values[i].(bool); ok { // SQLite has numbers for it
				row[column] = map[bool]string{false: "0", true: "1"}[truth]
			}
		}
		all = append(all, row)
	}
	require.NoError(t, rows.Err())
	return all
}

// filled makes a database with something of everything.
func filled(t *testing.T, databaseURL string) string {
	t.Helper()
	address := sqliteURL(t)
	require.NoError(t, os.WriteFile(strings.TrimPrefix(address, "sqlite:"), filledFile(t), 0o600))
	if strings.HasPrefix(databaseURL, "sqlite:") {
		return address
	}
	_, err := store.Move(t.Context(), address, databaseURL, quiet)
	require.NoError(t, err)
	return databaseURL
}

// filledOnce is the content of a SQLite file, which takes its time to fill.
var filledOnce struct {
	sync.Mutex
	content []byte
}

func filledFile(t *testing.T) []byte {
	t.Helper()
	filledOnce.Lock()
	defer filledOnce.Unlock()
	if filledOnce.content == nil {
		address := sqliteURL(t)
		s, err := store.Open(t.Context(), address)
		require.NoError(t, err)
		storetest.Fill(t, s, manyRequests)
		require.NoError(t, s.Close())
		filledOnce.content, err = os.ReadFile(strings.TrimPrefix(address, "sqlite:"))
		require.NoError(t, err)
	}
	return filledOnce.content
}

func quiet(string, int64, int64) {}

func requireSame(t *testing.T, want, got map[string][]string) {
	t.Helper()
	for name, rows := range want {
		require.Len(t, got[name], len(rows), name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		require.Fail(t, "not the same", diff[:min(len(diff), 3000)])
	}
}

func TestMoveTakesEverything(t *testing.T) {
	t.Parallel()
	first, second, third := filled(t, sqliteURL(t)), postgrestest.URL(t), sqliteURL(t)
	want := dump(t, first)
	for name, rows := range want {
		if name != "turns" { // of a SQLite file they are kept in memory
			require.NotEmpty(t, rows, "there is nothing to move in %s", name)
		}
	}
	last := [2]int64{}
	progress := func(_ string, done, total int64) {
		require.Less(t, last[0], done+1)
		last = [2]int64{done, total}
	}
	moved, err := store.Move(t.Context(), first, second, progress)
	require.NoError(t, err)
	require.Equal(t, last[0], last[1], "it ends when all is done")
	require.False(t, moved.Before)
	require.Len(t, moved.Tables, len(want), "each table is moved, also one that came later")
	for _, table := range moved.Tables {
		require.Len(t, want[table.Table], int(table.Rows), table.Table)
	}
	requireSame(t, freed(want), dump(t, second))
	requireSame(t, want, dump(t, first))

	again, err := store.Move(t.Context(), first, second, quiet)
	require.NoError(t, err)
	require.True(t, again.Before)
	require.Equal(t, moved.Tables, again.Tables)

	// And back, with what happened meanwhile.
	s, err := store.Open(t.Context(), second)
	require.NoError(t, err)
	addRequest(t, s, "later")
	_, _, err = s.Turn(t.Context(), "post", 1e9, 1, 60e9)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = store.Move(t.Context(), first, second, quiet)
	require.ErrorContains(t, err, "the database to move to is not empty (requests: 601, events: 1201, ")
	want = dump(t, second)
	require.Len(t, want["turns"], 1)
	_, err = store.Move(t.Context(), second, third, quiet)
	require.NoError(t, err)
	requireSame(t, freed(want), dump(t, third))
}

// freed gives what a database holds when nobody works on it: without the claims
// of those who did.
func freed(tables map[string][]string) map[string][]string {
	claims := regexp.MustCompile(`(claimed_until|polling_until):\d+`)
	without := map[string][]string{}
	for name, rows := range tables {
		without[name] = []string{}
		for _, row := range rows {
			without[name] = append(without[name], claims.ReplaceAllString(row, "$1:0"))
		}
		slices.Sort(without[name])
	}
	return without
}

// TestFillLeavesNothingOut makes the tests above mean something: a column that
// is added and not filled is found here.
func TestFillLeavesNothingOut(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	storetest.Fill(t, s, 4)
	db := stdlib.OpenDBFromPool(s.Pool())
	defer func() { require.NoError(t, db.Close()) }()
	for _, table := range query(t, db, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('goose_db_version', 'beats')`) {
		set := map[string]bool{}
		for _, row := range query(t, db, `SELECT * FROM `+table["name"]) {
			for column, value := range row {
				set[column] = set[column] || !slices.Contains([]string{"", "0", "<nil>"}, value)
			}
		}
		require.NotEmpty(t, set, table["name"])
		for column, ok := range set {
			require.True(t, ok, "no row has anything in %s of %s", column, table["name"])
		}
	}
}

// TestMoveCanBeAbortedAnywhere stops a move at each step that it tells of, and
// repeats it.
func TestMoveCanBeAbortedAnywhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to string
		every    int
	}{
		"to postgres": {filled(t, sqliteURL(t)), postgrestest.URL(t), 1},
		// Here every abort breaks a connection to the server, which takes its time.
		"to sqlite": {filled(t, postgrestest.URL(t)), sqliteURL(t), 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := test.from, test.to
			want := dump(t, from)
			for stopAt := 1; ; stopAt += test.every {
				ctx, cancel := context.WithCancel(t.Context())
				told := 0
				moved, err := store.Move(ctx, from, to, func(string, int64, int64) {
					if told++; told == stopAt {
						cancel()
					}
				})
				cancel()
				if told < stopAt {
					require.NoError(t, err)
					require.False(t, moved.Before, "an aborted move has left something")
					require.Greater(t, stopAt, 12, "there are several batches")
					break
				}
				require.ErrorIs(t, err, context.Canceled)
			}
			requireSame(t, freed(want), dump(t, to))
			requireSame(t, want, dump(t, from))
		})
	}
}

// mover makes this test binary a move of its own, to be killed.
var mover = flag.String("mover", "", "the two databases of the move to be, with a blank between")

// TestBeAMover is no test: it is what the killed process runs.
func TestBeAMover(t *testing.T) { //nolint:paralleltest // it is alone in its process
	if *mover == "" {
		t.Skip("only run by TestMoveGoesOnAfterAKill")
	}
	from, to, _ := strings.Cut(*mover, " ")
	_, _ = store.Move(t.Context(), from, to, func(step string, _, _ int64) {
		if step == "copying events" {
			_, _ = os.Stdout.WriteString("in the middle\n")
			<-t.Context().Done() // never: it is killed
		}
	})
}

func TestMoveGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	for name, addresses := range map[string][2]string{
		"to postgres": {filled(t, sqliteURL(t)), postgrestest.URL(t)},
		"to sqlite":   {filled(t, postgrestest.URL(t)), sqliteURL(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := addresses[0], addresses[1]
			want := dump(t, from)
			process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBeAMover$", "-mover="+from+" "+to) //nolint:gosec // this test itself
			out, err := process.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, process.Start())
			lines := bufio.NewScanner(out)
			require.True(t, lines.Scan())
			require.Equal(t, "in the middle", lines.Text())
			require.NoError(t, process.Process.Kill())
			require.Error(t, process.Wait(), "it was killed")

			moved, err := store.Move(t.Context(), from, to, quiet)
			require.NoError(t, err)
			require.False(t, moved.Before)
			requireSame(t, freed(want), dump(t, to))
			requireSame(t, want, dump(t, from))
		})
	}
}

// TestMoveFindsADifference lets the target change what is written to it.
func TestMoveFindsADifference(t *testing.T) {
	t.Parallel()
	for table, change := range map[string]string{
		"requests": "NEW.requester = 'somebody else'", "events": "NEW.at = NEW.at + 1", "notices": "RETURN NULL",
	} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			from, to := filled(t, sqliteURL(t)), postgrestest.URL(t)
			s, err := store.Open(t.Context(), to)
			require.NoError(t, err)
			_, err = s.Pool().Exec(t.Context(), `CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS
				'BEGIN `+strings.ReplaceAll(change, "'", "''")+`; RETURN NEW; END'`)
			require.NoError(t, err)
			_, err = s.Pool().Exec(t.Context(), `CREATE TRIGGER change BEFORE INSERT ON `+table+` FOR EACH ROW EXECUTE FUNCTION change()`)
			require.NoError(t, err)
			require.NoError(t, s.Close())
			before := dump(t, from)

			_, err = store.Move(t.Context(), from, to, quiet)
			require.ErrorContains(t, err, "the table "+table+" is not the same on both sides")
			requireSame(t, before, dump(t, from))
			for name, rows := range dump(t, to) {
				require.Empty(t, rows, name)
			}
		})
	}
}

func TestNobodyWorksDuringAMove(t *testing.T) {
	t.Parallel()
	from, to := filled(t, sqliteURL(t)), postgrestest.URL(t)
	tried := false
	_, err := store.Move(t.Context(), from, to, func(string, int64, int64) {
		if tried {
			return
		}
		tried = true
		_, err := store.Open(t.Context(), from)
		require.ErrorContains(t, err, "in use by another frontdesk")
		_, err = store.Open(t.Context(), to)
		require.ErrorContains(t, err, "a move into or out of this database is under way")
	})
	require.NoError(t, err)
	require.True(t, tried)
	open(t, from)
	open(t, to)
}

func TestMoveRefuses(t *testing.T) {
	t.Parallel()
	sound := filled(t, sqliteURL(t))
	fresh := func(t *testing.T) string { t.Helper(); return postgrestest.URL(t) }
	held := func(t *testing.T, address string) string { t.Helper(); open(t, address); return address }
	file := func(t *testing.T, content string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "file.db")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return "sqlite:" + path
	}
	changed := func(t *testing.T, address, statement string) string {
		t.Helper()
		s, err := store.Open(t.Context(), address)
		require.NoError(t, err)
		_, err = s.Pool().Exec(t.Context(), statement)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		return address
	}
	for name, test := range map[string]struct {
		sides func(t *testing.T) (from, to string)
		says  string
	}{
		"the same": {
			func(*testing.T) (string, string) { return sound, sound },
			"the two databases are the same one",
		},
		"no file to move from": {
			func(t *testing.T) (string, string) { t.Helper(); return sqliteURL(t), fresh(t) },
			"the database to move from: there is no file /",
		},
		"an empty file to move from": {
			func(t *testing.T) (string, string) { t.Helper(); return file(t, ""), fresh(t) },
			"the database to move from holds nothing of a frontdesk; is it the right one?",
		},
		"no database to move from": {
			func(t *testing.T) (string, string) {
				t.Helper()
				return file(t, strings.Repeat("a letter ", 99)), fresh(t)
			},
			"the database to move from: open the SQLite database /",
		},
		"an empty PostgreSQL to move from": {
			func(t *testing.T) (string, string) { t.Helper(); return fresh(t), sqliteURL(t) },
			"the database to move from holds nothing of a frontdesk; is it the right one?",
		},
		"a source in use": {
			func(t *testing.T) (string, string) { t.Helper(); return held(t, sqliteURL(t)), fresh(t) },
			"the database to move from is in use by a running frontdesk or by another move; stop that one, then repeat this",
		},
		"a PostgreSQL to move from in use": {
			func(t *testing.T) (string, string) { t.Helper(); return held(t, fresh(t)), sqliteURL(t) },
			"the database to move from is in use by a running frontdesk or by another move; stop that one, then repeat this",
		},
		"a target in use": {
			func(t *testing.T) (string, string) { t.Helper(); return filled(t, sqliteURL(t)), held(t, fresh(t)) },
			"the database to move to is in use by a running frontdesk or by another move; stop that one, then repeat this",
		},
		"a SQLite target in use": {
			func(t *testing.T) (string, string) { t.Helper(); return filled(t, sqliteURL(t)), held(t, sqliteURL(t)) },
			"the database to move to is in use by a running frontdesk or by another move; stop that one, then repeat this",
		},
		"a target that is not empty": {
			func(t *testing.T) (string, string) {
				t.Helper()
				return filled(t, sqliteURL(t)), changed(t, fresh(t), `INSERT INTO sources (source, groups_wanted, groups_known) VALUES ('conveyor', FALSE, FALSE)`)
			},
			"the database to move to is not empty (sources: 1) and differs from what is to be moved; nothing is ever overwritten or merged, so use an empty database",
		},
		"a target with as many rows": {
			func(t *testing.T) (string, string) {
				t.Helper()
				return filled(t, sqliteURL(t)), changed(t, filled(t, fresh(t)), `DELETE FROM turns; UPDATE requests SET message = '' WHERE id = 'r000007'`)
			},
			"the database to move to is not empty (requests: 600, ",
		},
		"a target of a later version": {
			func(t *testing.T) (string, string) {
				t.Helper()
				return filled(t, sqliteURL(t)), changed(t, fresh(t), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
			},
			"the database to move to: a newer frontdesk has made the tables of this database (version 9999; ",
		},
		"a target out of reach": {
			func(t *testing.T) (string, string) {
				t.Helper()
				return filled(t, sqliteURL(t)), "postgres://root:s3cr3t@127.0.0.1:1/x?sslmode=disable"
			},
			"the database to move to: open the PostgreSQL database: failed to connect to",
		},
		"a wrong address": {
			func(t *testing.T) (string, string) {
				t.Helper()
				return filled(t, sqliteURL(t)), "mysql://root:s3cr3t@127.0.0.1/x"
			},
			"the database to move to: open the database: DATABASE_URL is neither sqlite:PATH nor a postgres:// address",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := test.sides(t)
			_, err := store.Move(t.Context(), from, to, quiet)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}
