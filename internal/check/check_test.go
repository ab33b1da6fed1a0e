package check_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/check"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/web/webtest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func clock() time.Time {
	return time.Now() //nolint:forbidigo // the practice parties run in real time
}

// state is a configuration, good or broken in one way.
type state struct {
	slack func(o *practiceslack.Options)
	// change breaks the settings, or what is around them.
	change func(t *testing.T, s *sandbox.Sandbox, o *check.Options)
}

func states() map[string]state {
	settings := func(change func(c *config.Config)) state {
		return state{change: func(_ *testing.T, _ *sandbox.Sandbox, o *check.Options) { change(&o.Config) }}
	}
	return map[string]state{
		"good":                   {},
		"good_with_test_message": {change: func(_ *testing.T, _ *sandbox.Sandbox, o *check.Options) { o.PostTestMessage = true }},
		"good_socket_mode":       {slack: func(o *practiceslack.Options) { o.SocketMode = true }},
		"database_in_use": {change: func(t *testing.T, s *sandbox.Sandbox, o *check.Options) {
			t.Helper()
			require.NoError(t, s.StartFrontdesk(t.Context()))
			o.Config.DatabaseURL = s.Settings().DatabaseURL
		}},
		"database_unreachable": settings(func(c *config.Config) { c.DatabaseURL = "postgres://nobody:secret@127.0.0.1:1/x?connect_timeout=1" }),
		"database_no_folder":   settings(func(c *config.Config) { c.DatabaseURL = "sqlite:/dev/null/frontdesk.db" }),
		"slack_token_wrong":    settings(func(c *config.Config) { c.SlackBotToken = "xoxb-wrong" }),
		"slack_away":           settings(func(c *config.Config) { c.SlackAPIURL = "http://127.0.0.1:1/api/" }),
		"slack_scopes_missing": {slack: func(o *practiceslack.Options) { o.Scopes = []string{"chat:write", "users:read"} }},
		"slack_channel_wrong":  settings(func(c *config.Config) { c.SlackChannelID = "C0NOWHERE" }),
		"slack_channel_not_a_member": {change: func(_ *testing.T, s *sandbox.Sandbox, o *check.Options) {
			s.Slack.AddChannel(practiceslack.ChannelInfo{ID: "C0OTHER", Name: "other", WithoutApp: true})
			o.Config.SlackChannelID = "C0OTHER"
		}},
		"socket_mode_without_scope": {
			slack: func(o *practiceslack.Options) {
				o.SocketMode = true
				o.AppTokenScopes = []string{"authorizations:read"}
			},
			change: func(_ *testing.T, s *sandbox.Sandbox, o *check.Options) {
				o.Config.SlackAppToken = config.Secret(s.Slack.AppToken())
			},
		},
		"reviewers_everyone": settings(func(c *config.Config) { c.Reviewers = config.Reviewers{Everyone: true} }),
		"reviewers_not_set":  settings(func(c *config.Config) { c.Reviewers = config.Reviewers{} }),
		"reviewers_unknown":  settings(func(c *config.Config) { c.Reviewers.Users = append(c.Reviewers.Users, "U0NOBODY") }),
		"conveyor_key_wrong": settings(func(c *config.Config) { c.ConveyorKey = "a-key-that-is-not-one" }),
		"conveyor_away":      settings(func(c *config.Config) { c.ConveyorAPIURL = "http://127.0.0.1:1" }),
		"conveyor_no_groups": {change: func(_ *testing.T, s *sandbox.Sandbox, _ *check.Options) { s.Room.SetGroups(nil) }},
		"webhook_off":        settings(func(c *config.Config) { c.ConveyorWebhookSecret = "" }),
		"address_not_set":    settings(func(c *config.Config) { c.FrontdeskURL = "" }),
		"address_away":       settings(func(c *config.Config) { c.FrontdeskURL = "http://127.0.0.1:1" }),
		"address_of_something_else": {change: func(t *testing.T, _ *sandbox.Sandbox, o *check.Options) {
			t.Helper()
			other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome") }))
			t.Cleanup(other.Close)
			o.Config.FrontdeskURL = other.URL
		}},
		"address_with_another_secret": {change: func(t *testing.T, s *sandbox.Sandbox, o *check.Options) {
			t.Helper()
			require.NoError(t, s.StartFrontdesk(t.Context()))
			o.Config.FrontdeskURL, o.Config.SlackSigningSecret = s.FrontdeskURL(), "another"
		}},
		"tls":               withCertificate(90*24*time.Hour, "desk.example.com", func(c *config.Config) { c.FrontdeskURL = "" }),
		"tls_not_trusted":   withCertificate(90*24*time.Hour, "desk.example.com", func(c *config.Config) { c.FrontdeskURL = fmt.Sprintf("https://127.0.0.1:%d", c.Port) }),
		"tls_other_name":    withCertificate(90*24*time.Hour, "desk.example.com", func(c *config.Config) { c.FrontdeskURL = fmt.Sprintf("https://localhost:%d", c.Port) }),
		"tls_ends_soon":     withCertificate(24*time.Hour, "desk.example.com", func(c *config.Config) { c.FrontdeskURL = "" }),
		"tls_is_over":       withCertificate(-24*time.Hour, "desk.example.com", func(c *config.Config) { c.FrontdeskURL = "" }),
		"tls_key_not_there": withCertificate(24*time.Hour, "desk.example.com", func(c *config.Config) { c.TLSKeyFile, c.FrontdeskURL = "/nowhere/tls.key", "" }),
		"clock_off":         {change: func(_ *testing.T, _ *sandbox.Sandbox, o *check.Options) { o.Clock = ahead(2 * time.Minute) }},
		"clock_wrong":       {change: func(_ *testing.T, _ *sandbox.Sandbox, o *check.Options) { o.Clock = ahead(time.Hour) }},
	}
}

