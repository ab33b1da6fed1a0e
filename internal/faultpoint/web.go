package faultpoint

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Transport gives a transport with points before and after each call. The call
// carries its point in Header, so that the other side of a test can make its
// answer come late or never.
func (p *Points) Transport(under http.RoundTripper) http.RoundTripper {
	return &transport{under: under, points: p}
}

type transport struct {
	under  http.RoundTripper
	points *Points
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(q *http.Request) (*http.Response, error) {
	name := where() + " call " + callee(q)
	numbered := t.points.Reach(name + " before")
	q = q.Clone(q.Context())
	q.Header.Set(Header, strconv.Itoa(os.Getpid())+" "+numbered)
	res, err := t.under.RoundTrip(q)
	t.points.Reach(name + " after")
	return res, err //nolint:wrapcheck // a pass-through
}

// callee names what is called: a method of Slack, or a method and path with the
// ids left out.
func callee(q *http.Request) string {
	if strings.Contains(q.URL.Path, "/api/") && !strings.Contains(q.URL.Path, "/exchange/") {
		return path.Base(q.URL.Path)
	}
	segments := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	for i, s := range segments {
		if regexp.MustCompile(`^[0-9a-f-]{16,}$`).MatchString(s) {
			segments[i] = "ID"
		}
	}
	return q.Method + " /" + strings.Join(segments, "/")
}

// Handler gives a handler with points before an answer is sent and after it
// has left the process.
func (p *Points) Handler(under http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodPost { // health and metrics change nothing
			under.ServeHTTP(w, q)
			return
		}
		held := &answer{header: http.Header{}, status: http.StatusOK}
		under.ServeHTTP(held, q)
		name := "door " + q.URL.Path + " answer"
		p.Reach(name + " before")
		maps.Copy(w.Header(), held.header)
		w.Header().Set("Content-Length", strconv.Itoa(held.body.Len()))
		w.WriteHeader(held.status)
		_, _ = w.Write(held.body.Bytes())
		_ = http.NewResponseController(w).Flush()
		p.Reach(name + " after")
	})
}

// answer holds an answer until it may leave.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) } //nolint:wrapcheck // it never fails
