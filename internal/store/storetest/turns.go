package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// turnsAreShared takes turns that are an hour apart, so that no time a test
// takes makes a difference to which are given.
func turnsAreShared(t *testing.T, s Store) {
	t.Helper()
	const every = time.Hour
	take := func(name string, burst int, within time.Duration) (time.Duration, bool) {
		wait, taken, err := s.Turn(t.Context(), name, every, burst, within)
		require.NoError(t, err)
		return wait, taken
	}
	for i := range 3 {
		wait, taken := take("post", 3, 0)
		require.True(t, taken, "turn %d of the burst", i)
		require.Zero(t, wait)
	}
	about := func(want, got time.Duration) {
		t.Helper()
		require.InDelta(t, want.Seconds(), got.Seconds(), 60)
	}
	wait, taken := take("post", 3, time.Minute)
	require.False(t, taken, "it would come too late")
	about(every, wait)
	wait, taken = take("post", 3, 2*every)
	require.True(t, taken, "the one that was too late has taken nothing")
	about(every, wait)
	wait, taken = take("post", 3, 3*every)
	require.True(t, taken)
	about(2*every, wait)
	wait, taken = take("post", 1, every)
	require.False(t, taken, "with a smaller burst it is behind even more")
	about(5*every, wait)
	wait, taken = take("other", 1, 0)
	require.True(t, taken, "each name has turns of its own")
	require.Zero(t, wait)
}

// turnsComeBack takes a turn again after its time has passed.
func turnsComeBack(t *testing.T, s Store) {
	t.Helper()
	const every = 50 * time.Millisecond
	_, taken, err := s.Turn(t.Context(), "post", every, 1, 0)
	require.NoError(t, err)
	require.True(t, taken)
	require.Eventually(t, func() bool {
		_, taken, err := s.Turn(t.Context(), "post", every, 1, 0)
		return err == nil && taken
	}, 10*time.Second, 5*time.Millisecond)
}

// turnsOfManyAtOnce takes turns from several goroutines: each gets its own.
func turnsOfManyAtOnce(t *testing.T, s Store) {
	t.Helper()
	const every, callers = time.Hour, 8
	var (
		mu    sync.Mutex
		hours = map[string]int{}
		all   sync.WaitGroup
	)
	for range callers {
		all.Go(func() {
			wait, taken, err := s.Turn(t.Context(), "post", every, 1, callers*every)
			mu.Lock()
			defer mu.Unlock()
			hours[fmt.Sprint(wait.Round(every), taken, err)]++
		})
	}
	all.Wait()
	require.Len(t, hours, callers, hours)
}
