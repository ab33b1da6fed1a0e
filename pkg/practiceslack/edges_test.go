package practiceslack_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

type m = map[string]any

// chars is a text of n characters, each of several bytes: Slack counts
// characters.
func chars(n int) string { return strings.Repeat("é", n) }

func plain(s string) m { return m{"type": "plain_text", "text": s} }
func mrkdwn(s string) m {
	return m{"type": "mrkdwn", "text": s}
}

func times(n int, item func(i int) any) []any {
	all := []any{}
	for i := range n {
		all = append(all, item(i))
	}
	return all
}

func options(n int) []any {
	return times(n, func(i int) any { return m{"text": plain("o"), "value": strconv.Itoa(i)} })
}

func button() m { return m{"type": "button", "text": plain("b")} }

func set(o m, key string, v any) m {
	o[key] = v
	return o
}

func section(accessory m) []any {
	return []any{m{"type": "section", "text": plain("s"), "accessory": accessory}}
}
func actions(elements ...any) []any { return []any{m{"type": "actions", "elements": elements}} }
func input(element m) []any {
	return []any{m{"type": "input", "label": plain("l"), "element": element}}
}
func divider(int) any { return m{"type": "divider"} }

func confirm(key, text string) []any {
	c := m{"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
	c[key] = plain(text)
	return actions(set(button(), "confirm", c))
}

func option(key string, v any) []any {
	o := m{"text": plain("t"), "value": "v"}
	o[key] = v
	return section(m{"type": "static_select", "options": []any{o}})
}

// TestEdges holds each limit of length and number: n is good, one more is not,
// and the refusal names the place.
func TestEdges(t *testing.T) {
	t.Parallel()
	const (
		message = practiceslack.MessageSurface
		modal   = practiceslack.ModalSurface
		home    = practiceslack.HomeSurface
	)
	cases := []struct {
		name    string
		surface practiceslack.Surface
		limit   int
		build   func(n int) []any
		pointer string
	}{
		{"blocks in a message", message, 50, func(n int) []any { return times(n, divider) }, "/blocks"},
		{"blocks in a modal", modal, 100, func(n int) []any { return times(n, divider) }, "/blocks"},
		{"blocks in a home", home, 100, func(n int) []any { return times(n, divider) }, "/blocks"},
		{"block_id", message, 255, func(n int) []any { return []any{m{"type": "divider", "block_id": chars(n)}} }, "/blocks/0/block_id"},
		{"action_id", message, 255, func(n int) []any { return actions(set(button(), "action_id", chars(n))) }, "/blocks/0/elements/0/action_id"},
		{"header", message, 150, func(n int) []any { return []any{m{"type": "header", "text": plain(chars(n))}} }, "/blocks/0/text/text"},
		{"section text", message, 3000, func(n int) []any { return []any{m{"type": "section", "text": mrkdwn(chars(n))}} }, "/blocks/0/text/text"},
		{"section fields", message, 10, func(n int) []any {
			return []any{m{"type": "section", "fields": times(n, func(int) any { return plain("f") })}}
		}, "/blocks/0/fields"},
		{"section field", message, 2000, func(n int) []any { return []any{m{"type": "section", "fields": []any{plain(chars(n))}}} }, "/blocks/0/fields/0/text"},
		{"context elements", message, 10, func(n int) []any {
			return []any{m{"type": "context", "elements": times(n, func(int) any { return mrkdwn("c") })}}
		}, "/blocks/0/elements"},
		{"context text", message, 3000, func(n int) []any { return []any{m{"type": "context", "elements": []any{plain(chars(n))}}} }, "/blocks/0/elements/0/text"},
		{"actions elements", message, 25, func(n int) []any { return actions(times(n, func(int) any { return button() })...) }, "/blocks/0/elements"},
		{"button text", message, 75, func(n int) []any { return actions(set(button(), "text", plain(chars(n)))) }, "/blocks/0/elements/0/text/text"},
		{"button value", message, 2000, func(n int) []any { return actions(set(button(), "value", chars(n))) }, "/blocks/0/elements/0/value"},
		{"button url", message, 3000, func(n int) []any { return actions(set(button(), "url", "https://x/"+chars(n-10))) }, "/blocks/0/elements/0/url"},
		{"accessibility label", message, 75, func(n int) []any { return actions(set(button(), "accessibility_label", chars(n))) }, "/blocks/0/elements/0/accessibility_label"},
		{"confirm title", message, 100, func(n int) []any { return confirm("title", chars(n)) }, "/blocks/0/elements/0/confirm/title/text"},
		{"confirm text", message, 300, func(n int) []any { return confirm("text", chars(n)) }, "/blocks/0/elements/0/confirm/text/text"},
		{"confirm button", message, 30, func(n int) []any { return confirm("confirm", chars(n)) }, "/blocks/0/elements/0/confirm/confirm/text"},
		{"deny button", message, 30, func(n int) []any { return confirm("deny", chars(n)) }, "/blocks/0/elements/0/confirm/deny/text"},
		{"option text", message, 75, func(n int) []any { return option("text", plain(chars(n))) }, "/blocks/0/accessory/options/0/text/text"},
		{"option value", message, 150, func(n int) []any { return option("value", chars(n)) }, "/blocks/0/accessory/options/0/value"},
		{"option description", message, 75, func(n int) []any { return option("description", plain(chars(n))) }, "/blocks/0/accessory/options/0/description/text"},
		{"placeholder", message, 150, func(n int) []any {
			return section(m{"type": "external_select", "placeholder": plain(chars(n))})
		}, "/blocks/0/accessory/placeholder/text"},
		{"static options", message, 100, func(n int) []any { return section(m{"type": "static_select", "options": options(n)}) }, "/blocks/0/accessory/options"},
		{"multi static options", message, 100, func(n int) []any { return section(m{"type": "multi_static_select", "options": options(n)}) }, "/blocks/0/accessory/options"},
		{"option groups", message, 100, func(n int) []any {
			return section(m{"type": "static_select", "option_groups": times(n, func(i int) any {
				return m{"label": plain("g"), "options": []any{m{"text": plain("o"), "value": strconv.Itoa(i)}}}
			})})
		}, "/blocks/0/accessory/option_groups"},
		{"options of a group", message, 100, func(n int) []any {
			return section(m{"type": "static_select", "option_groups": []any{m{"label": plain("g"), "options": options(n)}}})
		}, "/blocks/0/accessory/option_groups/0/options"},
		{"group label", message, 75, func(n int) []any {
			return section(m{"type": "static_select", "option_groups": []any{m{"label": plain(chars(n)), "options": options(1)}}})
		}, "/blocks/0/accessory/option_groups/0/label/text"},
		{"external initial options", message, 100, func(n int) []any {
			return section(m{"type": "multi_external_select", "initial_options": options(n)})
		}, "/blocks/0/accessory/initial_options"},
		{"overflow options", message, 5, func(n int) []any { return section(m{"type": "overflow", "options": options(n)}) }, "/blocks/0/accessory/options"},
		{"checkboxes", message, 10, func(n int) []any { return section(m{"type": "checkboxes", "options": options(n)}) }, "/blocks/0/accessory/options"},
		{"radio buttons", message, 10, func(n int) []any { return section(m{"type": "radio_buttons", "options": options(n)}) }, "/blocks/0/accessory/options"},
		{"image alt text", message, 2000, func(n int) []any {
			return []any{m{"type": "image", "image_url": "https://x/y.png", "alt_text": chars(n)}}
		}, "/blocks/0/alt_text"},
		{"image title", message, 2000, func(n int) []any {
			return []any{m{"type": "image", "image_url": "https://x/y.png", "alt_text": "a", "title": plain(chars(n))}}
		}, "/blocks/0/title/text"},
		{"markdown", message, 12000, func(n int) []any { return []any{m{"type": "markdown", "text": chars(n)}} }, "/blocks/0/text"},
		{"markdown in all", message, 12000, func(n int) []any {
			return []any{m{"type": "markdown", "text": chars(6000)}, m{"type": "markdown", "text": chars(n - 6000)}}
		}, "/blocks/1/text"},
		{"input label", modal, 2000, func(n int) []any {
			return []any{m{"type": "input", "label": plain(chars(n)), "element": m{"type": "plain_text_input"}}}
		}, "/blocks/0/label/text"},
		{"input hint", modal, 2000, func(n int) []any {
			return []any{m{"type": "input", "label": plain("l"), "hint": plain(chars(n)), "element": m{"type": "plain_text_input"}}}
		}, "/blocks/0/hint/text"},
		{"max_length", modal, 3000, func(n int) []any { return input(m{"type": "plain_text_input", "max_length": n}) }, "/blocks/0/element/max_length"},
		{"min_length", modal, 3000, func(n int) []any { return input(m{"type": "plain_text_input", "min_length": n}) }, "/blocks/0/element/min_length"},
		{"min_length against max_length", modal, 10, func(n int) []any {
			return input(m{"type": "plain_text_input", "min_length": n, "max_length": 10})
		}, "/blocks/0/element/min_length"},
		{"initial_value", modal, 7, func(n int) []any {
			return input(m{"type": "plain_text_input", "initial_value": chars(n), "max_length": 7})
		}, "/blocks/0/element/initial_value"},
		{"max_selected_items", message, 2, func(n int) []any {
			return section(m{"type": "multi_static_select", "max_selected_items": 2, "options": options(5), "initial_options": options(n)})
		}, "/blocks/0/accessory/initial_options"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, practiceslack.ValidateBlocks(c.surface, asJSON(t, c.build(c.limit))))
			problems := practiceslack.ValidateBlocks(c.surface, asJSON(t, c.build(c.limit+1)))
			require.NotEmpty(t, problems)
			require.Contains(t, problems[0], "[json-pointer:"+c.pointer+"]")
			require.True(t, strings.HasPrefix(problems[0], "[ERROR] "))
		})
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// TestRefusedShapes holds the rules that are not a matter of number.
func TestRefusedShapes(t *testing.T) {
	t.Parallel()
	const (
		message = practiceslack.MessageSurface
		modal   = practiceslack.ModalSurface
	)
	opts := options(2)
	cases := []struct {
		name    string
		surface practiceslack.Surface
		blocks  []any
		place   string
	}{
		{"unknown block", message, []any{m{"type": "video"}}, "/blocks/0/type"},
		{"no type", message, []any{m{}}, "/blocks/0"},
		{"not an object", message, []any{"x"}, "/blocks/0"},
		{"unknown field of a block", message, []any{m{"type": "divider", "foo": 1}}, "/blocks/0"},
		{"unknown field of an element", message, actions(set(button(), "foo", 1)), "/blocks/0/elements/0"},
		{"unknown field of a text", message, []any{m{"type": "header", "text": m{"type": "plain_text", "text": "x", "verbatim": true}}}, "/blocks/0/text"},
		{"emoji in mrkdwn", message, []any{m{"type": "section", "text": m{"type": "mrkdwn", "text": "x", "emoji": true}}}, "/blocks/0/text"},
		{"header in mrkdwn", message, []any{m{"type": "header", "text": mrkdwn("x")}}, "/blocks/0/text/type"},
		{"header without text", message, []any{m{"type": "header"}}, "/blocks/0"},
		{"null for a text", message, []any{m{"type": "header", "text": nil}}, "/blocks/0/text"},
		{"empty text", message, []any{m{"type": "section", "text": plain("")}}, "/blocks/0/text/text"},
		{"a string for a text", message, []any{m{"type": "section", "text": "x"}}, "/blocks/0/text"},
		{"empty section", message, []any{m{"type": "section"}}, "/blocks/0"},
		{"no fields", message, []any{m{"type": "section", "fields": []any{}}}, "/blocks/0/fields"},
		{"expand no boolean", message, []any{m{"type": "section", "text": plain("x"), "expand": "yes"}}, "/blocks/0/expand"},
		{"empty context", message, []any{m{"type": "context", "elements": []any{}}}, "/blocks/0/elements"},
		{"button in a context", message, []any{m{"type": "context", "elements": []any{button()}}}, "/blocks/0/elements/0/type"},
		{"empty actions", message, actions(), "/blocks/0/elements"},
		{"input in a message", message, input(m{"type": "plain_text_input"}), "/blocks/0/type"},
		{"markdown in a modal", modal, []any{m{"type": "markdown", "text": "x"}}, "/blocks/0/type"},
		{"button in an input", modal, input(button()), "/blocks/0/element/type"},
		{"input without an element", modal, []any{m{"type": "input", "label": plain("l")}}, "/blocks/0"},
		{"input label in mrkdwn", modal, []any{m{"type": "input", "label": mrkdwn("l"), "element": m{"type": "plain_text_input"}}}, "/blocks/0/label/type"},
		{"text input in a section", modal, section(m{"type": "plain_text_input"}), "/blocks/0/accessory/type"},
		{"text input in actions", modal, actions(m{"type": "plain_text_input"}), "/blocks/0/elements/0/type"},
		{"multi select in actions", message, actions(m{"type": "multi_static_select", "options": opts}), "/blocks/0/elements/0/type"},
		{"multi external in actions", message, actions(m{"type": "multi_external_select"}), "/blocks/0/elements/0/type"},
		{"unknown element", message, actions(m{"type": "slider"}), "/blocks/0/elements/0/type"},
		{"duplicate action_id", message, actions(set(button(), "action_id", "x"), set(button(), "action_id", "x")), "/blocks/0/elements/1/action_id"},
		{"duplicate block_id", message, []any{m{"type": "divider", "block_id": "x"}, m{"type": "divider", "block_id": "x"}}, "/blocks/1/block_id"},
		{"empty action_id", message, actions(set(button(), "action_id", "")), "/blocks/0/elements/0/action_id"},
		{"button text in mrkdwn", message, actions(set(button(), "text", mrkdwn("x"))), "/blocks/0/elements/0/text/type"},
		{"button style", message, actions(set(button(), "style", "default")), "/blocks/0/elements/0/style"},
		{"button url", message, actions(set(button(), "url", "no scheme")), "/blocks/0/elements/0/url"},
		{"confirm without deny", message, actions(set(button(), "confirm", m{"title": plain("t"), "text": plain("x"), "confirm": plain("y")})), "/blocks/0/elements/0/confirm"},
		{"confirm text in mrkdwn", message, actions(set(button(), "confirm", m{"title": plain("t"), "text": mrkdwn("x"), "confirm": plain("y"), "deny": plain("n")})), "/blocks/0/elements/0/confirm/text/type"},
		{"confirm in an input", modal, input(m{"type": "datepicker", "confirm": m{"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}}), "/blocks/0/element/confirm"},
		{"no options", message, section(m{"type": "static_select", "options": []any{}}), "/blocks/0/accessory/options"},
		{"neither options nor groups", message, section(m{"type": "static_select"}), "/blocks/0/accessory"},
		{"options and groups", message, section(m{"type": "static_select", "options": opts, "option_groups": []any{m{"label": plain("g"), "options": options(1)}}}), "/blocks/0/accessory"},
		{"options of an external menu", message, section(m{"type": "external_select", "options": opts}), "/blocks/0/accessory"},
		{"duplicate option value", message, section(m{"type": "static_select", "options": append(options(1), options(1)...)}), "/blocks/0/accessory/options/1/value"},
		{"duplicate value over groups", message, section(m{"type": "static_select", "option_groups": []any{m{"label": plain("g"), "options": options(1)}, m{"label": plain("h"), "options": options(1)}}}), "/blocks/0/accessory/option_groups/1/options/0/value"},
		{"empty option value", message, option("value", ""), "/blocks/0/accessory/options/0/value"},
		{"option text in mrkdwn", message, option("text", mrkdwn("x")), "/blocks/0/accessory/options/0/text/type"},
		{"option url outside an overflow", message, option("url", "https://x"), "/blocks/0/accessory/options/0"},
		{"initial option not offered", message, section(m{"type": "static_select", "options": opts, "initial_option": m{"text": plain("o"), "value": "9"}}), "/blocks/0/accessory/initial_option"},
		{"initial option with another text", message, section(m{"type": "static_select", "options": opts, "initial_option": m{"text": plain("p"), "value": "0"}}), "/blocks/0/accessory/initial_option"},
		{"initial options not offered", message, section(m{"type": "multi_static_select", "options": opts, "initial_options": options(3)}), "/blocks/0/accessory/initial_options/2"},
		{"initial options empty", message, section(m{"type": "multi_static_select", "options": opts, "initial_options": []any{}}), "/blocks/0/accessory/initial_options"},
		{"initial option of a multi select", message, section(m{"type": "multi_static_select", "options": opts, "initial_option": opts[0]}), "/blocks/0/accessory"},
		{"max_selected_items of a single select", message, section(m{"type": "static_select", "options": opts, "max_selected_items": 1}), "/blocks/0/accessory"},
		{"max_selected_items 0", message, section(m{"type": "multi_static_select", "options": opts, "max_selected_items": 0}), "/blocks/0/accessory/max_selected_items"},
		{"date", modal, input(m{"type": "datepicker", "initial_date": "2026-02-30"}), "/blocks/0/element/initial_date"},
		{"date form", modal, input(m{"type": "datepicker", "initial_date": "1.2.2026"}), "/blocks/0/element/initial_date"},
		{"max_length 0", modal, input(m{"type": "plain_text_input", "max_length": 0}), "/blocks/0/element/max_length"},
		{"max_length no integer", modal, input(m{"type": "plain_text_input", "max_length": "9"}), "/blocks/0/element/max_length"},
		{"dispatch config", modal, input(m{"type": "plain_text_input", "dispatch_action_config": m{"trigger_actions_on": []any{"on_blur"}}}), "/blocks/0/element/dispatch_action_config/trigger_actions_on/0"},
		{"image without alt text", message, []any{m{"type": "image", "image_url": "https://x"}}, "/blocks/0"},
		{"image without a picture", message, []any{m{"type": "image", "alt_text": "x"}}, "/blocks/0"},
		{"rich text leaf", message, []any{m{"type": "rich_text", "elements": []any{m{"type": "rich_text_section", "elements": []any{m{"type": "blink"}}}}}}, "/blocks/0/elements/0/elements/0/type"},
		{"rich text part", message, []any{m{"type": "rich_text", "elements": []any{m{"type": "text", "text": "x"}}}}, "/blocks/0/elements/0/type"},
		{"rich text list of texts", message, []any{m{"type": "rich_text", "elements": []any{m{"type": "rich_text_list", "style": "bullet", "elements": []any{m{"type": "text", "text": "x"}}}}}}, "/blocks/0/elements/0/elements/0/type"},
		{"rich text style", message, []any{m{"type": "rich_text", "elements": []any{m{"type": "rich_text_section", "elements": []any{m{"type": "text", "text": "x", "style": m{"bold": "yes"}}}}}}}, "/blocks/0/elements/0/elements/0/style/bold"},
		{"two focused", modal, append(input(m{"type": "datepicker", "focus_on_load": true}), input(m{"type": "datepicker", "focus_on_load": true})...), "/blocks/1/element/focus_on_load"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			problems := practiceslack.ValidateBlocks(c.surface, asJSON(t, c.blocks))
			require.NotEmpty(t, problems)
			require.Contains(t, strings.Join(problems, "\n"), "[json-pointer:"+c.place+"]")
		})
	}
}

// TestGoodShapes holds what must not be refused.
func TestGoodShapes(t *testing.T) {
	t.Parallel()
	const message, modal = practiceslack.MessageSurface, practiceslack.ModalSurface
	opts := options(3)
	cases := map[string]struct {
		surface practiceslack.Surface
		blocks  []any
	}{
		"nothing":              {message, []any{}},
		"initial options":      {message, section(m{"type": "multi_static_select", "options": opts, "initial_options": opts[:2]})},
		"initial in a group":   {message, section(m{"type": "static_select", "option_groups": []any{m{"label": plain("g"), "options": opts}}, "initial_option": opts[2]})},
		"mrkdwn in checkboxes": {message, section(m{"type": "checkboxes", "options": []any{m{"text": mrkdwn("*x*"), "value": "v", "description": mrkdwn("d")}}})},
		"url in an overflow":   {message, section(m{"type": "overflow", "options": []any{m{"text": plain("x"), "value": "v", "url": "https://x"}}})},
		"menus of ids": {message, append(
			section(m{"type": "multi_users_select", "initial_users": []any{"U1"}}),
			actions(m{"type": "users_select"}, m{"type": "channels_select"}, m{"type": "conversations_select", "filter": m{"include": []any{"im"}}}, m{"type": "datepicker"})...,
		)},
		"context":   {message, []any{m{"type": "context", "elements": []any{mrkdwn("x"), m{"type": "image", "image_url": "https://x", "alt_text": "y"}}}}},
		"same ids":  {message, append(actions(set(button(), "action_id", "x")), actions(set(button(), "action_id", "x"))...)},
		"all input": {modal, append(input(m{"type": "multi_external_select", "min_query_length": 0}), input(m{"type": "plain_text_input", "min_length": 0, "max_length": 1})...)},
		"rich text": {message, []any{m{"type": "rich_text", "elements": []any{
			m{"type": "rich_text_section", "elements": []any{
				m{"type": "text", "text": "x", "style": m{"bold": true}},
				m{"type": "link", "url": "https://x"},
				m{"type": "user", "user_id": "U1"},
				m{"type": "date", "timestamp": 1, "format": "{date}"},
			}},
			m{"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": []any{m{"type": "rich_text_section", "elements": []any{}}}},
			m{"type": "rich_text_quote", "elements": []any{m{"type": "emoji", "name": "wave"}}},
			m{"type": "rich_text_preformatted", "language": "go", "elements": []any{m{"type": "text", "text": "x"}, m{"type": "link", "url": "https://x"}}},
			m{"type": "rich_text_section", "elements": []any{m{"type": "broadcast", "range": "here"}}},
		}}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, practiceslack.ValidateBlocks(c.surface, asJSON(t, c.blocks)))
		})
	}
}

func modalOf(key string, v any) m {
	view := m{"type": "modal", "title": plain("t"), "blocks": []any{}}
	if v != nil {
		view[key] = v
	}
	return view
}

func TestModalEdges(t *testing.T) {
	t.Parallel()
	cases := []struct {
		key   string
		limit int
		text  bool
	}{
		{"title", 24, true},
		{"submit", 24, true},
		{"close", 24, true},
		{"private_metadata", 3000, false},
		{"callback_id", 255, false},
		{"external_id", 255, false},
	}
	for _, c := range cases {
		t.Run(c.key, func(t *testing.T) {
			t.Parallel()
			build := func(n int) []byte {
				if c.text {
					return asJSON(t, modalOf(c.key, plain(chars(n))))
				}
				return asJSON(t, modalOf(c.key, chars(n)))
			}
			require.Empty(t, practiceslack.ValidateModal(build(c.limit)))
			problems := practiceslack.ValidateModal(build(c.limit + 1))
			require.Len(t, problems, 1)
			require.Contains(t, problems[0], "[json-pointer:/view/"+c.key)
		})
	}
	refused := map[string]m{
		"home":                 set(modalOf("", nil), "type", "home"),
		"unknown field":        modalOf("foo", 1),
		"title in mrkdwn":      modalOf("title", mrkdwn("t")),
		"input without submit": modalOf("blocks", input(m{"type": "plain_text_input"})),
		"flag":                 modalOf("notify_on_close", "yes"),
		"block in it":          modalOf("blocks", []any{m{"type": "header"}}),
	}
	for name, view := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, practiceslack.ValidateModal(asJSON(t, view)))
		})
	}
}
