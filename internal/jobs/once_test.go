package jobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/jobs"
)

// TestWhatRiverRepeatsIsSaidOnceAMinute: while the database is gone, each part
// of River complains several times a second.
func TestWhatRiverRepeatsIsSaidOnceAMinute(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	handler := jobs.NewOnce(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	began := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	say := func(level slog.Level, text string, after time.Duration) {
		record := slog.NewRecord(began.Add(after), level, text, 0)
		require.NoError(t, handler.WithAttrs([]slog.Attr{slog.Int("queue", 1)}).Handle(context.Background(), record))
	}
	for i := range 100 {
		say(slog.LevelError, "Error fetching jobs", time.Duration(i)*time.Second/2)
	}
	say(slog.LevelWarn, "something else", time.Second)
	say(slog.LevelDebug, "a detail", time.Second)
	say(slog.LevelDebug, "a detail", time.Second)
	require.Equal(t, 1, strings.Count(log.String(), "Error fetching jobs"))
	require.Equal(t, 1, strings.Count(log.String(), "something else"))
	require.Equal(t, 2, strings.Count(log.String(), "a detail"))

	say(slog.LevelError, "Error fetching jobs", 61*time.Second)
	require.Equal(t, 2, strings.Count(log.String(), "Error fetching jobs"))
	require.Contains(t, log.String(), "kept_back=99")
	say(slog.LevelError, "Error fetching jobs", -time.Hour) // the clock was put back
	require.Equal(t, 3, strings.Count(log.String(), "Error fetching jobs"))
}
