package render

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// The most characters that are shown of a text from outside, where Slack's own
// limit is not lower.
const (
	maxAddress = 320
	maxSystem  = 40
	maxLink    = 2000
	maxDetail  = 300
)

// Slack's limits, in characters.
const (
	maxSection = 3000
	maxTitle   = 24
	maxLabel   = 75
)

const replacement = '\uFFFD'

// prose makes safe what a person wrote. Its line breaks stay.
func prose(s string) string {
	for _, end := range []string{"\r\n", "\r", "\u0085", "\u2028", "\u2029"} {
		s = strings.ReplaceAll(s, end, "\n")
	}
	return strings.TrimSpace(strings.Map(tame, strings.ToValidUTF8(s, string(replacement))))
}

// line makes safe what has to stay on one line.
func line(s string) string {
	return strings.Join(strings.Fields(prose(s)), " ")
}

// address makes safe what tells people apart. Nothing invisible stays in it:
// two addresses that differ must look different.
func address(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || ignorable(r) {
			return replacement
		}
		return r
	}, line(s))
}

// tame replaces characters that would break or turn round what stands near them.
func tame(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r == '\t':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Noncharacter_Code_Point, r):
		return replacement
	case r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return replacement // Bidirectional embeddings, overrides and isolates.
	}
	return r
}

// blank reports whether a text shows nothing.
func blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !ignorable(r)
	})
}

// ignorable reports whether a character that counts as graphic shows nothing
// by itself.
func ignorable(r rune) bool {
	return r == '\u2800' || // The Braille pattern without dots.
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Variation_Selector, r)
}

// width gives the characters that Slack may count for one. Slack does not say
// whether it counts before or after escaping, nor what it counts for an emoji;
// one text too long makes it refuse the whole message, so the strictest holds.
func width(r rune) int {
	switch {
	case r == '&':
		return len("&amp;")
	case r == '<' || r == '>':
		return len("&lt;")
	case r > '\uFFFF':
		return 2
	}
	return 1
}

func widthOf(s string) int {
	sum := 0
	for _, r := range s {
		sum += width(r)
	}
	return sum
}

// cut gives s, or its beginning and the mark if it is wider than most.
func cut(s string, most int, mark string) string {
	if widthOf(s) <= most {
		return s
	}
	head, _ := splitAt(s, most-widthOf(mark))
	return strings.TrimSpace(head) + mark
}

// short is cut with the usual mark.
func short(s string, most int) string { return cut(s, most, "…") }

// splitAt splits s so that the head is as wide as it may be, and no wider than
// most. It does not split what is seen as one character, within reason.
func splitAt(s string, most int) (head, tail string) {
	runes := []rune(s)
	at, sum := 0, 0
	for at < len(runes) && sum+width(runes[at]) <= most {
		sum += width(runes[at])
		at++
	}
	if at == len(runes) {
		return s, ""
	}
	const reason = 16
	for back := at; back > 0 && at-back < reason; back-- {
		if !joined(runes[back-1], runes[back]) {
			at = back
			break
		}
	}
	return string(runes[:at]), string(runes[at:])
}

// joined reports whether the second character belongs to the first.
func joined(first, second rune) bool {
	const joiner = '\u200D'
	return first == joiner || second == joiner || unicode.IsMark(second) ||
		second >= '\U0001F3FB' && second <= '\U0001F3FF' // Skin tones.
}

// escape makes text from outside safe in mrkdwn.
func escape(s string) string {
	// One by one: a strings.Replacer costs more to make than it saves here.
	s = strings.ReplaceAll(s, "&", "&amp;")
	s = strings.ReplaceAll(s, "<", "&lt;")
	return strings.ReplaceAll(s, ">", "&gt;")
}

// plain is text that Slack shows as it is.
func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// mrkdwn is formatted text. Text from outside must be escaped in it; verbatim
// keeps Slack from making links of what looks like one.
func mrkdwn(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}

// requester gives the address of who asks, for plain text.
func requester(raw string) string {
	if blank(raw) {
		return "(no e-mail address)"
	}
	return short(address(raw), maxAddress)
}

// company gives the domain of an e-mail address.
func company(raw string) string {
	at := strings.LastIndex(raw, "@")
	if at < 0 || blank(raw[at+1:]) {
		return "unknown"
	}
	return short(address(raw[at+1:]), maxAddress)
}

// system gives the name of an outside system as people know it.
func system(source string) string {
	switch {
	case source == "conveyor":
		return "Conveyor"
	case blank(source):
		return "the outside system"
	}
	return short(address(source), maxSystem)
}

// mention gives a mention of a person. What is no Slack user id is shown as
// text, because it cannot be one of ours.
func mention(id string) string {
	odd := func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }
	switch {
	case blank(id):
		return "somebody"
	case strings.ContainsFunc(id, odd) || len(id) > 64:
		return escape(short(address(id), 64))
	}
	return "<@" + id + ">"
}

// date gives a time that each reader sees in their own zone.
func date(t time.Time, format string) string {
	fallback := t.UTC().Format("2006-01-02 15:04 UTC")
	if t.Unix() <= 0 || t.UTC().Year() > 9999 {
		return fallback
	}
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), format, fallback)
}

// moment gives a time that stands alone.
func moment(t time.Time) string { return date(t, "{date_short_pretty} at {time}") }

// onDate gives a time inside a sentence, where "on today" would be wrong.
func onDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " on " + date(t, "{date_short} at {time}")
}

// link gives a mrkdwn link, or nothing if the address is not one that a browser
// should open.
func link(raw, label string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil {
		return ""
	}
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= utf8.RuneSelf || strings.IndexByte("<>|\"`\\^{}\x7f", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	target := escape(b.String())
	if len(target) > maxLink {
		return ""
	}
	return "<" + target + "|" + escape(label) + ">"
}
