package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// note writes a request in the transaction, to be looked for.
func note(ctx context.Context, tx approval.Tx, id string) error {
	r, event, err := arrived(id)
	if err != nil {
		return err
	}
	_, err = tx.Receive(ctx, r, event)
	return err
}

// held is a transaction that is under way until it is let go.
type held struct {
	letGo chan struct{}
	ended chan error
}

// hold begins a transaction that writes something and waits.
func hold(t *testing.T, s *store.Store, id string) *held {
	t.Helper()
	h := &held{letGo: make(chan struct{}), ended: make(chan error, 1)}
	begun := make(chan struct{})
	go func() {
		h.ended <- s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			close(begun)
			if err := note(ctx, tx, id); err != nil {
				return err
			}
			<-h.letGo
			return nil
		})
	}()
	<-begun
	return h
}

// queue makes transactions wait, one after the other, and gives what becomes of
// them.
func queue(t *testing.T, s *store.Store, within []time.Duration, do func(ctx context.Context, i int, tx approval.Tx) error) []chan error {
	t.Helper()
	ended := make([]chan error, len(within))
	for i, d := range within {
		ended[i] = make(chan error, 1)
		before := s.Waiting()
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			ended[i] <- s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error { return do(ctx, i, tx) })
		}()
		require.Eventually(t, func() bool { return s.Waiting() == before+1 }, 10*time.Second, time.Millisecond)
	}
	return ended
}

func known(t *testing.T, s *store.Store, id string) bool {
	t.Helper()
	_, err := s.Request(t.Context(), id)
	if !errors.Is(err, approval.ErrUnknown) {
		require.NoError(t, err)
	}
	return err == nil
}

// onlyOneTransaction gives a PostgreSQL database with as few connections as can
// be: one for transactions, beside those for reads and for the queue.
func onlyOneTransaction(t *testing.T) string {
	t.Helper()
	address, err := url.Parse(postgrestest.URL(t))
	require.NoError(t, err)
	query := address.Query()
	query.Set("pool_max_conns", "4")
	address.RawQuery = query.Encode()
	return address.String()
}

func TestWhatIsDueFirstIsWrittenFirst(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   sqliteURL,
		"postgres": onlyOneTransaction,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, address(t))
			first := hold(t, s, "first")
			var (
				mu    sync.Mutex
				order []int
			)
			ended := queue(t, s, []time.Duration{time.Hour, time.Minute, time.Hour, 30 * time.Second, time.Minute}, func(_ context.Context, i int, _ approval.Tx) error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
				return nil
			})
			close(first.letGo)
			require.NoError(t, <-first.ended)
			for _, e := range ended {
				require.NoError(t, <-e)
			}
			require.Equal(t, []int{3, 1, 4, 0, 2}, order)
		})
	}
}

// Transactions that become durable together are told so together, and not
// before; what one of them undoes is undone alone.
func TestSQLiteWritesInGroups(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteURL(t))
	thoughtBetter := errors.New("thought better of it")
	first := hold(t, s, "first")
	second := make(chan struct{})
	ended := queue(t, s, []time.Duration{time.Minute, time.Minute, time.Minute}, func(ctx context.Context, i int, tx approval.Tx) error {
		err := note(ctx, tx, strconv.Itoa(i))
		switch i {
		case 1:
			return errors.Join(err, thoughtBetter)
		case 2:
			<-second
		}
		return err
	})
	close(first.letGo)
	require.Eventually(t, func() bool { return s.Waiting() == 0 }, 10*time.Second, time.Millisecond)
	for _, e := range append(slices.Clone(ended), first.ended) {
		select {
		case err := <-e:
			require.Fail(t, "told before it is durable", "%v", err)
		default:
		}
	}
	require.False(t, known(t, s, "first"))
	close(second)
	require.NoError(t, <-first.ended)
	require.NoError(t, <-ended[0])
	require.ErrorIs(t, <-ended[1], thoughtBetter)
	require.NoError(t, <-ended[2])
	require.True(t, known(t, s, "first"))
	require.True(t, known(t, s, "0"))
	require.False(t, known(t, s, "1"))
	require.True(t, known(t, s, "2"))
}

// After some errors SQLite undoes the whole transaction by itself, also if
// nobody asked for it. Then nobody of the group is told of success.
func TestSQLiteUndoesTheGroup(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteURL(t))
	first := hold(t, s, "first")
	ended := queue(t, s, []time.Duration{time.Minute, time.Minute, time.Minute}, func(ctx context.Context, i int, tx approval.Tx) error {
		if err := note(ctx, tx, strconv.Itoa(i)); err != nil || i != 1 {
			return err
		}
		_, err := tx.(*store.Tx).Raw().(*sql.Tx).ExecContext(ctx, `ROLLBACK`)
		return err
	})
	close(first.letGo)
	require.ErrorContains(t, <-first.ended, "write together with others: ")
	require.ErrorContains(t, <-ended[0], "write together with others: ")
	require.ErrorContains(t, <-ended[1], "write together with others: ")
	require.NoError(t, <-ended[2])
	require.False(t, known(t, s, "first"))
	require.False(t, known(t, s, "0"))
	require.False(t, known(t, s, "1"))
	require.True(t, known(t, s, "2"))
}

// Whoever gives up while waiting leaves the turn to the others.
func TestSQLiteWriterIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteURL(t))
	first := hold(t, s, "first")
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	gaveUp := make(chan error, 1)
	go func() {
		gaveUp <- s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error { return note(ctx, tx, "nobody") })
	}()
	require.Eventually(t, func() bool { return s.Waiting() == 1 }, 10*time.Second, time.Millisecond)
	ended := queue(t, s, []time.Duration{time.Minute}, func(ctx context.Context, _ int, tx approval.Tx) error {
		return note(ctx, tx, "somebody")
	})
	giveUp()
	require.ErrorIs(t, <-gaveUp, context.Canceled)
	close(first.letGo)
	require.NoError(t, <-first.ended)
	require.NoError(t, <-ended[0])
	require.False(t, known(t, s, "nobody"))
	require.True(t, known(t, s, "somebody"))
}
