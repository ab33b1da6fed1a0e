package practiceslack

import (
	"math/big"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

// clockTime is how Slack writes a time of day.
const clockTime = "15:04"

// The first and the last moment that Slack can write in ten digits, as it wants.
const (
	firstMoment = 1_000_000_000
	lastMoment  = 9_999_999_999
)

// entryRules are the elements for a moment, and for a text of a certain form.
func entryRules() map[string]rule {
	typed := []string{"placeholder", "initial_value", "dispatch_action_config", "focus_on_load"}
	return map[string]rule{
		"datepicker": {
			homes: everywhere(), known: []string{"placeholder", "initial_date", "confirm", "focus_on_load"},
			check: func(c *checker, at string, o object) {
				c.moment(o, at, "initial_date", time.DateOnly, "a date written as YYYY-MM-DD")
			},
		},
		"timepicker": {
			homes: everywhere(), known: []string{"placeholder", "initial_time", "timezone", "confirm", "focus_on_load"},
			check: func(c *checker, at string, o object) {
				c.moment(o, at, "initial_time", clockTime, "a time written as HH:mm")
				c.str(o, at, "timezone", maxID)
			},
		},
		"datetimepicker": {
			homes: []home{inActions, inInput}, known: []string{"initial_date_time", "confirm", "focus_on_load"},
			check: func(c *checker, at string, o object) {
				if c.surface == HomeSurface {
					c.unsupported(at, "datetimepicker")
				}
				c.number(o, at, "initial_date_time", firstMoment, lastMoment)
			},
		},
		"number_input": {
			homes: []home{inInput}, known: append([]string{"is_decimal_allowed", "min_value", "max_value"}, typed...),
			check: (*checker).numberInput, modalsOnly: true,
		},
		"email_text_input": {
			homes: []home{inInput}, known: typed, modalsOnly: true,
			check: func(c *checker, at string, o object) { c.typed(at, o, isEmail, "an email address") },
		},
		"url_text_input": {
			homes: []home{inInput}, known: typed, modalsOnly: true,
			check: func(c *checker, at string, o object) { c.typed(at, o, isWebURL, "a valid URL") },
		},
	}
}

// moment checks an optional date or time of day.
func (c *checker) moment(o object, at, key, layout, form string) {
	s, ok := c.str(o, at, key, maxID)
	if !ok {
		return
	}
	if _, err := time.Parse(layout, s); err != nil || len(s) != len(layout) {
		c.fail(at+"/"+key, "must be %s", form)
	}
}

func (c *checker) typed(at string, o object, fits func(string) bool, form string) {
	if s, ok := c.str(o, at, "initial_value", maxInput); ok && !fits(s) {
		c.fail(at+"/initial_value", "must be %s", form)
	}
	c.dispatchConfig(at, o)
}

func (c *checker) numberInput(at string, o object) {
	if _, present := o["is_decimal_allowed"]; !present {
		c.fail(at, "missing required field: is_decimal_allowed")
	}
	c.flag(o, at, "is_decimal_allowed")
	c.dispatchConfig(at, o)
	for _, key := range []string{"min_value", "max_value", "initial_value"} {
		s, ok := c.str(o, at, key, maxID)
		if !ok {
			continue
		}
		if n, ok := decimal(s); !ok || (!boolOf(o, "is_decimal_allowed") && !n.IsInt()) {
			c.fail(at+"/"+key, "must be a number written as a string")
		}
	}
	least, bounded := decimal(stringOf(o, "min_value"))
	most, limited := decimal(stringOf(o, "max_value"))
	if bounded && limited && least.Cmp(most) > 0 {
		c.fail(at+"/min_value", "must be no more than max_value")
	}
	first, given := decimal(stringOf(o, "initial_value"))
	if given && ((bounded && first.Cmp(least) < 0) || (limited && first.Cmp(most) > 0)) {
		c.fail(at+"/initial_value", "must be between min_value and max_value")
	}
}

// decimal reads a number such as 12, -0.25 or 5.5.
func decimal(s string) (*big.Rat, bool) {
	if s == "" || strings.Trim(s, "-.0123456789") != "" || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
