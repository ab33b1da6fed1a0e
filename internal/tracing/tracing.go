// Package tracing sends what Frontdesk does to an OpenTelemetry collector, as
// traces: what follows from a click has the click's trace, also when a job
// carries it on later, elsewhere or after a restart.
//
// It may import OpenTelemetry and trail, and is the only package of ours that
// imports OpenTelemetry. It promises that a nil *Tracer is one that is off and
// costs nothing, that nothing waits for the collector, and that a span has ids
// and closed sets as its attributes: never a secret and never what somebody
// wrote.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk-hq/frontdesk/internal/trail"
)

const (
	// sendEvery is how long spans are gathered before they are sent.
	sendEvery = 2 * time.Second
	// mostWaiting bounds the spans that wait to be sent; what is beyond is lost.
	mostWaiting = 2048
	// mostAtOnce bounds the spans of one call to the collector.
	mostAtOnce = 512
)

// Settings say where traces go and what they are of.
type Settings struct {
	// Endpoint is the collector's base address, without a slash at its end;
	// /v1/traces is put behind it.
	Endpoint string
	// Headers are sent with each call, for example to prove who sends.
	Headers map[string]string
	// Service is the name of this service, Version what was built.
	Service, Version string
	// Resource are further attributes of everything that is sent.
	Resource map[string]string
	// Transport makes the calls.
	Transport http.RoundTripper
	Log       *logrus.Logger
}

// Tracer begins spans. A nil one is off. Make one with New.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New makes a tracer and begins to send. It does not wait for the collector to
// be there.
func New(ctx context.Context, s Settings) (*Tracer, error) {
	exporter, err := otlptrace.New(ctx, newCollector(s))
	if err != nil {
		return nil, fmt.Errorf("set up traces: %w", err)
	}
	attributes := []attribute.KeyValue{
		attribute.String("service.name", s.Service), attribute.String("service.version", s.Version),
	}
	for name, value := range s.Resource {
		attributes = append(attributes, attribute.String(name, value))
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter, sdk.WithBatchTimeout(sendEvery), sdk.WithMaxQueueSize(mostWaiting),
			sdk.WithMaxExportBatchSize(mostAtOnce), sdk.WithExportTimeout(sendWithin)),
		sdk.WithResource(resource.NewSchemaless(attributes...)),
		sdk.WithSampler(sdk.ParentBased(sdk.AlwaysSample())),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("frontdesk")}, nil
}

// Stop sends what waits, as far as the context allows, and ends.
func (t *Tracer) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop sending traces: %w", err)
	}
	return nil
}

// Kind says on which side of a call a span is.
type Kind = trace.SpanKind

// The kinds of spans: Frontdesk is called, works on a job, or does something by
// itself.
const (
	Server   = trace.SpanKindServer
	Consumer = trace.SpanKindConsumer
	Internal = trace.SpanKindInternal
)

// End ends a span. The error says only that it failed: what it says in words is
// for the log, which names the trace.
type End func(err error)

// Begin begins a span below the one of the context, or a new trace, with the
// context's trail as its attributes.
func (t *Tracer) Begin(ctx context.Context, kind Kind, name string) (context.Context, End) {
	if t == nil {
		return ctx, off
	}
	var attributes []attribute.KeyValue
	for name, id := range trail.Of(ctx).All() {
		attributes = append(attributes, attribute.String("frontdesk."+name, fmt.Sprint(id)))
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

func off(error) {}

// Call begins a span of a call to the outside, if there is a trace that it
// belongs to: what is asked now and then for itself is none of anybody's. It
// ends with the code that the call is counted by.
func (t *Tracer) Call(ctx context.Context, name string) (context.Context, func(code string, failed bool)) {
	if t == nil || !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, offCall
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
	return ctx, func(code string, failed bool) {
		span.SetAttributes(attribute.String("frontdesk.code", code))
		if failed {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

func offCall(string, bool) {}

// ID gives the id of the context's trace, empty if there is none.
func ID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		return span.TraceID().String()
	}
	return ""
}

// carried is the name under which a trace is carried, as W3C calls it.
const carried = "traceparent"

// Pack gives the context's place in its trace as a text that can be kept, empty
// if it is in none.
func Pack(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[carried]
}

// Unpack gives a context that goes on with the trace of a packed one. What is
// no such text is ignored.
func Unpack(ctx context.Context, packed string) context.Context {
	if packed == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{carried: packed})
}
