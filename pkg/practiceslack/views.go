package practiceslack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// View is a snapshot of an open modal or of a Home tab. Its JSON is shared and
// must not be changed.
type View struct {
	ID              string
	Type            string // modal or home
	User            string
	Title           string // empty in a Home tab, as Submit and Close are
	Submit          string // empty: no submit button
	Close           string
	CallbackID      string
	PrivateMetadata string
	ExternalID      string
	Hash            string
	RootID          string
	PreviousID      string
	Blocks          json.RawMessage
	State           json.RawMessage   // state.values as a payload would hold it
	Errors          map[string]string // inline errors by block id, until the next submission
	Problem         string            // the sentence across the modal when a submission failed
	blocks          []any
}

// Visible is the title, if there is one, and all texts of the view, one a line.
func (v View) Visible() string {
	if v.Title == "" {
		return visibleText(v.blocks)
	}
	return v.Title + "\n" + visibleText(v.blocks)
}

// view is an open modal or what a Home tab shows.
type view struct {
	canvas
	id       string
	owner    string
	root     string
	previous string
	hash     string
	def      object
	errors   map[string]string
	problem  string
}

// trigger lets the app open one view for a person, for a short time.
type trigger struct {
	person string
	view   string // the view that it was made in, if any
	made   time.Time
	spent  bool
}

// newTrigger makes a trigger and forgets those that are long dead.
func (ws *Workspace) newTrigger(person, viewID string) string {
	now := ws.now()
	for id, t := range ws.triggers {
		if now.Sub(t.made) > max(time.Hour, ws.pace.TriggerLife) {
			delete(ws.triggers, id)
		}
	}
	ws.seq++
	id := fmt.Sprintf("%d.%d.%s", now.UnixMilli(), ws.seq, rand.Text())
	ws.triggers[id] = &trigger{person: person, view: viewID, made: now}
	return id
}

// trade checks a trigger; spend says that it is used up by that.
func (ws *Workspace) trade(id string) (*trigger, *refusal) {
	t, ok := ws.triggers[id]
	switch {
	case !ok:
		return nil, refuse("invalid_trigger_id")
	case t.spent:
		return nil, refuse("exchanged_trigger_id")
	case ws.now().Sub(t.made) > ws.pace.TriggerLife:
		return nil, refuse("expired_trigger_id")
	}
	return t, nil
}

// readView reads and checks the view argument.
func (ws *Workspace) readView(args arguments, surface Surface) (object, *refusal) {
	v, ok := args.tree("view")
	o, isObject := v.(object)
	if !args.has("view") || !ok || !isObject {
		return nil, &refusal{code: "invalid_arguments", messages: []string{"[ERROR] missing required field: view [json-pointer:/view]"}}
	}
	return o, checkView(o, surface)
}

func checkView(o object, surface Surface) *refusal {
	if len(encode(o)) > maxViewBytes {
		return refuse("view_too_large")
	}
	check := newChecker(surface)
	if surface == HomeSurface {
		check.homeTab("/view", o)
	} else {
		check.modal("/view", o)
	}
	if len(check.problems) > 0 {
		return &refusal{code: "invalid_arguments", messages: check.problems}
	}
	return nil
}

// externalTaken says whether an external id is used by another open view, Home
// tabs included.
func (ws *Workspace) externalTaken(id, except string) bool {
	if id == "" {
		return false
	}
	for _, stack := range ws.stacks {
		for _, v := range stack {
			if stringOf(v.def, "external_id") == id && v.id != except {
				return true
			}
		}
	}
	for _, v := range ws.homes {
		if stringOf(v.def, "external_id") == id && v.id != except {
			return true
		}
	}
	return false
}

func (ws *Workspace) newView(person string, def object) *view {
	ws.seq++
	ws.touch(keptKey{kind: keptCounters})
	v := &view{
		canvas: newCanvas(listOf(def, "blocks")), id: fmt.Sprintf("V%09d%s", ws.seq, rand.Text()[:4]),
		owner: person, def: def, hash: ws.newHash(),
	}
	v.root = v.id
	return v
}

func (ws *Workspace) newHash() string {
	return fmt.Sprintf("%d.%s", ws.now().Unix(), rand.Text()[:8])
}

// push puts a view on top of a person's stack.
func (ws *Workspace) push(person string, def object) (*view, bool) {
	stack := ws.stacks[person]
	if len(stack) >= maxStack {
		return nil, false
	}
	v := ws.newView(person, def)
	if len(stack) > 0 {
		v.root, v.previous = stack[0].id, stack[len(stack)-1].id
	}
	ws.stacks[person] = append(slices.Clone(stack), v)
	ws.announce(Event{Kind: ViewsChanged, User: person, View: v.id})
	return v, true
}

// replace draws another view in the place of an open one.
func (ws *Workspace) replace(v *view, def object) {
	v.def = def
	v.redraw(listOf(def, "blocks"), true, v.owner)
	v.hash = ws.newHash()
	v.errors, v.problem = nil, ""
	ws.announce(Event{Kind: ViewsChanged, User: v.owner, View: v.id})
}

