package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// schemas has, for each version of the tables, what a Frontdesk of that time
// left in them, and the sums of the migrations.
const schemas = "testdata/schemas"

// TestReleasedMigrationsNeverChange compares them with their sums: a database
// that has one behind it would never see the change.
func TestReleasedMigrationsNeverChange(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile(schemas + "/SHA256SUMS")
	require.NoError(t, err)
	files, err := fs.Glob(os.DirFS("migrations"), "*.sql")
	require.NoError(t, err)
	var sums strings.Builder
	for _, file := range files {
		text, err := fs.ReadFile(os.DirFS("migrations"), file)
		require.NoError(t, err)
		sum := sha256.Sum256(text)
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), file)
	}
	require.Equal(t, string(kept), sums.String(), "a migration was changed, or a new one has no line in SHA256SUMS yet "+
		"(cd internal/store/migrations && sha256sum *.sql > ../testdata/schemas/SHA256SUMS)")
}

// versions gives those of the tables, the oldest first.
func versions(t *testing.T) []int64 {
	t.Helper()
	files, err := fs.Glob(os.DirFS("migrations"), "*.sql")
	require.NoError(t, err)
	var all []int64
	for _, file := range files {
		number, _, _ := strings.Cut(file, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		require.NoError(t, err)
		all = append(all, n)
	}
	require.NotEmpty(t, all)
	return all
}

// TestEveryOldDatabaseIsUpgraded fills a database of each version that ever was
// with what it could hold, upgrades it, and reads everything back.
func TestEveryOldDatabaseIsUpgraded(t *testing.T) {
	t.Parallel()
	for kind, address := range map[store.Kind]func(t *testing.T) string{
		store.SQLite:   sqliteURL,
		store.Postgres: func(t *testing.T) string { t.Helper(); return postgrestest.URL(t) },
	} {
		for _, version := range versions(t) {
			t.Run(fmt.Sprintf("%s from %d", kind, version), func(t *testing.T) {
				t.Parallel()
				upgraded(t, address(t), version)
			})
		}
	}
}

func upgraded(t *testing.T, address string, version int64) {
	t.Helper()
	left, err := os.ReadFile(fmt.Sprintf("%s/%05d.sql", schemas, version))
	require.NoError(t, err, "a new version of the tables needs what a Frontdesk leaves in them")
	old, err := store.OpenAtVersion(t.Context(), address, version)
	require.NoError(t, err)
	for statement := range strings.SplitSeq(string(left), ";\n") {
		if strings.TrimSpace(statement) != "" {
			_, err := old.DB().ExecContext(t.Context(), statement)
			require.NoError(t, err, statement)
		}
	}
	before := contents(t, old)
	requireFilled(t, before)
	require.NoError(t, old.Close())

	s := open(t, address)
	requireKept(t, before, contents(t, s))
	requireUnderstood(t, s, version)
}

// contents gives all rows of all tables by table and primary key.
func contents(t *testing.T, s *store.Store) map[string]map[string]map[string]string {
	t.Helper()
	list := `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
	if s.Kind() == store.SQLite {
		list = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	}
	keys := map[string][]string{
		"requests": {"id"}, "events": {"request_id", "seq"}, "access_groups": {"source", "position"}, "sources": {"source"},
		"notices": {"id"}, "turns": {"name"}, "overviews": {"source"}, "beats": {"id"},
	}
	all := map[string]map[string]map[string]string{}
	for _, table := range query(t, s.DB(), list) {
		if table["name"] == "goose_db_version" {
			continue
		}
		key := keys[table["name"]]
		require.NotEmpty(t, key, "the table %s is new here", table["name"])
		rows := map[string]map[string]string{}
		for _, row := range query(t, s.DB(), `SELECT * FROM `+table["name"]) {
			var id []string
			for _, column := range key {
				id = append(id, row[column])
			}
			rows[strings.Join(id, " ")] = row
		}
		all[table["name"]] = rows
	}
	return all
}

// requireFilled makes sure that what was left says something in each column.
func requireFilled(t *testing.T, all map[string]map[string]map[string]string) {
	t.Helper()
	for table, rows := range all {
		set := map[string]bool{}
		for _, row := range rows {
			for column, value := range row {
				set[column] = set[column] || !slices.Contains([]string{"", "0", "<nil>"}, value)
			}
		}
		require.NotEmpty(t, set, "nothing was left in %s", table)
		for column, ok := range set {
			if table+"."+column != "overviews.delivery_held" { // an overview is never held
				empty := table == "overviews" && slices.Contains([]string{"post_begun_at", "post_missed_at", "delivery_failures", "delivery_next_at", "delivery_claimed_until"}, column)
				require.True(t, ok || empty, "no row has anything in %s of %s", column, table)
			}
		}
	}
}

// requireKept compares column by column what was there before.
func requireKept(t *testing.T, before, after map[string]map[string]map[string]string) {
	t.Helper()
	for table, rows := range before {
		require.ElementsMatch(t, slices.Collect(maps.Keys(rows)), slices.Collect(maps.Keys(after[table])), table)
		for id, row := range rows {
			for column, value := range row {
				require.Equal(t, value, after[table][id][column], "%s of %s in %s", column, id, table)
			}
		}
	}
}

// requireUnderstood reads what was left as the domain does.
func requireUnderstood(t *testing.T, s *store.Store, version int64) {
	t.Helper()
	states := map[string]approval.State{
		"r1": approval.Pending, "r2": approval.Pending, "r3": approval.Approving,
		"r4": approval.Approved, "r5": approval.Rejected, "r6": approval.Handled,
	}
	for id, state := range states {
		r, err := s.Request(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, state, r.State)
		require.Equal(t, "Please let us in. “Zażółć” 🦉 it's \\ 100%", r.Message)
		events, err := s.Events(t.Context(), id)
		require.NoError(t, err)
		replayed, err := approval.Replay(id, events)
		require.NoError(t, err)
		replayed.Effect, replayed.Delivery, replayed.Missing = r.Effect, r.Delivery, r.Missing
		require.Equal(t, replayed, r, "its events lead there")
	}
	posted, err := s.Request(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, approval.Delivery{
		Channel: "C0REQUESTS", TS: "1760000001.000100", Hash: "hash-1", Wanted: 1, Done: 1, SeenAt: time.UnixMilli(1_760_000_002_000).UTC(),
	}, posted.Delivery, "what came later says nothing of it")
	deciding, err := s.Request(t.Context(), "r3")
	require.NoError(t, err)
	require.Equal(t, 2, deciding.Effect.Attempts)
	require.True(t, deciding.Effect.MaybeDone)
	notice, err := s.Notice(t.Context(), "n1")
	require.NoError(t, err)
	require.Equal(t, "U0ADA", notice.By)
	groups, err := s.Groups(t.Context(), "conveyor")
	require.NoError(t, err)
	require.Len(t, groups, 2)
	var due []approval.Job
	require.NoError(t, s.Due(t.Context(), time.UnixMilli(1_760_000_000_000).Add(50*time.Minute), 100, func(jobs []approval.Job) error {
		due = append(due, jobs...)
		return nil
	}))
	require.ElementsMatch(t, []approval.Job{
		approval.CarryOutJob(deciding), approval.DeliveryJob(deciding),
		{Kind: approval.JobPost, Subject: "r2", Version: 1},
		{Kind: approval.JobTell, Subject: "n1"},
	}, due)
	if version >= 3 {
		held, err := s.Held(t.Context(), "conveyor", "", 10)
		require.NoError(t, err)
		require.Len(t, held, 1)
		overview, err := s.Overview(t.Context(), "conveyor")
		require.NoError(t, err)
		require.Equal(t, 1, overview.Held)
		require.Equal(t, "1760000007.000100", overview.Delivery.TS)
	}
}

// TestANewerDatabaseIsLeftAlone opens one that a later version was on.
func TestANewerDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for kind, address := range map[store.Kind]string{store.SQLite: sqliteURL(t), store.Postgres: postgrestest.URL(t)} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.Context(), address)
			require.NoError(t, err)
			_, err = s.DB().ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
			require.NoError(t, err)
			require.NoError(t, s.Close())
			newest := versions(t)[len(versions(t))-1]
			_, err = store.Open(t.Context(), address)
			var newer *store.NewerError
			require.ErrorAs(t, err, &newer)
			require.Equal(t, store.NewerError{Has: 9999, Knows: newest}, *newer)
			require.NotContains(t, err.Error(), "\n")
			require.ErrorContains(t, err, "use that one, or a copy of the database from before its upgrade")
		})
	}
}
