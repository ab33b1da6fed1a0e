package cli_test

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// BenchmarkSandboxToFirstMessage measures from the start of the built program,
// `frontdesk sandbox`, until its page shows the first message with the menu of
// access groups, and until it shows all three.
func BenchmarkSandboxToFirstMessage(b *testing.B) {
	binary := build(b)
	var first, all []time.Duration
	for b.Loop() {
		began := clock()
		p := spawn(b, binary, "--port", "0")
		for shown := 0; shown < 3; {
			messages, _, _ := p.look()
			shown = 0
			for _, m := range messages {
				if bytes.Contains(m.Blocks, []byte(`"multi_static_select"`)) {
					shown++
				}
			}
			if shown > 0 && len(first) == len(all) {
				first = append(first, clock().Sub(began))
			}
		}
		all = append(all, clock().Sub(began))
		p.interrupt()
	}
	for unit, took := range map[string][]time.Duration{"first": first, "all": all} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ms-to-"+unit+"-median")
		b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "ms-to-"+unit+"-max")
	}
}
