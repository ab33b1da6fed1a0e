package cli_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/cli"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// output is what a command wrote, readable while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func run(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs output
	code = cli.Run(ctx, cli.World{Args: args, Stdout: &out, Stderr: &errs, Clock: clock})
	return code, out.String(), errs.String()
}

func clock() time.Time {
	return time.Now() //nolint:forbidigo // the commands run in real time
}

func TestACommandLineThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"nonsense"},
		{"serve", "extra"},
		{"sandbox", "extra"},
		{"--what"},
		{"serve", "--what"},
		{"sandbox", "--port", "x"},
		{"sandbox", "--log-level", "loud"},
	} {
		code, stdout, stderr := run(t.Context(), args...)
		require.Equal(t, 2, code, args)
		require.Empty(t, stdout, args)
		require.Equal(t, 1, strings.Count(stderr, "\n"), "%v: %s", args, stderr)
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"--version"}, {"serve", "--help"}} {
		code, stdout, stderr := run(t.Context(), args...)
		require.Zero(t, code, args)
		require.Contains(t, stdout, "frontdesk", args)
		require.Empty(t, stderr, args)
	}
}

// TestServeNamesEveryProblem gives broken settings in a file; the machine's
// own environment has none of them.
func TestServeNamesEveryProblem(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(file, []byte("SLACK_BOT_TOKEN=plantedsecret\nCONVEYOR_POLL_INTERVAL=soon\nPORTT=1\n"), 0o600))
	code, _, stderr := run(t.Context(), "serve", "--env-file", file)
	require.Equal(t, 2, code)
	for _, name := range []string{
		"CONVEYOR_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CHANNEL_ID", "CONVEYOR_POLL_INTERVAL", "PORTT",
	} {
		require.Contains(t, stderr, name)
	}
	require.NotContains(t, stderr, "plantedsecret")
}

// TestSandboxServesThePageAndEnds runs the newcomer's first command.
func TestSandboxServesThePageAndEnds(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs output
	ended := make(chan int)
	go func() {
		ended <- cli.Run(ctx, cli.World{Args: []string{"sandbox", "--port", "0"}, Stdout: &out, Stderr: &errs, Clock: clock})
	}()
	address := regexp.MustCompile(`http://localhost:\d+/`)
	require.Eventually(t, func() bool { return address.MatchString(out.String()) }, 20*time.Second, 10*time.Millisecond)
	page := address.FindString(out.String())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Contains(t, string(body), "Practice workspace, not Slack")

	port := regexp.MustCompile(`\d+`).FindString(page)
	code, _, stderr := run(t.Context(), "sandbox", "--port", port)
	require.Equal(t, 1, code, "a busy port")
	require.Contains(t, stderr, "port "+port+" is not free")

	stop()
	require.Zero(t, <-ended)
	require.Empty(t, errs.String(), "there is nothing to warn of")
}
