package cli_test

import (
	"encoding/json"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheVersionSaysWhatThisIs(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := run(t.Context(), "version")
	require.Zero(t, code, stderr)
	require.Regexp(t, `^frontdesk +\S+\n`, stdout)
	require.Contains(t, stdout, runtime.GOOS+"/"+runtime.GOARCH)

	code, stdout, stderr = run(t.Context(), "version", "--json")
	require.Zero(t, code, stderr)
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Equal(t, runtime.Version(), got["go_version"])
	require.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, got["platform"])
	require.NotEmpty(t, got["version"])
	require.Contains(t, got, "modified")
}

// parts gives the names in a bill of materials: first what it is of.
func parts(t *testing.T, bill string) []string {
	t.Helper()
	type part struct{ Name string }
	var read struct {
		Metadata   struct{ Component part }
		Components []part
	}
	require.NoError(t, json.Unmarshal([]byte(bill), &read))
	names := []string{read.Metadata.Component.Name}
	for _, p := range read.Components {
		names = append(names, p.Name)
	}
	return names
}

// TestTheBinaryDescribesItself: it is all that an image holds.
func TestTheBinaryDescribesItself(t *testing.T) {
	t.Parallel()
	code, own, stderr := run(t.Context(), "sbom")
	require.Zero(t, code, stderr)
	require.Equal(t, "cli.test", parts(t, own)[0], "this is the test's binary")

	binary := build(t)
	code, of, stderr := run(t.Context(), "sbom", binary)
	require.Zero(t, code, stderr)
	names := parts(t, of)
	require.Equal(t, "frontdesk", names[0])
	require.Contains(t, names, "modernc.org/sqlite")
	require.NotContains(t, names, "github.com/chromedp/chromedp", "what only tests need is not in the program")
	itself, err := exec.CommandContext(t.Context(), binary, "sbom").Output() //nolint:gosec // it was built a moment ago
	require.NoError(t, err)
	require.Equal(t, names, parts(t, string(itself)))

	code, stdout, stderr := run(t.Context(), "sbom", "cli.go")
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.Equal(t, 1, strings.Count(stderr, "\n"))
	code, _, _ = run(t.Context(), "sbom", "one", "two")
	require.Equal(t, 2, code)
}
