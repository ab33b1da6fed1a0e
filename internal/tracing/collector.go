package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"golang.org/x/time/rate"
	"google.golang.org/protobuf/proto"
)

const (
	// sendWithin bounds one call to the collector.
	sendWithin = 10 * time.Second
	// complainEvery is how often it is said that the collector takes nothing.
	complainEvery = time.Minute
	// maxAnswer bounds what is read of the collector's answer.
	maxAnswer = 64 << 10
)

// collector sends spans over HTTP as the OpenTelemetry protocol has it. It is
// our own because the library's brings gRPC into the binary, which is larger
// than all of Frontdesk's other libraries. What the collector does not take is
// lost, and the log says so: traces are for a look, not a record.
type collector struct {
	address string
	headers map[string]string
	client  *http.Client
	log     *logrus.Logger
	trouble rate.Sometimes
}

var _ otlptrace.Client = (*collector)(nil)

func newCollector(s Settings) *collector {
	return &collector{
		address: s.Endpoint + "/v1/traces", headers: s.Headers, log: s.Log,
		client: &http.Client{
			Timeout: sendWithin, Transport: s.Transport,
			// The headers may be secret, so they go to nobody else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		trouble: rate.Sometimes{Interval: complainEvery},
	}
}

// Start implements otlptrace.Client.
func (c *collector) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *collector) Stop(context.Context) error { return nil }

// UploadTraces implements otlptrace.Client. It never fails, because the library
// would say so on the standard error.
func (c *collector) UploadTraces(ctx context.Context, spans []*otlp.ResourceSpans) error {
	if err := c.send(ctx, spans); err != nil {
		c.trouble.Do(func() {
			c.log.WithError(err).Warn("traces are lost, because the collector does not take them (said at most once a minute)")
		})
	}
	return nil
}

func (c *collector) send(ctx context.Context, spans []*otlp.ResourceSpans) error {
	// The protocol's own request has this one field too.
	body, err := proto.Marshal(&otlp.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer)) // so that the connection is kept
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("send spans: the collector answers %s", http.StatusText(res.StatusCode))
	}
	return nil
}
