package faultpoint_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/faultpoint"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// methods gives the methods of a type of internal/store, by name, with what
// each uses: its fields, what it calls of those, and its methods.
func methods(t *testing.T, of string) map[string]map[string]bool {
	t.Helper()
	folder := os.DirFS("../store")
	files, err := fs.Glob(folder, "*.go")
	require.NoError(t, err)
	found := map[string]map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(folder, file)
		require.NoError(t, err)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		require.NoError(t, err)
		for _, declared := range parsed.Decls {
			method, ok := declared.(*ast.FuncDecl)
			if !ok || receiver(method) != of {
				continue
			}
			selects := map[string]bool{}
			own := method.Recv.List[0].Names[0].Name
			ast.Inspect(method.Body, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				switch x := s.X.(type) {
				case *ast.Ident: // s.write
					if x.Name == own {
						selects[s.Sel.Name] = true
					}
				case *ast.SelectorExpr: // t.q.ExecContext
					if of, ok := x.X.(*ast.Ident); ok && of.Name == own {
						selects[x.Sel.Name+"."+s.Sel.Name] = true
					}
				}
				return true
			})
			found[method.Name.Name] = selects
		}
	}
	require.NotEmpty(t, found)
	return found
}

func receiver(method *ast.FuncDecl) string {
	if method.Recv == nil {
		return ""
	}
	if pointer, ok := method.Recv.List[0].Type.(*ast.StarExpr); ok {
		if name, ok := pointer.X.(*ast.Ident); ok {
			return name.Name
		}
	}
	return ""
}

