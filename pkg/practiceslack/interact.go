package practiceslack

import (
	"context"
	"fmt"
	"maps"
	"net/url"
)

// Place says where an element stands: in a message or in an open view.
type Place struct {
	Channel string
	TS      string
	View    string
}

// InMessage is the place of a message, ephemeral ones included.
func InMessage(channelID, ts string) Place { return Place{Channel: channelID, TS: ts} }

// InView is the place of an open view, a person's Home tab included.
func InView(viewID string) Place { return Place{View: viewID} }

// ClickButton clicks a button of a message, and confirms if it asks.
func (ws *Workspace) ClickButton(ctx context.Context, userID, channelID, ts, blockID, actionID string) Outcome {
	return ws.Act(ctx, userID, InMessage(channelID, ts), blockID, actionID, Input{})
}

// ChooseOptions sets what is chosen in a menu, checkboxes or radio buttons of a
// message, by option values.
func (ws *Workspace) ChooseOptions(ctx context.Context, userID, channelID, ts, blockID, actionID string, values []string) Outcome {
	return ws.Act(ctx, userID, InMessage(channelID, ts), blockID, actionID, Input{Values: values})
}

// ChooseOverflow picks one entry of a message's overflow menu, by its value.
func (ws *Workspace) ChooseOverflow(ctx context.Context, userID, channelID, ts, blockID, actionID, value string) Outcome {
	return ws.Act(ctx, userID, InMessage(channelID, ts), blockID, actionID, Input{Values: []string{value}})
}

// Act uses an element as a person does. What is chosen stays in their client
// whether or not the app answers. Elements of an input block are only filled
// in, unless the block dispatches its actions.
func (ws *Workspace) Act(ctx context.Context, userID string, place Place, blockID, actionID string, in Input) Outcome {
	payload, address, out := ws.act(userID, place, slot{blockID, actionID}, in)
	if payload == nil {
		return out
	}
	return ws.deliver(ctx, "block_actions", address, payloadForm(payload))
}

// act takes the input in and makes the payload, if one is due.
func (ws *Workspace) act(userID string, place Place, s slot, in Input) (payload object, address string, out Outcome) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c, el, problem := ws.reach(userID, place, s)
	if problem != "" {
		return nil, "", failed("%s", problem)
	}
	action, problem := ws.use(c, userID, el, in)
	if problem != "" {
		return nil, "", failed("%s", problem)
	}
	if isStateful(el.kind) {
		ws.announce(Event{Kind: StateChanged, Channel: place.Channel, TS: place.TS, View: place.View, User: userID})
	}
	if !el.dispatch {
		return nil, "", Outcome{OK: true}
	}
	if ws.baseURL == "" {
		return nil, "", failed(noBaseURL)
	}
	action["action_id"], action["block_id"], action["action_ts"] = el.slot.action, el.slot.block, ws.nextTS()
	payload = ws.envelope("block_actions", userID)
	ws.locate(payload, userID, place, c, true)
	payload["actions"] = []any{action}
	payload["trigger_id"] = ws.newTrigger(userID, place.View)
	return payload, ws.requestURL, Outcome{}
}

// reach finds the element that a person wants to use, if they can see it.
func (ws *Workspace) reach(userID string, place Place, s slot) (*canvas, element, string) {
	c, problem := ws.canvasAt(userID, place)
	if problem != "" {
		return nil, element{}, problem
	}
	el, ok := c.find(s)
	if !ok {
		return nil, element{}, fmt.Sprintf("there is no element %q in block %q here", s.action, s.block)
	}
	return c, el, ""
}

func (ws *Workspace) canvasAt(userID string, place Place) (*canvas, string) {
	p, ok := ws.users[userID]
	if !ok || p.Deleted {
		return nil, fmt.Sprintf("there is no user %q", userID)
	}
	if v := ws.homeView(userID, place.View); v != nil {
		return &v.canvas, ""
	}
	if place.View != "" {
		stack := ws.stacks[userID]
		if len(stack) == 0 || stack[len(stack)-1].id != place.View {
			return nil, "this view is not open, or not on top"
		}
		return &stack[len(stack)-1].canvas, ""
	}
	m := ws.sees(userID, place.Channel, place.TS)
	if m == nil {
		return nil, "this message is not there for this person"
	}
	return &m.canvas, ""
}

