package practiceslack_test

import (
	"maps"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// TestEntryShapes holds what elements for moments and for typed values may be.
func TestEntryShapes(t *testing.T) {
	t.Parallel()
	const (
		message = practiceslack.MessageSurface
		modal   = practiceslack.ModalSurface
		home    = practiceslack.HomeSurface
		element = "/blocks/0/element"
	)
	number := func(more m) m {
		n := m{"type": "number_input", "is_decimal_allowed": false}
		maps.Copy(n, more)
		return n
	}
	cases := []struct {
		name    string
		surface practiceslack.Surface
		blocks  []any
		place   string // empty: nothing is wrong
	}{
		{"time in a section", message, section(m{"type": "timepicker", "initial_time": "09:30", "timezone": "Europe/Berlin", "placeholder": plain("p")}), ""},
		{"moments in actions", message, actions(m{"type": "timepicker"}, m{"type": "datetimepicker", "initial_date_time": 1628633820}), ""},
		{"moment in an input", modal, input(m{"type": "datetimepicker"}), ""},
		{"time", modal, input(m{"type": "timepicker", "initial_time": "9:30"}), element + "/initial_time"},
		{"no time", modal, input(m{"type": "timepicker", "initial_time": "24:00"}), element + "/initial_time"},
		{"moment in a section", message, section(m{"type": "datetimepicker"}), "/blocks/0/accessory/type"},
		{"moment in a home", home, input(m{"type": "datetimepicker"}), element + "/type"},
		{"moment with a placeholder", modal, input(m{"type": "datetimepicker", "placeholder": plain("p")}), element},
		{"moment of nine digits", modal, input(m{"type": "datetimepicker", "initial_date_time": 999999999}), element + "/initial_date_time"},
		{"moment of eleven digits", modal, input(m{"type": "datetimepicker", "initial_date_time": 10000000000}), element + "/initial_date_time"},
		{"moment as text", modal, input(m{"type": "datetimepicker", "initial_date_time": "1628633820"}), element + "/initial_date_time"},

		{"number", modal, input(number(m{"min_value": "-1", "max_value": "10", "initial_value": "0", "placeholder": plain("p")})), ""},
		{"decimal", modal, input(number(m{"is_decimal_allowed": true, "min_value": "0.25", "max_value": "0.25"})), ""},
		{"number without is_decimal_allowed", modal, input(m{"type": "number_input"}), element},
		{"number no number", modal, input(number(m{"initial_value": "1e3"})), element + "/initial_value"},
		{"number no text", modal, input(number(m{"min_value": 1})), element + "/min_value"},
		{"decimal not allowed", modal, input(number(m{"max_value": "0.5"})), element + "/max_value"},
		{"number bounds", modal, input(number(m{"min_value": "2", "max_value": "1"})), element + "/min_value"},
		{"number above", modal, input(number(m{"max_value": "1", "initial_value": "2"})), element + "/initial_value"},
		{"number below", modal, input(number(m{"min_value": "1", "initial_value": "0"})), element + "/initial_value"},
		{"number in a home", home, input(number(nil)), element + "/type"},
		{"number in actions", modal, actions(number(nil)), "/blocks/0/elements/0/type"},

		{"email", modal, input(m{"type": "email_text_input", "initial_value": "ada@x.com", "dispatch_action_config": m{"trigger_actions_on": []any{"on_enter_pressed"}}}), ""},
		{"email no email", modal, input(m{"type": "email_text_input", "initial_value": "Ada <ada@x.com>"}), element + "/initial_value"},
		{"email dispatch", modal, input(m{"type": "email_text_input", "dispatch_action_config": m{}}), element + "/dispatch_action_config"},
		{"url", modal, input(m{"type": "url_text_input", "initial_value": "https://x.com/y"}), ""},
		{"url no url", modal, input(m{"type": "url_text_input", "initial_value": "x.com"}), element + "/initial_value"},
		{"url in a section", modal, section(m{"type": "url_text_input"}), "/blocks/0/accessory/type"},

		{"filter", message, section(m{"type": "conversations_select", "filter": m{"include": []any{"im", "public"}, "exclude_bot_users": true}}), ""},
		{"empty filter", message, section(m{"type": "conversations_select", "filter": m{}}), "/blocks/0/accessory/filter"},
		{"filter of nothing", message, section(m{"type": "conversations_select", "filter": m{"include": []any{}}}), "/blocks/0/accessory/filter/include"},
		{"unknown filter", message, section(m{"type": "multi_conversations_select", "filter": m{"include": []any{"dm"}}}), "/blocks/0/accessory/filter/include/0"},
		{"filter flag", message, section(m{"type": "conversations_select", "filter": m{"exclude_bot_users": "yes"}}), "/blocks/0/accessory/filter/exclude_bot_users"},
		{"response_url", modal, input(m{"type": "channels_select", "response_url_enabled": true}), ""},
		{"response_url in a message", message, section(m{"type": "channels_select", "response_url_enabled": true}), "/blocks/0/accessory/response_url_enabled"},
		{"response_url in a section", modal, section(m{"type": "channels_select", "response_url_enabled": true}), "/blocks/0/accessory/response_url_enabled"},
		{"current conversation", modal, input(m{"type": "conversations_select", "default_to_current_conversation": true}), element + "/default_to_current_conversation"},
		{"slack file", message, []any{m{"type": "image", "alt_text": "x", "slack_file": m{"id": "F1"}}}, "/blocks/0/slack_file"},
		{"image of no address", message, []any{m{"type": "image", "alt_text": "x", "image_url": "data:x"}}, "/blocks/0/image_url"},
		{"mention in preformatted", message, []any{m{"type": "rich_text", "elements": []any{m{"type": "rich_text_preformatted", "elements": []any{m{"type": "user", "user_id": "U1"}}}}}}, "/blocks/0/elements/0/elements/0/type"},
		{"language of a quote", message, []any{m{"type": "rich_text", "elements": []any{m{"type": "rich_text_quote", "language": "go", "elements": []any{}}}}}, "/blocks/0/elements/0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			problems := practiceslack.ValidateBlocks(c.surface, asJSON(t, c.blocks))
			if c.place == "" {
				require.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1)
			require.Contains(t, problems[0], "[json-pointer:"+c.place+"]")
		})
	}
	require.NotEmpty(t, practiceslack.ValidateModal(asJSON(t, modalOf("submit_disabled", true))), "for workflow steps only")
}

