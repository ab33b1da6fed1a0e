package faulttest_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheReleaseHasNoFaultPoints looks at what the program is made of, with the
// tag and without, and into the binary itself.
func TestTheReleaseHasNoFaultPoints(t *testing.T) {
	t.Parallel()
	for _, tagged := range []bool{false, true} {
		tags := ""
		if tagged {
			tags = "faultpoints"
		}
		packages, err := exec.CommandContext(t.Context(), "go", "list", "-tags="+tags, "-deps", "../../cmd/frontdesk").Output()
		require.NoError(t, err)
		require.Equal(t, tagged, strings.Contains(string(packages), "internal/faultpoint"))
		symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", binary(t, tagged)).Output() //nolint:gosec // built by this test
		require.NoError(t, err)
		require.Equal(t, tagged, strings.Contains(string(symbols), "internal/faultpoint"))
	}
}
