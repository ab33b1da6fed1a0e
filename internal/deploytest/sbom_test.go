package deploytest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// checkSBOM holds a bill of materials against CycloneDX's schema, and against
// the binary that it is of.
func checkSBOM(t *testing.T, folder, document, binary, version string) {
	t.Helper()
	text := content(t, folder, document)
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	schema := cycloneSchema(t)
	require.NoError(t, schema.Validate(instance))

	var bom cyclonedx.BOM
	require.NoError(t, cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bom))
	main := bom.Metadata.Component
	require.Equal(t, "frontdesk", main.Name)
	require.Equal(t, "pkg:golang/github.com/frontdesk-hq/frontdesk@"+strings.ReplaceAll(version, "+", "%2B"), main.PackageURL)
	sum := sha256.Sum256(content(t, folder, binary))
	require.Equal(t, hex.EncodeToString(sum[:]), (*main.Hashes)[0].Value)

	// What is inside is what Go says is inside.
	var want, got []string
	for line := range strings.Lines(execute(t, root, nil, "go", "version", "-m", filepath.Join(folder, binary))) {
		if fields := strings.Fields(line); fields[0] == "dep" {
			want = append(want, fields[1]+"@"+fields[2])
		}
	}
	require.NotEmpty(t, want)
	for _, c := range *bom.Components {
		if c.Name != "std" {
			got = append(got, c.Name+"@"+c.Version)
		}
	}
	require.ElementsMatch(t, want, got)

	// The schema is on: what it asks for cannot be left out.
	delete(instance.(map[string]any), "bomFormat")
	require.Error(t, schema.Validate(instance))
}

// cycloneSchema is the schema as CycloneDX's own module has it.
func cycloneSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	folder := strings.TrimSpace(execute(t, ".", nil, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go"))
	require.NotEmpty(t, folder)
	compiler := jsonschema.NewCompiler()
	const base = "http://cyclonedx.org/schema/"
	for name, file := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(content(t, filepath.Join(folder, "schema"), file)))
		require.NoError(t, err)
		require.NoError(t, compiler.AddResource(base+name, resource))
	}
	compiler.AssertFormat()
	schema, err := compiler.Compile(base + "bom-1.6.schema.json")
	require.NoError(t, err)
	return schema
}
