package slackapp

import (
	"context"
	"errors"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

// heldOptions is how many options Slack takes in one answer.
const heldOptions = 100

// findHeld answers what somebody typed into the overview's menu.
func (r *Reception) findHeld(ctx context.Context, source, typed string) (any, error) {
	held, err := r.desk.Held(ctx, source, typed, heldOptions)
	if err != nil {
		r.watch.Unanswered(ctx, "options", err)
		return nil, err
	}
	return options{Options: render.HeldOptions(held)}, nil
}

// openHeld posts the request that was chosen in the overview's menu.
func (r *Reception) openHeld(ctx context.Context, p payload, requestID string) error {
	return r.opening(ctx, p, func(ctx context.Context) (string, error) {
		if requestID == "" {
			return "", nil // a choice that was taken back
		}
		request, err := r.desk.Open(ctx, requestID)
		switch {
		case errors.Is(err, approval.ErrUnknown):
			return "Frontdesk does not know this request (any more).", nil
		case err == nil && request.State != approval.Pending:
			return render.Taken(request), nil
		case err == nil && request.Delivery.Posted():
			return "This request is in the channel already.", nil
		}
		return "", err
	})
}

// openNext posts the requests that wait for the longest.
func (r *Reception) openNext(ctx context.Context, p payload, source string) error {
	return r.opening(ctx, p, func(ctx context.Context) (string, error) {
		n, err := r.desk.OpenOldest(ctx, source, render.OpenAtOnce)
		if err == nil && n == 0 {
			return "No more access requests wait here.", nil
		}
		return "", err
	})
}

// opening opens for somebody who may decide, and tells them what it says.
func (r *Reception) opening(ctx context.Context, p payload, open func(ctx context.Context) (says string, err error)) error {
	_, denial, err := r.mayDecide(ctx, p.User.ID)
	if err != nil {
		return &failure{error: err, says: "Slack did not say in time whether you may decide. Nothing was opened; please try again."}
	}
	if denial != approval.Allowed {
		r.whisper(ctx, p, render.Denial(denial))
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.bounds.store)
	defer cancel()
	says, err := open(ctx)
	if err == nil && says != "" {
		r.whisper(ctx, p, says)
	}
	return err
}
