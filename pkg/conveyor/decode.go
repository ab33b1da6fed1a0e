package conveyor

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// The types below read one JSON value each and never fail: a field of an unexpected kind reads as absent, so
// that one odd field of one record does not hide a whole page.

// text reads a string, or a number as it is written. Ids come as either.
type text string

// UnmarshalJSON reads what it can.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	switch kind := raw[0]; {
	case kind == '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			*t = text(s)
		}
	case kind == '-' || kind >= '0' && kind <= '9':
		*t = text(raw)
	}
	return nil
}

// moment reads a time of RFC 3339, with or without a fraction, as UTC.
type moment struct{ time.Time }

// UnmarshalJSON reads what it can.
func (m *moment) UnmarshalJSON(raw []byte) error {
	m.Time = time.Time{}
	var s text
	_ = s.UnmarshalJSON(raw)
	if at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(s))); err == nil {
		// The zone can push the first or last year out of what RFC 3339 can write.
		if at = at.UTC(); at.Year() >= 1 && at.Year() <= 9999 {
			m.Time = at
		}
	}
	return nil
}

// count reads a whole number, or one in a string.
type count int

// UnmarshalJSON reads what it can.
func (n *count) UnmarshalJSON(raw []byte) error {
	*n = 0
	var s text
	_ = s.UnmarshalJSON(raw)
	if v, err := strconv.Atoi(string(s)); err == nil {
		*n = count(v)
	}
	return nil
}

// flag reads true, "true" or 1.
type flag bool

// UnmarshalJSON reads what it can.
func (f *flag) UnmarshalJSON(raw []byte) error {
	switch string(raw) {
	case "true", `"true"`, "1":
		*f = true
	default:
		*f = false
	}
	return nil
}

// maybe reads a T, or nothing from what is no T.
type maybe[T any] struct{ value T }

// UnmarshalJSON reads what it can.
func (m *maybe[T]) UnmarshalJSON(raw []byte) error {
	var v T
	if json.Unmarshal(raw, &v) == nil {
		m.value = v
	}
	return nil
}

// links is the part of a record that says where it is.
type links = maybe[struct {
	Self maybe[struct {
		Href text `json:"href"`
	}] `json:"self"`
}]

// groups keeps the access groups that can be told apart, nil for none.
func groups(all []AccessGroup) []AccessGroup {
	var kept []AccessGroup
	for _, group := range all {
		if group.ID != "" {
			kept = append(kept, group)
		}
	}
	return kept
}
