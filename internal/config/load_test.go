package config_test

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
)

// required are the settings without which nothing starts, with values that are right.
func required() map[string]string {
	return named("CONVEYOR_KEY=conveyor-key", "SLACK_BOT_TOKEN=xoxb-1-2-abc", "SLACK_SIGNING_SECRET=signing-secret",
		"SLACK_CHANNEL_ID=C0123456789")
}

func named(pairs ...string) map[string]string {
	values := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values
}

func environ(values map[string]string) []string {
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, name+"="+value)
	}
	return pairs
}

// with returns the required settings and some more, as name, value, name, value; an empty value takes one away.
func with(pairs ...string) []string {
	values := required()
	for pair := range slices.Chunk(pairs, 2) {
		values[pair[0]] = pair[1]
	}
	return environ(values)
}

func load(t *testing.T, environ []string, envFile string) (config.Config, []config.Warning, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if envFile != "" {
		require.NoError(t, os.WriteFile(path, []byte(envFile), 0o600))
	}
	return config.Load(config.Options{EnvFile: path, Environ: environ})
}

func problemsOf(t *testing.T, err error) []config.Problem {
	t.Helper()
	var problems *config.Problems
	require.ErrorAs(t, err, &problems)
	return problems.List
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestTheRequiredSettingsAreEnough(t *testing.T) {
	t.Parallel()
	c, warnings, err := load(t, with(), "")
	require.NoError(t, err)
	require.Equal(t, config.Config{ //nolint:gosec // made up
		ConveyorKey: "conveyor-key", ConveyorAPIURL: "https://api.conveyor.com/api/v2",
		ConveyorPollInterval: time.Minute, ConveyorPatience: 24 * time.Hour,
		ConveyorParams: config.ParamsJSON, ConveyorAuth: config.AuthAPIKey,
		SlackBotToken: "xoxb-1-2-abc", SlackSigningSecret: "signing-secret", SlackChannelID: "C0123456789",
		SlackAPIURL: "https://slack.com/api/", SlackPostsPerMinute: 60, SlackUpdatesPerMinute: 50, SlackFloodLimit: 100,
		Port: 8080, DatabaseURL: "sqlite:frontdesk.db",
		LogLevel: "info", LogFormat: config.LogText, OTELServiceName: "frontdesk",
	}, c)
	require.Empty(t, warnings)
}

func TestEverySettingReachesItsField(t *testing.T) {
	t.Parallel()
	values := named(
		"CONVEYOR_KEY=k", "CONVEYOR_API_URL=http://127.0.0.1:9/api/v2/",
		"CONVEYOR_APP_URL=https://app.example.com/", "CONVEYOR_POLL_INTERVAL=1s", "CONVEYOR_PATIENCE=1m",
		"CONVEYOR_PARAMS=Query", "CONVEYOR_AUTH=BEARER", "CONVEYOR_WEBHOOK_SECRET=whsec_c2VjcmV0",
		"SLACK_BOT_TOKEN=xoxb-x", "SLACK_SIGNING_SECRET=s", "SLACK_CHANNEL_ID=G1", "SLACK_APP_TOKEN=xapp-x",
		"SLACK_API_URL=http://localhost:9/api", "SLACK_POSTS_PER_MINUTE=61", "SLACK_UPDATES_PER_MINUTE=0", "SLACK_FLOOD_LIMIT=7",
		"RETENTION_DAYS=30", "REVIEWERS=*", "PORT=0",
		"FRONTDESK_URL=https://desk.example.com/", "FRONTDESK_API_TOKEN=0123456789abcdef",
		"TLS_CERT_FILE=/etc/tls.crt", "TLS_KEY_FILE=/etc/tls.key", "TRUSTED_PROXIES=10.0.0.7/8, ::1",
		"DATABASE_URL=postgres://u:p@db/frontdesk", "LOG_LEVEL=debug", "LOG_FORMAT=json",
		"FRONTDESK_DEBUG_ADDR=127.0.0.1:6060", "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318/",
		"OTEL_EXPORTER_OTLP_HEADERS=x-key=a%2Cb,x-team=desk", "OTEL_SERVICE_NAME=desk",
		"OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=production",
	)
	for _, setting := range config.Settings() {
		require.Contains(t, values, setting.Name, "a setting that this test does not know")
	}
	c, warnings, err := load(t, environ(values), "")
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, config.Config{ //nolint:gosec // made up
		ConveyorKey: "k", ConveyorAPIURL: "http://127.0.0.1:9/api/v2", ConveyorAppURL: "https://app.example.com",
		ConveyorPollInterval: time.Second, ConveyorPatience: time.Minute,
		ConveyorParams: config.ParamsQuery, ConveyorAuth: config.AuthBearer, ConveyorWebhookSecret: "whsec_c2VjcmV0",
		SlackBotToken: "xoxb-x", SlackSigningSecret: "s", SlackChannelID: "G1", SlackAppToken: "xapp-x", SlackAPIURL: "http://localhost:9/api/",
		SlackPostsPerMinute: 61, SlackUpdatesPerMinute: 0, SlackFloodLimit: 7, RetentionDays: 30,
		Reviewers: config.Reviewers{Everyone: true}, Port: 0, FrontdeskURL: "https://desk.example.com",
		FrontdeskAPIToken: "0123456789abcdef", DatabaseURL: "postgres://u:p@db/frontdesk",
		TLSCertFile: "/etc/tls.crt", TLSKeyFile: "/etc/tls.key",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		LogLevel:       "debug", LogFormat: config.LogJSON, FrontdeskDebugAddr: "127.0.0.1:6060",
		OTLPEndpoint: "http://localhost:4318", OTLPHeaderList: "x-key=a%2Cb,x-team=desk", OTELServiceName: "desk",
		OTELResourceList: "deployment.environment.name=production",
	}, c)
	require.Equal(t, map[string]string{"x-key": "a,b", "x-team": "desk"}, c.OTLPHeaders())
	require.Equal(t, map[string]string{"deployment.environment.name": "production"}, c.OTELResource())
}

