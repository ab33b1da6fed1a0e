package tracing_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/tracing/tracingtest"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newTracer(t *testing.T, c *tracingtest.Collector, log io.Writer) *tracing.Tracer {
	t.Helper()
	logger := logrus.New()
	logger.SetOutput(log)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	tracer, err := tracing.New(t.Context(), tracing.Settings{
		Endpoint: c.URL + "/some/path", Headers: map[string]string{"X-Key": "let me in"}, Service: "frontdesk", Version: "v1",
		Resource: map[string]string{"deployment.environment.name": "test"}, Transport: transport, Log: logger,
	})
	require.NoError(t, err)
	return tracer
}

func TestATraceGoesOnWhereItWasPacked(t *testing.T) {
	t.Parallel()
	c := tracingtest.New(t)
	tracer := newTracer(t, c, io.Discard)
	click := trail.With(t.Context(), func(t *trail.Trail) { t.Request, t.Decision = "r1", "click" })
	click, end := tracer.Begin(click, tracing.Server, "answer a click")
	packed := tracing.Pack(click)
	require.NotEmpty(t, packed)
	end(nil)

	job := trail.With(tracing.Unpack(t.Context(), packed), func(t *trail.Trail) { t.Job = 7 })
	require.Equal(t, tracing.ID(click), tracing.ID(job))
	job, end = tracer.Begin(job, tracing.Consumer, "job carry_out")
	_, endCall := tracer.Call(job, "slack chat.update")
	endCall("ratelimited", true)
	end(errors.New("the secret words of an error"))
	_, endCall = tracer.Call(t.Context(), "slack auth.test")
	endCall("200", false)
	require.NoError(t, tracer.Stop(t.Context()))

	spans := map[string]tracingtest.Span{}
	for _, s := range c.Spans() {
		spans[s.Name] = s
		require.Equal(t, tracing.ID(click), s.Trace)
		require.Empty(t, s.Said)
		require.Equal(t, map[string]string{
			"service.name": "frontdesk", "service.version": "v1", "deployment.environment.name": "test",
		}, s.Resource)
	}
	require.Len(t, spans, 3, "what belongs to no trace begins none")
	answer, work, call := spans["answer a click"], spans["job carry_out"], spans["slack chat.update"]
	require.Empty(t, answer.Parent)
	require.Equal(t, otlp.Span_SPAN_KIND_SERVER, answer.Kind)
	require.Equal(t, map[string]string{"frontdesk.request": "r1", "frontdesk.decision": "click"}, answer.Attributes)
	require.False(t, answer.Failed)
	require.Equal(t, answer.ID, work.Parent)
	require.Equal(t, otlp.Span_SPAN_KIND_CONSUMER, work.Kind)
	require.Equal(t, map[string]string{"frontdesk.job": "7"}, work.Attributes)
	require.True(t, work.Failed)
	require.Equal(t, work.ID, call.Parent)
	require.Equal(t, otlp.Span_SPAN_KIND_CLIENT, call.Kind)
	require.Equal(t, map[string]string{"frontdesk.code": "ratelimited"}, call.Attributes)

	sent := c.Calls()[0]
	require.Equal(t, "/some/path/v1/traces", sent.Path)
	require.Equal(t, "let me in", sent.Header.Get("X-Key"))
	require.Equal(t, "application/x-protobuf", sent.Header.Get("Content-Type"))
}

func TestATracerThatIsOffDoesNothing(t *testing.T) {
	t.Parallel()
	var tracer *tracing.Tracer
	ctx, end := tracer.Begin(t.Context(), tracing.Server, "x")
	require.Equal(t, t.Context(), ctx)
	end(errors.New("x"))
	ctx, endCall := tracer.Call(ctx, "x")
	require.Equal(t, t.Context(), ctx)
	endCall("200", false)
	require.Empty(t, tracing.Pack(ctx))
	require.Empty(t, tracing.ID(ctx))
	require.NoError(t, tracer.Stop(ctx))
	for _, odd := range []string{"", "00-nothing", "00-00000000000000000000000000000000-0000000000000000-01", "\x00"} {
		require.Empty(t, tracing.ID(tracing.Unpack(ctx, odd)), "%q", odd)
	}
}

func TestATracerThatIsOffCostsNothing(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	var tracer *tracing.Tracer
	allocated := testing.AllocsPerRun(100, func() {
		ctx, end := tracer.Begin(context.Background(), tracing.Server, "x")
		_, endCall := tracer.Call(ctx, "y")
		endCall("200", false)
		end(nil)
		tracing.Unpack(ctx, tracing.Pack(ctx))
	})
	require.Zero(t, allocated)
}

func TestACollectorThatTakesNothingIsSaidOnceAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(c *tracingtest.Collector){
		"refuses": func(c *tracingtest.Collector) { c.Answer(http.StatusForbidden) },
		"is gone": func(c *tracingtest.Collector) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tracingtest.New(t)
			spoil(c)
			var log bytes.Buffer
			tracer := newTracer(t, c, &log)
			for range 2000 { // several batches
				_, end := tracer.Begin(t.Context(), tracing.Server, "x")
				end(nil)
			}
			require.NoError(t, tracer.Stop(t.Context()))
			require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("traces are lost")), log.String())
			require.NotContains(t, log.String(), "let me in")
		})
	}
}
