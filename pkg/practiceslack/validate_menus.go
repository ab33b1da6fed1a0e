package practiceslack

import (
	"reflect"
	"strconv"
	"strings"
)

// optionKind says which rules an option follows.
type optionKind int

const (
	menuOption     optionKind = iota // plain text only
	richOption                       // checkboxes and radio buttons: mrkdwn too
	overflowOption                   // plain text, and a url
)

// menuRule covers the select menus: one choice or several, from five sources.
func menuRule(kind string) rule {
	source, multi := strings.CutPrefix(kind, "multi_")
	known := []string{"placeholder", "confirm", "focus_on_load"}
	homes := everywhere()
	if multi {
		known = append(known, "max_selected_items")
		homes = []home{inSection, inInput}
	}
	initial := func(one string) string {
		if multi {
			return one + "s"
		}
		return one
	}
	var check func(c *checker, at string, o object)
	switch source {
	case "static_select":
		known = append(known, "options", "option_groups", initial("initial_option"))
		check = (*checker).staticSelect
	case "external_select":
		known = append(known, "min_query_length", initial("initial_option"))
		check = (*checker).externalSelect
	case "users_select":
		known = append(known, initial("initial_user"))
		check = idMenu(initial("initial_user"), multi)
	case "conversations_select":
		known = append(known, initial("initial_conversation"), "default_to_current_conversation", "filter")
		if !multi {
			known = append(known, "response_url_enabled")
		}
		check = idMenu(initial("initial_conversation"), multi)
	case "channels_select":
		known = append(known, initial("initial_channel"))
		if !multi {
			known = append(known, "response_url_enabled")
		}
		check = idMenu(initial("initial_channel"), multi)
	}
	return rule{homes: homes, known: known, check: func(c *checker, at string, o object) {
		c.maxSelected(at, o)
		check(c, at, o)
	}}
}

func (c *checker) maxSelected(at string, o object) {
	most, limited := c.number(o, at, "max_selected_items", 1, 1<<20)
	if !limited {
		return
	}
	for _, key := range []string{"initial_options", "initial_users", "initial_conversations", "initial_channels"} {
		if len(listOf(o, key)) > most {
			c.fail(at+"/"+key, "no more than %d items allowed", most)
		}
	}
}

func (c *checker) staticSelect(at string, o object) {
	_, hasOptions := o["options"]
	_, hasGroups := o["option_groups"]
	if hasOptions == hasGroups {
		c.fail(at, "must provide exactly one of options, option_groups")
		return
	}
	seen := map[string]bool{}
	if hasOptions {
		c.options(at+"/options", c.list(o, at, "options", 1, maxOptions), menuOption, seen)
	} else {
		c.optionGroups(at, o, seen)
	}
	offered := offeredOptions(o)
	c.initialOption(at, o, offered)
	c.initialOptions(at, o, offered)
}

func (c *checker) optionGroups(at string, o object, seen map[string]bool) {
	for i, v := range c.list(o, at, "option_groups", 1, maxGroups) {
		place := at + "/option_groups/" + strconv.Itoa(i)
		group, ok := c.object(place, v, "label", "options")
		if !ok {
			continue
		}
		c.needText(group, place, "label", plainOnly, maxOptionText)
		c.options(place+"/options", c.list(group, place, "options", 1, maxOptions), menuOption, seen)
	}
}

func (c *checker) externalSelect(at string, o object) {
	c.number(o, at, "min_query_length", 0, maxText)
	if v, present := o["initial_option"]; present {
		c.options(at, []any{v}, menuOption, map[string]bool{})
	}
	if _, present := o["initial_options"]; present {
		c.options(at+"/initial_options", c.list(o, at, "initial_options", 1, maxOptions), menuOption, map[string]bool{})
	}
}

