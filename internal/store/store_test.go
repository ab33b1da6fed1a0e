package store_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/internal/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// sqliteURL gives the address of a database that does not exist yet.
func sqliteURL(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db")
}

// open opens a store and closes it when the test ends.
func open(t *testing.T, databaseURL string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestSQLiteIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		return open(t, sqliteURL(t))
	})
}

func TestPostgresIsAStore(t *testing.T) {
	t.Parallel()
	postgrestest.URL(t) // without a server there is nothing below to look at
	ran := &statements{}
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Store {
			t.Helper()
			s, err := store.OpenTraced(t.Context(), postgrestest.URL(t), ran)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s
		})
	})
	if !t.Failed() {
		ran.mustNotGrowWithHistory(t)
	}
}
