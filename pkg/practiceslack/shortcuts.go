package practiceslack

import "context"

// UseShortcut picks a global shortcut of the app, as from the message box or
// the search. It is known by the callback id that the app's settings give it.
func (ws *Workspace) UseShortcut(ctx context.Context, userID, callbackID string) Outcome {
	payload, address, problem := ws.shortcut(userID, callbackID)
	if problem != "" {
		return failed("%s", problem)
	}
	return ws.deliver(ctx, "shortcut", address, payloadForm(payload))
}

// UseMessageShortcut picks a shortcut of the app from a message's own menu, be
// the message the app's or a person's. Ephemeral messages have no such menu.
func (ws *Workspace) UseMessageShortcut(ctx context.Context, userID, channelID, ts, callbackID string) Outcome {
	payload, address, problem := ws.messageShortcut(userID, channelID, ts, callbackID)
	if problem != "" {
		return failed("%s", problem)
	}
	return ws.deliver(ctx, "message_action", address, payloadForm(payload))
}

func (ws *Workspace) shortcut(userID, callbackID string) (payload object, address, problem string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if p, ok := ws.users[userID]; !ok || p.Deleted {
		return nil, "", "there is no user " + userID
	}
	payload = ws.envelope("shortcut", userID)
	ws.callFor(payload, userID, callbackID)
	return payload, ws.requestURL, ""
}

func (ws *Workspace) messageShortcut(userID, channelID, ts, callbackID string) (payload object, address, problem string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	m := ws.sees(userID, channelID, ts)
	switch {
	case m == nil || m.audience != "":
		return nil, "", "this message has no shortcuts for this person"
	case ws.baseURL == "":
		return nil, "", noBaseURL
	}
	payload = ws.envelope("message_action", userID)
	ws.callFor(payload, userID, callbackID)
	payload["channel"] = object{"id": channelID, "name": ws.channels[channelID].Name}
	payload["message_ts"], payload["message"] = m.ts, ws.wire(m, false)
	payload["response_url"] = ws.newResponseURL(userID, channelID, m.ts)
	return payload, ws.requestURL, ""
}

// callFor writes what both kinds of shortcuts say.
func (ws *Workspace) callFor(payload object, userID, callbackID string) {
	payload["callback_id"], payload["action_ts"] = callbackID, ws.nextTS()
	payload["trigger_id"] = ws.newTrigger(userID, "")
}

// Shortcut picks a global shortcut of the app by its callback id.
func (u *User) Shortcut(ctx context.Context, callbackID string) Outcome {
	return u.ws.UseShortcut(ctx, u.id, callbackID)
}

// Shortcut picks a shortcut of the app from the message's menu, by its callback
// id.
func (h *MessageHandle) Shortcut(ctx context.Context, who *User, callbackID string) Outcome {
	return h.ws.UseMessageShortcut(ctx, who.id, h.channel, h.ts, callbackID)
}
