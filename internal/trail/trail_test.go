package trail_test

import (
	"context"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

func TestATrailGrowsAndNamesWhatIsKnown(t *testing.T) {
	t.Parallel()
	require.Empty(t, maps.Collect(trail.Of(t.Context()).All()))
	outer := trail.With(t.Context(), func(t *trail.Trail) { t.Job, t.Step, t.Request = 7, "tell", "r1" })
	inner := trail.With(outer, func(t *trail.Trail) { t.Request, t.Decision, t.Notice, t.Source = "r2", "click", "n1", "conveyor" })
	require.Equal(t, map[string]any{"job": int64(7), "step": "tell", "request": "r1"}, maps.Collect(trail.Of(outer).All()))
	require.Equal(t, map[string]any{
		"job": int64(7), "step": "tell", "request": "r2", "decision": "click", "notice": "n1", "source": "conveyor",
	}, maps.Collect(trail.Of(context.WithoutCancel(inner)).All()))
	for range trail.Of(inner).All() {
		break // whoever reads may stop
	}
}
