package cli_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func realTime() time.Time {
	return time.Now() //nolint:forbidigo // a process of its own runs in real time
}

// servedProgram is the real program as a process of its own, between a practice Slack
// and a practice Conveyor, with each secret in a file.
type servedProgram struct {
	t       *testing.T
	world   *sandbox.Sandbox
	process *exec.Cmd
	log     *output
	secrets string // the folder
	address string
	// all are the secrets that there ever were.
	all []string
}

func serveForReal(t *testing.T, slack practiceslack.Options) *servedProgram {
	t.Helper()
	s := &servedProgram{t: t, log: &output{}, secrets: t.TempDir()}
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	world, err := sandbox.Start(t.Context(), sandbox.Options{
		Clock: realTime, Log: quiet, Version: "test", Seed: 1, Slack: slack,
	})
	require.NoError(t, err)
	s.world = world
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, world.Close(ctx))
		if t.Failed() {
			t.Logf("log:\n%s", s.log)
		}
	})
	require.NoError(t, world.StopFrontdesk(t.Context()))

	c := world.Settings()
	database := filepath.Join(t.TempDir(), "frontdesk.db")
	s.process = exec.CommandContext(context.WithoutCancel(t.Context()), build(t), "serve", "--env-file", filepath.Join(s.secrets, ".env")) //nolint:gosec // it was built a moment ago
	s.process.Env = []string{
		"CONVEYOR_API_URL=" + c.ConveyorAPIURL, "CONVEYOR_POLL_INTERVAL=1h", "SLACK_CHANNEL_ID=" + sandbox.ChannelID,
		"SLACK_API_URL=" + c.SlackAPIURL, "REVIEWERS=" + sandbox.Ada + "," + sandbox.Ben, "PORT=0", "DATABASE_URL=sqlite:" + database,
	}
	for name, secret := range map[string]string{
		"CONVEYOR_KEY": c.ConveyorKey.Reveal(), "CONVEYOR_WEBHOOK_SECRET": sandbox.WebhookSecret,
		"SLACK_BOT_TOKEN": c.SlackBotToken.Reveal(), "SLACK_SIGNING_SECRET": c.SlackSigningSecret.Reveal(),
		"SLACK_APP_TOKEN": c.SlackAppToken.Reveal(),
	} {
		if secret != "" {
			s.write(name, secret)
			s.process.Env = append(s.process.Env, name+"_FILE="+filepath.Join(s.secrets, name))
		}
	}
	s.write(".env", "FRONTDESK_API_TOKEN="+sandbox.OperatorToken)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	require.NoError(t, s.process.Start())
	t.Cleanup(func() {
		require.NoError(t, s.process.Process.Signal(syscall.SIGTERM))
		require.NoError(t, s.process.Wait(), "it still stops as it should")
	})
	port := regexp.MustCompile(`address: (http://127\.0\.0\.1:\d+)`)
	require.Eventually(t, func() bool {
		if found := port.FindStringSubmatch(s.log.String()); found != nil {
			s.address = found[1]
		}
		return s.address != "" && strings.Contains(s.log.String(), "Slack answers")
	}, time.Minute, 20*time.Millisecond)
	world.Slack.SetRequestURL(s.address + "/slack/events")
	s.hook(sandbox.WebhookSecret)
	return s
}

// write puts a secret where the process reads it, as renewing tools do: by
// putting a whole new file in the place of the old one.
func (s *servedProgram) write(name, secret string) {
	s.t.Helper()
	s.all = append(s.all, strings.TrimPrefix(secret, "FRONTDESK_API_TOKEN="))
	path := filepath.Join(s.secrets, name)
	require.NoError(s.t, os.WriteFile(path+".new", []byte(secret+"\n"), 0o600))
	require.NoError(s.t, os.Rename(path+".new", path))
}

func (s *servedProgram) hook(secret string) {
	s.t.Helper()
	require.NoError(s.t, s.world.Room.SetWebhook(practiceconveyor.Webhook{URL: s.address + "/conveyor/webhook", Secret: secret}))
}

