package jobs_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// TestANewerQueueIsLeftAlone makes a queue in tables that a later version of the
// queue was on.
func TestANewerQueueIsLeftAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *store.Store) {
		t.Helper()
		newQueue(t, s, slog.New(slog.DiscardHandler))
		const later = `INSERT INTO river_migration (line, version) VALUES ('main', 999)`
		change(t, s, later, later)
		var err error
		if s.Kind() == store.SQLite {
			_, err = jobs.NewSQLite(t.Context(), s.SQLite(), s.Reader(), slog.New(slog.DiscardHandler))
		} else {
			_, err = jobs.NewPostgres(t.Context(), s.Pool(), s.Reader(), slog.New(slog.DiscardHandler))
		}
		require.ErrorContains(t, err, "a version that is not found is of a newer frontdesk, and only that one may use this database")
		require.ErrorContains(t, err, "999")
	})
}
