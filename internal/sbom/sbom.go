// Package sbom writes the bill of materials of a Go binary in the JSON form of
// CycloneDX 1.6. Its only source is what Go wrote into the binary itself, so it
// names what is inside and nothing that was only needed to build or test it.
//
// It imports the standard library only. It promises the same bytes for the same
// binary, and documents that keep CycloneDX's schema.
package sbom

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// document is the part of CycloneDX that is used here.
type document struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`    //nolint:tagliatelle // CycloneDX writes its names so
	Spec         string       `json:"specVersion"`  //nolint:tagliatelle // CycloneDX writes its names so
	Serial       string       `json:"serialNumber"` //nolint:tagliatelle // CycloneDX writes its names so
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp  string     `json:"timestamp,omitempty"`
	Component  component  `json:"component"`
	Properties []property `json:"properties,omitempty"`
}

type component struct {
	Ref     string `json:"bom-ref"` //nolint:tagliatelle // CycloneDX writes its names so
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"` //nolint:tagliatelle // CycloneDX writes its names so
}

// Write reads the binary at a path and writes its bill of materials.
func Write(w io.Writer, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read what is in the binary: %w", err)
	}
	sum, err := sumOf(binary)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(describe(info, sum)); err != nil {
		return fmt.Errorf("write the bill of materials: %w", err)
	}
	return nil
}

func sumOf(binary string) ([]byte, error) {
	file, err := os.Open(filepath.Clean(binary))
	if err != nil {
		return nil, fmt.Errorf("open the binary: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return nil, fmt.Errorf("read the binary: %w", err)
	}
	return sum.Sum(nil), nil
}

// describe draws the document. The binary's hash stands for it everywhere: the
// serial number is made of it, so that no chance gets into a release.
func describe(info *debug.BuildInfo, sum []byte) document {
	main := library(&info.Main)
	main.Type = "application"
	main.Name = path.Base(info.Path)
	main.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum)}}
	components := []component{standardLibrary(info.GoVersion)}
	for _, module := range info.Deps {
		components = append(components, library(module))
	}
	d := document{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Version: 1,
		Serial:     serial(sum),
		Metadata:   metadata{Component: main},
		Components: components,
	}
	whole := dependency{Ref: main.Ref}
	for _, c := range components {
		whole.DependsOn = append(whole.DependsOn, c.Ref)
	}
	d.Dependencies = []dependency{whole}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.time":
			d.Metadata.Timestamp = setting.Value
		case "GOOS", "GOARCH", "CGO_ENABLED", "vcs.revision", "vcs.modified":
			d.Metadata.Properties = append(d.Metadata.Properties, property{"go:build:" + setting.Key, setting.Value})
		}
	}
	return d
}

// library describes a module; what replaces it is what is inside.
func library(module *debug.Module) component {
	if module.Replace != nil {
		module = module.Replace
	}
	c := component{Type: "library", Name: module.Path, PURL: packageURL(module.Path, module.Version)}
	c.Ref = c.PURL
	if module.Version != "(devel)" {
		c.Version = module.Version
	}
	// Go's h1 is the SHA-256 of the list of the module's files with theirs.
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(module.Sum, "h1:")); err == nil && len(sum) == sha256.Size {
		c.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum)}}
	}
	return c
}

// standardLibrary is named as vulnerability databases name it.
func standardLibrary(goVersion string) component {
	number, _, _ := strings.Cut(strings.TrimPrefix(goVersion, "go"), " ")
	c := component{Type: "library", Name: "std", Version: number, PURL: packageURL("std", number)}
	c.Ref = c.PURL
	return c
}

// packageURL gives the module's name as all ecosystems write it; a purl of Go
// is in small letters, and a + in it would be a blank.
func packageURL(module, version string) string {
	url := "pkg:golang/" + strings.ToLower(module)
	if version == "" || version == "(devel)" {
		return url
	}
	return url + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// serial makes a UUID (version 8) of the hash.
func serial(sum []byte) string {
	id := [16]byte(sum[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