// idMenu checks a menu of users, conversations or channels.
func idMenu(key string, multi bool) func(c *checker, at string, o object) {
	return func(c *checker, at string, o object) {
		c.flag(o, at, "default_to_current_conversation")
		if boolOf(o, "default_to_current_conversation") {
			c.fail(at+"/default_to_current_conversation", "is not modelled by the practice workspace")
		}
		c.flag(o, at, "response_url_enabled")
		if boolOf(o, "response_url_enabled") && (c.surface != ModalSurface || !inInputBlock(at)) {
			c.fail(at+"/response_url_enabled", "only menus in input blocks of modals have response_url_enabled")
		}
		c.conversationFilter(at, o)
		if !multi {
			c.str(o, at, key, maxID)
			return
		}
		if _, present := o[key]; !present {
			return
		}
		for i, id := range c.list(o, at, key, 1, maxOptions) {
			if s, ok := id.(string); !ok || s == "" {
				c.fail(at+"/"+key+"/"+strconv.Itoa(i), "must provide a string")
			}
		}
	}
}

// inInputBlock tells from an element's place what it stands in.
func inInputBlock(at string) bool { return strings.HasSuffix(at, "/element") }

func (c *checker) conversationFilter(at string, o object) {
	v, present := o["filter"]
	if !present {
		return
	}
	at += "/filter"
	filter, ok := c.object(at, v, "include", "exclude_external_shared_channels", "exclude_bot_users")
	if !ok {
		return
	}
	if len(filter) == 0 {
		c.fail(at, "must provide at least one of include, exclude_external_shared_channels, exclude_bot_users")
	}
	c.flag(filter, at, "exclude_external_shared_channels")
	c.flag(filter, at, "exclude_bot_users")
	if _, present := filter["include"]; !present {
		return
	}
	for i, kind := range c.list(filter, at, "include", 1, 4) {
		if kind != "im" && kind != "mpim" && kind != "private" && kind != "public" {
			c.fail(at+"/include/"+strconv.Itoa(i), "must be one of im, mpim, private, public")
		}
	}
}

// options checks each option, and that no value comes twice in one menu.
func (c *checker) options(at string, items []any, kind optionKind, seen map[string]bool) {
	for i, item := range items {
		place := at + "/" + strconv.Itoa(i)
		known := []string{"text", "value", "description"}
		texts := plainOnly
		switch kind {
		case menuOption:
		case richOption:
			texts = plainOrMarkdown
		case overflowOption:
			known = append(known, "url")
		}
		o, ok := c.object(place, item, known...)
		if !ok {
			continue
		}
		c.needText(o, place, "text", texts, maxOptionText)
		c.textField(o, place, "description", texts, maxOptionText)
		c.link(o, place, "url")
		value, ok := c.need(o, place, "value", maxOptionValue)
		if !ok {
			continue
		}
		if seen[value] {
			c.fail(place+"/value", "option values must be unique: %q", value)
		}
		seen[value] = true
	}
}

// offeredOptions gives the options of a static menu, in or out of groups.
func offeredOptions(o object) []any {
	if groups := listOf(o, "option_groups"); groups != nil {
		var all []any
		for _, g := range groups {
			group, _ := g.(object)
			all = append(all, listOf(group, "options")...)
		}
		return all
	}
	return listOf(o, "options")
}

func offers(offered []any, option any) bool {
	for _, candidate := range offered {
		if reflect.DeepEqual(candidate, option) {
			return true
		}
	}
	return false
}

func (c *checker) initialOption(at string, o object, offered []any) {
	if v, present := o["initial_option"]; present && !offers(offered, v) {
		c.fail(at+"/initial_option", "must match one of the options exactly")
	}
}

func (c *checker) initialOptions(at string, o object, offered []any) {
	if _, present := o["initial_options"]; !present {
		return
	}
	seen := map[string]bool{}
	for i, v := range c.list(o, at, "initial_options", 1, maxOptions*maxGroups) {
		place := at + "/initial_options/" + strconv.Itoa(i)
		if !offers(offered, v) {
			c.fail(place, "must match one of the options exactly")
			continue
		}
		option, _ := v.(object)
		if value := stringOf(option, "value"); seen[value] {
			c.fail(place, "option values must be unique: %q", value)
		} else {
			seen[value] = true
		}
	}
}
