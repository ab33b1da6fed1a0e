package faulttest_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// outsideCalls lists every call to an outside system that the code makes, as a
// point names it. A call that is new there has to be named here.
func outsideCalls(t *testing.T) []string {
	t.Helper()
	var calls []string
	for _, side := range []struct {
		files string
		call  *regexp.Regexp
		names map[string]string
	}{
		{"internal/slackapp/*.go", regexp.MustCompile(`\.api\.(\w+)\(`), map[string]string{
			"AuthTestContext":               "auth.test",
			"StartSocketModeContext":        "apps.connections.open",
			"OpenViewContext":               "views.open",
			"PostMessageContext":            "chat.postMessage",
			"PostEphemeralContext":          "chat.postEphemeral",
			"UpdateMessageContext":          "chat.update",
			"GetConversationHistoryContext": "conversations.history",
			"GetUserInfoContext":            "users.info",
			"GetUserByEmailContext":         "users.lookupByEmail",
			"GetUserGroupMembersContext":    "usergroups.users.list",
		}},
		{"internal/connector/conveyor/*.go", regexp.MustCompile(`\bclient(?:\.Load\(\))?\.(\w+)\(`), map[string]string{
			"Store":          "", // puts another client in its place
			"Queue":          "GET " + practiceconveyor.BasePath + "/exchange/authorization_request_queue",
			"Request":        "GET " + practiceconveyor.BasePath + "/exchange/authorization_requests/ID",
			"Ignore":         "PATCH " + practiceconveyor.BasePath + "/exchange/authorization_requests/ID",
			"Authorize":      "POST " + practiceconveyor.BasePath + "/exchange/authorizations",
			"Authorizations": "GET " + practiceconveyor.BasePath + "/exchange/authorizations",
			"AccessGroups":   "GET " + practiceconveyor.BasePath + "/exchange/access_groups",
		}},
	} {
		files, err := fs.Glob(os.DirFS("../.."), side.files)
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(os.DirFS("../.."), file)
			require.NoError(t, err)
			for _, found := range side.call.FindAllStringSubmatch(string(text), -1) {
				name, known := side.names[found[1]]
				require.True(t, known, "%s calls %s, which is new here", file, found[1])
				if !seen[found[1]] && name != "" {
					calls = append(calls, "call "+name)
				}
				seen[found[1]] = true
			}
		}
		require.Len(t, seen, len(side.names), "a call is not made any more, or looks different now")
	}
	return append(calls, "handshake", "message")
}
