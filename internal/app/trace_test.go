package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/tracing/tracingtest"
)

// traced sends a world's traces to a collector.
func traced(to *tracingtest.Collector) func(*sandbox.Options) {
	return func(o *sandbox.Options) {
		o.Configure = func(c *config.Config) {
			c.OTLPEndpoint, c.OTELServiceName = to.URL, "frontdesk"
			c.OTLPHeaderList = config.Secret("x-api-key=planted-collector-key")
		}
	}
}

// traceOf waits until a trace has spans of these names, and gives all of it. The
// trace is that of the first span of a name.
func traceOf(t *testing.T, from *tracingtest.Collector, first string, names ...string) []tracingtest.Span {
	t.Helper()
	var trace []tracingtest.Span
	var has []string
	require.Eventually(t, func() bool {
		all := from.Spans()
		at := slices.IndexFunc(all, func(s tracingtest.Span) bool { return s.Name == first })
		if at < 0 {
			return false
		}
		trace = slices.DeleteFunc(all, func(s tracingtest.Span) bool { return s.Trace != all[at].Trace })
		has = nil
		for _, s := range trace {
			has = append(has, s.Name)
		}
		return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(has, name) })
	}, time.Minute, 50*time.Millisecond, "not in one trace: %v", names)
	return trace
}

func TestFromTheClickToTheUpdateIsOneTrace(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		collector := tracingtest.New(t)
		w := start(traced(collector))
		_, msg := w.requestFrom("grace@northwind.example")
		// Whoever still posts the message would show what happens meanwhile too.
		traceOf(t, collector, "job post", "slack chat.postMessage")
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
		require.True(t, w.ada.ExpectModal(t, rejectTitle).Fill("reason", "not a customer of ours").Submit(t.Context()).Closed)
		msg.ExpectUpdate(t, contains("ejected by <@"+sandbox.Ada+">"))

		trace := traceOf(t, collector, "answer a form", "job carry_out", "conveyor GET authorization_requests/{id}",
			"conveyor PATCH authorization_requests/{id}", "job rewrite", "slack chat.update")
		ids := map[string]string{"": "nothing"}
		for _, s := range trace {
			ids[s.ID] = s.Name
		}
		request := ""
		for _, s := range trace {
			require.Contains(t, ids, s.Parent, s.Name)
			require.Equal(t, "frontdesk", s.Resource["service.name"])
			require.Equal(t, "test", s.Resource["service.version"])
			switch s.Name {
			case "answer a form":
				require.Empty(t, s.Parent)
				require.Contains(t, s.Attributes["frontdesk.decision"], "slack:")
				request = s.Attributes["frontdesk.request"]
				require.NotEmpty(t, request)
			case "job carry_out":
				require.Equal(t, "answer a form", ids[s.Parent])
				require.NotEmpty(t, s.Attributes["frontdesk.job"])
			case "conveyor PATCH authorization_requests/{id}":
				require.Equal(t, "job carry_out", ids[s.Parent])
				require.Equal(t, "200", s.Attributes["frontdesk.code"])
			case "slack chat.update":
				require.Contains(t, ids[s.Parent], "job r")
			}
		}
		for _, s := range trace {
			if s.Name == "job carry_out" || s.Name == "job rewrite" {
				require.Equal(t, request, s.Attributes["frontdesk.request"])
			}
		}
		// The click that opened the form is a trace too.
		traceOf(t, collector, "answer a click", "slack views.open")
		require.Empty(t, leaks(fmt.Sprint(collector.Spans()), w.secrets()))
		for _, s := range collector.Spans() {
			require.Empty(t, s.Said, s.Name)
		}
	})
}

func count(trace []tracingtest.Span, name string) int {
	n := 0
	for _, s := range trace {
		if s.Name == name {
			n++
		}
	}
	return n
}

// A decision whose Frontdesk stops goes on in the next one, in the same trace.
func TestATraceOutlivesARestart(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(on onStore) {
		t, start := on.t, on.start
		collector := tracingtest.New(t)
		w := start(traced(collector))
		_, msg := w.requestFrom("grace@northwind.example")
		// Whoever still posts the message would show what happens meanwhile too.
		traceOf(t, collector, "job post", "slack chat.postMessage")
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Hang()})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		// What a sweep at the next start has to find begins a trace of its own.
		msg.ExpectUpdate(t, contains("pproving"))
		require.NoError(t, w.StopFrontdesk(t.Context()))
		shown := func() int { return count(traceOf(t, collector, "answer a click"), "slack chat.update") }
		before := shown()
		require.Equal(t, 1, before, "that it is under way is in the click's trace")
		w.Room.ClearFaults()
		require.NoError(t, w.StartFrontdesk(t.Context()))
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Eventually(t, func() bool { return shown() > before }, time.Minute, 50*time.Millisecond, "the outcome is not shown in the click's trace")
	})
}