// withCertificate lets Frontdesk speak TLS, with a certificate that ends after
// so long.
func withCertificate(ends time.Duration, name string, change func(c *config.Config)) state {
	return state{change: func(t *testing.T, _ *sandbox.Sandbox, o *check.Options) {
		t.Helper()
		pair := webtest.NewAuthority(t, clock()).Issue(t, t.TempDir(), clock().Add(ends), name)
		o.Config.TLSCertFile, o.Config.TLSKeyFile = pair.CertFile, pair.KeyFile
		change(&o.Config)
	}}
}

func ahead(by time.Duration) func() time.Time {
	return func() time.Time { return clock().Add(by) }
}

// freePort gives a port that nobody listens on, from below those that outgoing
// connections are given at any moment.
func freePort(t *testing.T) int {
	t.Helper()
	var lc net.ListenConfig
	for {
		port := 10_000 + rand.IntN(20_000) //nolint:gosec // any free port will do
		l, err := lc.Listen(t.Context(), "tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		require.NoError(t, l.Close())
		return port
	}
}

// TestEachState checks a practice world in good and in each broken state.
func TestEachState(t *testing.T) {
	t.Parallel()
	for name, state := range states() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := logrus.New()
			log.SetOutput(io.Discard)
			options := sandbox.Options{Clock: clock, Log: log, Version: "test", Seed: 1}
			if state.slack != nil {
				state.slack(&options.Slack)
			}
			s, err := sandbox.Start(t.Context(), options)
			require.NoError(t, err)
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				require.NoError(t, s.Close(ctx))
			})
			require.NoError(t, s.StopFrontdesk(t.Context()))
			o := check.Options{Config: s.Settings(), Clock: clock, Version: "test"}
			o.Config.DatabaseURL = config.DatabaseURL("sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db"))
			o.Config.Port = freePort(t)
			o.Config.FrontdeskURL = fmt.Sprintf("http://127.0.0.1:%d", o.Config.Port)
			before := s.Slack.Channel(sandbox.ChannelID).Count()
			if state.change != nil {
				state.change(t, s, &o)
			}
			var lines []check.Line
			check.Run(t.Context(), o, func(line check.Line) { lines = append(lines, line) })
			golden(t, name, o, lines)
			if !o.PostTestMessage {
				require.Equal(t, before, s.Slack.Channel(sandbox.ChannelID).Count(), "nothing is posted")
			} else {
				require.Equal(t, before+1, s.Slack.Channel(sandbox.ChannelID).Count())
			}
		})
	}
}

// golden compares what was said, without what differs from run to run.
func golden(t *testing.T, name string, o check.Options, lines []check.Line) {
	t.Helper()
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%-8s %s: %s\n", line.Mark, line.Part, line.Says)
		if line.Remedy != "" {
			fmt.Fprintf(&b, "         → %s\n", line.Remedy)
		}
	}
	fmt.Fprintf(&b, "worst: %s\n", check.Worst(lines))
	text := b.String()
	for _, secret := range []string{"xoxb-", "xapp-", "practice-signing", "nobody:secret", o.Config.ConveyorKey.Reveal()} {
		require.NotContains(t, text, secret)
	}
	text = regexp.MustCompile(`/[^ ]*/frontdesk(-practice-\d+)?[^ ]*\.db`).ReplaceAllString(text, "DATABASE")
	text = regexp.MustCompile(`127\.0\.0\.1:\d{2,}`).ReplaceAllString(text, "HOST")
	text = regexp.MustCompile(`localhost:\d+`).ReplaceAllString(text, "HOST")
	text = regexp.MustCompile(`(until|is) \d{4}-\d\d-\d\d`).ReplaceAllString(text, "$1 DATE")
	text = regexp.MustCompile(`/[^ ]*/tls\.(crt|key)`).ReplaceAllString(text, "tls.$1")
	text = regexp.MustCompile(`port \d+`).ReplaceAllString(text, "port PORT")
	text = regexp.MustCompile(`(2m|1h)[\dms]+ away`).ReplaceAllString(text, "$1 away")
	text = regexp.MustCompile(`(1m59s|59m59s) away`).ReplaceAllString(text, "some away")
	file := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return
	}
	want, err := os.ReadFile(file) //nolint:gosec // the name is one of the test's own
	require.NoError(t, err, "run the test with -update to make the file")
	require.Equal(t, string(want), text)
}
