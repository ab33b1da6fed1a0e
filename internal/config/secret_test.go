package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
)

const planted = "s3cr3t-0123456789-planted"

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	secret, database := config.Secret(planted), config.DatabaseURL("postgres://u:"+planted+"@h/d")
	require.Equal(t, planted, secret.Reveal())
	require.True(t, secret.IsSet())
	require.False(t, config.Secret("").IsSet())
	require.Equal(t, "postgres://u:"+planted+"@h/d", database.Reveal())
	whole := config.Config{
		ConveyorKey: secret, ConveyorWebhookSecret: secret, SlackBotToken: secret, SlackSigningSecret: secret,
		SlackAppToken: secret, FrontdeskAPIToken: secret, DatabaseURL: database,
	}
	for _, value := range []any{
		secret, database, &secret, &database, whole, &whole, []config.Secret{secret}, map[string]config.DatabaseURL{"x": database},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T%[1]v"} {
			printed := fmt.Sprintf(verb, value)
			require.NotContains(t, printed, planted, verb)
			require.NotContains(t, strings.ToLower(printed), fmt.Sprintf("%x", planted), verb)
		}
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		require.NotContains(t, string(encoded), planted)
		require.Contains(t, string(encoded), "[secret]")
		for _, formatter := range []logrus.Formatter{&logrus.TextFormatter{}, &logrus.JSONFormatter{}} {
			line, err := formatter.Format(logrus.NewEntry(logrus.New()).WithField("value", value))
			require.NoError(t, err)
			require.NotContains(t, string(line), planted)
		}
	}
	require.Equal(t, "[secret] [secret]", secret.String()+" "+database.String())
	require.Equal(t, "[secret] [secret]", secret.GoString()+" "+database.GoString())
}

func TestDatabaseAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url      config.DatabaseURL
		postgres bool
		path     string
		redacted string
	}{
		{"sqlite:frontdesk.db", false, "frontdesk.db", "sqlite:frontdesk.db"},
		{"sqlite:/var/lib/x.db", false, "/var/lib/x.db", "sqlite:/var/lib/x.db"},
		{"postgres://u:secret@h:5432/d?password=secret", true, "", "postgres://h:5432/d"},
		{"postgresql://secret@h/d", true, "", "postgresql://h/d"},
		{"postgres://u:secret#x@h/d", true, "", "[secret]"},
	}
	for _, test := range tests {
		require.Equal(t, test.postgres, test.url.IsPostgres())
		require.Equal(t, test.path, test.url.SQLitePath())
		require.Equal(t, test.redacted, test.url.Redacted())
	}
}

// plants are forms in which a secret may be typed into the wrong place.
func plants(secret string) []string {
	return []string{
		secret, "xoxb-" + secret, "xapp-" + secret, "whsec_" + secret, "https://u:" + secret + "@h", "postgres://u:" + secret + "#@h/d",
		"sqlite://" + secret, " " + secret + " x", "U123," + secret, "*," + secret, secret + "\x00", `"` + secret,
	}
}

func TestNoProblemQuotesASecret(t *testing.T) {
	t.Parallel()
	for _, setting := range config.Settings() {
		for _, plant := range plants(planted) {
			for _, name := range []string{setting.Name, setting.Name + "_FILE"} {
				_, warnings, err := load(t, with(name, plant), "")
				require.NotContains(t, fmt.Sprint(warnings, err), planted, "%s=%q", name, plant)
				_, warnings, err = load(t, nil, name+"="+plant+"\n"+plant+"=1\n"+plant)
				require.Error(t, err)
				require.NotContains(t, fmt.Sprint(warnings, err), planted, "%s=%q", name, plant)
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, plant := range plants("") {
		f.Add("CONVEYOR_KEY="+plant+"\n", "PORT="+plant)
	}
	f.Add("export A=\"x\ny\" # c\nB='$A ${A} \\n'\nC: d\r\n", "REVIEWERS=bob,U123")
	f.Add("CONVEYOR_KEY_FILE=x\nCONVEYOR_KEY=y\n=\n'", "=C:=x")
	f.Fuzz(func(t *testing.T, envFile, variable string) {
		path := filepath.Join(t.TempDir(), ".env")
		// Wherever the fuzzer writes an @ there is a secret.
		content := strings.ReplaceAll(envFile, "@", planted)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		c, warnings, err := config.Load(config.Options{
			EnvFile: path, Environ: append(with(), strings.ReplaceAll(variable, "@", planted)),
		})
		require.NotContains(t, fmt.Sprint(warnings, err), planted)
		if err != nil {
			require.Equal(t, config.Config{}, c)
			for _, problem := range problemsOf(t, err) {
				require.NotEmpty(t, problem.Name)
				require.NotEmpty(t, problem.What)
				require.NotEmpty(t, problem.Remedy)
				require.NotContains(t, problem.String(), "\n")
			}
		}
	})
}
