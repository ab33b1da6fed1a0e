package conveyor

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"
)

const (
	authorizationsPath    = "/exchange/authorizations"
	authorizationsMember  = "authorizations"
	authorizationsWrapper = "authorization"
	accessGroupIDs        = "access_group_ids"
)

// Grant says whom to let in and how.
type Grant struct {
	// RequestID approves that request; Email lets a person in without one. Exactly one of them must be set.
	RequestID string
	Email     string
	// AccessGroupIDs are the groups to put the person in; none means standard access.
	AccessGroupIDs []string
	// NDABypass lets the person in without signing the NDA.
	NDABypass bool
	// ExpiresAt is the day when the access ends; zero means that it does not.
	ExpiresAt Date
	// ReviewerEmail is in whose name it is done. Conveyor's documentation does not list it here; it is known
	// to have been accepted. Empty sends none.
	ReviewerEmail string
}

func (g Grant) params() (params, error) {
	if (strings.TrimSpace(g.RequestID) == "") == (strings.TrimSpace(g.Email) == "") {
		return nil, argument("a grant needs either a request id or an e-mail, and not both")
	}
	if err := checkGroups(g.AccessGroupIDs); err != nil {
		return nil, err
	}
	if err := g.ExpiresAt.check("the expiry date"); err != nil {
		return nil, err
	}
	// Never nil: JSON must say [] and not null.
	p := params{accessGroupIDs: append([]string{}, g.AccessGroupIDs...)}
	p.put("request_id", g.RequestID)
	p.put("email", g.Email)
	p.put("expires_at", g.ExpiresAt.String())
	p.put("reviewer_email", g.ReviewerEmail)
	if g.NDABypass {
		p["nda_bypass"] = true
	}
	return p, nil
}

func checkGroups(ids []string) error {
	if slices.ContainsFunc(ids, func(id string) bool { return strings.TrimSpace(id) == "" }) {
		return argument("an access group's id is empty")
	}
	return nil
}

// Authorize lets a person in. The answer's Status tells whether the NDA still stands before the door
// ([AuthorizationGated]). Errors: [ErrArgument], [*TransportError], [*APIError], [*DecodeError]; see
// [Ambiguous]. What a second grant for the same person does is not documented.
func (c *Client) Authorize(ctx context.Context, grant Grant) (Authorization, error) {
	p, err := grant.params()
	if err != nil {
		return Authorization{}, err
	}
	body, err := c.exchange(ctx, http.MethodPost, authorizationsPath, p)
	if err != nil {
		return Authorization{}, err
	}
	return one[Authorization](http.MethodPost, authorizationsPath, authorizationsWrapper, body)
}

// AuthorizationFilter narrows [Client.Authorizations]. What is empty does not narrow.
type AuthorizationFilter struct {
	Status AuthorizationStatus
	Email  string
}

// Authorizations lists authorizations, at the cost and with the errors of [Client.Queue].
func (c *Client) Authorizations(ctx context.Context, filter AuthorizationFilter) iter.Seq2[Authorization, error] {
	p := params{}
	p.put("status", string(filter.Status))
	p.put("email", filter.Email)
	return list[Authorization](ctx, c, authorizationsPath, p, authorizationsMember)
}

// Revoke takes a person's access away. Errors as for [Client.Authorize].
func (c *Client) Revoke(ctx context.Context, id string) (Authorization, error) {
	return c.change(ctx, id, params{"status": string(AuthorizationRevoked)})
}

// SetAccessGroups replaces the whole set of a person's access groups; none clears it. Errors as for
// [Client.Authorize].
//
// In the style [Query] an empty set is sent as one empty access_group_ids[], because a query string has no
// empty list. That Conveyor takes it so is inferred: look at the answer's AccessGroups.
func (c *Client) SetAccessGroups(ctx context.Context, id string, groupIDs []string) (Authorization, error) {
	if err := checkGroups(groupIDs); err != nil {
		return Authorization{}, err
	}
	ids := append([]string{}, groupIDs...)
	if len(ids) == 0 && c.params == Query {
		ids = []string{""}
	}
	return c.change(ctx, id, params{accessGroupIDs: ids})
}

func (c *Client) change(ctx context.Context, id string, p params) (Authorization, error) {
	escaped, err := segment("authorization id", id)
	if err != nil {
		return Authorization{}, err
	}
	path := authorizationsPath + "/" + escaped
	body, err := c.exchange(ctx, http.MethodPatch, path, p)
	if err != nil {
		return Authorization{}, err
	}
	return one[Authorization](http.MethodPatch, path, authorizationsWrapper, body)
}
