package practiceslack

import (
	"context"
	"slices"
	"strings"
)

// control is an element of a message by the name that a person knows it by. It
// is looked up anew each time it is used.
type control struct {
	ws      *Workspace
	message *MessageHandle
	name    string
	fits    func(el element, name string) bool
}

// locate finds the control as the message stands now.
func (c *control) locate() (slot, bool) {
	c.ws.mu.Lock()
	defer c.ws.mu.Unlock()
	m := c.message.find()
	if m == nil {
		return slot{}, false
	}
	return findByName(&m.canvas, c.name, c.fits)
}

func findByName(cv *canvas, name string, fits func(el element, name string) bool) (slot, bool) {
	for _, el := range cv.elements() {
		if fits(el, name) {
			return el.slot, true
		}
	}
	return slot{}, false
}

func isButton(el element, name string) bool {
	return el.kind == "button" && (textOf(el.def, "text") == name || el.slot.action == name)
}

func isOverflow(el element, name string) bool {
	return el.kind == "overflow" && (name == "" || el.slot.action == name || el.slot.block == name)
}

// isField finds what can be filled in or chosen from by action id, block id,
// label or placeholder, or by the text of the section that it stands in.
func isField(el element, name string) bool {
	if !isStateful(el.kind) {
		return false
	}
	return slices.Contains([]string{
		el.slot.action, el.slot.block, textOf(el.block, "label"), textOf(el.def, "placeholder"),
	}, name) || strings.Contains(textOf(el.block, "text"), name)
}

func (c *control) place() Place { return InMessage(c.message.channel, c.message.ts) }

func (c *control) act(ctx context.Context, who *User, in Input) Outcome {
	s, ok := c.locate()
	if !ok {
		return failed("the message has no %q", c.name)
	}
	return c.ws.Act(ctx, who.id, c.place(), s.block, s.action, in)
}

// Button is a button of a message.
type Button struct{ control }

// Button is the message's button with that text or action id.
func (h *MessageHandle) Button(text string) *Button {
	return &Button{control{h.ws, h, text, isButton}}
}

// Click clicks the button, and confirms if it asks.
func (b *Button) Click(ctx context.Context, who *User) Outcome { return b.act(ctx, who, Input{}) }

// Overflow is an overflow menu of a message.
type Overflow struct{ control }

// Overflow is the message's first overflow menu.
func (h *MessageHandle) Overflow() *Overflow { return &Overflow{control{h.ws, h, "", isOverflow}} }

// Choose picks the entry with that text.
func (o *Overflow) Choose(ctx context.Context, who *User, text string) Outcome {
	s, ok := o.locate()
	if !ok {
		return failed("the message has no overflow menu")
	}
	option, ok := optionByText(o.ws.OptionsOf(who.id, o.place(), s.block, s.action), text)
	if !ok {
		return failed("the overflow menu has no entry %q", text)
	}
	return o.act(ctx, who, Input{Values: []string{option.Value}})
}

// Entries lists the texts of the menu's entries as a person sees them.
func (o *Overflow) Entries(who *User) []string {
	s, ok := o.locate()
	if !ok {
		return nil
	}
	var texts []string
	for _, option := range o.ws.OptionsOf(who.id, o.place(), s.block, s.action) {
		texts = append(texts, option.Text)
	}
	return texts
}

func optionByText(options []Option, text string) (Option, bool) {
	i := slices.IndexFunc(options, func(o Option) bool { return o.Text == text })
	if i < 0 {
		return Option{}, false
	}
	return options[i], true
}

// Select is a menu, a group of checkboxes or of radio buttons in a message.
type Select struct{ control }

// Select is the message's menu with that action id, block id or placeholder, or
// in the section with that text.
func (h *MessageHandle) Select(name string) *Select { return &Select{control{h.ws, h, name, isField}} }

// Choose picks options by their texts, one after another, in addition to what
// is chosen; each sends its own interaction. Options of an external menu must
// have been found with Search.
func (s *Select) Choose(ctx context.Context, who *User, texts ...string) Outcome {
	out := failed("nothing was chosen")
	for _, text := range texts {
		at, ok := s.locate()
		if !ok {
			return failed("the message has no menu %q", s.name)
		}
		option, ok := optionByText(s.ws.OptionsOf(who.id, s.place(), at.block, at.action), text)
		if !ok {
			return failed("the menu %q does not offer %q", s.name, text)
		}
		values := []string{option.Value}
		if s.ws.takesSeveral(who.id, s.place(), at) {
			values = append(s.values(who, at, ""), option.Value)
		}
		out = s.act(ctx, who, Input{Values: values})
		if !out.OK {
			return out
		}
	}
	return out
}

// Remove takes one choice back.
func (s *Select) Remove(ctx context.Context, who *User, text string) Outcome {
	at, ok := s.locate()
	if !ok {
		return failed("the message has no menu %q", s.name)
	}
	if !slices.Contains(s.Chosen(who), text) {
		return failed("%q is not chosen", text)
	}
	return s.act(ctx, who, Input{Values: s.values(who, at, text)})
}

// values are those of the choices that a person has made, but for one.
func (s *Select) values(who *User, at slot, without string) []string {
	var values []string
	for _, option := range s.ws.ChosenIn(who.id, s.place(), at.block, at.action) {
		if option.Text != without {
			values = append(values, option.Value)
		}
	}
	return values
}

// Search types into an external menu.
func (s *Select) Search(ctx context.Context, who *User, query string) OptionsResult {
	at, ok := s.locate()
	if !ok {
		return OptionsResult{Outcome: failed("the message has no menu %q", s.name)}
	}
	return s.ws.Search(ctx, who.id, s.place(), at.block, at.action, query)
}

// Options lists what the menu offers a person.
func (s *Select) Options(who *User) []Option {
	at, ok := s.locate()
	if !ok {
		return nil
	}
	return s.ws.OptionsOf(who.id, s.place(), at.block, at.action)
}

// Chosen lists the texts of what a person has chosen.
func (s *Select) Chosen(who *User) []string {
	at, ok := s.locate()
	if !ok {
		return nil
	}
	var texts []string
	for _, option := range s.ws.ChosenIn(who.id, s.place(), at.block, at.action) {
		texts = append(texts, option.Text)
	}
	return texts
}

func (ws *Workspace) takesSeveral(userID string, place Place, s slot) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	_, el, _ := ws.reach(userID, place, s)
	return strings.HasPrefix(el.kind, "multi_") || el.kind == "checkboxes"
}
