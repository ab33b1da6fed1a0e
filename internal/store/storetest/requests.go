package storetest

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// full gives a request with every field set, which no life leads to.
func full(id string) approval.Request {
	return approval.Request{
		ID: id, Source: source, ExternalID: "x-" + id, Requester: "ann@example.com", Message: "Hello",
		Link: "https://app.example.com/1", RequestedAt: at(1), ReceivedAt: at(2),
		State: approval.Approving, Version: 1, ChangedAt: at(3),
		Decision: decision(), Delayed: true,
		Confirmation: &approval.Confirmation{Groups: groups("g1"), GroupsUnsaid: true, Gated: true},
		Closing:      &approval.Closing{Standing: approval.StandingIgnored},
		Effect:       approval.Effect{Attempts: 4, MaybeDone: true, NextAt: at(5), ClaimedUntil: at(6)},
		Delivery: approval.Delivery{
			Channel: "C1", TS: "1.2", Hash: "h", Held: true, Wanted: 7, Done: 6, SeenAt: at(12), PostBegun: at(8), PostMissed: at(9), RewriteBegun: at(13), Failures: 9, NextAt: at(10), ClaimedUntil: at(11),
		},
		Missing: approval.Missing{Polls: 12, NotFound: 13},
	}
}

func decision() *approval.Decision {
	return &approval.Decision{
		ID: "click", Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U1", Email: "rita@example.com"}, At: at(4),
		Groups: groups("g1", "g2"), Expires: "2026-12-31", NDABypass: true, Note: "fine",
	}
}

func groups(ids ...string) []approval.Group {
	var groups []approval.Group
	for _, id := range ids {
		groups = append(groups, approval.Group{ID: id, Name: "Group " + id})
	}
	return groups
}

func requestComesBack(t *testing.T, s Store) {
	t.Helper()
	want := full("r1")
	requireFull(t, "Request", reflect.ValueOf(want))
	_, event := received(t, want.ID, want.ExternalID)
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Receive(ctx, want, event)
		return err
	})
	requireEqual(t, want, stored(t, s, "r1"))

	want.Requester, want.Message, want.Link, want.RequestedAt, want.ReceivedAt = "bob@example.com", "Hi", "", time.Time{}, at(20)
	want.State, want.Version, want.ChangedAt = approval.Pending, 2, at(21)
	want.Decision, want.Delayed, want.Confirmation, want.Closing = nil, false, nil, nil
	want.Effect, want.Delivery, want.Missing = approval.Effect{}, approval.Delivery{Wanted: 8}, approval.Missing{}
	save(t, s, want, approval.Event{Seq: 2, At: at(21), Action: approval.Refuse})
	requireEqual(t, want, stored(t, s, "r1"))

	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		got, err := tx.Request(ctx, "r1")
		requireEqual(t, want, got)
		return err
	})
}

func bookkeepingAlone(t *testing.T, s Store) {
	t.Helper()
	want := Receive(t, s, "r1", "x1")
	other := Receive(t, s, "r2", "x2")

	// Only the last three fields of this one may be taken over.
	change := full("r1")
	bookkeep(t, s, change)
	want.Effect, want.Delivery, want.Missing = change.Effect, change.Delivery, change.Missing
	requireEqual(t, want, stored(t, s, "r1"))
	requireEqual(t, other, stored(t, s, "r2"))
}

func eventComesBack(t *testing.T, s Store) {
	t.Helper()
	r, first := received(t, "r1", "x1")
	Receive(t, s, "r1", "x1")
	a := arrival("x1")
	second := approval.Event{
		Seq: 2, At: at(1), Action: approval.Approve, Actor: "U1", Key: "click", Arrival: &a, Decision: decision(),
		Confirmation: &approval.Confirmation{Groups: groups("g1"), GroupsUnsaid: true, Gated: true},
		Refusal:      &approval.Refusal{Reason: approval.RefusedGone, Detail: "no such request"},
		Closing:      &approval.Closing{Standing: approval.StandingGone},
	}
	requireFull(t, "Event", reflect.ValueOf(second))
	r.Version = 2
	save(t, s, r, second)
	// Events of other requests stay out.
	Receive(t, s, "r2", "x2")

	got, err := s.Events(t.Context(), "r1")
	require.NoError(t, err)
	requireEqual(t, []approval.Event{first, second}, got)
	got, err = s.Events(t.Context(), "r3")
	require.NoError(t, err)
	require.Empty(t, got)
}

func unknown(t *testing.T, s Store) {
	t.Helper()
	_, err := s.Request(t.Context(), "r1")
	require.ErrorIs(t, err, approval.ErrUnknown)
	_, err = s.Notice(t.Context(), "n1")
	require.ErrorIs(t, err, approval.ErrUnknown)
	err = s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Request(ctx, "r1")
		return err
	})
	require.ErrorIs(t, err, approval.ErrUnknown)

	r, _ := received(t, "r1", "x1")
	r, event := Approve(t, r, "click")
	err = s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, r, event) })
	require.Error(t, err, "an event of an unknown request was saved")
	err = s.InTx(t.Context(), func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.AddNotice(ctx, approval.Notice{ID: "n1", RequestID: "r1"})
		return err
	})
	require.Error(t, err, "a notice about an unknown request was added")
}

func oddText(t *testing.T, s Store) {
	t.Helper()
	for id, text := range map[string]string{
		"emoji":   "👩‍👩‍👧‍👦 Zoë 🇨🇭 ﷽",
		"quotes":  `'"` + "`" + `; DROP TABLE requests; -- \' %s $1 ? \u0000 \\`,
		"long":    strings.Repeat("é", 20_000),
		"control": "\x01\t\r\n\u2028\ufeff",
		"slack":   "<!channel> &amp; <@U1>",
		"empty":   "",
	} {
		r, event := received(t, id, "x-"+text+id)
		r.Message, event.Arrival.Message = text, text
		r.Requester, event.Arrival.Requester = text, text
		inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.Receive(ctx, r, event)
			return err
		})
		requireEqual(t, r, stored(t, s, id))
		found, err := s.ByExternalID(t.Context(), source, []string{r.ExternalID})
		require.NoError(t, err)
		require.Equal(t, []string{id}, ids(found))
		events, err := s.Events(t.Context(), id)
		require.NoError(t, err)
		requireEqual(t, []approval.Event{event}, events)
	}
}

func unstorableText(t *testing.T, s Store) {
	t.Helper()
	const odd, readable = "a\x00b\xffc", "a\uFFFDb\uFFFDc"
	r, event := received(t, "r1", odd)
	r.Message, r.Requester, r.Link = odd, odd, odd
	event.Arrival.Message, event.Arrival.Requester, event.Arrival.Link = odd, odd, odd
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		_, err := tx.Receive(ctx, r, event)
		require.NoError(t, err)
		return tx.SaveGroups(ctx, source, []approval.Group{{ID: odd, Name: odd}})
	})
	require.Equal(t, odd, event.Arrival.Message, "the caller's event was changed")

	found, err := s.ByExternalID(t.Context(), source, []string{odd})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, []string{readable, readable, readable}, []string{found[0].Message, found[0].Requester, found[0].Link})
	events, err := s.Events(t.Context(), "r1")
	require.NoError(t, err)
	replayed, err := approval.Replay("r1", events)
	require.NoError(t, err)
	requireEqual(t, found[0], replayed)
	got, err := s.Groups(t.Context(), source)
	require.NoError(t, err)
	require.Equal(t, []approval.Group{{ID: readable, Name: readable}}, got)
}
