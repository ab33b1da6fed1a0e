package approval_test

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const (
	architecture   = "../../docs/ARCHITECTURE.md"
	diagramHeading = "## The life of a request"
)

// section gives the lines of the document's section on a request's life.
func section(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(architecture)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	var lines []string
	inside := false
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		line := scanner.Text()
		if strings.HasPrefix(line, "## ") {
			inside = line == diagramHeading
		}
		if inside {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	require.NotEmpty(t, lines, "%s has no section %q", architecture, diagramHeading)
	return lines
}

type arrow struct{ from, to, action string }

// drawn gives the arrows of the section's diagram.
func drawn(t *testing.T) []arrow {
	t.Helper()
	var arrows []arrow
	pattern := regexp.MustCompile(`^(\S+) --> (\S+): (.+)$`)
	inside := false
	for _, line := range section(t) {
		switch {
		case line == "```mermaid":
			inside = true
		case line == "```":
			inside = false
		case !inside || line == "stateDiagram-v2" || line == "":
		default:
			parts := pattern.FindStringSubmatch(line)
			require.NotNil(t, parts, "the diagram's line %q is not `from --> to: action`", line)
			for action := range strings.SplitSeq(parts[3], ", ") {
				arrows = append(arrows, arrow{parts[1], parts[2], action})
			}
		}
	}
	return arrows
}

// TestDiagram compares the drawing in the documentation with the table.
func TestDiagram(t *testing.T) {
	t.Parallel()
	want := []arrow{{"[*]", string(approval.Pending), string(approval.Receive)}}
	for _, from := range approval.States() {
		for _, action := range approval.Actions() {
			if to, err := approval.Next(from, action); err == nil {
				want = append(want, arrow{string(from), string(to), string(action)})
			}
		}
	}
	require.ElementsMatch(t, want, drawn(t))
}

// TestEveryStateIsExplained looks for one line for each state below the diagram.
func TestEveryStateIsExplained(t *testing.T) {
	t.Parallel()
	explained := map[string]int{}
	pattern := regexp.MustCompile("^- `([a-z]+)`: \\S.*\\.$")
	for _, line := range section(t) {
		if parts := pattern.FindStringSubmatch(line); parts != nil {
			explained[parts[1]]++
		}
	}
	want := map[string]int{}
	for _, s := range approval.States() {
		want[string(s)] = 1
	}
	require.Equal(t, want, explained)
}
