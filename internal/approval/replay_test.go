package approval_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// invariants of every request that has at least one event.
func invariants(t require.TestingT, r approval.Request, events int) {
	decided := r.State.Deciding() || r.State == approval.Approved || r.State == approval.Rejected
	require.Contains(t, approval.States(), r.State)
	require.Equal(t, decided, r.Decision != nil, "a decision in state %s", r.State)
	if r.Decision != nil {
		yes := r.State == approval.Approving || r.State == approval.Approved
		require.Equal(t, yes, r.Decision.Verb == approval.Approve, "the decision's verb in state %s", r.State)
	}
	require.Equal(t, r.State == approval.Approved || r.State == approval.Rejected, r.Confirmation != nil, "a confirmation in state %s", r.State)
	require.Equal(t, r.State == approval.Handled, r.Closing != nil, "a closing in state %s", r.State)
	require.False(t, r.Delayed && !r.State.Deciding(), "delayed in state %s", r.State)
	require.EqualValues(t, events, r.Version)
	require.True(t, r.Delivery.Due())
}

// TestRandomLives walks through the table at random, with bookkeeping in
// between, and tries steps that are not allowed on the way.
func TestRandomLives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := []approval.Event{eventOf(approval.Receive, 1)}
		r, err := approval.Apply(approval.Request{ID: "id-1"}, events[0])
		require.NoError(t, err)
		invariants(t, r, 1)
		table := life()
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			action := rapid.SampledFrom(append(approval.Actions(), approval.Receive)).Draw(t, "action")
			e := eventOf(action, r.Version+1)
			before := r
			r, err = approval.Apply(r, e)
			if table[before.State][action] == "" {
				require.Error(t, err)
				require.Equal(t, before, r)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, table[before.State][action], r.State)
			events = append(events, e)
			invariants(t, r, len(events))
			if rapid.Bool().Draw(t, "delivered") {
				r.Delivery.Done = r.Delivery.Wanted
			}
			r.Effect.Attempts = rapid.IntRange(0, 3).Draw(t, "attempts")
		}
		replayed, err := approval.Replay("id-1", events)
		require.NoError(t, err)
		require.Len(t, events, int(replayed.Delivery.Wanted))
		replayed.Effect, replayed.Delivery = r.Effect, r.Delivery
		require.Equal(t, r, replayed, "the events replay to the request")
	})
}

// FuzzReplay feeds lives of arbitrary events: none may panic, and whatever is
// accepted keeps the invariants.
func FuzzReplay(f *testing.F) {
	f.Add([]byte{7, 1, 0, 0, 3, 2, 6, 5})
	f.Add([]byte{0x17, 0xff, 0x20})
	f.Add([]byte{7, 5, 6, 1, 4})
	f.Fuzz(func(t *testing.T, script []byte) {
		actions := append(append(approval.Actions(), approval.Receive), "shred", "")
		var events []approval.Event
		r := approval.Request{ID: "id-1"}
		for i, b := range script[:min(len(script), 64)] {
			// The low bits choose the action, the high ones what the event lacks.
			e := eventOf(actions[int(b&0x0f)%len(actions)], r.Version+1)
			e.At = start.Add(time.Duration(i) * time.Minute)
			switch b >> 4 {
			case 1:
				e.Seq = int64(i)
			case 2:
				e.Decision, e.Arrival = nil, nil
			case 3:
				e.Confirmation, e.Refusal, e.Closing = nil, nil, nil
			case 4:
				d := reject("", "")
				e.Decision = &d
			case 5:
				e.Decision, e.Arrival, e.Closing = &approval.Decision{}, &approval.Arrival{}, &approval.Closing{}
			}
			after, err := approval.Apply(r, e)
			if err != nil {
				require.Equal(t, r, after, "a refused event changes nothing")
				_, err = approval.Replay("id-1", append(slices.Clip(events), e))
				require.Error(t, err)
				continue
			}
			events = append(events, e)
			invariants(t, after, len(events))
			r = after
		}
		replayed, err := approval.Replay("id-1", events)
		require.NoError(t, err)
		require.Equal(t, r, replayed)
	})
}
