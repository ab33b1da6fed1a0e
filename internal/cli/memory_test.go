package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/cli"
)

// TestMemoryIsGivenBackOnlyAtRest looks every two seconds at what was allocated.
func TestMemoryIsGivenBackOnlyAtRest(t *testing.T) {
	t.Parallel()
	const kb, mb = uint64(1) << 10, uint64(1) << 20
	for name, c := range map[string]struct {
		looks []uint64
		given []bool
	}{
		"the start is no rest, what comes after it is": {[]uint64{2 * mb, 2*mb + 100*kb}, []bool{false, true}},
		"nothing allocated, nothing to give":           {[]uint64{100 * kb, 200 * kb, 300 * kb}, []bool{false, false, false}},
		"at rest it waits until it is worth it": {
			[]uint64{2 * mb, 2*mb + 1*kb, 2*mb + 400*kb, 2*mb + 800*kb, 3*mb + 2*kb, 3*mb + 3*kb},
			[]bool{false, true, false, false, true, false},
		},
		"under load never":             {[]uint64{2 * mb, 4 * mb, 8 * mb, 100 * mb}, []bool{false, false, false, false}},
		"as soon as the load is over":  {[]uint64{2 * mb, 90 * mb, 900 * mb, 900*mb + 1}, []bool{false, false, false, true}},
		"a click now and then is load": {[]uint64{2 * mb, 2*mb + 512*kb, 3 * mb, 3*mb + 511*kb}, []bool{false, false, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.given, cli.Rests(c.looks...))
		})
	}
}
