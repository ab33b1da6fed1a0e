package render_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func goldenOverviews() map[string]approval.Overview {
	return map[string]approval.Overview{
		"overview_none": {Source: "conveyor"},
		"overview_one":  {Source: "conveyor", Held: 1, Oldest: at(9)},
		"overview_many": {Source: "conveyor", Held: 1950, Oldest: at(9)},
		"overview_odd":  {Source: "<!channel>\x00", Held: 12, Oldest: time.Unix(-5, 0)},
	}
}

func TestGoldenOverviews(t *testing.T) {
	t.Parallel()
	for name, o := range goldenOverviews() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, blocks := render.Overview(o)
			encoded := encode(t, blocks)
			require.Empty(t, practiceslack.ValidateBlocks(practiceslack.MessageSurface, encoded))
			require.Empty(t, injected("text", text, false, nil))
			require.Empty(t, injectedBlocks(tree(t, json.RawMessage(encoded)), nil))
			golden(t, name, shown{text, blocks})
		})
	}
}

func TestHeldOptions(t *testing.T) {
	t.Parallel()
	require.Empty(t, render.HeldOptions(nil))
	require.NotNil(t, render.HeldOptions(nil))
	var many []approval.Request
	for range 150 {
		many = append(many, from("<!channel>@x.example\n\u202e"))
	}
	options := render.HeldOptions(many)
	require.Len(t, options, 100)
	require.Empty(t, problemsOfOptions(t, options[:1]))
	require.Equal(t, many[0].ID, options[0].Value)
	require.Equal(t, "came in on 2026-01-02 at 10:04 UTC", options[0].Description.Text)
}
