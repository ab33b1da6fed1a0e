package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

func TestTheManifestIsPrinted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want slackapp.Manifest
		read func(text []byte, into any) error
	}{
		{[]string{"--url", "https://frontdesk.example.com/"}, slackapp.NewManifest("https://frontdesk.example.com"), yaml.Unmarshal},
		{[]string{"--url", "https://example.com:8443/desk", "--format", "json"}, slackapp.NewManifest("https://example.com:8443/desk"), json.Unmarshal},
		{[]string{"--socket-mode"}, slackapp.NewManifest(""), yaml.Unmarshal},
		{[]string{"--socket-mode", "--format=json"}, slackapp.NewManifest(""), json.Unmarshal},
	} {
		code, stdout, stderr := run(t.Context(), append([]string{"manifest"}, c.args...)...)
		require.Zero(t, code, stderr)
		var got slackapp.Manifest
		require.NoError(t, c.read([]byte(stdout), &got))
		require.Equal(t, c.want, got)
	}
}

func TestAManifestThatSlackCouldNotUseIsNotPrinted(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"--url", "https://x.example", "--socket-mode"},
		{"--url", "http://x.example"},
		{"--url", "x.example"},
		{"--url", "https://"},
		{"--url", "https://u:p@x.example"},
		{"--url", "https://x.example?a=1"},
		{"--url", "https://%zz"},
		{"--socket-mode", "--format", "xml"},
		{"--socket-mode", "extra"},
	} {
		code, stdout, stderr := run(t.Context(), append([]string{"manifest"}, args...)...)
		require.Equal(t, 2, code, args)
		require.Empty(t, stdout, args)
		require.NotEmpty(t, stderr, args)
	}
}
