package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// held adds a request that waits behind the overview.
func held(t *testing.T, s Store, id, requester string, received int64) approval.Request {
	t.Helper()
	a := arrival("x-" + id)
	a.Requester = requester
	event := approval.Event{Seq: 1, At: at(received), Action: approval.Receive, Arrival: &a}
	r, err := approval.Apply(approval.Request{ID: id}, event)
	require.NoError(t, err)
	r.Delivery.Held = true
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Receive(ctx, r, event)
		return err
	})
	return r
}

func heldRequests(t *testing.T, s Store) {
	t.Helper()
	find := func(typed string, limit int) []string {
		found, err := s.Held(t.Context(), source, typed, limit)
		require.NoError(t, err)
		return ids(found)
	}
	count := func() (int, time.Time) {
		n, oldest, err := s.CountHeld(t.Context(), source)
		require.NoError(t, err)
		return n, oldest
	}
	n, oldest := count()
	require.Zero(t, n)
	require.True(t, oldest.IsZero())
	require.Empty(t, find("", 10))

	posted := Receive(t, s, "r0", "x0")
	r3, r1 := held(t, s, "r3", "Zoe_a@Example.com", 30), held(t, s, "r1", `ann\100%@example.com`, 10)
	r2 := held(t, s, "r2", "ANN@other.example", 20)
	waiting, err := s.Unposted(t.Context(), source)
	require.NoError(t, err)
	require.Equal(t, 1, waiting, "what is held does not wait to be posted")
	require.Equal(t, []approval.Job{approval.DeliveryJob(posted)}, due(t, s, at(100)))
	bookkeep(t, s, shown(posted))
	waiting, err = s.Unposted(t.Context(), source)
	require.NoError(t, err)
	require.Zero(t, waiting)

	n, oldest = count()
	require.Equal(t, 3, n)
	require.Equal(t, at(10), oldest)
	require.Equal(t, []string{"r1", "r2", "r3"}, find("", 10))
	require.Equal(t, []string{"r1", "r2"}, find("", 2))
	require.Equal(t, []string{"r1", "r2"}, find("ann", 10))
	for typed, want := range map[string]string{"example.COM": "[r1 r3]", "%": "[r1]", "_": "[r3]", `\`: "[r1]", "nobody": "[]", "'": "[]", "\x00": "[]"} {
		require.Equal(t, want, fmt.Sprint(find(typed, 10)), "%q", typed)
	}
	other, err := s.Held(t.Context(), "elsewhere", "", 10)
	require.NoError(t, err)
	require.Empty(t, other)

	// One is opened, another is handled elsewhere.
	r1.Delivery.Held = false
	bookkeep(t, s, r1)
	handled := approval.Event{Seq: 2, At: at(40), Action: approval.Close, Closing: &approval.Closing{Standing: approval.StandingGone}}
	closed, err := approval.Apply(r2, handled)
	require.NoError(t, err)
	save(t, s, closed, handled)
	require.Equal(t, []string{r3.ID}, find("", 10))
	n, oldest = count()
	require.Equal(t, 1, n)
	require.Equal(t, at(30), oldest)
	require.Equal(t, []approval.Job{approval.DeliveryJob(r1)}, due(t, s, at(100)))
}

func overviewComesBack(t *testing.T, s Store) {
	t.Helper()
	read := func() approval.Overview {
		o, err := s.Overview(t.Context(), source)
		require.NoError(t, err)
		return o
	}
	require.Equal(t, approval.Overview{Source: source}, read())
	want := approval.Overview{Source: source, Held: 5, Oldest: at(1), Delivery: full("r1").Delivery}
	requireFull(t, "Overview", reflect.ValueOf(want))
	write := func(o approval.Overview) {
		inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.SaveOverview(ctx, o) })
	}
	write(want)
	requireEqual(t, want, read())
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		o, err := tx.Overview(ctx, source)
		require.NoError(t, err)
		requireEqual(t, want, o)
		empty, err := tx.Overview(ctx, "elsewhere")
		require.Equal(t, approval.Overview{Source: "elsewhere"}, empty)
		return err
	})

	want = approval.Overview{Source: source, Delivery: approval.Delivery{Wanted: 3, Done: 2, NextAt: at(200)}}
	write(want)
	requireEqual(t, want, read())
	job := []approval.Job{want.Job()}
	require.Empty(t, due(t, s, at(199)))
	require.Equal(t, job, due(t, s, at(200)))
	want.Delivery.NextAt, want.Delivery.ClaimedUntil = time.Time{}, at(300)
	write(want)
	require.Empty(t, due(t, s, at(299)))
	require.Equal(t, job, due(t, s, at(300)))
	want.Delivery.Done = 3
	write(want)
	require.Empty(t, due(t, s, at(1000)))
}

func forgetting(t *testing.T, s Store) {
	t.Helper()
	forget := func(before int64, limit int) (n int) {
		inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
			var err error
			n, err = tx.Forget(ctx, at(before), limit)
			return err
		})
		return n
	}
	gone := func(id string) bool {
		_, err := s.Request(t.Context(), id)
		events, eventsErr := s.Events(t.Context(), id)
		require.NoError(t, eventsErr)
		if err == nil {
			require.NotEmpty(t, events)
			return false
		}
		require.ErrorIs(t, err, approval.ErrUnknown)
		require.Empty(t, events)
		return true
	}
	handled := func(id string, when int64, show bool) {
		r := Receive(t, s, id, "x"+id)
		event := approval.Event{Seq: 2, At: at(when), Action: approval.Close, Closing: &approval.Closing{Standing: approval.StandingGone}}
		r, err := approval.Apply(r, event)
		require.NoError(t, err)
		if show {
			r = shown(r)
		}
		save(t, s, r, event)
		inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.AddNotice(ctx, approval.Notice{ID: "n" + id, RequestID: id, At: at(1)})
			return err
		})
	}
	Receive(t, s, "open", "xopen")
	deciding, event := Approve(t, Receive(t, s, "deciding", "xdeciding"), "click")
	save(t, s, deciding, event)
	handled("c", 30, true)
	handled("a", 10, true)
	handled("b", 20, true)
	handled("unshown", 10, false)
	require.Zero(t, forget(10, 10), "only what is older")
	require.Equal(t, 1, forget(1000, 1))
	require.True(t, gone("a"), "the oldest first")
	_, err := s.Notice(t.Context(), "na")
	require.ErrorIs(t, err, approval.ErrUnknown)
	require.Equal(t, 1, forget(30, 10))
	require.True(t, gone("b"))
	require.Equal(t, 1, forget(1000, 10))
	require.Zero(t, forget(1000, 10))
	for _, id := range []string{"open", "deciding", "unshown"} {
		require.False(t, gone(id), id)
	}
	Receive(t, s, "again", "xa")
}

func pollsInTurns(t *testing.T, s Store) {
	t.Helper()
	const interval = time.Minute
	begin := func(second int64) bool {
		mine, err := s.BeginPoll(t.Context(), source, at(1000*second), interval)
		require.NoError(t, err)
		return mine
	}
	trouble := func() string {
		text, err := s.PollTrouble(t.Context(), source)
		require.NoError(t, err)
		return text
	}
	require.Empty(t, trouble())
	require.True(t, begin(0))
	require.False(t, begin(0))
	require.False(t, begin(53))
	require.True(t, begin(54), "tickers are not quite even")
	require.False(t, begin(60))
	require.False(t, begin(10), "a clock that is behind a little")
	require.True(t, begin(-10), "the time that was written was wrong")
	require.False(t, begin(-10))
	elsewhere, err := s.BeginPoll(t.Context(), "elsewhere", at(0), interval)
	require.NoError(t, err)
	require.True(t, elsewhere)

	require.NoError(t, s.EndPoll(t.Context(), source, "no\x00answer"))
	require.Equal(t, "no\uFFFDanswer", trouble())
	require.NoError(t, s.EndPoll(t.Context(), source, ""))
	require.Empty(t, trouble())

	// Beside the record of a source, which stays as it is.
	record := approval.SourceRecord{GroupsWanted: true, GroupsKnown: true}
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error { return tx.SaveSource(ctx, source, record) })
	require.False(t, begin(-10))
	got, err := s.Source(t.Context(), source)
	require.NoError(t, err)
	require.Equal(t, record, got)
}

// abandonedPolls: a poll is taken over only from somebody who died over it. That
// it is then, is for each database's own tests: its clock decides.
func abandonedPolls(t *testing.T, s Store) {
	t.Helper()
	takeOver := func() bool {
		mine, err := s.TakeOverPoll(t.Context(), source, at(0))
		require.NoError(t, err)
		return mine
	}
	require.False(t, takeOver(), "nobody ever polled")
	_, err := s.BeginPoll(t.Context(), source, at(0), time.Minute)
	require.NoError(t, err)
	require.False(t, takeOver(), "whoever polls lives")
	require.NoError(t, s.KeepPolling(t.Context(), source))
	require.False(t, takeOver())
	require.NoError(t, s.EndPoll(t.Context(), source, ""))
	require.False(t, takeOver(), "that poll is over")
}
