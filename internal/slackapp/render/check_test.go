package render_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// shown is a message as it is sent.
type shown struct {
	Text   string `json:"text"`
	Blocks any    `json:"blocks"`
}

func encode(tb testing.TB, v any) []byte {
	tb.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(tb, e.Encode(v))
	return b.Bytes()
}

func tree(tb testing.TB, v any) any {
	tb.Helper()
	encoded, ok := v.(json.RawMessage)
	if !ok {
		encoded = encode(tb, v)
	}
	var decoded any
	require.NoError(tb, json.Unmarshal(encoded, &decoded))
	return decoded
}

// walk calls visit for every object in a tree of JSON.
func walk(v any, visit func(o map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, child := range v {
			walk(child, visit)
		}
	case []any:
		for _, child := range v {
			walk(child, visit)
		}
	}
}

func findBlock(tb testing.TB, v any, id string) map[string]any {
	tb.Helper()
	var found map[string]any
	walk(tree(tb, v), func(o map[string]any) {
		if o["block_id"] == id {
			found = o
		}
	})
	return found
}

// allTexts gives the text of every text object, joined.
func allTexts(tb testing.TB, v any) string {
	tb.Helper()
	var b strings.Builder
	walk(tree(tb, v), func(o map[string]any) {
		if s, ok := o["text"].(string); ok {
			b.WriteString(s + "\n")
		}
	})
	return b.String()
}

// problemsOfMessage gives what Slack would refuse in a message, and what an
// outsider could have smuggled into it. mentions are the only people it may
// mention.
func problemsOfMessage(tb testing.TB, v approval.View, mentions ...string) []string {
	tb.Helper()
	text, blocks := render.Message(v)
	encoded := encode(tb, blocks)
	problems := practiceslack.ValidateBlocks(practiceslack.MessageSurface, encoded)
	sent := tree(tb, json.RawMessage(encoded))
	if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > 3900 || strings.Contains(text, "\n") {
		problems = append(problems, fmt.Sprintf("bad top-level text: %q", text))
	}
	problems = append(problems, injected("text", text, false, mentions)...)
	problems = append(problems, injectedBlocks(sent, mentions)...)
	if v.Request.State != approval.Pending {
		walk(sent, func(o map[string]any) {
			if _, live := o["action_id"]; live {
				problems = append(problems, fmt.Sprintf("live element in state %s: %v", v.Request.State, o["action_id"]))
			}
		})
	}
	return problems
}

func problemsOfModal(tb testing.TB, view slack.ModalViewRequest, mentions ...string) []string {
	tb.Helper()
	encoded, err := json.Marshal(view)
	require.NoError(tb, err)
	problems := practiceslack.ValidateModal(encoded)
	if len(encoded) > 250*1000 {
		problems = append(problems, fmt.Sprintf("a view of %d bytes", len(encoded)))
	}
	return append(problems, injectedBlocks(tree(tb, json.RawMessage(encoded)), mentions)...)
}

func problemsOfOptions(tb testing.TB, options []*slack.OptionBlockObject) []string {
	tb.Helper()
	if options == nil {
		return []string{"nil is no list in JSON"}
	}
	if len(options) == 0 {
		return nil
	}
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, nil, "menu", options...)
	section := slack.NewSectionBlock(slack.NewTextBlockObject(slack.PlainTextType, "menu", false, false), nil, slack.NewAccessory(menu))
	return practiceslack.ValidateBlocks(practiceslack.MessageSurface, encode(tb, []slack.Block{section}))
}

func injectedBlocks(sent any, mentions []string) []string {
	var problems []string
	walk(sent, func(o map[string]any) {
		text, ok := o["text"].(string)
		if !ok {
			return
		}
		for _, r := range text {
			if r != '\n' && r < ' ' || r == 0x7F || r >= 0x80 && r < 0xA0 || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
				problems = append(problems, fmt.Sprintf("control character %U in %q", r, text))
			}
		}
		if o["type"] == "mrkdwn" {
			problems = append(problems, injected("mrkdwn", text, true, mentions)...)
			if o["verbatim"] != true {
				problems = append(problems, fmt.Sprintf("Slack may make links in %q", text))
			}
		}
	})
	return problems
}

var (
	token  = regexp.MustCompile(`<[^<>]*>`)
	ours   = regexp.MustCompile(`^<!date\^\d+\^\{date_short(_pretty)?\} at \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>$`)
	opens  = regexp.MustCompile(`^<https?://[^<>|\s]+\|Open in [^<>|\n]+>$`)
	entity = regexp.MustCompile(`&(amp|lt|gt);`)
)

// injected gives the control sequences in mrkdwn that are not our own.
func injected(where, text string, linkAllowed bool, mentions []string) []string {
	var problems []string
	rest := token.ReplaceAllStringFunc(text, func(s string) string {
		mine := ours.MatchString(s) || linkAllowed && opens.MatchString(s) && s == text
		for _, id := range mentions {
			mine = mine || s == "<@"+id+">"
		}
		if !mine {
			problems = append(problems, fmt.Sprintf("%s: foreign token %q", where, s))
		}
		return ""
	})
	if rest = entity.ReplaceAllString(rest, ""); strings.ContainsAny(rest, "<>&") {
		problems = append(problems, fmt.Sprintf("%s: not escaped: %q", where, text))
	}
	return problems
}
