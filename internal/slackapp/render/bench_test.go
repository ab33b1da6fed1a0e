package render_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

// BenchmarkMessage measures a message from the request to what is sent.
func BenchmarkMessage(b *testing.B) {
	for _, state := range []approval.State{approval.Pending, approval.Approved} {
		for _, n := range []int{5, 100} {
			view := approval.View{Request: request(state), Groups: groups(n), GroupsKnown: true}
			b.Run(string(state)+"/"+strconv.Itoa(n)+"_groups", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, blocks := render.Message(view)
					_, err := json.Marshal(blocks)
					require.NoError(b, err)
				}
			})
		}
	}
}
