package practiceslack

import (
	"context"
	"slices"
)

// SubmitResult is what a person sees after they submitted a view.
type SubmitResult struct {
	Outcome
	Closed  bool // the view is gone
	Cleared bool // and so are all below it
	Updated bool
	Pushed  bool
	// Errors are the sentences under the inputs, by block id. Those of the
	// client itself (a required field is empty) come without a delivery.
	Errors map[string]string
	labels map[string]string // block id by label
}

// ErrorOf gives the sentence under the input with that label or block id.
func (r SubmitResult) ErrorOf(labelOrBlock string) string {
	if s, ok := r.Errors[labelOrBlock]; ok {
		return s
	}
	return r.Errors[r.labels[labelOrBlock]]
}

// labels gives the block ids of the view's inputs by their labels.
func (v *view) labels() map[string]string {
	found := map[string]string{}
	for _, el := range v.elements() {
		if el.isInput {
			found[textOf(el.block, "label")] = el.slot.block
		}
	}
	return found
}

// SetViewInput fills in an element of the topmost view without submitting it.
// An element that dispatches its actions sends them.
func (ws *Workspace) SetViewInput(ctx context.Context, userID, viewID, blockID, actionID string, in Input) Outcome {
	return ws.Act(ctx, userID, InView(viewID), blockID, actionID, in)
}

// SubmitView fills in what is given, by block and action id, and submits. What
// is not given keeps its value.
func (ws *Workspace) SubmitView(ctx context.Context, userID, viewID string, inputs map[string]map[string]Input) SubmitResult {
	v, payload, address, result := ws.submission(userID, viewID, inputs)
	if payload == nil {
		return result
	}
	out := ws.deliver(ctx, "view_submission", address, payloadForm(payload))
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.applySubmission(v, out)
}

// submission takes the inputs in, lets the client complain, and makes the
// payload.
func (ws *Workspace) submission(userID, viewID string, inputs map[string]map[string]Input) (*view, object, string, SubmitResult) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c, problem := ws.canvasAt(userID, InView(viewID))
	if problem != "" {
		return nil, nil, "", SubmitResult{Outcome: failed("%s", problem)}
	}
	v := ws.open(viewID)
	if textOf(v.def, "submit") == "" {
		return nil, nil, "", SubmitResult{Outcome: failed("this view has no submit button")}
	}
	ws.touchControls(userID, InView(viewID))
	for block, actions := range inputs {
		for action, in := range actions {
			el, ok := c.find(slot{block, action})
			if !ok {
				return nil, nil, "", SubmitResult{Outcome: failed("there is no element %q in block %q here", action, block)}
			}
			state, problem := ws.stateFor(c, userID, el, in)
			if problem != "" {
				return nil, nil, "", SubmitResult{Outcome: failed("%s", problem)}
			}
			c.put(userID, el.slot, state)
		}
	}
	v.errors, v.problem = nil, ""
	complaints := map[string]string{}
	for _, el := range c.elements() {
		if !el.isInput {
			continue
		}
		if text := complaint(el, c.value(userID, el)); text != "" {
			complaints[el.slot.block] = text
		}
	}
	ws.announce(Event{Kind: ViewsChanged, User: userID, View: v.id})
	if len(complaints) > 0 {
		v.errors = complaints
		return nil, nil, "", SubmitResult{
			Outcome: failed("The form is not complete."), Errors: complaints, labels: v.labels(),
		}
	}
	payload := ws.envelope("view_submission", userID)
	payload["view"] = ws.wireView(v)
	payload["trigger_id"] = ws.newTrigger(userID, v.id)
	payload["response_urls"] = ws.responseURLs(c, userID)
	return v, payload, ws.requestURL, SubmitResult{}
}

// responseURLs are addresses for the conversations that a person has chosen in
// the menus that ask for them.
func (ws *Workspace) responseURLs(c *canvas, userID string) []any {
	urls := []any{}
	for _, el := range c.elements() {
		channel := stringOf(c.value(userID, el), idField(el.kind))
		if !boolOf(el.def, "response_url_enabled") || channel == "" {
			continue
		}
		urls = append(urls, object{
			"block_id": el.slot.block, "action_id": el.slot.action, "channel_id": channel,
			"response_url": ws.newResponseURL(userID, channel, ""),
		})
	}
	return urls
}

// CloseView cancels the topmost view. The one below it shows again, unless the
// view clears all on close.
func (ws *Workspace) CloseView(ctx context.Context, userID, viewID string) Outcome {
	return ws.closeView(ctx, userID, viewID, false)
}

// CloseAllViews leaves a stack of views with the cross in its corner.
func (ws *Workspace) CloseAllViews(ctx context.Context, userID, viewID string) Outcome {
	return ws.closeView(ctx, userID, viewID, true)
}

func (ws *Workspace) closeView(ctx context.Context, userID, viewID string, all bool) Outcome {
	ws.mu.Lock()
	if _, problem := ws.canvasAt(userID, InView(viewID)); problem != "" {
		ws.mu.Unlock()
		return failed("%s", problem)
	}
	if ws.homeView(userID, viewID) != nil {
		ws.mu.Unlock()
		return failed("a Home tab cannot be closed")
	}
	top := ws.open(viewID)
	all = all || boolOf(top.def, "clear_on_close")
	gone := []*view{top}
	if all {
		gone = slices.Clone(ws.stacks[userID])
		slices.Reverse(gone)
	}
	var payloads []object
	for _, v := range gone {
		if !boolOf(v.def, "notify_on_close") {
			continue
		}
		payload := ws.envelope("view_closed", userID)
		payload["view"] = ws.wireView(v)
		payload["is_cleared"] = all
		payloads = append(payloads, payload)
	}
	ws.drop(gone[len(gone)-1])
	address := ws.requestURL
	ws.mu.Unlock()

	// The view is closed whatever the app says to it.
	result := Outcome{OK: true}
	for _, payload := range payloads {
		out := ws.deliver(ctx, "view_closed", address, payloadForm(payload))
		result.Delivered, result.Status, result.Reply = true, out.Status, out.Reply
	}
	return result
}
