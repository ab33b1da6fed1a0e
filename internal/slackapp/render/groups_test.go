package render_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

func names(options []*slack.OptionBlockObject) []string {
	all := []string{}
	for _, o := range options {
		all = append(all, o.Text.Text)
	}
	return all
}

func values(options []*slack.OptionBlockObject) []string {
	all := make([]string, len(options))
	for i, o := range options {
		all[i] = o.Value
	}
	return all
}

func TestOptionsForFindsByName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200)
	all := []approval.Group{
		{ID: "1", Name: "Sales EMEA"},
		{ID: "2", Name: "EMEA Legal"},
		{ID: "3", Name: "Überprüfung"},
		{ID: "4", Name: long + "needle"},
		{ID: "2", Name: "EMEA again"},
		{ID: "no-name"},
		{ID: "5", Name: "emea  Two"},
	}
	for typed, want := range map[string][]string{
		"emea":      {"EMEA Legal", "emea Two", "Sales EMEA"},
		"EMEA L":    {"EMEA Legal"},
		" emea \t":  {"EMEA Legal", "emea Two", "Sales EMEA"},
		"ÜBER":      {"Überprüfung"},
		"NEEDLE":    {long[:74] + "…"},
		"no-":       {"no-name"},
		"emea two":  {"emea Two"},
		"nothing":   {},
		".*":        {},
		"<!channel": {},
	} {
		require.Equal(t, want, names(render.OptionsFor(all, typed)), typed)
	}
}

func TestOptionsForIsBounded(t *testing.T) {
	t.Parallel()
	all := groups(5000)
	first := render.OptionsFor(all, "")
	require.Len(t, first, 100)
	require.Equal(t, "Group 1", first[0].Text.Text)
	require.Equal(t, "Group 100", first[99].Text.Text)
	require.Len(t, render.OptionsFor(all, "group"), 100)
	require.Equal(t, []string{"Group 4999"}, names(render.OptionsFor(all, "4999")))

	late := append(groups(300), approval.Group{ID: "x", Name: "p starts"})
	require.Equal(t, "p starts", render.OptionsFor(late, "p")[0].Text.Text, "who begins with it is not cut off")
	require.NotNil(t, render.OptionsFor(nil, ""))
}

func TestChoicesResolveEveryOption(t *testing.T) {
	t.Parallel()
	all := []approval.Group{
		{ID: "g-1", Name: "One"},
		{ID: "", Name: "No id"},
		{ID: strings.Repeat("i", 150), Name: "150"},
		{ID: strings.Repeat("i", 151), Name: "151"},
		{ID: strings.Repeat("i", 152), Name: "152"},
		{ID: "späß", Name: "umlauts"},
		{ID: "a\xffb", Name: "bad"},
		{ID: "a&b", Name: "entity"},
		{ID: "a b", Name: "blank"},
	}
	options := render.OptionsFor(all, "")
	require.Len(t, options, len(all))
	require.Empty(t, problemsOfOptions(t, options))
	chosen, unknown := render.Choices(all, values(options))
	require.Equal(t, all, chosen)
	require.Empty(t, unknown)

	for _, value := range values(options) {
		require.Regexp(t, `^[!-~]{1,150}$`, value, "Slack returns only plain values as they were sent")
		require.NotRegexp(t, `[&<>"\\\\]`, value)
	}
	require.Equal(t, "g-1", options[0].Value)
	require.Equal(t, strings.Repeat("i", 150), options[2].Value)
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", options[3].Value)
	require.NotEqual(t, options[3].Value, options[4].Value)
}

func TestChoicesTellsWhatIsUnknown(t *testing.T) {
	t.Parallel()
	all := append(groups(5), approval.Group{ID: "g-2", Name: "the same id again"})
	chosen, unknown := render.Choices(all, []string{"g-4", "gone", "g-2", "g-4", "gone", ""})
	require.Equal(t, []approval.Group{{ID: "g-4", Name: "Group 4"}, {ID: "g-2", Name: "Group 2"}}, chosen)
	require.Equal(t, []string{"gone", ""}, unknown)

	chosen, unknown = render.Choices(all, nil)
	require.Empty(t, chosen)
	require.Empty(t, unknown)
}

func TestOptionTextIsCutAtACharacter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ name, text, description string }{
		"fits":      {strings.Repeat("a", 75), strings.Repeat("a", 75), ""},
		"too long":  {strings.Repeat("a", 75) + "b", strings.Repeat("a", 74) + "…", "…" + strings.Repeat("a", 73) + "b"},
		"combining": {strings.Repeat("e\u0301", 40), strings.Repeat("e\u0301", 37) + "…", "…" + strings.Repeat("e\u0301", 37)},
		"spaces":    {strings.Repeat("a", 73) + "   b c", strings.Repeat("a", 73) + "…", "…" + strings.Repeat("a", 70) + " b c"},
	} {
		o := render.OptionsFor([]approval.Group{{ID: "1", Name: c.name}}, "")[0]
		require.LessOrEqual(t, utf8.RuneCountInString(o.Text.Text), 75)
		if c.description == "" {
			require.Equal(t, c.text, o.Text.Text, name)
			require.Nil(t, o.Description, name)
			continue
		}
		require.Equal(t, c.text, o.Text.Text, name)
		require.Equal(t, c.description, o.Description.Text, name)
	}

	emoji := render.OptionsFor([]approval.Group{{ID: "1", Name: strings.Repeat("👩🏽‍🚀", 75)}}, "")[0]
	require.Empty(t, strings.ReplaceAll(strings.TrimSuffix(emoji.Text.Text, "…"), "👩🏽‍🚀", ""), "cut inside an emoji")
	require.Empty(t, strings.ReplaceAll(strings.TrimPrefix(emoji.Description.Text, "…"), "👩🏽‍🚀", ""), "cut inside an emoji")
}
