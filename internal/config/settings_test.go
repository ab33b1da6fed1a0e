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
		"SLACK_APP_TOKEN": {
			[]string{"xapp-1-A0-x"},
			map[string]string{"xoxb-1": "does not begin with xapp-", "xapp-": "has nothing behind xapp-", "xapp-1 2": "has blanks"},
		},
		"SLACK_API_URL":            {[]string{"http://127.0.0.1:1/api", "https://slack.com/api/"}, map[string]string{"ws://x": "is no address"}},
		"SLACK_POSTS_PER_MINUTE":   {[]string{"0", "60", "100000"}, map[string]string{"100001": "no whole number from 0 to 100000", "-1": "no whole number", "1.5": "no whole number"}},
		"SLACK_UPDATES_PER_MINUTE": {[]string{"0", "50"}, map[string]string{"fast": "no whole number from 0 to 100000"}},
		"SLACK_FLOOD_LIMIT":        {[]string{"0", "250"}, map[string]string{"100001": "no whole number from 0 to 100000"}},
		"RETENTION_DAYS":           {[]string{"0", "365"}, map[string]string{"1y": "no whole number from 0 to 100000"}},
		"REVIEWERS": {
			[]string{"*", "U123", "W123,S123 a@x", ",, U1A ,"},
			map[string]string{"U1": `entry 1, "U1",`, "* U123": "* stands beside other entries", "a@x,<@U123>": `entry 2, "<@U123>",`, "@bob": `entry 1, "@bob",`},
		},
		"PORT":          {[]string{"0", "1", "65535", " 80 "}, map[string]string{"65536": "no whole number", "-1": "no whole number", "8080/tcp": "no whole number"}},
		"FRONTDESK_URL": {[]string{"http://x"}, map[string]string{"x": "is no address"}},
		"TLS_CERT_FILE": {[]string{"tls.crt", "/a b/tls.crt"}, map[string]string{"a\nb": "is no path"}},
		"TLS_KEY_FILE":  {[]string{"tls.key"}, map[string]string{"-----BEGIN PRIVATE KEY-----": "is no path", "MII\nMIJ": "is no path"}},
		"TRUSTED_PROXIES": {
			[]string{"10.0.0.0/8", "192.0.2.10", "10.0.0.0/8, 2001:db8::/32 ::1", "10.1.2.3/8", "::ffff:192.0.2.1"},
			map[string]string{
				"0.0.0.0/0": "entry 1 is everybody", "10.0.0.0/8,::/0": "entry 2 is everybody", "10.0.0.0/33": "entry 1 is no network",
				"proxy.example.com": "entry 1 is no network", "fe80::1%eth0": "entry 1 is no network", "::ffff:0:0/96": "entry 1 is no network",
				"*": "entry 1 is no network", ", ,": "holds only separators", "10.0.0.0-10.0.0.9": "entry 1 is no network",
			},
		},
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
		"FRONTDESK_DEBUG_ADDR": {
			[]string{"127.0.0.1:6060", "[::1]:0", "localhost:6060", "127.9.9.9:1"},
			map[string]string{
				":6060": "that other machines may reach", "0.0.0.0:6060": "that other machines may reach",
				"[::]:6060": "that other machines may reach", "10.0.0.1:6060": "that other machines may reach",
				"desk.example.com:6060": "that other machines may reach", "127.0.0.1": "no address with a port",
				"127.0.0.1:http": "no port from 0 to 65535", "6060": "no address with a port",
			},
		},
		"OTEL_EXPORTER_OTLP_ENDPOINT": {
			[]string{"http://localhost:4318", "https://otlp.example.com/some/path/"},
			map[string]string{"localhost:4318": "is no address", "grpc://x:4317": "is no address", "https://u:p@x": "has a user or a password"},
		},
		"OTEL_EXPORTER_OTLP_HEADERS": {
			[]string{"x-api-key=secret", "authorization=Bearer%20abc%2C, x-team = desk ,", "a=b=c"},
			map[string]string{
				"secret": "has a part that is not name=value", "=secret": "has a part that is not name=value", "a=%zz": "has a % in a value",
				"a b=c": "has a name that no header can have", "a=b%0Ac": "has a line break",
			},
		},
		"OTEL_SERVICE_NAME": {[]string{"frontdesk", "desk of sales"}, map[string]string{"a\nb": "has a line break"}},
		"OTEL_RESOURCE_ATTRIBUTES": {
			[]string{"deployment.environment.name=production,team=a%20b", "a b=c"},
			map[string]string{"production": "has a part that is not name=value", "a=b%00": "has a line break or another control character"},
		},
	}
	for _, setting := range config.Settings() {
		test, known := tests[setting.Name]
		require.True(t, known, "no test of "+setting.Name)
		t.Run(setting.Name, func(t *testing.T) {
			t.Parallel()
			for _, value := range test.good {
				_, _, err := load(t, with(append(companion(setting), setting.Name, value)...), "")
				require.NoError(t, err, "%q", value)
			}
			for value, what := range test.bad {
				_, _, err := load(t, with(append(companion(setting), setting.Name, value)...), "")
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
			_, _, err := load(t, with(append(companion(s), s.Name, s.Example)...), "")
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

// companion gives the setting that has to be set if this one is.
func companion(s config.Setting) []string {
	if s.With == "" {
		return nil
	}
	return []string{s.With, "something"}
}

func TestTheCertificateAndItsKeyAreSetTogether(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]string{"TLS_CERT_FILE": "TLS_KEY_FILE", "TLS_KEY_FILE": "TLS_CERT_FILE"} {
		_, _, err := load(t, with(name, "x.pem", other, " "), "")
		problems := problemsOf(t, err)
		require.Len(t, problems, 1)
		require.Equal(t, name, problems[0].Name)
		require.Equal(t, "is set without "+other, problems[0].What)
	}
	c, _, err := load(t, with("TLS_CERT_FILE", "x.crt", "TLS_KEY_FILE", "x.key"), "")
	require.NoError(t, err)
	require.True(t, c.TLS())
	c, _, err = load(t, with(), "")
	require.NoError(t, err)
	require.False(t, c.TLS())
}

func TestProxiesAreNetworks(t *testing.T) {
	t.Parallel()
	c, _, err := load(t, with("TRUSTED_PROXIES", "10.1.2.3/8 192.0.2.10,\n2001:db8::1,::ffff:192.0.2.11"), "")
	require.NoError(t, err)
	var got []string
	for _, network := range c.TrustedProxies {
		got = append(got, network.String())
	}
	require.Equal(t, []string{"10.0.0.0/8", "192.0.2.10/32", "2001:db8::1/128", "192.0.2.11/32"}, got)
}

func TestDifferencesAreNamedAndNotShown(t *testing.T) {
	t.Parallel()
	before, _, err := load(t, with(), "")
	require.NoError(t, err)
	require.Empty(t, before.Differences(before))
	after, _, err := load(t, with("PORT", "1", "SLACK_BOT_TOKEN", "xoxb-another", "REVIEWERS", "U0A1", "TRUSTED_PROXIES", "10.0.0.0/8"), "")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"PORT", "SLACK_BOT_TOKEN", "REVIEWERS", "TRUSTED_PROXIES"}, before.Differences(after))
}
