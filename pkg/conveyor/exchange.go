package conveyor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// maxErrorBody bounds what is read of a refusal; its text is cut to a few hundred characters anyway.
	maxErrorBody = 64 << 10
	// maxRetryAfter keeps a broken header from stopping a caller for ever.
	maxRetryAfter = 24 * time.Hour
)

// params holds string, bool and []string values by their name in the API.
type params map[string]any

// put adds a string unless it is empty.
func (p params) put(name, value string) {
	if value != "" {
		p[name] = value
	}
}

func (p params) query() url.Values {
	values := url.Values{}
	for name, value := range p {
		switch v := value.(type) {
		case string:
			values.Set(name, v)
		case bool:
			values.Set(name, strconv.FormatBool(v))
		case []string:
			for _, one := range v {
				values.Add(name+"[]", one)
			}
		}
	}
	return values
}

// get reads path and returns the body of a 2xx answer.
func (c *Client) get(ctx context.Context, path string, p params) ([]byte, error) {
	return c.exchange(ctx, http.MethodGet, path, p)
}

// exchange sends one request and returns the body of a 2xx answer. It is the only place that sends.
func (c *Client) exchange(ctx context.Context, method, path string, p params) ([]byte, error) {
	seen := &wire{}
	req, err := c.build(httptrace.WithClientTrace(ctx, seen.trace()), method, path, p)
	if err != nil {
		return nil, err
	}
	fail := func(sent bool, err error) error {
		return &TransportError{Method: method, Path: path, Sent: sent, Err: c.scrub(err, req.URL.RawQuery)}
	}
	if err := ctx.Err(); err != nil {
		return nil, fail(false, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fail(seen.maybeSent(), err)
	}
	defer func() { _ = resp.Body.Close() }()

	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		// A refusal whose text cannot be read is still that refusal.
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return nil, &APIError{
			Method:     method,
			Path:       path,
			StatusCode: resp.StatusCode,
			RetryAfter: c.retryAfter(resp.Header.Get("Retry-After")),
			Message:    c.message(body),
		}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxBody+1))
	if err != nil {
		return nil, fail(true, err)
	}
	if int64(len(body)) > c.maxBody {
		return nil, &DecodeError{Method: method, Path: path, Err: ErrTooLarge}
	}
	return body, nil
}

func (c *Client) build(ctx context.Context, method, path string, p params) (*http.Request, error) {
	address := c.base + path
	var body io.Reader
	if method == http.MethodGet || c.params == Query {
		if query := p.query().Encode(); query != "" {
			address += "?" + query
		}
	} else {
		encoded, err := json.Marshal(p)
		if err != nil {
			return nil, argument("the parameters cannot be encoded")
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, argument("the request cannot be formed")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.auth == Bearer {
		req.Header.Set("Authorization", "Bearer "+c.key)
	} else {
		req.Header.Set("X-Api-Key", c.key)
	}
	return req, nil
}

// wire records how far a request went. The flags are sticky over the transport's own second attempts.
type wire struct {
	asked, connected atomic.Bool
}

func (w *wire) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
		// Both come after GotConn; they are here for transports that report only these.
		WroteHeaders: func() { w.connected.Store(true) },
		WroteRequest: func(httptrace.WroteRequestInfo) { w.connected.Store(true) },
	}
}

// maybeSent is false only if the transport looked for a connection and never got one: no name, no dial, no
// TLS handshake. From the moment it has one, another goroutine writes, and a time-out can overtake the report
// that headers were written. A transport that reports nothing has told nothing.
func (w *wire) maybeSent() bool {
	return w.connected.Load() || !w.asked.Load()
}

// scrub takes the address, which holds e-mails in the query string, off an error of net/http. What is below
// it seldom quotes the request; if it does, its type is given up with its text.
func (c *Client) scrub(err error, query string) error {
	for {
		outer, ok := err.(*url.Error) //nolint:errorlint // only the outermost layer is to be taken off, not one found below
		if !ok {
			break
		}
		err = outer.Err
	}
	text := c.redact(err.Error())
	if query != "" {
		text = strings.ReplaceAll(text, query, redacted)
	}
	if text != err.Error() {
		return errors.New(text)
	}
	return err
}

const redacted = "[redacted]"

func (c *Client) redact(text string) string {
	return strings.ReplaceAll(text, c.key, redacted)
}

// retryAfter reads both forms of the header; what is past, absent or unreadable is 0.
func (c *Client) retryAfter(header string) time.Duration {
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(c.clock()), 0), maxRetryAfter)
	}
	seconds, err := strconv.ParseFloat(header, 64)
	if err != nil || math.IsNaN(seconds) {
		return 0
	}
	// Bounded before it becomes a duration, which would overflow.
	return time.Duration(min(max(seconds, 0), maxRetryAfter.Seconds()) * float64(time.Second))
}

// one reads a body that holds a single record, or that record inside an object under the name wrapper.
func one[T record](method, path, wrapper string, body []byte) (T, error) {
	var zero T
	got, err := decodeOne[T](wrapper, body)
	if err != nil {
		return zero, &DecodeError{Method: method, Path: path, Err: err}
	}
	return got, nil
}

func decodeOne[T record](wrapper string, body []byte) (T, error) {
	var got T
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return got, shape(err)
	}
	if _, flat := members["id"]; !flat {
		if inner, ok := members[wrapper]; ok {
			body = inner
		}
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return got, shape(err)
	}
	if got.recordID() == "" {
		return got, errNoID
	}
	return got, nil
}

// shape keeps the value that encoding/json quotes out of an error's text.
func shape(err error) error {
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errKind
	}
	return fmt.Errorf("read JSON: %w", err)
}
