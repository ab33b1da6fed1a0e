package conveyor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

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
	authorization, err := c.client.Load().Authorize(ctx, conveyor.Grant{
		RequestID:      r.ExternalID,
		AccessGroupIDs: groupIDs(r.Decision.Groups),
		NDABypass:      r.Decision.NDABypass,
		ExpiresAt:      expires,
		ReviewerEmail:  r.Decision.Reviewer.Email,
	})
	if err != nil {
		return approval.Confirmation{}, fmt.Errorf("approve in Conveyor: %w", writeError(err))
	}
	return c.given(ctx, r, authorization)
}

// given gives what an answered approval gave, which is what the message will
// say. Where deciding what is decided is no error, the answer is what somebody
// else gave, and no confirmation.
func (c *Conveyor) given(ctx context.Context, r approval.Request, a conveyor.Authorization) (approval.Confirmation, error) {
	silent := len(a.AccessGroups) == 0 && len(r.Decision.Groups) > 0
	switch {
	case !belongsTo(a, r), !silent && !includesGroups(a, *r.Decision):
		return approval.Confirmation{}, fmt.Errorf("approve in Conveyor: %w",
			notTaken(approval.RefusedConflict, "an authorization that is not what was asked for"))
	case !silent:
		return confirmed(a), nil
	}
	// The answer does not say which groups were given, so that is asked.
	shown, err := c.authorizationFor(ctx, r, includesGroups)
	if err != nil {
		return approval.Confirmation{}, fmt.Errorf("see which groups were given: %w",
			&approval.PassingError{Ambiguous: true, Err: err})
	}
	if shown == nil {
		confirmation := confirmed(a)
		confirmation.GroupsUnsaid = true
		return confirmation, nil
	}
	return *shown, nil
}

func (c *Conveyor) ignore(ctx context.Context, r approval.Request) (approval.Confirmation, error) {
	request, err := c.client.Load().Ignore(ctx, r.ExternalID, r.Decision.Reviewer.Email)
	if err != nil {
		return approval.Confirmation{}, fmt.Errorf("reject in Conveyor: %w", writeError(err))
	}
	stands := standing(request.Status)
	if stands != approval.StandingIgnored {
		// The answer may be of before the change, or give no status: a read counts.
		if _, stands, err = c.Read(ctx, r.ExternalID); err != nil {
			return approval.Confirmation{}, fmt.Errorf("see whether the rejection was taken: %w",
				&approval.PassingError{Ambiguous: true, Err: err})
		}
	}
	switch stands {
	case approval.StandingIgnored:
		return approval.Confirmation{}, nil
	case approval.StandingGone:
		err = notTaken(approval.RefusedGone, "no request")
	case approval.StandingApproved:
		err = notTaken(approval.RefusedConflict, "an approved request")
	case approval.StandingOpen, approval.StandingDraft:
		err = notTaken(approval.RefusedInvalid, "an open request")
	}
	return approval.Confirmation{}, fmt.Errorf("reject in Conveyor: %w", err)
}

// notTaken is the refusal of a write that Conveyor answered without an error.
func notTaken(reason approval.RefusalReason, shown string) error {
	return &approval.RefusedError{
		Refusal: approval.Refusal{Reason: reason},
		Err:     fmt.Errorf("Conveyor took the call but shows %s", shown),
	}
}

// Outcome implements approval.System. An approval counts as the decision's own
// only if an authorization of the requester shows what was asked for. A
// rejection leaves no trace but the status, so the status decides.
func (c *Conveyor) Outcome(ctx context.Context, r approval.Request) (approval.Standing, *approval.Confirmation, error) {
	_, standing, err := c.Read(ctx, r.ExternalID)
	if err != nil {
		return "", nil, err
	}
	switch {
	case standing == approval.StandingIgnored && r.Decision.Verb == approval.Reject:
		return standing, &approval.Confirmation{}, nil
	case standing == approval.StandingApproved && r.Decision.Verb == approval.Approve:
		confirmation, err := c.authorizationFor(ctx, r, showsDecision)
		if _, refused := errors.AsType[*approval.RefusedError](err); refused {
			// The key may read requests and not authorizations: whose approval it
			// is cannot be told.
			return standing, nil, nil
		}
		return standing, confirmation, err
	}
	return standing, nil, nil
}

// authorizationFor looks for an authorization of the requester that shows what
// is wanted of the decision; nil if there is none.
func (c *Conveyor) authorizationFor(
	ctx context.Context, r approval.Request, shows func(conveyor.Authorization, approval.Decision) bool,
) (*approval.Confirmation, error) {
	if r.Requester == "" {
		return nil, nil //nolint:nilnil // without an address the list would be everybody's
	}
	var seen allowance
	for authorization, err := range c.client.Load().Authorizations(ctx, conveyor.AuthorizationFilter{Email: r.Requester}) {
		if err == nil {
			err = seen.take(authorization.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("read the authorizations in Conveyor: %w", c.noted(readError(err)))
		}
		if authorization.Email != "" && belongsTo(authorization, r) && shows(authorization, *r.Decision) {
			confirmation := confirmed(authorization)
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

// belongsTo reports whether an authorization lets the requester in.
func belongsTo(a conveyor.Authorization, r approval.Request) bool {
	own := a.Email == "" || strings.EqualFold(a.Email, r.Requester)
	return own && a.Status != conveyor.AuthorizationRevoked
}

// includesGroups reports whether an authorization has every group that was
// asked for.
func includesGroups(a conveyor.Authorization, d approval.Decision) bool {
	given := groupIDs(confirmed(a).Groups)
	return !slices.ContainsFunc(d.Groups, func(g approval.Group) bool { return !slices.Contains(given, g.ID) })
}

// showsDecision reports whether an authorization is what the decision asked
// for. It is not if groups were given and none was asked for, nor if it waits
// for the NDA that was to be bypassed. An expiry is never shown, so that it
// cannot be told whether it was set.
func showsDecision(a conveyor.Authorization, d approval.Decision) bool {
	switch {
	case d.Expires != "":
		return false
	case d.NDABypass && a.Status == conveyor.AuthorizationGated:
		return false
	case len(d.Groups) == 0:
		return len(a.AccessGroups) == 0
	}
	return includesGroups(a, d)
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
	case errors.Is(err, conveyor.ErrRedirect), statusOf(err) == http.StatusRequestTimeout:
		return passing(err) // somebody put a proxy in between; not the reviewer's matter
	}
	return refused(approval.RefusedInvalid, err)
}

// statusOf gives the HTTP status of a refusal, zero if it is none.
func statusOf(err error) int {
	if api, ok := errors.AsType[*conveyor.APIError](err); ok {
		return api.StatusCode
	}
	return 0
}

func refused(reason approval.RefusalReason, err error) error {
	refusal := approval.Refusal{Reason: reason}
	if api, ok := errors.AsType[*conveyor.APIError](err); ok {
		refusal.Detail = api.Message
	}
	return &approval.RefusedError{Refusal: refusal, Err: err}
}

func passing(err error) error {
	p := &approval.PassingError{Ambiguous: conveyor.Ambiguous(err), Err: err}
	if api, ok := errors.AsType[*conveyor.APIError](err); ok {
		p.RetryAfter = api.RetryAfter
	}
	return p
}
