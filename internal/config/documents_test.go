package config_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
)

func TestTheDocumentsAreUpToDate(t *testing.T) {
	t.Parallel()
	for path, write := range map[string]func(io.Writer) error{
		".env.example":          config.WriteEnvExample,
		"docs/configuration.md": config.WriteMarkdown,
	} {
		var want bytes.Buffer
		require.NoError(t, write(&want))
		got, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
		require.NoError(t, err)
		require.Equal(t, want.String(), string(got), "%s is not what the settings say: run `make generate`", path)
	}
}

func TestEverySettingIsInTheDocuments(t *testing.T) {
	t.Parallel()
	var example, page bytes.Buffer
	require.NoError(t, config.WriteEnvExample(&example))
	require.NoError(t, config.WriteMarkdown(&page))
	for _, setting := range config.Settings() {
		require.Contains(t, example.String(), "\n"+map[bool]string{true: "", false: "# "}[setting.Required]+setting.Name+"=")
		require.Contains(t, page.String(), "| `"+setting.Name+"` |")
	}
}

func TestTheExampleWorksOnceItIsFilledIn(t *testing.T) {
	t.Parallel()
	var example bytes.Buffer
	require.NoError(t, config.WriteEnvExample(&example))
	_, warnings, err := load(t, nil, example.String())
	problems := problemsOf(t, err)
	require.Len(t, problems, len(required()), "only what is required is missing")

	filled := example.String()
	for name, value := range required() {
		filled = strings.Replace(filled, "\n"+name+"=\n", "\n"+name+"="+value+"\n", 1)
	}
	got, _, err := load(t, nil, filled)
	require.NoError(t, err)
	want, _, err := load(t, with(), "")
	require.NoError(t, err)
	require.Equal(t, want, got, "the comments change nothing")
	require.Empty(t, warnings)
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWritingTheDocumentsCanFail(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, config.WriteEnvExample(brokenWriter{}), errBroken)
	require.ErrorIs(t, config.WriteMarkdown(brokenWriter{}), errBroken)
}
