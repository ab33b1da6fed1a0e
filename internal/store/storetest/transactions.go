package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const atOnce = 20

// together runs fn so often at once and gives the errors.
func together(fn func(i int) error) []error {
	errs := make([]error, atOnce)
	var wg sync.WaitGroup
	for i := range atOnce {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}

func receivedOnce(t *testing.T, s Store) {
	t.Helper()
	want := Receive(t, s, "r1", "x1")
	again, event := received(t, "r2", "x1")
	again.Message = "another text"
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		added, err := tx.Receive(ctx, again, event)
		require.False(t, added)
		return err
	})
	requireEqual(t, want, stored(t, s, "r1"))
	_, err := s.Request(t.Context(), "r2")
	require.ErrorIs(t, err, approval.ErrUnknown)
	events, err := s.Events(t.Context(), "r2")
	require.NoError(t, err)
	require.Empty(t, events)

	// The same id of another source is another request.
	other, event := received(t, "r3", "x1")
	other.Source = "elsewhere"
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		added, err := tx.Receive(ctx, other, event)
		require.True(t, added)
		return err
	})
}

func receivedOnceConcurrently(t *testing.T, s Store) {
	t.Helper()
	var added atomic.Int32
	errs := together(func(i int) error {
		r, event := received(t, "r"+strconv.Itoa(i), "x1")
		return s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			ok, err := tx.Receive(ctx, r, event)
			if ok {
				added.Add(1)
			}
			return err
		})
	})
	require.NoError(t, errors.Join(errs...))
	require.EqualValues(t, 1, added.Load())
	found, err := s.Pending(t.Context(), source)
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func keyOnce(t *testing.T, s Store) {
	t.Helper()
	first, event := Approve(t, Receive(t, s, "r1", "x1"), "click")
	save(t, s, first, event)
	second := Receive(t, s, "r2", "x2")
	after, event := Approve(t, second, "click")
	err := s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.AddNotice(ctx, approval.Notice{ID: "n1", RequestID: "r2"})
		require.NoError(t, err)
		require.NoError(t, tx.SaveSource(ctx, source, approval.SourceRecord{GroupsWanted: true}))
		return tx.Save(ctx, after, event)
	})
	require.ErrorIs(t, err, approval.ErrReplayed)

	requireEqual(t, second, stored(t, s, "r2"))
	events, err := s.Events(t.Context(), "r2")
	require.NoError(t, err)
	require.Len(t, events, 1)
	_, err = s.Notice(t.Context(), "n1")
	require.ErrorIs(t, err, approval.ErrUnknown)
	record, err := s.Source(t.Context(), source)
	require.NoError(t, err)
	require.Zero(t, record)

	// A click that was answered with a notice was used as well.
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.AddNotice(ctx, approval.Notice{ID: "late click", RequestID: "r2"})
		return err
	}))
	after, event = Approve(t, second, "late click")
	err = s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, after, event) })
	require.ErrorIs(t, err, approval.ErrReplayed)
	requireEqual(t, second, stored(t, s, "r2"))

	// Events without a key are never taken for the same.
	third := first
	for range 2 {
		event := approval.Event{Seq: third.Version + 1, At: at(9), Action: approval.Delay}
		third, err = approval.Apply(third, event)
		require.NoError(t, err)
		save(t, s, third, event)
	}
}

func staleVersion(t *testing.T, s Store) {
	t.Helper()
	r := Receive(t, s, "r1", "x1")
	now, event := Approve(t, r, "click-1")
	save(t, s, now, event)

	stale, event := Approve(t, r, "click-2")
	err := s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, stale, event) })
	require.Error(t, err)
	require.NotErrorIs(t, err, approval.ErrReplayed)

	ahead, event := Approve(t, r, "click-3")
	ahead.Version, event.Seq = 7, 7
	err = s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, ahead, event) })
	require.Error(t, err)

	requireEqual(t, now, stored(t, s, "r1"))
	events, err := s.Events(t.Context(), "r1")
	require.NoError(t, err)
	require.Len(t, events, 2)
}

// everyWrite changes all that a transaction can change.
func everyWrite(ctx context.Context, t *testing.T, tx approval.Tx, known approval.Request) {
	t.Helper()
	r, event := received(t, "new", "x-new")
	_, err := tx.Receive(ctx, r, event)
	require.NoError(t, err)
	known, event = Approve(t, known, "click")
	require.NoError(t, tx.Save(ctx, known, event))
	known.Effect.Attempts = 3
	require.NoError(t, tx.SaveBookkeeping(ctx, known))
	_, err = tx.WantPending(ctx, source)
	require.NoError(t, err)
	require.NoError(t, tx.SaveGroups(ctx, source, groups("g1")))
	require.NoError(t, tx.SaveSource(ctx, source, approval.SourceRecord{GroupsWanted: true}))
	_, err = tx.AddNotice(ctx, approval.Notice{ID: "n1", RequestID: "new", At: at(1)})
	require.NoError(t, err)
	require.NoError(t, tx.NoticeSent(ctx, "n1", at(2)))
}

