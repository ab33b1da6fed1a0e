package docstest_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const security = "docs/security.md"

// TestEachTestThatSecurityNamesExists: a statement about the code is worth what
// its test is.
func TestEachTestThatSecurityNamesExists(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllStringSubmatch(read(t, file), -1) {
				there[match[1]] = true
			}
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(read(t, security), -1)
	require.Greater(t, len(named), 40)
	for _, match := range named {
		require.True(t, there[match[1]], "there is no %s", match[1])
	}
}

// TestSecuritySpeaksOfEachDoorAndEachSecret compares it with the routes and with
// the settings.
func TestSecuritySpeaksOfEachDoorAndEachSecret(t *testing.T) {
	t.Parallel()
	doors := section(t, security, "Who can send what to which door")
	routes := regexp.MustCompile(`"(/[a-z/]+)"`).FindAllStringSubmatch(read(t, "internal/web/routes.go"), -1)
	require.Greater(t, len(routes), 5, "the routes in internal/web/routes.go look different now")
	for _, route := range routes {
		require.Regexp(t, "`(POST |GET )?"+route[1]+"`", doors)
	}
	stolen := section(t, security, "What a stolen secret lets somebody do")
	for _, secret := range append(secretSettings(t), "TLS_KEY_FILE") {
		require.Regexp(t, "(?m)^\\| [^|]*`"+secret+"`", stolen)
	}
}

// TestVulncheckDoesNotPassUnchecked: without a database nothing is looked at, and
// that must not look like a success.
func TestVulncheckDoesNotPassUnchecked(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"file://" + t.TempDir(), "http://127.0.0.1:1"} {
		check := exec.CommandContext(t.Context(), root+"/.ci/vulncheck")
		check.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOVULNDB=") }), "GOVULNDB="+database) //nolint:forbidigo // of the test's own child
		says, err := check.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(says), "NOT CHECKED")
	}
	require.Regexp(t, `(?m)^release-check:.*\n(\t.*\n)*\t\.ci/vulncheck$`, read(t, "Makefile"), "no release without it")
}

// secretSettings gives the names of the settings that are secrets, as the
// generated document has them.
func secretSettings(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile("Secret; also as `([A-Z_]+)_FILE`").FindAllStringSubmatch(read(t, "docs/configuration.md"), -1) {
		names = append(names, match[1])
	}
	require.Contains(t, names, "SLACK_BOT_TOKEN")
	return names
}