// use carries a person's input into an element and gives the action's own part
// of the payload.
func (ws *Workspace) use(c *canvas, userID string, el element, in Input) (object, string) {
	action := object{"type": el.kind}
	switch el.kind {
	case "button":
		action["text"] = el.def["text"]
		for _, key := range []string{"value", "style", "url"} {
			if v, present := el.def[key]; present {
				action[key] = v
			}
		}
		return action, ""
	case "overflow":
		if len(in.Values) != 1 {
			return nil, "one entry of the menu must be chosen"
		}
		option, ok := optionWith(listOf(el.def, "options"), in.Values[0])
		if !ok {
			return nil, fmt.Sprintf("there is no choice with the value %q", in.Values[0])
		}
		action["selected_option"] = option
		return action, ""
	}
	state, problem := ws.stateFor(c, userID, el, in)
	if problem != "" {
		return nil, problem
	}
	c.put(userID, el.slot, state)
	maps.Copy(action, state)
	for _, key := range []string{"placeholder", "initial_option", "initial_options", "initial_date", "initial_time", "initial_date_time"} {
		if v, present := el.def[key]; present {
			action[key] = v
		}
	}
	return action, ""
}

// locate writes into a payload where the person acted.
func (ws *Workspace) locate(payload object, userID string, place Place, c *canvas, full bool) {
	if place.View != "" {
		payload["container"] = object{"type": "view", "view_id": place.View}
		payload["view"] = ws.wireView(ws.open(place.View))
		return
	}
	m := ws.sees(userID, place.Channel, place.TS)
	ch := ws.channels[place.Channel]
	container := object{
		"type": "message", "message_ts": m.ts, "channel_id": place.Channel, "is_ephemeral": m.audience != "",
	}
	if m.threadTS != "" {
		container["thread_ts"] = m.threadTS
	}
	payload["container"] = container
	payload["channel"] = object{"id": ch.ID, "name": ch.Name}
	if m.audience == "" {
		payload["message"] = ws.wire(m, false)
	}
	if full {
		payload["state"] = object{"values": c.state(userID)}
		payload["response_url"] = ws.newResponseURL(userID, place.Channel, m.ts)
	}
}

// Command sends a slash command such as "/requests open" from a channel.
func (ws *Workspace) Command(ctx context.Context, userID, channelID, command, text string) Outcome {
	ws.mu.Lock()
	p, known := ws.users[userID]
	ch, exists := ws.channels[channelID]
	if !known || !exists || !ch.has(userID) {
		ws.mu.Unlock()
		return failed("%s is not in the channel %s", userID, channelID)
	}
	if ws.baseURL == "" {
		ws.mu.Unlock()
		return failed(noBaseURL)
	}
	form := url.Values{
		"token": {verificationToken}, "team_id": {ws.opt.TeamID}, "team_domain": {ws.opt.TeamDomain},
		"channel_id": {ch.ID}, "channel_name": {ch.Name}, "user_id": {p.ID}, "user_name": {p.Name},
		"command": {command}, "text": {text}, "api_app_id": {ws.opt.AppID}, "is_enterprise_install": {"false"},
		"response_url": {ws.newResponseURL(userID, channelID, "")}, "trigger_id": {ws.newTrigger(userID, "")},
	}
	address := ws.requestURL
	ws.mu.Unlock()

	out := ws.deliver(ctx, "command", address, form)
	if !out.OK {
		code := "dispatch_failed"
		if out.Error == timedOut {
			code = "operation_timeout"
		}
		out.Error = fmt.Sprintf("%s failed with the error %q", command, code)
		return out
	}
	return ws.showCommandReply(userID, channelID, out)
}
