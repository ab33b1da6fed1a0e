package keyring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/frontdesk-hq/frontdesk/internal/keyring"
)

// lock is something that one key opens.
func lock(right string) func(string) error {
	return func(key string) error {
		if key != right {
			return errors.New("it is not " + key)
		}
		return nil
	}
}

func TestTheKeyBeforeIsAcceptedForAWhile(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		// proven is when the new key is first used, after the change; zero is never.
		proven, tried time.Duration
		accepted      bool
	}{
		"at once":                            {0, 0, true},
		"as long as nothing proves the new":  {0, keyring.Overlap, true},
		"not for ever":                       {0, keyring.Overlap + 1, false},
		"for a moment after the proof":       {time.Second, time.Second + keyring.Afterglow, true},
		"not longer after the proof":         {time.Second, time.Second + keyring.Afterglow + 1, false},
		"not when the clock was put back":    {0, -keyring.Overlap - 1, false},
		"also when it is put back by little": {0, -time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := begun
			r := keyring.New(func() time.Time { return now }, "old")
			r.Rotate("new")
			if c.proven > 0 {
				now = begun.Add(c.proven)
				require.NoError(t, r.Verify(lock("new")))
			}
			now = begun.Add(c.tried)
			err := r.Verify(lock("old"))
			if c.accepted {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, "it is not new", "what it says is of the key in use")
			}
			require.NoError(t, r.Verify(lock("new")))
			require.Equal(t, "new", r.Key())
		})
	}
}

func TestSomeKeysEndAtOnce(t *testing.T) {
	t.Parallel()
	r := keyring.New(func() time.Time { return time.Time{} }, "first")
	r.Rotate("second")
	r.Rotate("third")
	require.Error(t, r.Verify(lock("first")), "two changes")
	require.NoError(t, r.Verify(lock("second")))
	r.Set("fourth")
	for _, before := range []string{"first", "second", "third"} {
		require.Error(t, r.Verify(lock(before)), "it was set")
	}
	require.NoError(t, r.Verify(lock("fourth")))
}

// TestUseDoesNotKeepTheKeyBefore: the moment after the first proof is not begun
// again by each other.
func TestUseDoesNotKeepTheKeyBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := keyring.New(func() time.Time { return now }, "old")
	r.Rotate("new")
	for ends := now.Add(keyring.Afterglow); !now.After(ends); now = now.Add(keyring.Afterglow / 4) {
		require.NoError(t, r.Verify(lock("new")))
		require.NoError(t, r.Verify(lock("old")))
	}
	require.NoError(t, r.Verify(lock("new")))
	require.Error(t, r.Verify(lock("old")))
}

// TestALeakedKeyEnds: whatever happens, a key that was replaced verifies nothing
// an hour later, also if it is used all the time.
func TestALeakedKeyEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		r := keyring.New(func() time.Time { return now }, "leaked")
		r.Rotate("new")
		ends := now.Add(keyring.Overlap)
		for range rapid.IntRange(0, 50).Draw(t, "uses") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(5*time.Minute)).Draw(t, "pause")))
			_ = r.Verify(lock(rapid.SampledFrom([]string{"leaked", "new", "neither"}).Draw(t, "used")))
		}
		if now.After(ends) {
			require.Error(t, r.Verify(lock("leaked")))
		}
		require.NoError(t, r.Verify(lock("new")))
	})
}
