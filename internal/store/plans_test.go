package store_test

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/internal/store/storetest"
)

// smallIndexes hold only what is not decided or not done yet. To read one of
// them whole costs no more with a long history than with a short one.
var smallIndexes = []string{
	"requests_pending", "requests_least_seen", "requests_deciding", "requests_undelivered", "requests_held", "notices_unsent",
}

// largeIndexes grow with history, so they have to be looked into by this column.
var largeIndexes = map[string]string{
	"requests_pkey": "id", "sqlite_autoindex_requests_1": "id",
	"requests_source_external_id_key": "external_id", "sqlite_autoindex_requests_2": "external_id",
	"requests_decided": "changed_at",
	"events_pkey":      "request_id", "sqlite_autoindex_events_2": "request_id",
	"events_key_key": "key", "sqlite_autoindex_events_1": "key",
	"notices_pkey": "id", "sqlite_autoindex_notices_1": "id",
	"notices_request": "request_id",
}

// statements are those that a store ran on tables that grow with history.
type statements struct {
	mu   sync.Mutex
	args map[string][]any
}

// TraceQueryStart implements pgx.QueryTracer.
func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, query pgx.TraceQueryStartData) context.Context {
	s.note(query.SQL, query.Args)
	return ctx
}

// TraceBatchStart implements pgx.BatchTracer.
func (*statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (s *statements) TraceBatchQuery(_ context.Context, _ *pgx.Conn, query pgx.TraceBatchQueryData) {
	s.note(query.SQL, query.Args)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (*statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func (s *statements) note(statement string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !growing.MatchString(statement) {
		return
	}
	if s.args == nil {
		s.args = map[string][]any{}
	}
	s.args[statement] = slices.DeleteFunc(slices.Clone(args), func(arg any) bool {
		_, isOption := arg.(pgx.QueryResultFormatsByOID)
		return isOption
	})
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

var growing = regexp.MustCompile(`(?s)^(SELECT|INSERT|UPDATE|DELETE).*\b(requests|events|notices)\b`)

// mustNotGrowWithHistory lets both databases explain every statement: none may
// read what is long decided.
func (s *statements) mustNotGrowWithHistory(t *testing.T) {
	t.Helper()
	require.Greater(t, len(s.args), 20, "the statements were not seen")
	for _, way := range []string{"SELECT id, source, external_id, requester, message, link, requested_at, received_at,", "INSERT INTO events", "UPDATE requests SET (id,"} {
		require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(s.args)), func(ran string) bool { return strings.HasPrefix(ran, way) }), way)
	}
	// Only on SQLite, at start.
	s.args[`UPDATE requests SET effect_claimed_until = 0 WHERE state IN ('approving', 'rejecting') AND effect_claimed_until > 0`] = nil
	s.args[`UPDATE requests SET delivery_claimed_until = 0 WHERE delivery_done < delivery_wanted AND NOT delivery_held AND delivery_claimed_until > 0`] = nil
	t.Run("plans on postgres", func(t *testing.T) {
		t.Parallel()
		address := postgrestest.URL(t)
		open(t, address)
		conn, err := pgx.Connect(t.Context(), address)
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
		for _, statement := range append(storetest.History("conveyor", 20_000, 1_700_000_000_000), "ANALYZE") {
			_, err := conn.Exec(t.Context(), statement)
			require.NoError(t, err)
		}
		for statement, args := range s.args {
			requireIndexes(t, statement, explainPostgres(t, conn, statement, args))
		}
	})
	t.Run("plans on sqlite", func(t *testing.T) {
		t.Parallel()
		db := open(t, sqliteURL(t))
		for statement, args := range s.args {
			requireIndexes(t, statement, explainSQLite(t, db, strings.TrimSuffix(statement, " FOR UPDATE"), args))
		}
	})
}

// access is how a plan comes to the rows of a table.
type access struct{ table, index, condition string }

func requireIndexes(t *testing.T, statement string, plan []access) {
	t.Helper()
	for _, a := range plan {
		column, large := largeIndexes[a.index]
		switch {
		case a.index == "":
			t.Errorf("the whole table %s is read by: %s", a.table, statement)
		case large && !regexp.MustCompile(`\b`+column+`\b`).MatchString(a.condition):
			t.Errorf("the whole index %s is read (%q) by: %s", a.index, a.condition, statement)
		case !large && !slices.Contains(smallIndexes, a.index):
			t.Errorf("%s is an index that this test does not know; does it grow with history?", a.index)
		}
	}
}

// explainPostgres gives the plan for these arguments and the one for any, which
// the server may choose after some times.
func explainPostgres(t *testing.T, conn *pgx.Conn, statement string, args []any) []access {
	t.Helper()
	var plans []access
	explain := func(query string, args ...any) {
		var text []byte
		require.NoError(t, conn.QueryRow(t.Context(), query, args...).Scan(&text), statement)
		var all []struct{ Plan node }
		require.NoError(t, json.Unmarshal(text, &all))
		plans = append(plans, all[0].Plan.accesses()...)
	}
	explain(`EXPLAIN (FORMAT JSON) `+statement, args...)
	_, err := conn.Exec(t.Context(), `SET plan_cache_mode = force_generic_plan; PREPARE any_arguments AS `+statement)
	require.NoError(t, err, statement)
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(args)), ", ")
	if nulls != "" {
		nulls = "(" + nulls + ")"
	}
	explain(`EXPLAIN (FORMAT JSON) EXECUTE any_arguments` + nulls)
	_, err = conn.Exec(t.Context(), `DEALLOCATE any_arguments; RESET plan_cache_mode`)
	require.NoError(t, err)
	return plans
}

// node is a part of one of PostgreSQL's plans.
type node struct {
	Type      string `json:"Node Type"`     //nolint:tagliatelle // PostgreSQL's name
	Table     string `json:"Relation Name"` //nolint:tagliatelle // PostgreSQL's name
	Index     string `json:"Index Name"`    //nolint:tagliatelle // PostgreSQL's name
	Condition string `json:"Index Cond"`    //nolint:tagliatelle // PostgreSQL's name
	Parts     []node `json:"Plans"`         //nolint:tagliatelle // PostgreSQL's name
}

func (n node) accesses() []access {
	var all []access
	switch {
	case n.Index != "":
		all = append(all, access{n.Table, n.Index, n.Condition})
	case n.Type == "Seq Scan" && slices.Contains([]string{"requests", "events", "notices"}, n.Table):
		all = append(all, access{table: n.Table})
	}
	for _, part := range n.Parts {
		all = append(all, part.accesses()...)
	}
	return all
}

var step = regexp.MustCompile(`^(?:SCAN|SEARCH) (requests|events|notices)(?: USING (?:COVERING )?INDEX (\w+)(?: \((.*)\))?)?$`)

func explainSQLite(t *testing.T, s *store.Store, statement string, args []any) []access {
	t.Helper()
	rows, err := s.SQLite().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+statement, args...)
	require.NoError(t, err, statement)
	defer func() { require.NoError(t, rows.Close()) }()
	var plan []access
	for rows.Next() {
		var id, parent, unused int
		var text string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &text))
		if parts := step.FindStringSubmatch(text); parts != nil {
			plan = append(plan, access{parts[1], parts[2], parts[3]})
		} else {
			require.NotRegexp(t, `^(SCAN|SEARCH) (requests|events|notices)`, text, "this test does not understand SQLite any more")
		}
	}
	require.NoError(t, rows.Err())
	return plan
}
