package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// replay lives random lives and compares what the store has with what the
// stored events say.
func replay(t *testing.T, s Store) {
	t.Helper()
	lives := 0
	rapid.Check(t, func(rt *rapid.T) {
		lives++ // also counts those that rapid lives again to shrink a failure
		id := fmt.Sprintf("r%06d", lives)
		r, event := randomArrival(rt, id)
		write(rt, s, func(ctx context.Context, tx approval.Tx) error {
			_, err := tx.Receive(ctx, r, event)
			return err
		})
		for range rapid.IntRange(0, 8).Draw(rt, "steps") {
			r, event = randomStep(rt, r)
			write(rt, s, func(ctx context.Context, tx approval.Tx) error { return tx.Save(ctx, r, event) })
		}

		got, err := s.Request(rt.Context(), id)
		require.NoError(rt, err)
		events, err := s.Events(rt.Context(), id)
		require.NoError(rt, err)
		replayed, err := approval.Replay(id, events)
		require.NoError(rt, err)
		// Bookkeeping changes without an event.
		got.Effect, got.Delivery, got.Missing = approval.Effect{}, approval.Delivery{}, approval.Missing{}
		replayed.Effect, replayed.Delivery, replayed.Missing = approval.Effect{}, approval.Delivery{}, approval.Missing{}
		requireEqual(rt, replayed, got)
		require.EqualValues(rt, len(events), got.Version)
	})
}

func write(rt *rapid.T, s Store, fn func(ctx context.Context, tx approval.Tx) error) {
	require.NoError(rt, s.InTx(rt.Context(), fn))
}

func randomTime(rt *rapid.T, label string) time.Time {
	return time.UnixMilli(rapid.Int64Range(1, 4_000_000_000_000).Draw(rt, label)).UTC()
}

func randomArrival(rt *rapid.T, id string) (approval.Request, approval.Event) {
	a := approval.Arrival{
		Source: source, ExternalID: id, Requester: rapid.String().Draw(rt, "requester"),
		Message: rapid.String().Draw(rt, "message"), Link: rapid.String().Draw(rt, "link"),
	}
	if rapid.Bool().Draw(rt, "dated") {
		a.RequestedAt = randomTime(rt, "requested at")
	}
	event := approval.Event{Seq: 1, At: randomTime(rt, "received at"), Action: approval.Receive, Arrival: &a}
	r, err := approval.Apply(approval.Request{ID: id}, event)
	require.NoError(rt, err)
	return r, event
}

// randomStep takes one of the steps that the table allows.
func randomStep(rt *rapid.T, r approval.Request) (approval.Request, approval.Event) {
	var allowed []approval.Action
	for _, action := range approval.Actions() {
		if _, err := approval.Next(r.State, action); err == nil {
			allowed = append(allowed, action)
		}
	}
	event := approval.Event{
		Seq: r.Version + 1, At: randomTime(rt, "at"), Action: rapid.SampledFrom(allowed).Draw(rt, "action"),
	}
	text := rapid.String()
	switch event.Action {
	case approval.Approve, approval.Reject:
		event.Actor, event.Key = "U1", fmt.Sprintf("%s-%d", r.ID, event.Seq)
		event.Decision = &approval.Decision{
			ID: event.Key, Verb: event.Action, At: event.At, Note: text.Draw(rt, "note"),
			Reviewer: approval.Reviewer{ID: "U1", Email: text.Draw(rt, "email")},
			Groups:   randomGroups(rt), NDABypass: rapid.Bool().Draw(rt, "nda bypass"),
		}
	case approval.Confirm:
		event.Confirmation = &approval.Confirmation{Groups: randomGroups(rt), Gated: rapid.Bool().Draw(rt, "gated")}
	case approval.Refuse:
		event.Refusal = &approval.Refusal{Reason: approval.RefusedConflict, Detail: text.Draw(rt, "detail")}
	case approval.Close:
		event.Closing = &approval.Closing{Standing: approval.StandingGone}
	case approval.Delay, approval.Reopen, approval.Receive:
		// These say nothing more.
	}
	after, err := approval.Apply(r, event)
	require.NoError(rt, err)
	return after, event
}

func randomGroups(rt *rapid.T) []approval.Group {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) approval.Group {
		return approval.Group{ID: rapid.String().Draw(rt, "group"), Name: rapid.String().Draw(rt, "name")}
	}), 0, 3).Draw(rt, "groups")
}