const entries = `{"type":"modal","title":{"type":"plain_text","text":"Entries"},"submit":{"type":"plain_text","text":"Send"},"blocks":[
 {"type":"input","block_id":"at","label":{"type":"plain_text","text":"At"},"element":{"type":"timepicker","action_id":"a","initial_time":"09:00","timezone":"Europe/Berlin"}},
 {"type":"input","block_id":"when","label":{"type":"plain_text","text":"When"},"element":{"type":"datetimepicker","action_id":"a"}},
 {"type":"input","block_id":"many","label":{"type":"plain_text","text":"Many"},"element":{"type":"number_input","action_id":"a","is_decimal_allowed":false,"min_value":"1","max_value":"9"}},
 {"type":"input","block_id":"mail","label":{"type":"plain_text","text":"Mail"},"element":{"type":"email_text_input","action_id":"a"}},
 {"type":"input","block_id":"link","label":{"type":"plain_text","text":"Link"},"element":{"type":"url_text_input","action_id":"a"}},
 {"type":"input","block_id":"share","optional":true,"label":{"type":"plain_text","text":"Share"},"element":{"type":"channels_select","action_id":"a","response_url_enabled":true}}
]}`

// TestEntries fills the elements in and reads them as slack-go does.
func TestEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.openForm(t, entries)
	modal := w.alice.ExpectModal(t, "Entries")
	require.Equal(t, "09:00", modal.Value("At"))
	before := w.app.count()

	modal.PickTime("At", "").Fill("Many", "12").Fill("Mail", "ada").Fill("Link", "x")
	result := modal.Submit(t.Context())
	require.Equal(t, map[string]string{
		"at": "Please complete this required field.", "when": "Please complete this required field.",
		"many": "Please enter a number of at most 9.", "mail": "Please enter a valid email address.", "link": "Please enter a valid URL.",
	}, result.Errors)
	for text, complaint := range map[string]string{"0": "at least 1", "1.5": "whole number", "x": "a number"} {
		require.Contains(t, modal.Fill("Many", text).Submit(t.Context()).ErrorOf("Many"), complaint)
	}
	require.Equal(t, before, w.app.count(), "the client complains by itself")

	moment := time.Date(2026, 5, 5, 12, 30, 0, 0, time.UTC)
	modal.PickTime("At", "17:45").PickMoment("When", moment).Fill("Many", "7").Fill("Mail", "ada@x.com").Fill("Link", "https://x.com")
	require.Equal(t, "17:45", modal.Value("At"))
	require.Equal(t, "1777984200", modal.Value("When"))
	out := w.ws.SetViewInput(t.Context(), "U1", modal.ID(), "share", "a", practiceslack.Input{Values: []string{"C1"}})
	require.NoError(t, out.Err())
	require.True(t, modal.Submit(t.Context()).Closed)

	values := at(t, w.app.last(), "view", "state", "values")
	require.Equal(t, m{
		"at":    m{"a": m{"type": "timepicker", "selected_time": "17:45", "timezone": "Europe/Berlin"}},
		"when":  m{"a": m{"type": "datetimepicker", "selected_date_time": float64(moment.Unix())}},
		"many":  m{"a": m{"type": "number_input", "value": "7"}},
		"mail":  m{"a": m{"type": "email_text_input", "value": "ada@x.com"}},
		"link":  m{"a": m{"type": "url_text_input", "value": "https://x.com"}},
		"share": m{"a": m{"type": "channels_select", "selected_channel": "C1"}},
	}, values)
	require.Equal(t, "C1", at(t, w.app.last(), "response_urls", 0, "channel_id"))
	require.Equal(t, "share", at(t, w.app.last(), "response_urls", 0, "block_id"))
	shared, _ := at(t, w.app.last(), "response_urls", 0, "response_url").(string)
	_, answer := w.post(t, shared, "application/json", `{"text":"shared","response_type":"in_channel"}`, "")
	require.Equal(t, true, answer["ok"])
	w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("shared"))
}

func TestEntriesRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.openForm(t, entries)
	modal := w.alice.ExpectModal(t, "Entries")
	for _, bad := range []struct {
		block string
		in    practiceslack.Input
	}{
		{"at", practiceslack.Input{Time: "25:00"}},
		{"at", practiceslack.Input{Time: "9:00"}},
		{"when", practiceslack.Input{Moment: 5}},
	} {
		require.False(t, w.ws.SetViewInput(t.Context(), "U1", modal.ID(), bad.block, "a", bad.in).OK, "%v", bad)
	}
	modal.PickMoment("When", time.Unix(1777984200, 0)).PickMoment("When", time.Time{})
	require.Empty(t, modal.Value("When"))
}

// TestEntriesInAMessage uses pickers where each use is sent at once.
func TestEntriesInAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	blocks := slack.Blocks{BlockSet: []slack.Block{slack.NewActionBlock("b",
		&slack.TimePickerBlockElement{Type: slack.METTimepicker, ActionID: "at", InitialTime: "08:00"},
		&slack.DateTimePickerBlockElement{Type: slack.METDatetimepicker, ActionID: "when", InitialDateTime: 1777984200})}}
	_, ts, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionBlocks(blocks.BlockSet...), slack.MsgOptionText("x", false))
	require.NoError(t, err)
	place := practiceslack.InMessage("C1", ts)
	require.NoError(t, w.ws.Act(t.Context(), "U1", place, "b", "at", practiceslack.Input{Time: "08:30"}).Err())
	action := at(t, w.app.last(), "actions", 0).(map[string]any)
	require.Equal(t, "08:30", action["selected_time"])
	require.Equal(t, "08:00", action["initial_time"])
	require.NoError(t, w.ws.Act(t.Context(), "U1", place, "b", "when", practiceslack.Input{Moment: 1777984260}).Err())
	require.InDelta(t, 1777984260, at(t, w.app.last(), "actions", 0, "selected_date_time"), 0)
	require.Contains(t, string(w.ws.StateOf("U1", place)), `"selected_time":"08:30"`)
	_, answer := w.call(t, "chat.scream", nil)
	require.Equal(t, "chat.scream", answer["req_method"])
}
