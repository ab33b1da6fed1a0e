package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
)

func TestEachSettingTakesTheGoodAndRefusesTheBad(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		good []string
		bad  map[string]string // value to what is said of it
	}{
		"CONVEYOR_KEY": {
			[]string{"x", "any-thing_1.2"},
			map[string]string{"a b": "has blanks", "a\nb": "has blanks", " a": "has blanks", "a\x00": "has blanks"},
		},
		"CONVEYOR_API_URL": {
			[]string{"http://localhost:8081/api/v2", "https://api.conveyorhq.com/api/v2", " https://x "},
			map[string]string{
				"api.conveyor.com": "is no address", "file:///x": "is no address", "https://": "is no address",
				"https://:80": "is no address", "https://%zz": "is no address", "https://u:p@x": "has a user or a password",
				"https://x?a=1": "has a ?", "https://x?": "has a ?", "https://x#": "has a ? or a #",
			},
		},
		"CONVEYOR_APP_URL":       {[]string{"https://app.example.com/x"}, map[string]string{"app.example.com": "is no address"}},
		"CONVEYOR_POLL_INTERVAL": {[]string{"1s", "5m"}, map[string]string{"999ms": "is less than 1s", "-5m": "is less than 1s", "60": "no duration with a unit"}},
		"CONVEYOR_PATIENCE":      {[]string{"1m", "48h"}, map[string]string{"59s": "is less than 1m0s", "1d": "no duration with a unit"}},
		"CONVEYOR_PARAMS":        {[]string{"json", "query", "JSON"}, map[string]string{"form": "is none of json, query"}},
		"CONVEYOR_AUTH":          {[]string{"x-api-key", "bearer"}, map[string]string{"X_API_KEY": "is none of x-api-key, bearer"}},
		"CONVEYOR_WEBHOOK_SECRET": {
			[]string{"whsec_c2VjcmV0"},
			map[string]string{"c2VjcmV0": "does not begin with whsec_", "whsec_": "has nothing behind whsec_", "whsec_%": "is not base64"},
		},
		"SLACK_BOT_TOKEN": {
			[]string{"xoxb-1"},
			map[string]string{"xoxp-1": "does not begin with xoxb-", "xapp-1": "does not begin with xoxb-", "xoxb-": "has nothing behind xoxb-", "xoxb-1\t2": "has blanks"},
		},
		"SLACK_SIGNING_SECRET": {[]string{"8f742231b10e8888abcd99yyyzzz85a5"}, map[string]string{"a\tb": "has blanks"}},
		"SLACK_CHANNEL_ID": {
			[]string{"C1", "G0A", "D123"},
			map[string]string{"c123": "is no channel id", "general": "is no channel id", "C": "is no channel id", "U123": "is no channel id", "C1\nC2": "is no channel id"},
		},
		"SLACK_APP_TOKEN": {nil, map[string]string{"xapp-1": "Socket Mode is not available in this version", "x": "Socket Mode is not available in this version"}},
		"SLACK_API_URL":   {[]string{"http://127.0.0.1:1/api", "https://slack.com/api/"}, map[string]string{"ws://x": "is no address"}},
		"REVIEWERS": {
			[]string{"*", "U123", "W123,S123 a@x", ",, U1A ,"},
			map[string]string{"U1": `entry 1, "U1",`, "* U123": "* stands beside other entries", "a@x,<@U123>": `entry 2, "<@U123>",`, "@bob": `entry 1, "@bob",`},
		},
		"PORT":                {[]string{"0", "1", "65535", " 80 "}, map[string]string{"65536": "no whole number", "-1": "no whole number", "8080/tcp": "no whole number"}},
		"FRONTDESK_URL":       {[]string{"http://x"}, map[string]string{"x": "is no address"}},
		"FRONTDESK_API_TOKEN": {[]string{"0123456789abcdef"}, map[string]string{"0123456789abcde": "is shorter than 16", "01234567 9abcdef": "has blanks"}},
		"DATABASE_URL": {
			[]string{"sqlite:x.db", "sqlite:/a/b c.db", "postgres://h/d", "postgresql://u:p@h:1/d?sslmode=disable", "postgres:///d?host=/run"},
			map[string]string{
				"sqlite:": "has no path", "sqlite:///x": "slashes", "sqlite:x?mode=ro": "has a ? or a #", "x.db": "begins neither",
				"postgres:x": "begins neither", "postgres://u:p#w@h/d": "cannot be read as an address", "postgres:///d": "names no host",
			},
		},
		"LOG_LEVEL":  {[]string{"debug", "INFO", "warn", "error"}, map[string]string{"fatal": "is none of debug, info, warn, error"}},
		"LOG_FORMAT": {[]string{"text", "json"}, map[string]string{"logfmt": "is none of text, json"}},
	}
	for _, setting := range config.Settings() {
		test, known := tests[setting.Name]
		require.True(t, known, "no test of "+setting.Name)
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			for _, value := range test.good {
				_, _, err := load(t, with(setting.Name, value), "")
				require.NoError(t, err, "%q", value)
			}
			for value, what := range test.bad {
				_, _, err := load(t, with(setting.Name, value), "")
				problems := problemsOf(t, err)
				require.Len(t, problems, 1, "%q", value)
				require.Equal(t, setting.Name, problems[0].Name)
				require.Contains(t, problems[0].What, what, "%q", value)
				require.Equal(t, setting.Remedy, problems[0].Remedy)
			}
			_, _, err := load(t, with(setting.Name, ""), "")
			if setting.Required {
				require.EqualError(t, err, setting.Name+": is missing; "+setting.Remedy)
			} else {
				require.NoError(t, err, "empty is fine")
			}
		})
	}
}

func TestDeclarationsAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		require.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
		require.NotEmpty(t, s.Section, s.Name)
		require.True(t, strings.HasSuffix(s.Meaning, "."), s.Name)
		require.NotEmpty(t, s.Remedy, s.Name)
		require.False(t, s.Required && s.Default != "", s.Name)
		if s.Example != "" && !s.Required {
			_, _, err := load(t, with(s.Name, s.Example), "")
			require.NoError(t, err, s.Name)
		}
	}
}

func TestReviewersAreSortedByKind(t *testing.T) {
	t.Parallel()
	c, warnings, err := load(t, with("REVIEWERS", "U0A1,W0B2  S0C3\nAnn@Example.com, ann@example.com,U0A1"), "")
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, config.Reviewers{
		Users: []string{"U0A1", "W0B2"}, Groups: []string{"S0C3"}, Emails: []string{"ann@example.com"},
	}, c.Reviewers)
	require.True(t, c.Reviewers.Listed())
	require.Equal(t, []string{"U0A1", "W0B2", "S0C3", "ann@example.com"}, c.Reviewers.Entries())

	everyone, warnings, err := load(t, with("REVIEWERS", "*"), "")
	require.NoError(t, err)
	require.Empty(t, warnings, "meant on purpose")
	require.False(t, everyone.Reviewers.Listed())

	_, _, err = load(t, with("REVIEWERS", "bob, U0A1, #security"), "")
	require.Len(t, problemsOf(t, err), 2, "each wrong entry is named")
	for _, secret := range []string{"xoxb-secret", "a-whsec_x", strings.Repeat("x", 31), "0123456789abc", "a\x00b"} {
		_, _, err = load(t, with("REVIEWERS", "U0A1,"+secret), "")
		require.ErrorContains(t, err, "entry 2 (not shown, it may be a secret) is no Slack user id")
		require.NotContains(t, err.Error(), secret)
	}
	_, _, err = load(t, with("REVIEWERS", "my-shared-key", "CONVEYOR_KEY", "my-shared-key"), "")
	require.ErrorContains(t, err, `entry 1, "[secret]", is no Slack user id`)
}

func TestDurationsKeepTheirValue(t *testing.T) {
	t.Parallel()
	c, _, err := load(t, with("CONVEYOR_POLL_INTERVAL", "1m30s500ms", "CONVEYOR_PATIENCE", "0.5h"), "")
	require.NoError(t, err)
	require.Equal(t, 90*time.Second+500*time.Millisecond, c.ConveyorPollInterval)
	require.Equal(t, 30*time.Minute, c.ConveyorPatience)
}
