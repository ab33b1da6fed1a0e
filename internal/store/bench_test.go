package store_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// BenchmarkDecide measures a durable decision, without its jobs, by so many at
// once: how far fewer flushes than decisions are needed shows in its time.
func BenchmarkDecide(b *testing.B) {
	for name, address := range map[string]func(b *testing.B) string{
		"sqlite":   func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "frontdesk.db") }, //nolint:thelper // no helper
		"postgres": func(b *testing.B) string { return postgrestest.URL(b) },                                    //nolint:thelper // no helper
	} {
		for _, clients := range []int{1, 8, 32} {
			b.Run(name+"/"+strconv.Itoa(clients)+"_at_once", func(b *testing.B) { decide(b, address(b), clients) })
		}
	}
}

func decide(b *testing.B, address string, clients int) {
	b.Helper()
	s, err := store.Open(b.Context(), address)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	pending := make([]approval.Request, b.N)
	require.NoError(b, s.InTx(b.Context(), func(ctx context.Context, tx approval.Tx) error {
		for i := range pending {
			r, event, err := arrived(strconv.Itoa(i))
			if err != nil {
				return err
			}
			if _, err := tx.Receive(ctx, r, event); err != nil {
				return err
			}
			pending[i] = r
		}
		return nil
	}))
	var next atomic.Int64
	failed := make(chan error, clients)
	b.ResetTimer()
	for range clients {
		go func() {
			var err error
			for i := next.Add(1) - 1; int(i) < b.N && err == nil; i = next.Add(1) - 1 {
				err = approve(b.Context(), s, pending[i])
			}
			failed <- err
		}()
	}
	for range clients {
		require.NoError(b, <-failed)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
}

// approve does what a click does: it reads the request under its lock, and
// writes it with its event.
func approve(ctx context.Context, s *store.Store, pending approval.Request) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
		r, err := tx.Request(ctx, pending.ID)
		if err != nil {
			return err
		}
		click := "click-" + pending.ID
		event := approval.Event{
			Seq: r.Version + 1, At: time.UnixMilli(2).UTC(), Action: approval.Approve, Actor: "U1", Key: click,
			Decision: &approval.Decision{ID: click, Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U1", Email: "rita@example.com"}},
		}
		after, err := approval.Apply(r, event)
		if err != nil {
			return err
		}
		return tx.Save(ctx, after, event)
	})
}
