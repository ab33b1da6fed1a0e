package practiceslack

import (
	"fmt"
	"slices"
	"strings"
)

// Input is what a person puts into one element. Which field counts depends on
// the element: Text for what is typed, be it any text, a number, an e-mail
// address or a URL; Date (YYYY-MM-DD) for a date picker, Time (HH:mm) for a time
// picker, Moment (Unix seconds) for a datetime picker; Values (option values,
// or user and channel ids) for everything that is chosen from a list. Empty
// means cleared.
type Input struct {
	Text   string
	Date   string
	Time   string
	Moment int64
	Values []string
}

func isStateful(kind string) bool { return kind != "button" && kind != "overflow" && kind != "image" }

// idField gives the field that a menu of ids keeps its choice in.
func idField(kind string) string {
	switch kind {
	case "users_select":
		return "selected_user"
	case "channels_select":
		return "selected_channel"
	case "conversations_select":
		return "selected_conversation"
	case "multi_users_select":
		return "selected_users"
	case "multi_channels_select":
		return "selected_channels"
	case "multi_conversations_select":
		return "selected_conversations"
	}
	return ""
}

// initialValue is the state of an element that nobody has touched.
func initialValue(el element) object {
	v := object{"type": el.kind}
	switch el.kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		v["value"] = el.def["initial_value"]
	case "datepicker":
		v["selected_date"] = el.def["initial_date"]
	case "timepicker":
		v["selected_time"] = el.def["initial_time"]
		withTimezone(v, el)
	case "datetimepicker":
		v["selected_date_time"] = el.def["initial_date_time"]
	case "static_select", "external_select", "radio_buttons":
		v["selected_option"] = el.def["initial_option"]
	case "multi_static_select", "multi_external_select", "checkboxes":
		v["selected_options"] = append([]any{}, listOf(el.def, "initial_options")...)
	default:
		field := idField(el.kind)
		initial := strings.Replace(field, "selected", "initial", 1)
		if strings.HasPrefix(el.kind, "multi_") {
			v[field] = append([]any{}, listOf(el.def, initial)...)
		} else if field != "" {
			v[field] = el.def[initial]
		}
	}
	return v
}

// chosen gives the options that an element's state holds.
func chosen(state object) []any {
	if one := objectOf(state, "selected_option"); one != nil {
		return []any{one}
	}
	return listOf(state, "selected_options")
}

// stateFor turns a person's input into the element's new state, or into the
// sentence that says why their client would not take it.
func (ws *Workspace) stateFor(c *canvas, person string, el element, in Input) (object, string) {
	if v, problem, entered := entryState(el, in); entered {
		return v, problem
	}
	v := object{"type": el.kind}
	multi := strings.HasPrefix(el.kind, "multi_") || el.kind == "checkboxes"
	if !multi && len(in.Values) > 1 {
		return nil, "only one choice can be made here"
	}
	if most := intOf(el.def, "max_selected_items", 0); most > 0 && len(in.Values) > most {
		return nil, fmt.Sprintf("no more than %d choices can be made here", most)
	}
	picked := make([]any, 0, len(in.Values))
	for i, value := range in.Values {
		if slices.Contains(in.Values[:i], value) {
			return nil, fmt.Sprintf("%q is chosen twice", value)
		}
		item, ok := ws.item(c, person, el, value)
		if !ok {
			return nil, fmt.Sprintf("there is no choice with the value %q", value)
		}
		picked = append(picked, item)
	}
	field := idField(el.kind)
	if field == "" {
		field = "selected_option"
		if multi {
			field = "selected_options"
		}
	}
	switch {
	case multi:
		v[field] = picked
	case len(picked) == 1:
		v[field] = picked[0]
	default:
		v[field] = nil
	}
	return v, ""
}

// item finds what a value stands for: an option, or the id of a user or channel.
func (ws *Workspace) item(c *canvas, person string, el element, value string) (any, bool) {
	switch el.kind {
	case "users_select", "multi_users_select":
		_, ok := ws.users[value]
		return value, ok
	case "channels_select", "multi_channels_select", "conversations_select", "multi_conversations_select":
		_, ok := ws.channels[value]
		return value, ok
	case "external_select", "multi_external_select":
		if option, ok := c.loaded[person][el.slot][value]; ok {
			return option, true
		}
		return optionWith(chosen(c.value(person, el)), value)
	}
	return optionWith(offeredOptions(el.def), value)
}

func optionWith(options []any, value string) (any, bool) {
	for _, v := range options {
		if option, _ := v.(object); stringOf(option, "value") == value {
			return option, true
		}
	}
	return nil, false
}

// isEmpty says whether an element's state holds nothing.
func isEmpty(state object) bool {
	for key, v := range state {
		if key == "type" || key == "timezone" {
			continue
		}
		if list, ok := v.([]any); ok && len(list) == 0 {
			continue
		}
		if v != nil && v != "" {
			return false
		}
	}
	return true
}

// complaint is what the client says about an input block at submission, before
// anything is sent. Blanks count as text: to refuse them is the app's business.
func complaint(el element, state object) string {
	if isEmpty(state) {
		if boolOf(el.block, "optional") {
			return ""
		}
		return "Please complete this required field."
	}
	text := stringOf(state, "value")
	switch el.kind {
	case "plain_text_input":
	case "number_input":
		return numberComplaint(el, text)
	case "email_text_input":
		if !isEmail(text) {
			return "Please enter a valid email address."
		}
		return ""
	case "url_text_input":
		if !isWebURL(text) {
			return "Please enter a valid URL."
		}
		return ""
	default:
		return ""
	}
	length := characters(text)
	if least := intOf(el.def, "min_length", 0); length < least {
		return fmt.Sprintf("Please enter at least %d characters.", least)
	}
	if most := intOf(el.def, "max_length", maxInput); length > most {
		return fmt.Sprintf("Please enter no more than %d characters.", most)
	}
	return ""
}
