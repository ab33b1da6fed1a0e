package cli_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
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

// TestSandboxGoesOnInAFolder runs it three times: anew, again, and again with
// flags that are for a new world.
func TestSandboxGoesOnInAFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "world")
	const (
		kept  = "It keeps everything in %s, and goes on from there the next time.\n"
		again = "It goes on with what %s keeps; to start afresh, end it and remove that folder.\n"
		flags = "--seed and --requests are for a new world: they change nothing here.\n"
	)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--requests", "1", "--seed", "9"}, fmt.Sprintf(kept, data)},
		{nil, fmt.Sprintf(again, data)},
		{[]string{"--seed", "3"}, fmt.Sprintf(again, data) + flags},
		{[]string{"--requests", "3"}, fmt.Sprintf(again, data) + flags},
	} {
		ctx, stop := context.WithCancel(t.Context())
		var out, errs output
		ended := make(chan int)
		go func() {
			ended <- cli.Run(ctx, cli.World{
				Args: append([]string{"sandbox", "--port", "0", "--data", data}, c.args...), Stdout: &out, Stderr: &errs, Clock: clock,
			})
		}()
		require.Eventually(t, func() bool { return strings.HasSuffix(out.String(), c.says) }, 20*time.Second, 5*time.Millisecond, "%v: %s", c.args, &out)
		require.Regexp(t, `^Frontdesk runs in a practice workspace\. Open http://localhost:\d+/ in a browser; Ctrl\+C ends it\.\n`, out.String())

		code, stdout, stderr := run(t.Context(), "sandbox", "--port", "0", "--data", data)
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Equal(t, "frontdesk: could not start the sandbox: the practice world in "+data+
			" is in use by another frontdesk sandbox; end that one first, or name another folder\n", stderr)
		stop()
		require.Zero(t, <-ended)
		require.Empty(t, errs.String())
	}
}

func TestSandboxOpensNothingUnasked(t *testing.T) {
	t.Parallel()
	_, help, _ := run(t.Context(), "sandbox", "--help")
	require.Regexp(t, `--open\s+open the page in the default browser\n`, help, "off by default")
}
