package conveyor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

// CarryOut implements approval.System.
func (c *Conveyor) CarryOut(ctx context.Context, r approval.Request) (approval.Confirmation, error) {
	if r.Decision.Verb == approval.Reject {
		return c.ignore(ctx, r)
	}
	expires, err := conveyor.ParseDate(r.Decision.Expires)
	if r.Decision.Expires != "" && err != nil {
		return approval.Confirmation{}, &approval.RefusedError{
			Refusal: approval.Refusal{Reason: approval.RefusedInvalid, Detail: "the expiry is not a date"}, Err: err,
		}
	}
	authorization, err := c.client.Authorize(ctx, conveyor.Grant{
		RequestID:      r.ExternalID,
		AccessGroupIDs: groupIDs(r.Decision.Groups),
		NDABypass:      r.Decision.NDABypass,
		ExpiresAt:      expires,
		ReviewerEmail:  r.Decision.Reviewer.Email,
	})
	if err != nil {
		return approval.Confirmation{}, fmt.Errorf("approve in Conveyor: %w", writeError(err))
	}
	confirmation := confirmed(authorization)
	if len(confirmation.Groups) == 0 && len(r.Decision.Groups) > 0 {
		// The answer does not say which groups were given. What the message says
		// must be what Conveyor shows, so it is asked; that the approval itself
		// was confirmed does not hang on it.
		if shown, err := c.authorizationFor(ctx, r); err == nil && shown != nil {
			return *shown, nil
		}
	}
	return confirmation, nil
}

func (c *Conveyor) ignore(ctx context.Context, r approval.Request) (approval.Confirmation, error) {
	request, err := c.client.Ignore(ctx, r.ExternalID, r.Decision.Reviewer.Email)
	if err != nil {
		return approval.Confirmation{}, fmt.Errorf("reject in Conveyor: %w", writeError(err))
	}
	if standing := standing(request.Status); standing != approval.StandingIgnored {
		return approval.Confirmation{}, fmt.Errorf("reject in Conveyor: %w", &approval.RefusedError{
			Refusal: approval.Refusal{Reason: approval.RefusedConflict},
			Err:     fmt.Errorf("Conveyor took the call but shows the request as %s", standing), //nolint:revive,staticcheck // Conveyor is a name
		})
	}
	return approval.Confirmation{}, nil
}

// Outcome implements approval.System. An approval counts as the decision's own
// only if an authorization of the requester shows every group that was asked
// for. A rejection leaves no trace but the status, so the status decides.
func (c *Conveyor) Outcome(ctx context.Context, r approval.Request) (approval.Standing, *approval.Confirmation, error) {
	_, standing, err := c.Read(ctx, r.ExternalID)
	if err != nil {
		return "", nil, err
	}
	switch {
	case standing == approval.StandingIgnored && r.Decision.Verb == approval.Reject:
		return standing, &approval.Confirmation{}, nil
	case standing == approval.StandingApproved && r.Decision.Verb == approval.Approve:
		confirmation, err := c.authorizationFor(ctx, r)
		return standing, confirmation, err
	}
	return standing, nil, nil
}

// authorizationFor looks for an authorization that shows what the decision
// asked for; nil if there is none.
func (c *Conveyor) authorizationFor(ctx context.Context, r approval.Request) (*approval.Confirmation, error) {
	for authorization, err := range c.client.Authorizations(ctx, conveyor.AuthorizationFilter{Email: r.Requester}) {
		if err != nil {
			return nil, fmt.Errorf("read the authorizations in Conveyor: %w", c.noted(readError(err)))
		}
		if authorization.Status == conveyor.AuthorizationRevoked || authorization.Email != r.Requester {
			continue
		}
		if confirmation := confirmed(authorization); shows(confirmation.Groups, r.Decision.Groups) {
			return &confirmation, nil
		}
	}
	return nil, nil //nolint:nilnil // none found is an answer, not a failure
}

func confirmed(a conveyor.Authorization) approval.Confirmation {
	c := approval.Confirmation{Gated: a.Status == conveyor.AuthorizationGated}
	for _, g := range a.AccessGroups {
		c.Groups = append(c.Groups, approval.Group{ID: g.ID, Name: clean(g.Name, maxName)})
	}
	return c
}

// shows reports whether every group that was asked for was given.
func shows(given, asked []approval.Group) bool {
	ids := groupIDs(given)
	return !slices.ContainsFunc(asked, func(g approval.Group) bool { return !slices.Contains(ids, g.ID) })
}

func groupIDs(groups []approval.Group) []string {
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID
	}
	return ids
}

// readError says what an error of a read means. A refused read is about our
// key: Conveyor documents 403 for a bad or inactive one.
func readError(err error) error {
	if errors.Is(err, conveyor.ErrForbidden) || errors.Is(err, conveyor.ErrUnauthorized) {
		return refused(approval.RefusedKey, err)
	}
	return passing(err)
}

// writeError says what an error of a write means for the decision.
func writeError(err error) error {
	switch {
	case errors.Is(err, conveyor.ErrUnauthorized):
		return refused(approval.RefusedKey, err)
	case errors.Is(err, conveyor.ErrForbidden):
		return refused(approval.RefusedReviewer, err)
	case errors.Is(err, conveyor.ErrNotFound):
		return refused(approval.RefusedGone, err)
	case errors.Is(err, conveyor.ErrConflict):
		return refused(approval.RefusedConflict, err)
	case conveyor.Temporary(err), conveyor.Ambiguous(err):
		return passing(err)
	case errors.Is(err, conveyor.ErrRedirect):
		return passing(err) // somebody put a proxy in between; not the reviewer's matter
	}
	return refused(approval.RefusedInvalid, err)
}

func refused(reason approval.RefusalReason, err error) error {
	refusal := approval.Refusal{Reason: reason}
	var api *conveyor.APIError
	if errors.As(err, &api) {
		refusal.Detail = api.Message
	}
	return &approval.RefusedError{Refusal: refusal, Err: err}
}

func passing(err error) error {
	p := &approval.PassingError{Ambiguous: conveyor.Ambiguous(err), Err: err}
	var api *conveyor.APIError
	if errors.As(err, &api) {
		p.RetryAfter = api.RetryAfter
	}
	return p
}
