package practiceslack_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// listed gives what stands in backquotes in the first column of the table below
// a heading of the page about this package.
func listed(t *testing.T, heading string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/practice-slack.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(page), "\n### "+heading+"\n")
	require.True(t, found, "the page has no section %q", heading)
	section, _, _ := strings.Cut(after, "\n#")
	var names []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		names = append(names, match[1])
	}
	return names
}

// TestThePageIsTrue compares the page about this package with what it takes.
func TestThePageIsTrue(t *testing.T) {
	t.Parallel()
	var faults []string
	for kind := practiceslack.RateLimited; kind.String() != "none"; kind++ {
		faults = append(faults, kind.String())
	}
	for heading, want := range map[string][]string{
		"Methods": practiceslack.Methods(), "Blocks": practiceslack.Blocks(), "Elements": practiceslack.Elements(), "Faults": faults,
	} {
		require.NotEmpty(t, want, heading)
		require.ElementsMatch(t, want, listed(t, heading), "the table %q", heading)
	}
}

// TestTheListsAreTrue holds the lists against the doors themselves.
func TestTheListsAreTrue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	for _, method := range practiceslack.Methods() {
		_, answer := w.call(t, method, map[string]string{"test": "1"})
		require.NotEqual(t, "unknown_method", answer["error"], method)
	}
	unsupported := "unsupported type"
	for _, block := range practiceslack.Blocks() {
		problems := strings.Join(practiceslack.ValidateBlocks(practiceslack.MessageSurface, asJSON(t, []any{m{"type": block}})), "\n")
		require.Equal(t, block == "input", strings.Contains(problems, unsupported), problems)
	}
	for _, element := range practiceslack.Elements() {
		el, taken := m{"type": element}, 0
		for _, blocks := range [][]any{section(el), actions(el), input(el)} {
			if !strings.Contains(strings.Join(practiceslack.ValidateBlocks(practiceslack.ModalSurface, asJSON(t, blocks)), "\n"), unsupported) {
				taken++
			}
		}
		require.NotZero(t, taken, element)
	}
}
