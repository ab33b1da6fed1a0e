package approval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// BenchmarkApply measures a request's whole life: received, approved, confirmed.
func BenchmarkApply(b *testing.B) {
	life := []approval.Event{eventOf(approval.Receive, 1), eventOf(approval.Approve, 2), eventOf(approval.Confirm, 3)}
	b.ReportAllocs()
	for b.Loop() {
		r := approval.Request{ID: "r1"}
		for _, event := range life {
			var err error
			r, err = approval.Apply(r, event)
			require.NoError(b, err)
		}
	}
}
