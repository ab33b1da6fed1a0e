package store_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/internal/store/storetest"
)

// trips counts how often something was sent to the server and waited for.
type trips struct {
	mu sync.Mutex
	n  int
}

func (t *trips) add() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
}

func (t *trips) reset() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, t.n = t.n, 0
	return n
}

// TraceQueryStart implements pgx.QueryTracer.
func (t *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	t.add()
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (t *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	t.add()
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (*trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (*trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TestPostgresSparesTrips counts those of a decision: the begin goes with the
// first statement, and the event and the row with what comes after them.
func TestPostgresSparesTrips(t *testing.T) {
	t.Parallel()
	var sent trips
	s, err := store.OpenTraced(t.Context(), postgrestest.URL(t), &sent)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	first, second := storetest.Receive(t, s, "r1", "x1"), storetest.Receive(t, s, "r2", "x2")
	sent.reset()

	after, event := storetest.Approve(t, first, "click")
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Request(ctx, "r1")
		require.NoError(t, err)
		require.NoError(t, tx.Save(ctx, after, event))
		rows, err := tx.(*store.Tx).Raw().(pgx.Tx).Query(ctx, `SELECT state FROM requests WHERE id = 'r1'`) // as River does
		require.NoError(t, err)
		states, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Equal(t, []string{"approving"}, states, "what is asked later sees what was written before")
		return nil
	}))
	require.Equal(t, 3, sent.reset())

	require.NoError(t, s.InTx(t.Context(), func(context.Context, approval.Tx) error { return nil }))
	require.Zero(t, sent.reset(), "nothing was asked")

	after, event = storetest.Approve(t, second, "another click")
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, after, event) }))
	require.Equal(t, 2, sent.reset())
	r, err := s.Request(t.Context(), "r2")
	require.NoError(t, err)
	require.Equal(t, approval.Approving, r.State)
}

// TestPostgresCommitsNothingAfterAnError: a write that was sent later is refused
// then, whatever the transaction is at, and nothing of it stays; the connection
// can be used by the next one. So it is however statements are sent.
func TestPostgresCommitsNothingAfterAnError(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"", "&default_query_exec_mode=exec", "&default_query_exec_mode=simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := open(t, postgrestest.URL(t)+mode+"&pool_max_conns=4")
			first, second := storetest.Receive(t, s, "r1", "x1"), storetest.Receive(t, s, "r2", "x2")
			after, event := storetest.Approve(t, first, "click")
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, after, event) }))

			notice := approval.Notice{ID: "n", RequestID: "r2"}
			for name, next := range map[string]func(ctx context.Context, tx approval.Tx) error{
				"nothing":       func(context.Context, approval.Tx) error { return nil },
				"a write":       func(ctx context.Context, tx approval.Tx) error { _, err := tx.AddNotice(ctx, notice); return err },
				"a later write": func(ctx context.Context, tx approval.Tx) error { return tx.SaveBookkeeping(ctx, after) },
				"a read":        func(ctx context.Context, tx approval.Tx) error { _, err := tx.Request(ctx, "r1"); return err },
				"reads":         func(ctx context.Context, tx approval.Tx) error { _, err := tx.WantPending(ctx, "conveyor"); return err },
				"an error that is forgotten": func(ctx context.Context, tx approval.Tx) error {
					_, err := tx.AddNotice(ctx, notice)
					require.ErrorIs(t, err, approval.ErrReplayed)
					_, err = tx.AddNotice(ctx, notice)
					require.ErrorIs(t, err, approval.ErrReplayed, "nothing is run any more")
					return nil
				},
				"the queue": func(ctx context.Context, tx approval.Tx) error {
					raw, ok := tx.(*store.Tx).Raw().(pgx.Tx)
					require.True(t, ok)
					_, err := raw.Query(ctx, `SELECT 1`) //nolint:sqlclosecheck // there are none
					require.ErrorIs(t, err, approval.ErrReplayed)
					require.ErrorIs(t, raw.QueryRow(ctx, `SELECT 1`).Scan(new(int)), approval.ErrReplayed)
					_, err = raw.Exec(ctx, `SELECT 1`)
					require.ErrorIs(t, err, approval.ErrReplayed)
					_, err = raw.Prepare(ctx, "one", `SELECT 1`)
					require.ErrorIs(t, err, approval.ErrReplayed)
					_, err = raw.CopyFrom(ctx, pgx.Identifier{"beats"}, []string{"id"}, pgx.CopyFromRows(nil))
					require.ErrorIs(t, err, approval.ErrReplayed)
					require.Error(t, raw.SendBatch(ctx, &pgx.Batch{QueuedQueries: []*pgx.QueuedQuery{{SQL: `SELECT 1`}}}).Close())
					_, err = raw.Begin(ctx)
					require.Error(t, err)
					return nil
				},
			} {
				after, event := storetest.Approve(t, second, "click")
				err := s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
					require.NoError(t, tx.Save(ctx, after, event))
					return next(ctx, tx)
				})
				require.ErrorIs(t, err, approval.ErrReplayed, name)
				require.NotContains(t, err.Error(), "notice", name)
				r, err := s.Request(t.Context(), "r2")
				require.NoError(t, err)
				require.Equal(t, approval.Pending, r.State, name)
				_, err = s.Notice(t.Context(), "n")
				require.ErrorIs(t, err, approval.ErrUnknown, name)
			}
			for _, key := range []string{"and now", "once more"} {
				after, event = storetest.Approve(t, second, key)
				err := s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, after, event) })
				require.Equal(t, key == "and now", err == nil, "%v", err)
			}
			events, err := s.Events(t.Context(), "r2")
			require.NoError(t, err)
			require.Len(t, events, 2)
		})
	}
}
