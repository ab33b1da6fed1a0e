package practiceslack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strconv"
)

// Surface is where blocks are shown.
type Surface int

// The surfaces that have rules of their own.
const (
	MessageSurface Surface = iota + 1
	ModalSurface
	HomeSurface
)

// Slack's limits, in characters or items.
const (
	maxMessageBlocks   = 50
	maxViewBlocks      = 100
	maxText            = 3000
	maxFieldText       = 2000
	maxFields          = 10
	maxHeader          = 150
	maxActions         = 25
	maxContext         = 10
	maxButtonText      = 75
	maxButtonValue     = 2000
	maxURL             = 3000
	maxAccessibility   = 75
	maxOptionText      = 75
	maxOptionValue     = 150
	maxOptions         = 100
	maxGroups          = 100
	maxOverflow        = 5
	maxChecks          = 10
	maxPlaceholder     = 150
	maxConfirmTitle    = 100
	maxConfirmText     = 300
	maxConfirmButton   = 30
	maxLabel           = 2000
	maxInput           = 3000
	maxID              = 255
	maxViewTitle       = 24
	maxPrivateMetadata = 3000
	maxViewBytes       = 250 * 1024
	maxStack           = 3
	maxMarkdown        = 12000
	maxAltText         = 2000
	maxProblems        = 50
)

// checker collects what is wrong with a tree of blocks. It never stops at the
// first problem: the author of the blocks wants to see all of them.
type checker struct {
	surface  Surface
	problems []string
	blockIDs map[string]bool
	markdown int
	focused  bool
	rules    map[string]rule // of elements
}

func newChecker(surface Surface) *checker {
	return &checker{surface: surface, blockIDs: map[string]bool{}, rules: elementRules()}
}

// ValidateBlocks tells what Slack would refuse in a JSON list of blocks on the
// given surface. An empty answer means that the blocks are good.
func ValidateBlocks(surface Surface, blocks []byte) []string {
	v, err := decode(blocks)
	if err != nil {
		return []string{"[ERROR] " + err.Error() + " [json-pointer:/blocks]"}
	}
	c := newChecker(surface)
	c.blocks("/blocks", v)
	return c.problems
}

// ValidateModal tells what Slack would refuse in the JSON of a modal.
func ValidateModal(view []byte) []string {
	v, err := decode(view)
	if err != nil {
		return []string{"[ERROR] " + err.Error() + " [json-pointer:/view]"}
	}
	c := newChecker(ModalSurface)
	c.modal("/view", v)
	return c.problems
}

// ValidateHome tells what Slack would refuse in the JSON of a Home tab's view.
func ValidateHome(view []byte) []string {
	v, err := decode(view)
	if err != nil {
		return []string{"[ERROR] " + err.Error() + " [json-pointer:/view]"}
	}
	c := newChecker(HomeSurface)
	c.homeTab("/view", v)
	return c.problems
}

func (c *checker) fail(at, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
	}
}

func (c *checker) unsupported(at, typ string) {
	if typ == "" {
		c.fail(at, "missing required field: type")
		return
	}
	c.fail(at+"/type", "unsupported type: %s", typ)
}

func (c *checker) tooLong(at string, most int) { c.fail(at, "must be less than %d characters", most+1) }

// object wants v to be an object with no fields but the known ones.
func (c *checker) object(at string, v any, known ...string) (object, bool) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return nil, false
	}
	unknown := make([]string, 0)
	for key := range o {
		if !slices.Contains(known, key) {
			unknown = append(unknown, key)
		}
	}
	sort.Strings(unknown)
	for _, key := range unknown {
		c.fail(at, "invalid additional property: %s", key)
	}
	return o, true
}

