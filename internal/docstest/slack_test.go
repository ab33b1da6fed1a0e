package docstest_test

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

// TestThePageShowsTheManifest compares the manifest in docs with the one that
// the command prints.
func TestThePageShowsTheManifest(t *testing.T) {
	t.Parallel()
	_, after, found := strings.Cut(read(t, "docs/slack-setup.md"), "```yaml\n")
	require.True(t, found)
	text, _, found := strings.Cut(after, "\n```")
	require.True(t, found)
	var got slackapp.Manifest
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&got))
	require.Equal(t, slackapp.NewManifest("https://frontdesk.example.com"), got)
}

// scopesOf gives the scopes that a method of the library needs, by Slack's
// documentation of the API method behind it.
func scopesOf(t *testing.T, method string) []string {
	t.Helper()
	scopes, known := map[string][]string{
		"AuthTestContext":               {},
		"StartSocketModeContext":        {}, // connections:write is of the app-level token
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
	require.ElementsMatch(t, want, slackapp.Scopes())
	readme := read(t, "README.md")
	for _, scope := range want {
		require.Contains(t, readme, "`"+scope+"`")
	}
}

// TestTheSlackManifestKeepsSlacksRules checks the limits that Slack documents,
// and that the addresses are ones that Frontdesk serves.
func TestTheSlackManifestKeepsSlacksRules(t *testing.T) {
	t.Parallel()
	m := slackapp.NewManifest("https://frontdesk.example.com")
	require.NotEmpty(t, m.Display.Name)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Display.Name), 35)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Display.Description), 140)
	require.Regexp(t, `^#[0-9a-f]{6}$`, m.Display.Color)
	require.NotEmpty(t, m.Features.BotUser.Name)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Features.BotUser.Name), 80)

	require.True(t, m.Settings.Interactivity.Enabled)
	require.False(t, m.Settings.SocketMode)
	require.Equal(t, m.Settings.Interactivity.RequestURL, m.Settings.Interactivity.OptionsURL)
	door, found := strings.CutPrefix(m.Settings.Interactivity.RequestURL, "https://frontdesk.example.com")
	require.True(t, found)
	require.Contains(t, read(t, "internal/web/routes.go"), `"`+door+`"`)

	socket := slackapp.NewManifest("")
	require.True(t, socket.Settings.SocketMode)
	require.True(t, socket.Settings.Interactivity.Enabled)
	require.Empty(t, socket.Settings.Interactivity.RequestURL)
	require.Empty(t, socket.Settings.Interactivity.OptionsURL)
}