// open finds an open view by id, be it a modal or what a Home tab shows.
func (ws *Workspace) open(id string) *view {
	for _, v := range ws.homes {
		if v.id == id {
			return v
		}
	}
	for _, stack := range ws.stacks {
		for _, v := range stack {
			if v.id == id {
				return v
			}
		}
	}
	return nil
}

// drop takes a view, and what stands on top of it, from its owner's stack.
func (ws *Workspace) drop(v *view) {
	stack := ws.stacks[v.owner]
	if i := slices.Index(stack, v); i >= 0 {
		ws.setStack(v.owner, slices.Clone(stack[:i]))
	}
}

func (ws *Workspace) setStack(person string, stack []*view) {
	if len(stack) == 0 {
		delete(ws.stacks, person)
	} else {
		ws.stacks[person] = stack
	}
	ws.announce(Event{Kind: ViewsChanged, User: person})
}

func (ws *Workspace) viewsOpen(c *call) (object, *refusal) {
	def, refused := ws.readView(c.args, ModalSurface)
	if refused != nil {
		return nil, refused
	}
	t, refused := ws.trade(c.args.str("trigger_id"))
	if refused != nil {
		return nil, refused
	}
	if ws.externalTaken(stringOf(def, "external_id"), "") {
		return nil, refuse("duplicate_external_id")
	}
	t.spent = true
	delete(ws.stacks, t.person)
	v, _ := ws.push(t.person, def)
	return object{"view": ws.wireView(v)}, nil
}

func (ws *Workspace) viewsPush(c *call) (object, *refusal) {
	def, refused := ws.readView(c.args, ModalSurface)
	if refused != nil {
		return nil, refused
	}
	t, refused := ws.trade(c.args.str("trigger_id"))
	if refused != nil {
		return nil, refused
	}
	if t.view == "" || ws.homeView(t.person, t.view) != nil || len(ws.stacks[t.person]) == 0 {
		return nil, refuse("invalid_trigger_id")
	}
	if ws.externalTaken(stringOf(def, "external_id"), "") {
		return nil, refuse("duplicate_external_id")
	}
	v, ok := ws.push(t.person, def)
	if !ok {
		return nil, refuse("push_limit_reached")
	}
	t.spent = true
	return object{"view": ws.wireView(v)}, nil
}

func (ws *Workspace) viewsUpdate(c *call) (object, *refusal) {
	def, refused := ws.readView(c.args, ModalSurface)
	if refused != nil {
		return nil, refused
	}
	id, external := c.args.str("view_id"), c.args.str("external_id")
	if (id == "") == (external == "") {
		return nil, &refusal{code: "invalid_arguments", messages: []string{"[ERROR] must provide exactly one of view_id, external_id [json-pointer:/]"}}
	}
	var found *view
	for _, stack := range ws.stacks {
		for _, v := range stack {
			if v.id == id || (external != "" && stringOf(v.def, "external_id") == external) {
				found = v
			}
		}
	}
	switch {
	case found == nil:
		return nil, refuse("not_found")
	case c.args.str("hash") != "" && c.args.str("hash") != found.hash:
		return nil, refuse("hash_conflict")
	case ws.externalTaken(stringOf(def, "external_id"), found.id):
		return nil, refuse("duplicate_external_id")
	}
	ws.replace(found, def)
	return object{"view": ws.wireView(found)}, nil
}

// wireView is a view object as answers and payloads give it.
func (ws *Workspace) wireView(v *view) object {
	o := object{
		"id": v.id, "team_id": ws.opt.TeamID, "type": stringOf(v.def, "type"), "blocks": v.blocks(),
		"private_metadata": stringOf(v.def, "private_metadata"), "callback_id": stringOf(v.def, "callback_id"),
		"state": object{"values": v.state(v.owner)}, "hash": v.hash, "title": v.def["title"],
		"clear_on_close": boolOf(v.def, "clear_on_close"), "notify_on_close": boolOf(v.def, "notify_on_close"),
		"close": v.def["close"], "submit": v.def["submit"], "previous_view_id": nil, "root_view_id": v.root,
		"app_id": ws.opt.AppID, "external_id": stringOf(v.def, "external_id"),
		"app_installed_team_id": ws.opt.TeamID, "bot_id": ws.opt.BotID,
	}
	if stringOf(v.def, "type") == "home" {
		// Slack gives these views a title that nobody sees.
		o["title"] = object{"type": "plain_text", "text": "View Title", "emoji": true}
	}
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	return o
}

func (v *view) snapshot() View {
	s := View{
		ID: v.id, Type: stringOf(v.def, "type"), User: v.owner, Title: textOf(v.def, "title"), Submit: textOf(v.def, "submit"), Close: textOf(v.def, "close"),
		CallbackID: stringOf(v.def, "callback_id"), PrivateMetadata: stringOf(v.def, "private_metadata"),
		ExternalID: stringOf(v.def, "external_id"), Hash: v.hash, RootID: v.root, PreviousID: v.previous,
		Blocks: v.raw, State: encode(v.state(v.owner)), Errors: map[string]string{}, Problem: v.problem,
		blocks: v.blocks(),
	}
	maps.Copy(s.Errors, v.errors)
	return s
}
