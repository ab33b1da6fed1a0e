package sbom_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sbom"
)

// read is what the tests read of a bill of materials. That it keeps the schema
// of CycloneDX is tested with the deploy files, on the released binary.
type read struct {
	SerialNumber string
	Metadata     struct {
		Timestamp  string
		Component  part
		Properties []setting
	}
	Components   []part
	Dependencies []struct {
		Ref       string
		DependsOn []string
	}
}

type part struct {
	Ref     string `json:"bom-ref"` //nolint:tagliatelle // CycloneDX writes its names so
	Type    string
	Name    string
	Version string
	PURL    string
	Hashes  []digest
}

type digest struct{ Alg, Content string }

type setting struct{ Name, Value string }

// TestEachModuleIsNamed describes a binary of which everything is known.
func TestEachModuleIsNamed(t *testing.T) {
	t.Parallel()
	const sum = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	text, err := sbom.Describe(&debug.BuildInfo{
		GoVersion: "go1.26.8 X:nodwarf5",
		Path:      "example.com/Shop/v2/cmd/shop",
		Main:      debug.Module{Path: "example.com/Shop/v2", Version: "v2.0.1+dirty"},
		Deps: []*debug.Module{
			{Path: "github.com/Masterminds/semver/v3", Version: "v3.1.0", Sum: sum},
			{Path: "example.com/old", Version: "v1.0.0", Sum: "h1:x", Replace: &debug.Module{Path: "example.com/new", Version: "v1.2.0", Sum: sum}},
			{Path: "example.com/beside", Version: "(devel)"},
		},
		Settings: []debug.BuildSetting{
			{Key: "GOOS", Value: "plan9"},
			{Key: "-ldflags", Value: "-s -w"},
			{Key: "vcs.time", Value: "2026-01-02T03:04:05Z"},
		},
	}, bytes.Repeat([]byte{0xff}, sha256.Size))
	require.NoError(t, err)
	var got read
	require.NoError(t, json.Unmarshal(text, &got))

	hashes := []digest{{"SHA-256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}
	want := []part{
		{"pkg:golang/std@1.26.8", "library", "std", "1.26.8", "pkg:golang/std@1.26.8", nil},
		{"pkg:golang/github.com/masterminds/semver/v3@v3.1.0", "library", "github.com/Masterminds/semver/v3", "v3.1.0", "pkg:golang/github.com/masterminds/semver/v3@v3.1.0", hashes},
		{"pkg:golang/example.com/new@v1.2.0", "library", "example.com/new", "v1.2.0", "pkg:golang/example.com/new@v1.2.0", hashes},
		{"pkg:golang/example.com/beside", "library", "example.com/beside", "", "pkg:golang/example.com/beside", nil},
	}
	require.Equal(t, want, got.Components)
	main := got.Metadata.Component
	require.Equal(t, "application", main.Type)
	require.Equal(t, "shop", main.Name)
	require.Equal(t, "pkg:golang/example.com/shop/v2@v2.0.1%2Bdirty", main.PURL)
	require.Equal(t, "2026-01-02T03:04:05Z", got.Metadata.Timestamp)
	require.Equal(t, []setting{{"go:build:GOOS", "plan9"}}, got.Metadata.Properties)
	require.Equal(t, "urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff", got.SerialNumber)
	require.Len(t, got.Dependencies, 1)
	require.Equal(t, main.Ref, got.Dependencies[0].Ref)
	require.Len(t, got.Dependencies[0].DependsOn, len(want))
}

// TestABinaryIsDescribed describes this test's own binary.
func TestABinaryIsDescribed(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	var first, second bytes.Buffer
	require.NoError(t, sbom.Write(&first, self))
	require.NoError(t, sbom.Write(&second, self))
	require.Equal(t, first.String(), second.String(), "the same binary, the same bytes")

	var got read
	require.NoError(t, json.Unmarshal(first.Bytes(), &got))
	content, err := os.ReadFile(self) //nolint:gosec // the test itself
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	require.Equal(t, []digest{{"SHA-256", hex.EncodeToString(sum[:])}}, got.Metadata.Component.Hashes)
	require.NotEmpty(t, got.Components)
	require.Equal(t, "pkg:golang/std@"+strings.TrimPrefix(runtime.Version(), "go"), got.Components[0].PURL)
}

func TestWhatGoHasNotBuiltIsRefused(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("no binary"), 0o600))
	for _, file := range []string{text, filepath.Join(t.TempDir(), "none")} {
		var out bytes.Buffer
		require.ErrorContains(t, sbom.Write(&out, file), "read what is in the binary")
		require.Empty(t, out.Bytes())
	}
}