func TestSocketModeNeedsNoSigningSecret(t *testing.T) {
	t.Parallel()
	without := with()
	without = slices.DeleteFunc(without, func(s string) bool { return strings.HasPrefix(s, "SLACK_SIGNING_SECRET=") })
	_, _, err := load(t, without, "")
	require.ErrorContains(t, err, "SLACK_SIGNING_SECRET: is missing")
	c, _, err := load(t, append(without, "SLACK_APP_TOKEN=xapp-1"), "")
	require.NoError(t, err)
	require.False(t, c.SlackSigningSecret.IsSet())
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, _, err := load(t, environ(map[string]string{
		"CONVEYOR_API_URL": "ftp://x", "CONVEYOR_APP_URL": "x", "CONVEYOR_POLL_INTERVAL": "60", "CONVEYOR_PATIENCE": "10s",
		"CONVEYOR_PARAMS": "xml", "CONVEYOR_AUTH": "basic", "CONVEYOR_WEBHOOK_SECRET": "x", "SLACK_BOT_TOKEN": "xoxp-1",
		"SLACK_CHANNEL_ID": "#general", "SLACK_APP_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "a b", "SLACK_API_URL": "slack.com",
		"SLACK_POSTS_PER_MINUTE": "many", "SLACK_UPDATES_PER_MINUTE": "-1",
		"SLACK_FLOOD_LIMIT": "some", "RETENTION_DAYS": "30d", "REVIEWERS": "bob",
		"PORT": "http", "FRONTDESK_URL": "//x", "FRONTDESK_API_TOKEN": "short", "DATABASE_URL": "mysql://x",
		"TLS_CERT_FILE": "-----BEGIN CERTIFICATE-----", "TLS_KEY_FILE": "a\nb", "TRUSTED_PROXIES": "proxy",
		"LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "FRONTDESK_DEBUG_ADDR": ":6060",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318", "OTEL_EXPORTER_OTLP_HEADERS": "key", "OTEL_SERVICE_NAME": "a\nb",
		"OTEL_RESOURCE_ATTRIBUTES": "production",
	}), "")
	require.EqualError(t, err, strings.Join([]string{
		"CONVEYOR_KEY: is missing; make an API key in Conveyor's settings and copy it whole",
		"CONVEYOR_API_URL: is no address that begins with https:// or http://; use https://api.conveyor.com/api/v2 or leave it out",
		"CONVEYOR_APP_URL: is no address that begins with https:// or http://; use the address at which your reviewers open Conveyor in a browser, or leave it out",
		"CONVEYOR_POLL_INTERVAL: is no duration with a unit; write a duration of at least 1s with its unit, such as 60s or 5m",
		"CONVEYOR_PATIENCE: is less than 1m0s; write a duration of at least 1m with its unit, such as 90m or 24h",
		"CONVEYOR_PARAMS: is none of json, query; use json or query",
		"CONVEYOR_AUTH: is none of x-api-key, bearer; use x-api-key or bearer",
		"CONVEYOR_WEBHOOK_SECRET: does not begin with whsec_; copy the signing secret that begins with whsec_ from the webhook's page",
		"SLACK_BOT_TOKEN: does not begin with xoxb-; install the app to the workspace and copy the Bot User OAuth Token from its page OAuth & Permissions",
		"SLACK_SIGNING_SECRET: has blanks or line breaks in it; copy the Signing Secret from the app's page Basic Information, or set SLACK_APP_TOKEN for Socket Mode",
		"SLACK_CHANNEL_ID: is no channel id; open the channel's details in Slack and copy the Channel ID at the end; it begins with C, G or D",
		"SLACK_APP_TOKEN: does not begin with xapp-; make an App-Level Token on the app's page Basic Information, or unset SLACK_APP_TOKEN and give Slack the request address",
		"SLACK_API_URL: is no address that begins with https:// or http://; use https://slack.com/api/ or leave it out",
		"SLACK_POSTS_PER_MINUTE: is no whole number from 0 to 100000; use a whole number from 0 to 100000, or leave it out",
		"SLACK_UPDATES_PER_MINUTE: is no whole number from 0 to 100000; use a whole number from 0 to 100000, or leave it out",
		"SLACK_FLOOD_LIMIT: is no whole number from 0 to 100000; use a whole number from 0 to 100000, or leave it out",
		`REVIEWERS: entry 1, "bob", is no Slack user id, no user group id and no e-mail address; list Slack user ids, user group ids and e-mail addresses with commas between them, or * alone`,
		"PORT: is no whole number from 0 to 65535; use a number such as 8080",
		"FRONTDESK_URL: is no address that begins with https:// or http://; use the address at which Slack reaches this service, such as https://frontdesk.example.com",
		"TLS_CERT_FILE: is no path; it looks like what should be in the file; give the path of a PEM file, together with TLS_KEY_FILE, or leave both out",
		"TLS_KEY_FILE: is no path; it looks like what should be in the file; give the path of a PEM file, together with TLS_CERT_FILE, or leave both out",
		"TRUSTED_PROXIES: entry 1 is no network and no address; list networks such as 10.0.0.0/8 or addresses such as 192.0.2.10, with commas between them",
		"FRONTDESK_API_TOKEN: is shorter than 16 characters; make one of at least 16 characters without blanks, for example with: openssl rand -hex 32",
		"DATABASE_URL: begins neither with sqlite: nor with postgres://; use sqlite: and a path, such as sqlite:/var/lib/frontdesk/frontdesk.db, or a whole address that begins with postgres://",
		"RETENTION_DAYS: is no whole number from 0 to 100000; use a whole number from 0 to 100000, or leave it out",
		"LOG_LEVEL: is none of debug, info, warn, error; use debug, info, warn or error",
		"LOG_FORMAT: is none of text, json; use text or json",
		"FRONTDESK_DEBUG_ADDR: is an address that other machines may reach; use an address that only this machine reaches, such as 127.0.0.1:6060 or [::1]:6060, or leave it out",
		"OTEL_EXPORTER_OTLP_ENDPOINT: is no address that begins with https:// or http://; use the collector's address for OTLP over HTTP, such as http://localhost:4318, or leave it out",
		"OTEL_EXPORTER_OTLP_HEADERS: has a part that is not name=value; write name=value with commas between them, as the collector's operator says",
		"OTEL_SERVICE_NAME: has a line break or another control character in it; use a name without line breaks, or leave it out",
		"OTEL_RESOURCE_ATTRIBUTES: has a part that is not name=value; write name=value with commas between them, or leave it out",
	}, "\n"))
	require.Len(t, problemsOf(t, err), len(config.Settings()), "one for each setting")
}

