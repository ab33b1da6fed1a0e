package practiceslack

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// entryState is stateFor for the elements that are typed into and for the
// pickers of a moment; entered is false for all others.
func entryState(el element, in Input) (state object, problem string, entered bool) {
	v := object{"type": el.kind}
	orNil := func(key, s string) { // empty means cleared
		v[key] = nil
		if s != "" {
			v[key] = s
		}
	}
	switch el.kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		orNil("value", in.Text)
	case "datepicker":
		orNil("selected_date", in.Date)
		if _, err := time.Parse(time.DateOnly, in.Date); err != nil && in.Date != "" {
			return nil, fmt.Sprintf("%q is not a date", in.Date), true
		}
	case "timepicker":
		orNil("selected_time", in.Time)
		if _, err := time.Parse(clockTime, in.Time); in.Time != "" && (err != nil || len(in.Time) != len(clockTime)) {
			return nil, fmt.Sprintf("%q is not a time", in.Time), true
		}
		withTimezone(v, el)
	case "datetimepicker":
		v["selected_date_time"] = nil
		if in.Moment != 0 {
			v["selected_date_time"] = json.Number(strconv.FormatInt(in.Moment, 10))
		}
		if in.Moment != 0 && (in.Moment < firstMoment || in.Moment > lastMoment) {
			return nil, fmt.Sprintf("%d is not a moment in Unix seconds", in.Moment), true
		}
	default:
		return nil, "", false
	}
	return v, "", true
}

// withTimezone says in which time zone a time picker's time is meant.
func withTimezone(state object, el element) {
	if zone := stringOf(el.def, "timezone"); zone != "" {
		state["timezone"] = zone
	}
}

// numberComplaint is what the client says about a number at submission.
func numberComplaint(el element, text string) string {
	n, ok := decimal(text)
	if !ok {
		return "Please enter a number."
	}
	if !boolOf(el.def, "is_decimal_allowed") && !n.IsInt() {
		return "Please enter a whole number."
	}
	if least, ok := decimal(stringOf(el.def, "min_value")); ok && n.Cmp(least) < 0 {
		return fmt.Sprintf("Please enter a number of at least %s.", stringOf(el.def, "min_value"))
	}
	if most, ok := decimal(stringOf(el.def, "max_value")); ok && n.Cmp(most) > 0 {
		return fmt.Sprintf("Please enter a number of at most %s.", stringOf(el.def, "max_value"))
	}
	return ""
}