func requireNothingWritten(t *testing.T, s Store, known approval.Request) {
	t.Helper()
	pending, err := s.Pending(t.Context(), source)
	require.NoError(t, err)
	requireEqual(t, []approval.Request{known}, pending)
	events, err := s.Events(t.Context(), known.ID)
	require.NoError(t, err)
	require.Len(t, events, 1)
	saved, err := s.Groups(t.Context(), source)
	require.NoError(t, err)
	require.Empty(t, saved)
	record, err := s.Source(t.Context(), source)
	require.NoError(t, err)
	require.Zero(t, record)
	_, err = s.Notice(t.Context(), "n1")
	require.ErrorIs(t, err, approval.ErrUnknown)
}

func errorLeavesNothing(t *testing.T, s Store) {
	t.Helper()
	known := Receive(t, s, "r1", "x1")
	failure := errors.New("thought better of it")
	err := s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		everyWrite(ctx, t, tx, known)
		return failure
	})
	require.ErrorIs(t, err, failure)
	requireNothingWritten(t, s, known)

	require.PanicsWithValue(t, "broken", func() {
		_ = s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			everyWrite(ctx, t, tx, known)
			panic("broken")
		})
	})
	requireNothingWritten(t, s, known)
	// The store is not left locked.
	bookkeep(t, s, known)
}

func calledAfterCommit(t *testing.T, s Store) {
	t.Helper()
	known := Receive(t, s, "r1", "x1")
	failure := errors.New("thought better of it")
	var calls atomic.Int64
	afterCommit := func(tx approval.Tx) {
		tx.(interface{ AfterCommit(do func()) }).AfterCommit(func() { calls.Add(1) })
	}
	errs := together(func(i int) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		return s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
			afterCommit(tx)
			afterCommit(tx)
			switch i % 4 {
			case 0:
				return failure
			case 1:
				cancel()
			}
			return tx.SaveBookkeeping(ctx, known)
		})
	})
	for i, err := range errs {
		require.Equal(t, i%4 > 1, err == nil, "transaction %d: %v", i, err)
	}
	require.EqualValues(t, atOnce, calls.Load(), "two for each of the half that was committed")

	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		afterCommit(tx)
		require.EqualValues(t, atOnce, calls.Load(), "it is not committed yet")
		return tx.SaveBookkeeping(ctx, known)
	})
	require.EqualValues(t, atOnce+1, calls.Load())
}

func endedContextLeavesNothing(t *testing.T, s Store) {
	t.Helper()
	known := Receive(t, s, "r1", "x1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := s.InTx(ctx, func(ctx context.Context, tx approval.Tx) error {
		everyWrite(ctx, t, tx, known)
		cancel()
		return nil
	})
	require.Error(t, err)
	requireNothingWritten(t, s, known)
	require.Error(t, s.InTx(ctx, func(context.Context, approval.Tx) error { return nil }))
	bookkeep(t, s, known)
}

func oneDecisionWins(t *testing.T, s Store) {
	t.Helper()
	Receive(t, s, "r1", "x1")
	var won atomic.Int32
	errs := together(func(i int) error {
		return s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			r, err := tx.Request(ctx, "r1")
			if err != nil || r.State != approval.Pending {
				return err
			}
			won.Add(1)
			r, event := Approve(t, r, "click-"+strconv.Itoa(i))
			return tx.Save(ctx, r, event)
		})
	})
	require.NoError(t, errors.Join(errs...))
	require.EqualValues(t, 1, won.Load())
	requireVersion(t, s, "r1", 2)

	// Also of those that read before any of them wrote, one wins.
	read := Receive(t, s, "r2", "x2")
	failed := 0
	for _, err := range together(func(i int) error {
		r, event := Approve(t, read, "late-click-"+strconv.Itoa(i))
		return s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, r, event) })
	}) {
		if err != nil {
			failed++
		}
	}
	require.Equal(t, atOnce-1, failed)
	requireVersion(t, s, "r2", 2)
}

func requireVersion(t *testing.T, s Store, id string, version int) {
	t.Helper()
	require.EqualValues(t, version, stored(t, s, id).Version)
	events, err := s.Events(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, events, version)
}

func noChangeIsLost(t *testing.T, s Store) {
	t.Helper()
	Receive(t, s, "r1", "x1")
	errs := together(func(int) error {
		return s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
			r, err := tx.Request(ctx, "r1")
			if err != nil {
				return err
			}
			r.Effect.Attempts++
			return tx.SaveBookkeeping(ctx, r)
		})
	})
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, atOnce, stored(t, s, "r1").Effect.Attempts)
}
