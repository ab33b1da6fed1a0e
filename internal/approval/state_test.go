package approval_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// life is what Next must say, written out a second time: a line for each state,
// a column for each action, and "" where the action is not allowed.
func life() map[approval.State]map[approval.Action]approval.State {
	columns := []approval.Action{
		"approve", "reject", "delay", "confirm", "refuse", "close", "reopen", "receive",
	}
	lines := map[approval.State][8]approval.State{
		"pending":   {"approving", "rejecting", "", "", "", "handled", "", ""},
		"approving": {"", "", "approving", "approved", "pending", "handled", "", ""},
		"rejecting": {"", "", "rejecting", "rejected", "pending", "handled", "", ""},
		"approved":  {"", "", "", "", "", "", "pending", ""},
		"rejected":  {"", "", "", "", "", "", "pending", ""},
		"handled":   {"", "", "", "", "", "", "pending", ""},
	}
	table := map[approval.State]map[approval.Action]approval.State{}
	for from, line := range lines {
		table[from] = map[approval.Action]approval.State{}
		for i, to := range line {
			table[from][columns[i]] = to
		}
	}
	return table
}

func TestNext(t *testing.T) {
	t.Parallel()
	table := life()
	require.Len(t, approval.States(), len(table))
	require.Len(t, approval.Actions(), 7)
	for _, from := range approval.States() {
		for _, action := range append(approval.Actions(), approval.Receive) {
			want, ok := table[from][action]
			require.True(t, ok, "the table says nothing of %s × %s", from, action)
			t.Run(string(from)+" "+string(action), func(t *testing.T) {
				t.Parallel()
				got, err := approval.Next(from, action)
				if want != "" {
					require.NoError(t, err)
					require.Equal(t, want, got)
					return
				}
				var notAllowed *approval.NotAllowedError
				require.ErrorAs(t, err, &notAllowed)
				require.Equal(t, approval.NotAllowedError{State: from, Action: action}, *notAllowed)
				require.Equal(t, from, got, "the state stays")
				require.ErrorContains(t, err, string(from))
				require.ErrorContains(t, err, string(action))
			})
		}
	}
}

func TestNextOfSomethingUnknown(t *testing.T) {
	t.Parallel()
	_, err := approval.Next("forgotten", approval.Approve)
	require.Error(t, err)
	_, err = approval.Next(approval.Pending, "shred")
	require.Error(t, err)
}

func TestKindsOfStates(t *testing.T) {
	t.Parallel()
	open := map[approval.State]bool{"pending": true, "approving": true, "rejecting": true}
	deciding := map[approval.State]bool{"approving": true, "rejecting": true}
	for _, s := range approval.States() {
		assert.Equal(t, open[s], s.Open(), s)
		assert.Equal(t, deciding[s], s.Deciding(), s)
	}
}
