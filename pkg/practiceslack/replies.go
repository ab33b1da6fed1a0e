package practiceslack

import (
	"bytes"
	"fmt"
)

// showCommandReply shows what the app answered to a slash command: nothing,
// plain text, or a message.
func (ws *Workspace) showCommandReply(userID, channelID string, out Outcome) Outcome {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	reply := bytes.TrimSpace(out.Reply)
	ch, ok := ws.channels[channelID]
	if len(reply) == 0 || !ok {
		return out
	}
	args := arguments{"text": string(reply)}
	if v, err := decode(reply); err == nil {
		if o, isObject := v.(object); isObject {
			args = o
		}
	}
	body, refused := ws.readContent(args)
	kind := args.str("response_type")
	switch {
	case refused != nil:
		ws.violation("answer to a command: %s %v", refused.code, refused.messages)
	case !body.hasText && len(body.blocks) == 0:
		ws.violation("answer to a command: no_text")
	case kind != "" && kind != "ephemeral" && kind != "in_channel":
		ws.violation("answer to a command: response_type %q", kind)
	default:
		m := ws.appMessage(ch, body)
		if kind == "in_channel" {
			ws.post(ch, m)
			return out
		}
		m.audience = userID
		ws.postEphemeral(m)
		return out
	}
	out.OK, out.Error = false, "The app's answer could not be shown."
	return out
}

// applySubmission does what the app answered to a view submission. The lock is
// held; v may have been closed meanwhile.
func (ws *Workspace) applySubmission(v *view, out Outcome) SubmitResult {
	result := SubmitResult{Outcome: out}
	if !out.OK {
		return ws.submissionFailed(v, result, "")
	}
	reply := bytes.TrimSpace(out.Reply)
	if len(reply) == 0 {
		ws.drop(v)
		result.Closed = true
		return result
	}
	decoded, err := decode(reply)
	answer, isObject := decoded.(object)
	if err != nil || !isObject {
		return ws.submissionFailed(v, result, fmt.Sprintf("answer to a view submission is not a JSON object: %.100q", reply))
	}
	action := stringOf(answer, "response_action")
	allowed := map[string]string{"errors": "errors", "update": "view", "push": "view", "clear": ""}
	field, known := allowed[action]
	if !known {
		return ws.submissionFailed(v, result, fmt.Sprintf("answer to a view submission has response_action %q", action))
	}
	for key := range answer {
		if key != "response_action" && key != field {
			return ws.submissionFailed(v, result, fmt.Sprintf("answer to a view submission has the unknown field %q", key))
		}
	}
	switch action {
	case "errors":
		return ws.applyErrors(v, answer, result)
	case "clear":
		ws.setStack(v.owner, nil)
		result.Closed, result.Cleared = true, true
		return result
	}
	def := objectOf(answer, "view")
	if def == nil {
		return ws.submissionFailed(v, result, "answer to a view submission has no view")
	}
	if refused := checkView(def, ModalSurface); refused != nil {
		return ws.submissionFailed(v, result, fmt.Sprintf("view in the answer to a submission: %s %v", refused.code, refused.messages))
	}
	if action == "update" {
		ws.replace(v, def)
		result.Updated = true
		return result
	}
	if _, ok := ws.push(v.owner, def); !ok {
		return ws.submissionFailed(v, result, "view in the answer to a submission: push_limit_reached")
	}
	result.Pushed = true
	return result
}

func (ws *Workspace) submissionFailed(v *view, result SubmitResult, violation string) SubmitResult {
	if violation != "" {
		ws.violation("%s", violation)
	}
	result.OK, result.Error = false, troubleInView
	v.problem = troubleInView
	ws.announce(Event{Kind: ViewsChanged, User: v.owner, View: v.id})
	return result
}

// applyErrors shows the app's errors under their inputs.
func (ws *Workspace) applyErrors(v *view, answer object, result SubmitResult) SubmitResult {
	given := objectOf(answer, "errors")
	if len(given) == 0 {
		return ws.submissionFailed(v, result, "answer to a view submission has no errors in errors")
	}
	inputs := map[string]bool{}
	for _, el := range v.elements() {
		inputs[el.slot.block] = inputs[el.slot.block] || el.isInput
	}
	shown := map[string]string{}
	for block, text := range given {
		s, isText := text.(string)
		switch {
		case !inputs[block]:
			return ws.submissionFailed(v, result, fmt.Sprintf("errors name the block %q, which is no input block of the view", block))
		case !isText || s == "":
			return ws.submissionFailed(v, result, fmt.Sprintf("the error of the block %q is not a text", block))
		}
		shown[block] = s
	}
	v.errors = shown
	ws.announce(Event{Kind: ViewsChanged, User: v.owner, View: v.id})
	result.OK, result.Error = false, "The form shows errors."
	result.Errors, result.labels = shown, v.labels()
	return result
}
