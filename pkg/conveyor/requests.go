package conveyor

import (
	"context"
	"iter"
	"net/http"
	"strings"
)

const (
	queuePath       = "/exchange/authorization_request_queue"
	requestsPath    = "/exchange/authorization_requests"
	requestsMember  = "authorization_requests"
	requestsWrapper = "authorization_request"
)

// Queue lists the open requests, and only those, in no documented order. It costs one HTTP request a page of
// 100; each range over it begins anew.
//
// Pages shift while they are read: a request that moved to a page already read is missing from the answer,
// though still open. Read it with [Client.Request] before concluding anything. An error ends the listing:
// [*TransportError], [*APIError], [*DecodeError] or [ErrPaging].
func (c *Client) Queue(ctx context.Context) iter.Seq2[Request, error] {
	return list[Request](ctx, c, queuePath, nil, requestsMember)
}

// RequestFilter narrows [Client.Requests]. What is empty does not narrow.
type RequestFilter struct {
	Status Status
	Email  string
}

// Requests lists requests of any status, as [Client.Queue] does.
func (c *Client) Requests(ctx context.Context, filter RequestFilter) iter.Seq2[Request, error] {
	p := params{}
	p.put("status", string(filter.Status))
	p.put("email", filter.Email)
	return list[Request](ctx, c, requestsPath, p, requestsMember)
}

// Request reads one request. Errors: [ErrArgument], [*TransportError], [*APIError] ([ErrNotFound] if there is
// none), [*DecodeError].
func (c *Client) Request(ctx context.Context, id string) (Request, error) {
	escaped, err := segment("request id", id)
	if err != nil {
		return Request{}, err
	}
	path := requestsPath + "/" + escaped
	body, err := c.get(ctx, path, nil)
	if err != nil {
		return Request{}, err
	}
	return one[Request](http.MethodGet, path, requestsWrapper, body)
}

// Ignore rejects a request in the name of reviewerEmail, which Conveyor requires. It gives the request as
// Conveyor answered it; believe its Status. No reason can be sent along, and no way back is documented.
// Errors: [ErrArgument], [*TransportError], [*APIError], [*DecodeError]; see [Ambiguous].
func (c *Client) Ignore(ctx context.Context, id, reviewerEmail string) (Request, error) {
	escaped, err := segment("request id", id)
	if err != nil {
		return Request{}, err
	}
	if strings.TrimSpace(reviewerEmail) == "" {
		return Request{}, argument("the reviewer's e-mail is empty")
	}
	path := requestsPath + "/" + escaped
	body, err := c.exchange(ctx, http.MethodPatch, path, params{
		"status":         string(StatusIgnored),
		"reviewer_email": reviewerEmail,
	})
	if err != nil {
		return Request{}, err
	}
	return one[Request](http.MethodPatch, path, requestsWrapper, body)
}
