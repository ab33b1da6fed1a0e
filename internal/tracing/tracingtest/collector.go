// Package tracingtest is an OpenTelemetry collector for tests: it takes traces
// in over HTTP and reads them as the protocol has them.
//
// It is for tests only and imports nothing of ours.
package tracingtest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is one span that came in.
type Span struct {
	Name string
	// Trace, ID and Parent are in hexadecimal digits; Parent is empty at the root.
	Trace, ID, Parent string
	Kind              otlp.Span_SpanKind
	Failed            bool
	// Said is the text of the status and the number of events, which Frontdesk
	// gives none of.
	Said       string
	Attributes map[string]string
	// Resource are the attributes of who sent it.
	Resource map[string]string
}

// Call is one call to the collector.
type Call struct {
	Path   string
	Header http.Header
}

// Collector takes traces in. Make one with New.
type Collector struct {
	*httptest.Server

	mu     sync.Mutex
	status int
	calls  []Call
	spans  []Span
}

// New starts a collector that is closed when the test ends.
func New(tb testing.TB) *Collector {
	tb.Helper()
	c := &Collector{status: http.StatusOK}
	c.Server = httptest.NewServer(http.HandlerFunc(c.take))
	tb.Cleanup(c.Close)
	return c
}

// Answer makes the collector answer with a status from now on.
func (c *Collector) Answer(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// Calls gives the calls so far.
func (c *Collector) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call(nil), c.calls...)
}

// Spans gives the spans so far, in the order in which they came.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

func (c *Collector) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var data otlp.TracesData
	if err == nil {
		err = proto.Unmarshal(body, &data)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, Call{Path: r.URL.Path, Header: r.Header})
	if err != nil || len(data.ProtoReflect().GetUnknown()) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(c.status)
	if c.status != http.StatusOK {
		return
	}
	for _, resource := range data.GetResourceSpans() {
		from := map[string]string{}
		for _, a := range resource.GetResource().GetAttributes() {
			from[a.GetKey()] = a.GetValue().GetStringValue()
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, read(s, from))
			}
		}
	}
}

func read(s *otlp.Span, resource map[string]string) Span {
	span := Span{
		Name: s.GetName(), Kind: s.GetKind(), Attributes: map[string]string{}, Resource: resource,
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()),
		Parent: hex.EncodeToString(s.GetParentSpanId()),
		Failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR, Said: s.GetStatus().GetMessage(),
	}
	if n := len(s.GetEvents()); n > 0 {
		span.Said += strconv.Itoa(n) + " events"
	}
	for _, a := range s.GetAttributes() {
		span.Attributes[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return span
}
