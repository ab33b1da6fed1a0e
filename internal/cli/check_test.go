package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
)

// practiceEnv starts a practice world and gives an .env file for it.
func practiceEnv(t *testing.T, more ...string) string {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	s, err := sandbox.Start(t.Context(), sandbox.Options{Clock: clock, Log: log, Version: "test"})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, s.Close(ctx))
	})
	c := s.Settings()
	lines := append([]string{
		"CONVEYOR_KEY=" + c.ConveyorKey.Reveal(), "CONVEYOR_API_URL=" + c.ConveyorAPIURL,
		"SLACK_BOT_TOKEN=" + c.SlackBotToken.Reveal(), "SLACK_SIGNING_SECRET=" + c.SlackSigningSecret.Reveal(),
		"SLACK_CHANNEL_ID=" + c.SlackChannelID, "SLACK_API_URL=" + c.SlackAPIURL, "REVIEWERS=*",
		"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db"),
	}, more...)
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600))
	return file
}

func TestCheckSaysHowEachPartIs(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := run(t.Context(), "check", "--env-file", practiceEnv(t))
	require.Zero(t, code, stdout+stderr)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "✓ Slack token     posts as frontdesk")
	require.Contains(t, stdout, "– public address")

	code, stdout, _ = run(t.Context(), "check", "--env-file", practiceEnv(t, "SLACK_CHANNEL_ID=C0NOWHERE"))
	require.Equal(t, 1, code)
	require.Contains(t, stdout, "✗ Slack channel")
	require.Contains(t, stdout, "→ invite the app")

	code, stdout, stderr = run(t.Context(), "check", "--env-file", practiceEnv(t, "PORT=http", "CONVEYOR_KYE=x"))
	require.Equal(t, 2, code)
	require.Contains(t, stdout, "✗ settings        PORT is no whole number")
	require.Contains(t, stdout, "! settings        CONVEYOR_KYE")
	require.NotContains(t, stdout, "Slack token", "what cannot be read is not tried")
	require.Contains(t, stderr, "the settings cannot be used")
}

func TestCheckSpeaksToMachines(t *testing.T) {
	t.Parallel()
	code, stdout, _ := run(t.Context(), "check", "--json", "--env-file", practiceEnv(t))
	require.Zero(t, code)
	parts := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(stdout)); lines.Scan(); {
		var line struct{ Part, Mark, Says string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		require.NotEmpty(t, line.Says)
		parts[line.Part] = line.Mark
	}
	require.Equal(t, "ok", parts["Conveyor"], fmt.Sprint(parts))
	require.Equal(t, "skipped", parts["Socket Mode"])
}
