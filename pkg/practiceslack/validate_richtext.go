package practiceslack

import "strconv"

func (c *checker) richText(at string, o object) {
	c.object(at, o, "type", "block_id", "elements")
	for i, item := range c.list(o, at, "elements", 1, maxText) {
		c.richTextPart(at+"/elements/"+strconv.Itoa(i), item)
	}
}

func (c *checker) richTextPart(at string, v any) {
	o, _ := v.(object)
	typ := stringOf(o, "type")
	switch typ {
	case "rich_text_section":
		c.object(at, v, "type", "elements")
	case "rich_text_quote":
		c.object(at, v, "type", "elements", "border")
		c.number(o, at, "border", 0, 1)
	case "rich_text_preformatted":
		c.object(at, v, "type", "elements", "border", "language")
		c.number(o, at, "border", 0, 1)
		c.str(o, at, "language", maxID)
	case "rich_text_list":
		c.object(at, v, "type", "elements", "style", "indent", "offset", "border")
		if _, present := o["style"]; !present {
			c.fail(at, "missing required field: style")
		}
		c.oneOf(o, at, "style", "bullet", "ordered")
		c.number(o, at, "indent", 0, 8)
		c.number(o, at, "offset", 0, maxText)
		c.number(o, at, "border", 0, 1)
		for i, item := range c.list(o, at, "elements", 1, maxText) {
			place := at + "/elements/" + strconv.Itoa(i)
			section, _ := item.(object)
			if stringOf(section, "type") != "rich_text_section" {
				c.unsupported(place, stringOf(section, "type"))
				continue
			}
			c.richTextPart(place, item)
		}
		return
	default:
		c.unsupported(at, typ)
		return
	}
	for i, item := range c.list(o, at, "elements", 0, maxText) {
		place := at + "/elements/" + strconv.Itoa(i)
		leaf, _ := item.(object)
		if kind := stringOf(leaf, "type"); typ == "rich_text_preformatted" && kind != "text" && kind != "link" {
			c.unsupported(place, kind)
			continue
		}
		c.richTextLeaf(place, item)
	}
}

func (c *checker) richTextLeaf(at string, v any) {
	o, _ := v.(object)
	typ := stringOf(o, "type")
	var needed string
	switch typ {
	case "text":
		c.object(at, v, "type", "text", "style")
		needed = "text"
	case "link":
		c.object(at, v, "type", "url", "text", "unsafe", "style")
		c.link(o, at, "url")
		needed = "url"
	case "user":
		c.object(at, v, "type", "user_id", "style")
		needed = "user_id"
	case "usergroup":
		c.object(at, v, "type", "usergroup_id", "style")
		needed = "usergroup_id"
	case "channel":
		c.object(at, v, "type", "channel_id", "style")
		needed = "channel_id"
	case "emoji":
		c.object(at, v, "type", "name", "unicode", "style")
		needed = "name"
	case "color":
		c.object(at, v, "type", "value")
		needed = "value"
	case "broadcast":
		c.object(at, v, "type", "range", "style")
		c.oneOf(o, at, "range", "here", "channel", "everyone")
		needed = "range"
	case "date":
		c.object(at, v, "type", "timestamp", "format", "url", "fallback", "style")
		if _, present := o["timestamp"]; !present {
			c.fail(at, "missing required field: timestamp")
		}
		c.number(o, at, "timestamp", 0, 1<<40)
		needed = "format"
	default:
		c.unsupported(at, typ)
		return
	}
	c.need(o, at, needed, maxMarkdown)
	if style, present := o["style"]; present {
		if s, ok := c.object(at+"/style", style, "bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"); ok {
			for key := range s {
				c.flag(s, at+"/style", key)
			}
		}
	}
}
