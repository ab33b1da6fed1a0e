package practiceslack

import "context"

// noHomeTab is what a person's client says of an app without a Home tab.
const noHomeTab = "This app has no Home tab."

// viewsPublish puts a view into a person's Home tab, in place of the one that
// is there.
func (ws *Workspace) viewsPublish(c *call) (object, *refusal) {
	def, refused := ws.readView(c.args, HomeSurface)
	if refused != nil {
		return nil, refused
	}
	person := c.args.str("user_id")
	if person == "" {
		return nil, &refusal{code: "invalid_arguments", messages: []string{"[ERROR] missing required field: user_id [json-pointer:/user_id]"}}
	}
	if !ws.hasHome(person) {
		return nil, &refusal{code: "invalid_arguments", messages: []string{"invalid `user_id`"}}
	}
	if ws.opt.WithoutHome {
		return nil, refuse("not_enabled")
	}
	published, id, hash := ws.homes[person], "", ""
	if published != nil {
		id, hash = published.id, published.hash
	}
	switch wanted := c.args.str("hash"); {
	case wanted != "" && wanted != hash:
		return nil, refuse("hash_conflict")
	case ws.externalTaken(stringOf(def, "external_id"), id):
		return nil, refuse("duplicate_external_id")
	}
	if published == nil {
		published = ws.newView(person, def)
		ws.homes[person] = published
		ws.announce(Event{Kind: ViewsChanged, User: person, View: published.id})
	} else {
		ws.replace(published, def)
	}
	return object{"view": ws.wireView(published)}, nil
}

// hasHome says whether the app has a Home tab to show to a person: not to bots,
// nor to those who are gone or belong to another workspace.
func (ws *Workspace) hasHome(person string) bool {
	p, ok := ws.users[person]
	return ok && !p.Bot && !p.Deleted && !p.Stranger
}

// homeView finds the view in a person's Home tab if it has that id.
func (ws *Workspace) homeView(person, id string) *view {
	if v := ws.homes[person]; v != nil && v.id == id {
		return v
	}
	return nil
}

// OpenHome opens the app's Home tab, of which the app is told with the event
// app_home_opened. The outcome is the app's first answer to that; when it is
// not a good one the person still sees their Home tab, and the event waits for
// RetryEvents.
func (u *User) OpenHome(ctx context.Context) Outcome {
	event, problem := u.ws.homeOpened(u.id)
	if problem != "" {
		return failed("%s", problem)
	}
	return u.ws.sendEvent(ctx, event)
}

func (ws *Workspace) homeOpened(person string) (object, string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if !ws.hasHome(person) || ws.opt.WithoutHome || ws.bot == nil {
		return nil, noHomeTab
	}
	event := object{
		"type": "app_home_opened", "user": person, "channel": ws.direct(person).ID, "tab": "home", "event_ts": ws.nextTS(),
	}
	if v := ws.homes[person]; v != nil {
		event["view"] = ws.wireView(v)
	}
	return event, ""
}

// Home is what the person's Home tab shows now; false when nothing has been
// published for them. The controls in it are used with Act, in the place InView
// of its id.
func (u *User) Home() (View, bool) {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	v := u.ws.homes[u.id]
	if v == nil {
		return View{}, false
	}
	return v.snapshot(), true
}

// ClickHome clicks a button of the Home tab, by its text or action id.
func (u *User) ClickHome(ctx context.Context, text string) Outcome {
	id, s, ok := u.ws.homeButton(u.id, text)
	if !ok {
		return failed("the Home tab has no %q", text)
	}
	return u.ws.Act(ctx, u.id, InView(id), s.block, s.action, Input{})
}

func (ws *Workspace) homeButton(person, text string) (viewID string, s slot, ok bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	v := ws.homes[person]
	if v == nil {
		return "", slot{}, false
	}
	s, ok = findByName(&v.canvas, text, isButton)
	return v.id, s, ok
}

// ExpectHome waits until what the person's Home tab reads matches.
func (u *User) ExpectHome(t TB, matchers ...Matcher) View {
	t.Helper()
	var shown View
	ok := u.ws.wait(func() bool {
		v := u.ws.homes[u.id]
		if v == nil {
			return false
		}
		shown = v.snapshot()
		// Matchers read messages; a view's text stands in for one.
		return matches(Message{Text: shown.Visible()}, matchers)
	})
	if !ok {
		t.Fatalf("the Home tab of %s never %s; it reads:\n%s", u.id, describe(matchers), shown.Visible())
	}
	return shown
}