// hangUp sends SIGHUP and waits until the log says all this.
func (s *servedProgram) hangUp(says ...string) {
	s.t.Helper()
	before := len(s.log.String())
	require.NoError(s.t, s.process.Process.Signal(syscall.SIGHUP))
	for _, text := range says {
		require.Eventually(s.t, func() bool { return strings.Contains(s.log.String()[before:], text) }, 30*time.Second, 10*time.Millisecond, text)
	}
}

// decide lets a customer ask and a reviewer approve: the webhook, the post, the
// click, the decision in Conveyor and the rewriting all have to work.
func (s *servedProgram) decide(email string) {
	s.t.Helper()
	s.world.Room.Request(practiceconveyor.Requester{Email: email})
	msg := s.world.Slack.Channel(sandbox.ChannelID).ExpectMessage(s.t, practiceslack.Contains(email))
	require.NoError(s.t, msg.Button("Approve").Click(s.t.Context(), s.world.Slack.User(sandbox.Ada)).Err())
	msg.ExpectUpdate(s.t, practiceslack.Contains("pproved by <@"+sandbox.Ada+">"))
}

// poll asks at the operators' door.
func (s *servedProgram) poll(token string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.address+"/conveyor/poll", nil)
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	return answer.StatusCode
}

// TestSecretsAreRenewedWithoutARestart renews every secret in Slack and in
// Conveyor, then in the files of the real program, and sends it SIGHUP. Clicks
// go on, on both transports; what is no good is refused, and the secret before
// stays; and no secret is ever in the log.
func TestSecretsAreRenewedWithoutARestart(t *testing.T) {
	t.Parallel()
	for name, socketMode := range map[string]bool{"http": false, "socket mode": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveForReal(t, practiceslack.Options{SocketMode: socketMode})
			slack := s.world.Slack
			s.expectSockets(socketMode)
			s.decide("first@northwind.example")

			s.hangUp("the secrets in use are those in the settings")
			const key, hook, token = "another-conveyor-key", "whsec_YW5vdGhlciBwcmFjdGljZSBzZWNyZXQ=", "another-operators-token"
			renewed := []string{"SLACK_BOT_TOKEN", "CONVEYOR_KEY", "CONVEYOR_WEBHOOK_SECRET", "SLACK_SIGNING_SECRET", "FRONTDESK_API_TOKEN"}
			s.write("SLACK_BOT_TOKEN", slack.RenewBotToken())
			s.write("SLACK_SIGNING_SECRET", slack.RenewSigningSecret())
			if socketMode {
				s.write("SLACK_APP_TOKEN", slack.RenewAppToken())
				renewed = append(renewed, "SLACK_APP_TOKEN")
			}
			s.world.Room.SetKey(key)
			s.write("CONVEYOR_KEY", key)
			s.write("CONVEYOR_WEBHOOK_SECRET", hook)
			s.write(".env", "FRONTDESK_API_TOKEN="+token)
			for i, name := range renewed {
				renewed[i] = name + " was renewed"
			}
			s.hangUp(renewed...)
			s.hook(hook)
			for _, socket := range slack.Sockets() {
				socket.Cut() // the next ones need the new token
			}
			s.expectSockets(socketMode)
			s.decide("second@northwind.example")
			require.Equal(t, http.StatusUnauthorized, s.poll(sandbox.OperatorToken))
			require.Equal(t, http.StatusOK, s.poll(token))

			s.write("SLACK_BOT_TOKEN", "xoxb-nobody-gave-this")
			s.write("CONVEYOR_KEY", "nobody-gave-this-either")
			s.hangUp("the new SLACK_BOT_TOKEN is refused, and the one before stays in use", "the new CONVEYOR_KEY is refused, and the one before stays in use")
			s.write("SLACK_BOT_TOKEN", "no-bot-token-at-all")
			s.hangUp("the settings cannot be read again, and all secrets stay as they are: SLACK_BOT_TOKEN: does not begin with xoxb-")
			require.NoError(t, os.Remove(filepath.Join(s.secrets, "CONVEYOR_KEY")))
			s.hangUp("CONVEYOR_KEY_FILE: the file that it names does not exist")
			s.decide("third@northwind.example")

			said := s.log.String()
			for _, secret := range s.all {
				require.NotContains(t, said, secret)
			}
		})
	}
}

func (s *servedProgram) expectSockets(really bool) {
	s.t.Helper()
	if really {
		s.world.Slack.ExpectSockets(s.t, 2)
	}
}
