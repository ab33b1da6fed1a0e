package docstest_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"
)

// manifest is what is checked of the Slack app's manifest.
type manifest struct {
	Display struct {
		Name            string `json:"name"`
		Description     string `json:"description"`
		LongDescription string `json:"long_description"`
		BackgroundColor string `json:"background_color"`
	} `json:"display_information"`
	Features struct {
		BotUser struct {
			DisplayName string `json:"display_name"`
		} `json:"bot_user"`
	} `json:"features"`
	OAuth struct {
		Scopes struct {
			Bot  []string `json:"bot"`
			User []string `json:"user"`
		} `json:"scopes"`
	} `json:"oauth_config"`
	Settings struct {
		Interactivity struct {
			Enabled    bool   `json:"is_enabled"`
			RequestURL string `json:"request_url"`
			OptionsURL string `json:"message_menu_options_url"`
		} `json:"interactivity"`
		SocketMode bool `json:"socket_mode_enabled"`
	} `json:"settings"`
}

func slackManifest(t *testing.T) manifest {
	t.Helper()
	_, after, found := strings.Cut(read(t, "docs/slack-setup.md"), "```yaml\n")
	require.True(t, found)
	text, _, found := strings.Cut(after, "\n```")
	require.True(t, found)
	var plain any
	require.NoError(t, yaml.Unmarshal([]byte(text), &plain))
	encoded, err := json.Marshal(plain)
	require.NoError(t, err)
	var m manifest
	require.NoError(t, json.Unmarshal(encoded, &m))
	return m
}

// scopesOf gives the scopes that a method of the library needs, by Slack's
// documentation of the API method behind it.
func scopesOf(t *testing.T, method string) []string {
	t.Helper()
	scopes, known := map[string][]string{
		"AuthTestContext":               {},
		"OpenViewContext":               {},
		"PostMessageContext":            {"chat:write"},
		"PostEphemeralContext":          {"chat:write"},
		"UpdateMessageContext":          {"chat:write"},
		"GetConversationHistoryContext": {"channels:history", "groups:history"},
		"GetUserInfoContext":            {"users:read", "users:read.email"},
		"GetUserByEmailContext":         {"users:read.email"},
		"GetUserGroupMembersContext":    {"usergroups:read"},
	}[method]
	require.True(t, known, "%s is new here: add its scopes to this table, to docs/slack-setup.md and to the README", method)
	return scopes
}

// TestTheSlackAppHasTheScopesThatTheCodeNeeds derives them from the calls.
func TestTheSlackAppHasTheScopesThatTheCodeNeeds(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(os.DirFS(root), "internal/slackapp/*.go")
	require.NoError(t, err)
	needed := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range regexp.MustCompile(`\.api\.(\w+)\(`).FindAllStringSubmatch(read(t, file), -1) {
			for _, scope := range scopesOf(t, match[1]) {
				needed[scope] = true
			}
		}
	}
	want := slices.Collect(maps.Keys(needed))
	got := slackManifest(t).OAuth.Scopes
	require.ElementsMatch(t, want, got.Bot)
	require.Empty(t, got.User)
	readme := read(t, "README.md")
	for _, scope := range want {
		require.Contains(t, readme, "`"+scope+"`")
	}
}

// TestTheSlackManifestKeepsSlacksRules checks the limits that Slack documents,
// and that the addresses are ones that Frontdesk serves.
func TestTheSlackManifestKeepsSlacksRules(t *testing.T) {
	t.Parallel()
	m := slackManifest(t)
	require.NotEmpty(t, m.Display.Name)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Display.Name), 35)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Display.Description), 140)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Display.LongDescription), 4000)
	require.Regexp(t, `^#[0-9a-f]{6}$`, m.Display.BackgroundColor)
	require.NotEmpty(t, m.Features.BotUser.DisplayName)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Features.BotUser.DisplayName), 80)

	require.True(t, m.Settings.Interactivity.Enabled)
	require.False(t, m.Settings.SocketMode)
	require.Equal(t, m.Settings.Interactivity.RequestURL, m.Settings.Interactivity.OptionsURL)
	door, found := strings.CutPrefix(m.Settings.Interactivity.RequestURL, "https://frontdesk.example.com")
	require.True(t, found)
	require.Contains(t, read(t, "internal/web/routes.go"), `"`+door+`"`)
}