// reaching gives the exported methods that select one of some names, directly or
// by way of another method.
func reaching(all map[string]map[string]bool, names ...string) []string {
	reaches := map[string]bool{}
	for again := true; again; {
		again = false
		for method, selects := range all {
			for selected := range selects {
				if !reaches[method] && (slices.Contains(names, selected) || reaches[selected] && selected != method) {
					reaches[method], again = true, true
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(reaches)), func(name string) bool { return !ast.IsExported(name) })
}

// TestEveryCommitOfTheStoreIsAPoint compares the registry with the code of the
// store: whatever uses what writes is a commit.
func TestEveryCommitOfTheStoreIsAPoint(t *testing.T) {
	t.Parallel()
	noCommits := map[string]string{
		"SQLite": "gives the connection to the job queue",
		"Pool":   "gives the connections to the job queue",
		"Close":  "closes the connection",
	}
	var commits []string
	for _, method := range reaching(methods(t, "Store"), "write", "writer", "pool", "lent") {
		if noCommits[method] == "" {
			commits = append(commits, method)
		}
	}
	require.ElementsMatch(t, faultpoint.Commits(), commits, "a method of the store commits and is no fault point, or the reverse")
	writes := append(reaching(methods(t, "Tx"), "q.ExecContext", "soon"), "Enqueue")
	require.ElementsMatch(t, faultpoint.Writes(), writes, "a method of a transaction writes and is not noted, or the reverse")
}

// TestEveryCommitReachesItsPoints calls each of them.
func TestEveryCommitReachesItsPoints(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "frontdesk.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	record := filepath.Join(t.TempDir(), "points")
	clock := func() time.Time { return time.UnixMilli(1_760_000_000_000) }
	points, err := faultpoint.Open(record, "", clock)
	require.NoError(t, err)
	under := points.Store(s)

	const source = "conveyor"
	calls := map[string]func(ctx context.Context) error{
		"InTx": func(context.Context) error { return nil }, // its points are those of what it writes
		"Turn": func(ctx context.Context) error {
			_, _, err := under.Turn(ctx, "post", time.Second, 1, time.Second)
			return err
		},
		"BeginPoll": func(ctx context.Context) error {
			_, err := under.BeginPoll(ctx, source, clock(), time.Second)
			return err
		},
		"KeepPolling":  func(ctx context.Context) error { return under.KeepPolling(ctx, source) },
		"TakeOverPoll": func(ctx context.Context) error { _, err := under.TakeOverPoll(ctx, source, clock()); return err },
		"EndPoll":      func(ctx context.Context) error { return under.EndPoll(ctx, source, "") },
		"FreeClaims":   under.FreeClaims,
		"Ping":         under.Ping,
	}
	require.ElementsMatch(t, faultpoint.Commits(), slices.Collect(maps.Keys(calls)))
	for name, call := range calls {
		require.NoError(t, call(t.Context()), name)
	}
	arrival := approval.Arrival{Source: source, ExternalID: "x1", Requester: "ann@example.com"}
	event := approval.Event{Seq: 1, At: clock(), Action: approval.Receive, Arrival: &arrival}
	r, err := approval.Apply(approval.Request{ID: "r1"}, event)
	require.NoError(t, err)
	writes := []struct {
		name string
		do   func(ctx context.Context, tx approval.Tx) error
	}{
		{"Receive", func(ctx context.Context, tx approval.Tx) error { _, err := tx.Receive(ctx, r, event); return err }},
		{"WantPending", func(ctx context.Context, tx approval.Tx) error { _, err := tx.WantPending(ctx, source); return err }},
		{"SaveBookkeeping", func(ctx context.Context, tx approval.Tx) error { return tx.SaveBookkeeping(ctx, r) }},
		{"AddNotice", func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.AddNotice(ctx, approval.Notice{ID: "n1", RequestID: r.ID})
			return err
		}},
		{"NoticeSent", func(ctx context.Context, tx approval.Tx) error { return tx.NoticeSent(ctx, "n1", clock()) }},
		{"Save", func(ctx context.Context, tx approval.Tx) error {
			closed := approval.Event{Seq: 2, At: clock(), Action: approval.Close, Closing: &approval.Closing{Standing: approval.StandingGone}}
			after, err := approval.Apply(r, closed)
			require.NoError(t, err)
			after.Delivery.Done = after.Delivery.Wanted
			return tx.Save(ctx, after, closed)
		}},
		{"Forget", func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.Forget(ctx, clock().AddDate(1, 0, 0), 10)
			return err
		}},
		{"SaveGroups", func(ctx context.Context, tx approval.Tx) error { return tx.SaveGroups(ctx, source, nil) }},
		{"SaveSource", func(ctx context.Context, tx approval.Tx) error {
			return tx.SaveSource(ctx, source, approval.SourceRecord{})
		}},
		{"SaveOverview", func(ctx context.Context, tx approval.Tx) error {
			return tx.SaveOverview(ctx, approval.Overview{Source: source})
		}},
		{"Enqueue", func(_ context.Context, tx approval.Tx) error {
			require.NotNil(t, tx.(interface{ Raw() any }).Raw())
			return nil
		}},
	}
	var named []string
	for _, w := range writes {
		named = append(named, w.name)
		require.NoError(t, under.InTx(t.Context(), w.do), w.name)
	}
	require.ElementsMatch(t, faultpoint.Writes(), named)

	text, err := os.ReadFile(record) //nolint:gosec // the test's own
	require.NoError(t, err)
	for _, name := range append(slices.Collect(maps.Keys(calls)), named...) {
		if name == "InTx" {
			continue
		}
		for _, when := range []string{"before", "after"} {
			require.Contains(t, string(text), " elsewhere commit of "+name+" "+when+"#")
		}
	}
}

// TestReadingIsNoPoint keeps the points to what changes something.
func TestReadingIsNoPoint(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "frontdesk.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	record := filepath.Join(t.TempDir(), "points")
	points, err := faultpoint.Open(record, "", func() time.Time { return time.UnixMilli(1) })
	require.NoError(t, err)
	require.NoError(t, points.Store(s).InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Overview(ctx, "conveyor")
		return err
	}))
	text, err := os.ReadFile(record) //nolint:gosec // the test's own
	require.NoError(t, err)
	require.Empty(t, string(text))
}
