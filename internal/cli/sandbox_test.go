package cli_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/cli"
)

func TestSandboxOpensThePage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		said string
	}{
		"a browser opens": {nil, ""},
		"no browser":      {errors.New("no such program"), "The page could not be opened by itself (no such program); open it yourself.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var out, errs output
			opened, ended := make(chan string, 2), make(chan error)
			go func() {
				ended <- cli.RunSandboxOpening(ctx, cli.World{Stdout: &out, Stderr: &errs, Clock: clock}, func(_ context.Context, address string) error {
					opened <- address
					return c.err
				})
			}()
			address := <-opened
			require.Regexp(t, `^http://localhost:\d+/$`, address)
			require.Contains(t, out.String(), address, "a person is told before")
			require.Eventually(t, func() bool { return errs.String() == c.said }, 10*time.Second, 10*time.Millisecond)
			stop()
			require.NoError(t, <-ended, "the sandbox runs on without a browser")
			require.Empty(t, opened, "once")
		})
	}
}

func TestSandboxOpensNothingUnasked(t *testing.T) {
	t.Parallel()
	_, help, _ := run(t.Context(), "sandbox", "--help")
	require.Regexp(t, `--open\s+open the page in the default browser\n`, help, "off by default")
}
