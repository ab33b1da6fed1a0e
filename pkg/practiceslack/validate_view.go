package practiceslack

import "strconv"

// modal checks a view that is opened, pushed or put in another's place.
func (c *checker) modal(at string, v any) {
	o, ok := c.object(at, v, "type", "title", "blocks", "close", "submit", "private_metadata",
		"callback_id", "clear_on_close", "notify_on_close", "external_id")
	if !ok {
		return
	}
	if typ := stringOf(o, "type"); typ != "modal" {
		c.fail(at+"/type", "must be a valid enum value")
	}
	c.needText(o, at, "title", plainOnly, maxViewTitle)
	c.textField(o, at, "submit", plainOnly, maxViewTitle)
	c.textField(o, at, "close", plainOnly, maxViewTitle)
	c.atMost(o, at, "private_metadata", maxPrivateMetadata)
	c.atMost(o, at, "callback_id", maxID)
	c.atMost(o, at, "external_id", maxID)
	c.flag(o, at, "clear_on_close")
	c.flag(o, at, "notify_on_close")
	blocks, present := o["blocks"]
	if !present {
		c.fail(at, "missing required field: blocks")
		return
	}
	c.blocks(at+"/blocks", blocks)
	if _, hasSubmit := o["submit"]; hasSubmit {
		return
	}
	for i, item := range listOf(o, "blocks") {
		if block, _ := item.(object); stringOf(block, "type") == "input" {
			c.fail(at+"/blocks/"+strconv.Itoa(i)+"/input", "must define `submit` to use an `input` block in modals")
		}
	}
}

// homeTab checks a view that is published in a person's Home tab.
func (c *checker) homeTab(at string, v any) {
	o, ok := c.object(at, v, "type", "blocks", "private_metadata", "callback_id", "external_id")
	if !ok {
		return
	}
	if typ := stringOf(o, "type"); typ != "home" {
		c.fail(at+"/type", "must be a valid enum value")
	}
	c.atMost(o, at, "private_metadata", maxPrivateMetadata)
	c.atMost(o, at, "callback_id", maxID)
	c.atMost(o, at, "external_id", maxID)
	blocks, present := o["blocks"]
	if !present {
		c.fail(at, "missing required field: blocks")
		return
	}
	c.blocks(at+"/blocks", blocks)
}

// atMost checks an optional string that may be empty.
func (c *checker) atMost(o object, at, key string, most int) {
	if s, ok := o[key].(string); ok && s == "" {
		return
	}
	c.str(o, at, key, most)
}
