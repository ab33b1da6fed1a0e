package practiceslack

import (
	"maps"
	"slices"
	"strconv"
)

// home says in which kind of block an element stands.
type home int

const (
	inSection home = iota
	inActions
	inInput
)

// rule says where a kind of element may stand, which fields it knows and how
// they are checked.
type rule struct {
	homes      []home
	known      []string
	check      func(c *checker, at string, o object)
	modalsOnly bool
}

func everywhere() []home { return []home{inSection, inActions, inInput} }

// elementRules are the elements that a section, an actions block or an input
// block may hold.
func elementRules() map[string]rule {
	rules := map[string]rule{
		"button": {
			homes: []home{inSection, inActions},
			known: []string{"text", "url", "value", "style", "confirm", "accessibility_label"},
			check: (*checker).button,
		},
		"overflow": {
			homes: []home{inSection, inActions}, known: []string{"options", "confirm"}, check: (*checker).overflow,
		},
		"image": {
			homes: []home{inSection}, known: []string{"image_url", "slack_file", "alt_text"}, check: (*checker).image,
		},
		"plain_text_input": {
			homes: []home{inInput},
			known: []string{
				"placeholder", "initial_value", "multiline", "min_length", "max_length",
				"dispatch_action_config", "focus_on_load",
			},
			check: (*checker).plainTextInput,
		},
		"checkboxes": {
			homes: everywhere(), known: []string{"options", "initial_options", "confirm", "focus_on_load"},
			check: (*checker).checkboxes,
		},
		"radio_buttons": {
			homes: everywhere(), known: []string{"options", "initial_option", "confirm", "focus_on_load"},
			check: (*checker).radioButtons,
		},
	}
	maps.Copy(rules, entryRules())
	for _, source := range []string{"static", "external", "users", "conversations", "channels"} {
		for _, kind := range []string{source + "_select", "multi_" + source + "_select"} {
			rules[kind] = menuRule(kind)
		}
	}
	return rules
}

// Elements lists the interactive elements and images that blocks may hold, by
// their type. Any other is refused as an unsupported type.
func Elements() []string { return slices.Sorted(maps.Keys(elementRules())) }

func (c *checker) elements(at string, items []any, where home) {
	actionIDs := map[string]bool{}
	for i, item := range items {
		c.element(at+"/elements/"+strconv.Itoa(i), item, where, actionIDs)
	}
}

func (c *checker) element(at string, v any, where home, actionIDs map[string]bool) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}
	kind := stringOf(o, "type")
	r, known := c.rules[kind]
	if !known || !slices.Contains(r.homes, where) || (r.modalsOnly && c.surface != ModalSurface) {
		c.unsupported(at, kind)
		return
	}
	fields := append([]string{"type"}, r.known...)
	if kind != "image" {
		fields = append(fields, "action_id")
	}
	c.object(at, v, fields...)
	if id, ok := c.str(o, at, "action_id", maxID); ok {
		if actionIDs[id] {
			c.fail(at+"/action_id", "`action_id` %q already exists", id)
		}
		actionIDs[id] = true
	}
	if boolOf(o, "focus_on_load") {
		if c.focused {
			c.fail(at+"/focus_on_load", "only one element may have focus_on_load")
		}
		c.focused = true
	}
	c.flag(o, at, "focus_on_load")
	c.textField(o, at, "placeholder", plainOnly, maxPlaceholder)
	c.confirm(o, at)
	if where == inInput && o["confirm"] != nil {
		c.fail(at+"/confirm", "elements of an input block have no confirm")
	}
	r.check(c, at, o)
}

func (c *checker) confirm(o object, at string) {
	v, present := o["confirm"]
	if !present {
		return
	}
	at += "/confirm"
	confirm, ok := c.object(at, v, "title", "text", "confirm", "deny", "style")
	if !ok {
		return
	}
	c.needText(confirm, at, "title", plainOnly, maxConfirmTitle)
	c.needText(confirm, at, "text", plainOnly, maxConfirmText)
	c.needText(confirm, at, "confirm", plainOnly, maxConfirmButton)
	c.needText(confirm, at, "deny", plainOnly, maxConfirmButton)
	c.oneOf(confirm, at, "style", "primary", "danger")
}

func (c *checker) button(at string, o object) {
	c.needText(o, at, "text", plainOnly, maxButtonText)
	c.str(o, at, "value", maxButtonValue)
	c.link(o, at, "url")
	c.oneOf(o, at, "style", "primary", "danger")
	c.str(o, at, "accessibility_label", maxAccessibility)
}

func (c *checker) overflow(at string, o object) {
	c.options(at+"/options", c.list(o, at, "options", 1, maxOverflow), overflowOption, map[string]bool{})
}

func (c *checker) plainTextInput(at string, o object) {
	c.flag(o, at, "multiline")
	least, _ := c.number(o, at, "min_length", 0, maxInput)
	most, limited := c.number(o, at, "max_length", 1, maxInput)
	if limited && least > most {
		c.fail(at+"/min_length", "must be no more than max_length")
	}
	if !limited {
		most = maxInput
	}
	c.str(o, at, "initial_value", most)
	c.dispatchConfig(at, o)
}

func (c *checker) dispatchConfig(at string, o object) {
	v, present := o["dispatch_action_config"]
	if !present {
		return
	}
	at += "/dispatch_action_config"
	config, ok := c.object(at, v, "trigger_actions_on")
	if !ok {
		return
	}
	for i, on := range c.list(config, at, "trigger_actions_on", 1, 2) {
		if on != "on_enter_pressed" && on != "on_character_entered" {
			c.fail(at+"/trigger_actions_on/"+strconv.Itoa(i), "must be one of on_enter_pressed, on_character_entered")
		}
	}
}

func (c *checker) checkboxes(at string, o object) {
	c.options(at+"/options", c.list(o, at, "options", 1, maxChecks), richOption, map[string]bool{})
	c.initialOptions(at, o, listOf(o, "options"))
}

func (c *checker) radioButtons(at string, o object) {
	c.options(at+"/options", c.list(o, at, "options", 1, maxChecks), richOption, map[string]bool{})
	c.initialOption(at, o, listOf(o, "options"))
}