func TestWhichSourceWins(t *testing.T) {
	t.Parallel()
	fromFile := file(t, "from-file\r\n\n")
	other := file(t, "from-other-file")
	tests := map[string]struct {
		environ map[string]string
		envFile string
		want    config.Secret
	}{
		"environment over .env":        {map[string]string{"CONVEYOR_KEY": "env"}, "CONVEYOR_KEY=dotenv", "env"},
		"environment over file in it":  {map[string]string{"CONVEYOR_KEY": "env"}, "CONVEYOR_KEY_FILE=" + fromFile, "env"},
		"file over .env":               {map[string]string{"CONVEYOR_KEY_FILE": fromFile}, "CONVEYOR_KEY=dotenv", "from-file"},
		"file over file":               {map[string]string{"CONVEYOR_KEY_FILE": fromFile}, "CONVEYOR_KEY_FILE=" + other, "from-file"},
		".env alone":                   {nil, "CONVEYOR_KEY=dotenv", "dotenv"},
		"file named in .env":           {nil, "CONVEYOR_KEY_FILE=" + other, "from-other-file"},
		"empty beside file":            {map[string]string{"CONVEYOR_KEY": "", "CONVEYOR_KEY_FILE": fromFile}, "", "from-file"},
		"file without name in it":      {map[string]string{"CONVEYOR_KEY_FILE": "", "CONVEYOR_KEY": "env"}, "", "env"},
		"a conflict that is overruled": {map[string]string{"CONVEYOR_KEY": "env"}, "CONVEYOR_KEY=a\nCONVEYOR_KEY_FILE=b", "env"},
		"quotes, export and comments":  {nil, "# c\nexport CONVEYOR_KEY='do$ENV#1' # c\n", "do$ENV#1"},
		"byte order mark":              {nil, "\xef\xbb\xbfCONVEYOR_KEY=dotenv\r\n", "dotenv"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := required()
			delete(values, "CONVEYOR_KEY")
			maps.Copy(values, test.environ)
			c, _, err := load(t, environ(values), test.envFile)
			require.NoError(t, err)
			require.Equal(t, test.want, c.ConveyorKey)
		})
	}
}

