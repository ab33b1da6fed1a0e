package render

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const (
	// maxOptions is how many options Slack takes in a menu or in one answer.
	maxOptions = 100
	// maxValue is the longest value of an option.
	maxValue = 150
)

// valueOf gives the option value that stands for a group. Slack returns it as
// it was sent only if it is short and plain.
func valueOf(g approval.Group) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`&<>"\`, r) }
	if g.ID == "" || len(g.ID) > maxValue || strings.ContainsFunc(g.ID, odd) {
		sum := sha256.Sum256([]byte(g.ID))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return g.ID
}

// nameOf gives a group's full name as it is shown.
func nameOf(g approval.Group) string {
	switch {
	case !blank(g.Name):
		return line(g.Name)
	case !blank(g.ID):
		return line(g.ID)
	}
	return "(no name)"
}

// distinct gives the groups without those that one menu cannot tell apart.
func distinct(groups []approval.Group) []approval.Group {
	seen := make(map[string]bool, len(groups))
	all := make([]approval.Group, 0, len(groups))
	for _, g := range groups {
		if value := valueOf(g); !seen[value] {
			seen[value] = true
			all = append(all, g)
		}
	}
	return all
}

// option gives a group as a menu offers it. Of a name that is too long, the
// description shows the end: names may differ only there.
func option(g approval.Group) *slack.OptionBlockObject {
	name := nameOf(g)
	o := slack.NewOptionBlockObject(valueOf(g), plain(short(name, maxLabel)), nil)
	if widthOf(name) > maxLabel {
		o.Description = plain(ending(name, maxLabel))
	}
	return o
}

// ending gives the end of s, marked, no wider than most.
func ending(s string, most int) string {
	runes := []rune(s)
	from, sum := len(runes), width('…')
	for from > 0 && sum+width(runes[from-1]) <= most {
		from--
		sum += width(runes[from])
	}
	for from < len(runes) && from > 0 && joined(runes[from-1], runes[from]) {
		from++
	}
	return "…" + strings.TrimSpace(string(runes[from:]))
}

func options(groups []approval.Group) []*slack.OptionBlockObject {
	all := make([]*slack.OptionBlockObject, len(groups))
	for i, g := range groups {
		all[i] = option(g)
	}
	return all
}

// menu gives the menu of distinct groups: with its options up to Slack's limit,
// beyond it with those that are asked for while somebody types.
func menu(groups []approval.Group) *slack.MultiSelectBlockElement {
	if len(groups) <= maxOptions {
		return slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic,
			plain("Choose access groups"), ActionGroups, options(groups)...)
	}
	// A query of no characters lets a click show the first options. The most
	// that can be chosen is the most that a modal can show as chosen.
	return slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal,
		plain("Type to find access groups"), ActionGroups).
		WithMinQueryLength(0).WithMaxSelectedItems(maxOptions)
}

// OptionsFor answers an options load: the groups whose full name contains what
// was typed, whatever its case, those that begin with it first. Nothing typed
// gives the first groups. The answer is never nil, because Slack wants a list.
func OptionsFor(groups []approval.Group, typed string) []*slack.OptionBlockObject {
	typed = strings.ToLower(line(typed))
	var begin, contain []approval.Group
	for _, g := range distinct(groups) {
		name := strings.ToLower(nameOf(g))
		switch {
		case strings.HasPrefix(name, typed):
			begin = append(begin, g)
		case strings.Contains(name, typed):
			contain = append(contain, g)
		}
	}
	found := slices.Concat(begin, contain)
	return options(found[:min(len(found), maxOptions)])
}

// Choices gives the groups that option values stand for, each once and in the
// order of the values, and the values that stand for none.
func Choices(groups []approval.Group, values []string) (chosen []approval.Group, unknown []string) {
	byValue := make(map[string]approval.Group, len(groups))
	for _, g := range distinct(groups) {
		byValue[valueOf(g)] = g
	}
	seen := make(map[string]bool, len(values))
	for _, value := range values {
		if seen[value] {
			continue
		}
		seen[value] = true
		if g, ok := byValue[value]; ok {
			chosen = append(chosen, g)
		} else {
			unknown = append(unknown, value)
		}
	}
	return chosen, unknown
}
