package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// TestAPollOfADeadReplicaIsTakenOverOnce lets the time pass in which a replica
// that polls would have said that it lives.
func TestAPollOfADeadReplicaIsTakenOverOnce(t *testing.T) {
	t.Parallel()
	s := open(t, postgrestest.URL(t))
	now := time.UnixMilli(1_760_000_000_000)
	mine, err := s.BeginPoll(t.Context(), "conveyor", now, time.Hour)
	require.NoError(t, err)
	require.True(t, mine)
	_, err = s.Pool().Exec(t.Context(), `UPDATE sources SET polling_until = polling_until - 3600000`)
	require.NoError(t, err)
	for _, want := range []bool{true, false} {
		mine, err := s.TakeOverPoll(t.Context(), "conveyor", now)
		require.NoError(t, err)
		require.Equal(t, want, mine)
	}
}

// TestAPollThatAKillCutShortIsMadeAtTheNextStart: one that ended is not.
func TestAPollThatAKillCutShortIsMadeAtTheNextStart(t *testing.T) {
	t.Parallel()
	for name, ended := range map[string]bool{"cut short": false, "ended": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, now := sqliteURL(t), time.UnixMilli(1_760_000_000_000)
			s, err := store.Open(t.Context(), address)
			require.NoError(t, err)
			_, err = s.BeginPoll(t.Context(), "conveyor", now, time.Hour)
			require.NoError(t, err)
			if ended {
				require.NoError(t, s.EndPoll(t.Context(), "conveyor", ""))
			}
			require.NoError(t, s.Close())

			s = open(t, address)
			require.NoError(t, s.FreeClaims(t.Context()))
			mine, err := s.BeginPoll(t.Context(), "conveyor", now, time.Hour)
			require.NoError(t, err)
			require.Equal(t, !ended, mine)
		})
	}
}
