package practiceslack

import (
	"maps"
	"slices"
	"strconv"
)

// blocks checks the whole list of a message or a view.
func (c *checker) blocks(at string, v any) {
	items, ok := v.([]any)
	if !ok {
		c.fail(at, "must provide an array")
		return
	}
	most := maxMessageBlocks
	if c.surface != MessageSurface {
		most = maxViewBlocks
	}
	if len(items) > most {
		c.fail(at, "no more than %d items allowed", most)
	}
	for i, item := range items {
		c.block(at+"/"+strconv.Itoa(i), item)
	}
}

func (c *checker) block(at string, v any) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}
	if id, ok := c.str(o, at, "block_id", maxID); ok {
		if c.blockIDs[id] {
			c.fail(at+"/block_id", "`block_id` %q already exists", id)
		}
		c.blockIDs[id] = true
	}
	typ := stringOf(o, "type")
	check, known := blockRules()[typ]
	if !known {
		c.unsupported(at, typ)
		return
	}
	check(c, at, o)
}

// blockRules are the blocks that there are.
func blockRules() map[string]func(c *checker, at string, o object) {
	return map[string]func(c *checker, at string, o object){
		"header":    (*checker).header,
		"section":   (*checker).section,
		"context":   (*checker).context,
		"divider":   func(c *checker, at string, o object) { c.object(at, o, "type", "block_id") },
		"actions":   (*checker).actions,
		"input":     (*checker).input,
		"image":     (*checker).imageBlock,
		"rich_text": (*checker).richText,
		"markdown":  (*checker).markdownBlock,
	}
}

// Blocks lists the blocks that messages and views may hold, by their type. Any
// other is refused as an unsupported type.
func Blocks() []string { return slices.Sorted(maps.Keys(blockRules())) }

func (c *checker) header(at string, o object) {
	c.object(at, o, "type", "block_id", "text", "level")
	c.needText(o, at, "text", plainOnly, maxHeader)
	c.number(o, at, "level", 1, 4)
}

func (c *checker) actions(at string, o object) {
	c.object(at, o, "type", "block_id", "elements")
	c.elements(at, c.list(o, at, "elements", 1, maxActions), inActions)
}

func (c *checker) imageBlock(at string, o object) {
	c.object(at, o, "type", "block_id", "image_url", "slack_file", "alt_text", "title")
	c.image(at, o)
	c.textField(o, at, "title", plainOnly, maxAltText)
}

func (c *checker) section(at string, o object) {
	c.object(at, o, "type", "block_id", "text", "fields", "accessory", "expand")
	c.flag(o, at, "expand")
	_, hasText := o["text"]
	_, hasFields := o["fields"]
	if !hasText && !hasFields {
		c.fail(at, "missing required field: text")
	}
	c.textField(o, at, "text", plainOrMarkdown, maxText)
	if hasFields {
		for i, field := range c.list(o, at, "fields", 1, maxFields) {
			c.text(at+"/fields/"+strconv.Itoa(i), field, plainOrMarkdown, maxFieldText)
		}
	}
	if accessory, present := o["accessory"]; present {
		c.element(at+"/accessory", accessory, inSection, map[string]bool{})
	}
}

func (c *checker) context(at string, o object) {
	c.object(at, o, "type", "block_id", "elements")
	for i, item := range c.list(o, at, "elements", 1, maxContext) {
		place := at + "/elements/" + strconv.Itoa(i)
		element, _ := item.(object)
		if stringOf(element, "type") == "image" {
			c.object(place, item, "type", "image_url", "slack_file", "alt_text")
			c.image(place, element)
			continue
		}
		c.text(place, item, plainOrMarkdown, maxText)
	}
}

func (c *checker) input(at string, o object) {
	if c.surface == MessageSurface {
		c.unsupported(at, "input")
		return
	}
	c.object(at, o, "type", "block_id", "label", "element", "dispatch_action", "hint", "optional")
	c.needText(o, at, "label", plainOnly, maxLabel)
	c.textField(o, at, "hint", plainOnly, maxLabel)
	c.flag(o, at, "dispatch_action")
	c.flag(o, at, "optional")
	element, present := o["element"]
	if !present {
		c.fail(at, "missing required field: element")
		return
	}
	c.element(at+"/element", element, inInput, map[string]bool{})
}

func (c *checker) image(at string, o object) {
	_, hasURL := o["image_url"]
	_, hasFile := o["slack_file"]
	switch {
	case hasURL == hasFile:
		c.fail(at, "must provide exactly one of image_url, slack_file")
	case hasFile:
		// There are no files in the practice workspace, so none can be meant.
		c.fail(at+"/slack_file", "invalid slack file")
	default:
		c.webLink(o, at, "image_url")
	}
	c.need(o, at, "alt_text", maxAltText)
}

func (c *checker) markdownBlock(at string, o object) {
	if c.surface != MessageSurface {
		c.unsupported(at, "markdown")
		return
	}
	c.object(at, o, "type", "block_id", "text")
	s, ok := c.need(o, at, "text", maxMarkdown)
	if !ok {
		return
	}
	c.markdown += characters(s)
	if c.markdown > maxMarkdown {
		c.fail(at+"/text", "markdown blocks must be less than %d characters in all", maxMarkdown+1)
	}
}
