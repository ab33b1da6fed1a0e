package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
)

func TestServingNeedsNothingElse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(file, []byte("PORT=9000\nSLACK_BOT_TOKEN=wrong\n"), 0o600))
	for name, c := range map[string]struct {
		o    config.Options
		want int
	}{
		"nothing is set":           {config.Options{}, 8080},
		"from the environment":     {config.Options{Environ: []string{"PORT= 8090 "}}, 8090},
		"from the file":            {config.Options{EnvFile: file}, 9000},
		"the environment wins":     {config.Options{EnvFile: file, Environ: []string{"PORT=8090"}}, 8090},
		"empty is the default":     {config.Options{EnvFile: file, Environ: []string{"PORT="}}, 8080},
		"any free one":             {config.Options{Environ: []string{"PORT=0"}}, 0},
		"a file that is not there": {config.Options{EnvFile: filepath.Join(t.TempDir(), "none")}, 8080},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.LoadServing(c.o)
			require.NoError(t, err)
			require.Equal(t, config.Serving{Scheme: "http", Port: c.want}, got)
		})
	}
}

func TestServingKnowsTLS(t *testing.T) {
	t.Parallel()
	got, err := config.LoadServing(config.Options{Environ: []string{"TLS_CERT_FILE=/etc/tls.crt", "TLS_KEY_FILE=/etc/tls.key"}})
	require.NoError(t, err)
	require.Equal(t, config.Serving{Scheme: "https", Port: 8080}, got)
}

func TestServingSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(file, []byte("PORT='80\n"), 0o600))
	for _, c := range []struct {
		o    config.Options
		want string
	}{
		{config.Options{Environ: []string{"PORT=http"}}, "PORT: is no whole number"},
		{config.Options{Environ: []string{"PORT=70000"}}, "PORT: "},
		{config.Options{EnvFile: file}, "line 1 is not understood"},
	} {
		_, err := config.LoadServing(c.o)
		var problems *config.Problems
		require.ErrorAs(t, err, &problems)
		require.ErrorContains(t, err, c.want)
	}
}