func TestAnEmptyEnvironmentVariableHidesTheFile(t *testing.T) {
	t.Parallel()
	c, _, err := load(t, with("PORT", ""), "PORT=9000")
	require.NoError(t, err)
	require.Equal(t, 8080, c.Port)
	_, _, err = load(t, with("CONVEYOR_KEY", ""), "CONVEYOR_KEY=dotenv")
	require.ErrorContains(t, err, "CONVEYOR_KEY: is missing")
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	const planted = "planted-secret-0123456789"
	tests := map[string]struct {
		pairs []string
		what  string
	}{
		"twice":      {[]string{"CONVEYOR_KEY", planted, "CONVEYOR_KEY_FILE", file(t, planted)}, "CONVEYOR_KEY: is set twice in the environment, also as CONVEYOR_KEY_FILE; keep one of the two"},
		"missing":    {[]string{"CONVEYOR_KEY", "", "CONVEYOR_KEY_FILE", planted}, "CONVEYOR_KEY_FILE: the file that it names does not exist; give the path"},
		"folder":     {[]string{"CONVEYOR_KEY", "", "CONVEYOR_KEY_FILE", t.TempDir()}, "CONVEYOR_KEY_FILE: the file that it names cannot be read; give the path"},
		"too large":  {[]string{"CONVEYOR_KEY", "", "CONVEYOR_KEY_FILE", file(t, strings.Repeat(planted, 5000))}, "CONVEYOR_KEY_FILE: the file that it names is larger than 64 KiB; give the path"},
		"empty":      {[]string{"CONVEYOR_KEY", "", "CONVEYOR_KEY_FILE", file(t, "\n")}, "CONVEYOR_KEY: is missing"},
		"wrong":      {[]string{"SLACK_BOT_TOKEN", "", "SLACK_BOT_TOKEN_FILE", file(t, planted)}, "SLACK_BOT_TOKEN: does not begin with xoxb-"},
		"two lines":  {[]string{"CONVEYOR_KEY", "", "CONVEYOR_KEY_FILE", file(t, planted+"\n"+planted)}, "CONVEYOR_KEY: has blanks or line breaks"},
		"impossible": {[]string{"CONVEYOR_KEY", "", "CONVEYOR_KEY_FILE", planted + "\x00"}, "CONVEYOR_KEY_FILE: the file that it names cannot be read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := load(t, with(test.pairs...), "")
			require.Len(t, problemsOf(t, err), 1)
			require.Contains(t, err.Error(), test.what)
			require.NotContains(t, err.Error(), planted)
		})
	}
	for _, setting := range config.Settings() {
		if setting.Secret {
			_, _, err := load(t, with(setting.Name, "", setting.Name+"_FILE", "nowhere"), "")
			require.ErrorContains(t, err, setting.Name+"_FILE: the file that it names does not exist")
		}
	}
}

func TestAFileThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	path := file(t, "x")
	require.NoError(t, os.Chmod(path, 0))
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	_, _, err := load(t, with("CONVEYOR_KEY", "", "CONVEYOR_KEY_FILE", path), "")
	require.ErrorContains(t, err, "may not be read by this process")
	_, _, err = config.Load(config.Options{EnvFile: path, Environ: with()})
	require.ErrorContains(t, err, "may not be read by this process")
}

func TestAMalformedEnvFileIsNamedByLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		line    string
	}{
		"no equals sign":        {"A=1\n# c\n\nplanted\nB=2\n", "line 4"},
		"no equals sign at end": {"A=1\nplanted", "line 2"},
		"equals sign only":      {"A=1\n=planted\n", "line 2"},
		"odd name":              {"A=1\nPLAN-TED=planted\n", "line 2"},
		"unclosed quote":        {"A='x'\nB=\"planted\nC=3\nD=4\n", "line 2"},
		"behind lines in quote": {"A=\"x\ny\nz\"\nB='a\nb'\nplanted\n", "line 6"},
		"windows line ends":     {"A=1\r\nB=2\r\nplanted\r\n", "line 3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := load(t, with(), test.content)
			problems := problemsOf(t, err)
			require.Len(t, problems, 1)
			require.Equal(t, test.line+" is not understood", problems[0].What)
			require.Contains(t, problems[0].Remedy, "NAME=value")
			require.NotContains(t, err.Error(), "planted")
		})
	}
	_, _, err := config.Load(config.Options{EnvFile: t.TempDir(), Environ: with()})
	require.ErrorContains(t, err, "cannot be read; make it a readable file")
	_, _, err = load(t, with(), strings.Repeat("#", 1<<16+1))
	require.ErrorContains(t, err, "larger than 64 KiB")
	_, _, err = config.Load(config.Options{Environ: with()})
	require.NoError(t, err, "no .env file at all")
}

func TestMisspeltNamesAreWarnedOf(t *testing.T) {
	t.Parallel()
	c, warnings, err := load(t, with("REVIEWERS", "*"), strings.Join([]string{
		"CONVEYER_KEY=x", "SLACK_BOT_TOKEN_FIEL=x", "slack_channel_id=x", "PROT=1", "PORT_FILE=x",
		"HOST=x", "PATH=x", "POSTGRES_PASSWORD=x", "CONVEYOR_PARAMS=query", "DATABASE_URLS=x",
	}, "\n"))
	require.NoError(t, err)
	require.Equal(t, config.ParamsQuery, c.ConveyorParams)
	var lines []string
	for _, warning := range warnings {
		lines = append(lines, warning.String())
	}
	require.Equal(t, []string{
		"PORT_FILE: is ignored: only secrets can come from a file; set PORT",
		"CONVEYER_KEY: is no setting and is ignored; did you mean CONVEYOR_KEY?",
		"DATABASE_URLS: is no setting and is ignored; did you mean DATABASE_URL?",
		"PROT: is no setting and is ignored; did you mean PORT?",
		"SLACK_BOT_TOKEN_FIEL: is no setting and is ignored; did you mean SLACK_BOT_TOKEN_FILE?",
		"slack_channel_id: is no setting and is ignored; did you mean SLACK_CHANNEL_ID?",
	}, lines)

	_, warnings, err = load(t, with("CONVEYOR_KEY", ""), "CONVEYOR_KY=x")
	require.Error(t, err)
	require.Len(t, warnings, 1, "also when something is wrong")
}

func TestTheEnvironmentOfTheProcess(t *testing.T) {
	t.Setenv("FRONTDESK_CONFIG_TEST", "here")
	require.Contains(t, config.Environ(), "FRONTDESK_CONFIG_TEST=here")
}
