package practiceslack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
)

// slot names an interactive element within a message or a view.
type slot struct{ block, action string }

// element is an interactive element where it stands.
type element struct {
	slot     slot
	kind     string
	def      object
	block    object
	isInput  bool // stands in an input block
	dispatch bool // sends block_actions when it is used
}

// canvas is what a message and a view have in common: blocks, and what each
// person has chosen or typed in them.
type canvas struct {
	tree   []any // what raw says, once it was looked at
	raw    json.RawMessage
	values map[string]map[slot]object            // by person
	loaded map[string]map[slot]map[string]object // external options a person was shown, by value
}

func newCanvas(blocks []any) canvas {
	c := canvas{
		values: map[string]map[slot]object{},
		loaded: map[string]map[slot]map[string]object{},
	}
	c.draw(blocks)
	return c
}

// draw puts blocks in place. Blocks and elements without an id get one at
// random, as Slack gives it: a different one each time.
func (c *canvas) draw(blocks []any) {
	named := make([]any, 0, len(blocks))
	for _, b := range blocks {
		block, _ := b.(object)
		if stringOf(block, "block_id") == "" {
			block = with(block, "block_id", randomID())
		}
		for _, key := range []string{"accessory", "element"} {
			if el := objectOf(block, key); el != nil {
				block = with(block, key, nameElement(el))
			}
		}
		if stringOf(block, "type") == "actions" {
			elements := make([]any, 0)
			for _, el := range listOf(block, "elements") {
				def, _ := el.(object)
				elements = append(elements, nameElement(def))
			}
			block = with(block, "elements", elements)
		}
		named = append(named, block)
	}
	c.tree = named
	c.raw = encode(named)
}

// blocks gives the blocks. Of what was kept, most is never looked at again: it
// is decoded when it is.
func (c *canvas) blocks() []any {
	if c.tree == nil {
		v, err := decode(c.raw)
		list, isList := v.([]any)
		if err != nil || !isList {
			// Only lists come here: draw makes one, and canvasRecord looked.
			panic(fmt.Sprintf("practiceslack: blocks of a canvas: %v", err))
		}
		c.tree = list
	}
	return c.tree
}

func randomID() string { return rand.Text()[:6] }

func nameElement(def object) object {
	if stringOf(def, "type") == "image" || stringOf(def, "action_id") != "" {
		return def
	}
	return with(def, "action_id", randomID())
}

// redraw replaces the blocks. What people have put in stays exactly where
// block_id, action_id and the element's type are the same, and is dropped
// elsewhere. keepInitial says that an untouched element keeps its old value
// too, as a modal does: a new initial value shows only under a new id.
func (c *canvas) redraw(blocks []any, keepInitial bool, person string) {
	before := map[slot]string{}
	for _, el := range c.elements() {
		before[el.slot] = el.kind
		if keepInitial && isStateful(el.kind) {
			c.put(person, el.slot, c.value(person, el))
		}
	}
	c.draw(blocks)
	after := map[slot]string{}
	for _, el := range c.elements() {
		after[el.slot] = el.kind
	}
	for _, slots := range c.values {
		for s := range slots {
			if kind, still := after[s]; !still || kind != before[s] {
				delete(slots, s)
			}
		}
	}
	for _, slots := range c.loaded {
		for s := range slots {
			if kind, still := after[s]; !still || kind != before[s] {
				delete(slots, s)
			}
		}
	}
}

func (c *canvas) put(person string, s slot, value object) {
	if c.values[person] == nil {
		c.values[person] = map[slot]object{}
	}
	c.values[person][s] = value
}

// elements lists the interactive elements in reading order.
func (c *canvas) elements() []element {
	var found []element
	add := func(block, def object, isInput bool) {
		if def == nil || stringOf(def, "type") == "image" {
			return
		}
		found = append(found, element{
			slot:     slot{stringOf(block, "block_id"), stringOf(def, "action_id")},
			kind:     stringOf(def, "type"),
			def:      def,
			block:    block,
			isInput:  isInput,
			dispatch: !isInput || boolOf(block, "dispatch_action"),
		})
	}
	for _, b := range c.blocks() {
		block, _ := b.(object)
		switch stringOf(block, "type") {
		case "section":
			add(block, objectOf(block, "accessory"), false)
		case "input":
			add(block, objectOf(block, "element"), true)
		case "actions":
			for _, el := range listOf(block, "elements") {
				def, _ := el.(object)
				add(block, def, false)
			}
		}
	}
	return found
}

func (c *canvas) find(s slot) (element, bool) {
	for _, el := range c.elements() {
		if el.slot == s {
			return el, true
		}
	}
	return element{}, false
}

// value is what person sees in an element: their own, or the initial one.
func (c *canvas) value(person string, el element) object {
	if v, ok := c.values[person][el.slot]; ok {
		return v
	}
	return initialValue(el)
}

// state is the state.values object of a payload.
func (c *canvas) state(person string) object {
	state := object{}
	for _, el := range c.elements() {
		if !isStateful(el.kind) {
			continue
		}
		block, ok := state[el.slot.block].(object)
		if !ok {
			block = object{}
			state[el.slot.block] = block
		}
		block[el.slot.action] = c.value(person, el)
	}
	return state
}

// visibleText is all that a person can read, one line per text.
func visibleText(blocks []any) string {
	var lines []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case object:
			if s, ok := v["text"].(string); ok {
				lines = append(lines, s)
			}
			// A fixed order, so that texts are read as they are drawn.
			for _, key := range []string{"title", "label", "text", "fields", "placeholder", "description", "alt_text", "hint", "accessory", "element", "elements", "options", "option_groups"} {
				switch child := v[key].(type) {
				case string:
					if key == "alt_text" {
						lines = append(lines, child)
					}
				default:
					walk(child)
				}
			}
		}
	}
	walk(blocks)
	return strings.Join(lines, "\n")
}

// shownCharacters counts the text that a message's blocks show outright, which
// is what Slack holds against the limit behind msg_blocks_too_long. The options
// of menus do not count.
func shownCharacters(blocks []any) int {
	total := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case object:
			if s, ok := v["text"].(string); ok {
				total += characters(s)
			}
			for _, key := range []string{"text", "fields", "elements"} {
				walk(v[key])
			}
		}
	}
	for _, b := range blocks {
		if block, _ := b.(object); stringOf(block, "type") != "actions" {
			walk(block)
		}
	}
	return total
}