// list wants a list of least to most items at key.
func (c *checker) list(o object, at, key string, least, most int) []any {
	v, present := o[key]
	if !present {
		c.fail(at, "missing required field: %s", key)
		return nil
	}
	at += "/" + key
	items, ok := v.([]any)
	if !ok {
		c.fail(at, "must provide an array")
		return nil
	}
	if len(items) < least {
		c.fail(at, "no fewer than %d items allowed", least)
	}
	if len(items) > most {
		c.fail(at, "no more than %d items allowed", most)
		return nil
	}
	return items
}

// str checks an optional string of 1 to most characters.
func (c *checker) str(o object, at, key string, most int) (string, bool) {
	v, present := o[key]
	if !present {
		return "", false
	}
	at += "/" + key
	s, ok := v.(string)
	switch {
	case !ok:
		c.fail(at, "must provide a string")
		return "", false
	case s == "":
		c.fail(at, "must be more than 0 characters")
		return "", false
	case characters(s) > most:
		c.tooLong(at, most)
		return "", false
	}
	return s, true
}

// need is str for a field that must be there.
func (c *checker) need(o object, at, key string, most int) (string, bool) {
	if _, present := o[key]; !present {
		c.fail(at, "missing required field: %s", key)
		return "", false
	}
	return c.str(o, at, key, most)
}

func (c *checker) flag(o object, at, key string) {
	if v, present := o[key]; present {
		if _, ok := v.(bool); !ok {
			c.fail(at+"/"+key, "must provide a boolean")
		}
	}
}

// number checks an optional whole number between least and most.
func (c *checker) number(o object, at, key string, least, most int) (int, bool) {
	v, present := o[key]
	if !present {
		return 0, false
	}
	at += "/" + key
	n, ok := v.(json.Number)
	if !ok {
		c.fail(at, "must provide an integer")
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	switch {
	case err != nil:
		c.fail(at, "must provide an integer")
		return 0, false
	case i < least:
		c.fail(at, "must be no less than %d", least)
		return 0, false
	case i > most:
		c.fail(at, "must be no more than %d", most)
		return 0, false
	}
	return i, true
}

func (c *checker) oneOf(o object, at, key string, allowed ...string) {
	v, present := o[key]
	if !present {
		return
	}
	if s, ok := v.(string); !ok || !slices.Contains(allowed, s) {
		c.fail(at+"/"+key, "must be one of %q", allowed)
	}
}

func (c *checker) link(o object, at, key string) {
	s, ok := c.str(o, at, key, maxURL)
	if !ok {
		return
	}
	if u, err := url.Parse(s); err != nil || u.Scheme == "" {
		c.fail(at+"/"+key, "must be a valid URL")
	}
}

// webLink is link for what is fetched.
func (c *checker) webLink(o object, at, key string) {
	s, ok := c.str(o, at, key, maxURL)
	if !ok {
		return
	}
	if !isWebURL(s) {
		c.fail(at+"/"+key, "must be a valid URL")
	}
}

// textKind says which text objects may stand in a place.
type textKind int

const (
	plainOnly textKind = iota
	plainOrMarkdown
)

// text checks a text object.
func (c *checker) text(at string, v any, kind textKind, most int) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}
	typ := stringOf(o, "type")
	switch {
	case typ == "plain_text":
		c.object(at, v, "type", "text", "emoji")
		c.flag(o, at, "emoji")
	case typ == "mrkdwn" && kind == plainOrMarkdown:
		c.object(at, v, "type", "text", "verbatim")
		c.flag(o, at, "verbatim")
	case typ == "mrkdwn":
		c.fail(at+"/type", "must be plain_text")
		return
	default:
		c.unsupported(at, typ)
		return
	}
	c.need(o, at, "text", most)
}

func (c *checker) textField(o object, at, key string, kind textKind, most int) {
	if v, present := o[key]; present {
		c.text(at+"/"+key, v, kind, most)
	}
}

func (c *checker) needText(o object, at, key string, kind textKind, most int) {
	if _, present := o[key]; !present {
		c.fail(at, "missing required field: %s", key)
		return
	}
	c.textField(o, at, key, kind, most)
}
