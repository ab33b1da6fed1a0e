package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
)

// outside makes the calls to one outside system, and counts and traces them.
type outside struct {
	next   http.RoundTripper
	system string
	// name names a call, out of a closed set.
	name func(*http.Request) string
	// refusal gives the code of an answer that is a refusal although its status
	// is not, out of a closed set. It may be nil.
	refusal func(*http.Response) string
	watch   *watch
	tracer  *tracing.Tracer
	clock   approval.Clock
}

// RoundTrip implements http.RoundTripper.
func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	call := o.name(r)
	ctx, end := o.tracer.Call(r.Context(), o.system+" "+call)
	began := o.clock()
	res, err := o.next.RoundTrip(r.WithContext(ctx))
	code := o.code(res, err)
	o.watch.called(o.system, call, code, o.clock().Sub(began))
	end(code, !isFine(code))
	return res, err //nolint:wrapcheck // a pass-through
}

// Codes of calls that got no answer.
const (
	codeTimeout  = "timeout"
	codeCanceled = "canceled"
	codeError    = "error"
)

// code says in a word, out of a closed set, how a call ended.
func (o *outside) code(res *http.Response, err error) string {
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return codeCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return codeTimeout
	case err != nil:
		return codeError
	}
	if o.refusal != nil {
		if refused := o.refusal(res); refused != "" {
			return refused
		}
	}
	if slices.Contains(countedStatuses(), res.StatusCode) {
		return strconv.Itoa(res.StatusCode)
	}
	return strconv.Itoa(res.StatusCode/100) + "xx"
}

// countedStatuses lists the statuses that are counted by themselves; any other
// is counted by its class.
func countedStatuses() []int {
	return []int{200, 201, 204, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504}
}

func isFine(code string) bool { return code[0] == '2' }
