// Package licences lists what is linked into the program, and under which
// licence. It is for make licences and its test; nothing else may import it.
//
// It may import the standard library only. It promises that a licence that it
// does not recognise is an error, and not a blank.
package licences

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	program = "./cmd/frontdesk"
	page    = "internal/sandbox/page/ui/package-lock.json"
	// own is what the path of our own module begins with.
	own = "github.com/frontdesk-hq/frontdesk"
)

// targets are the systems that the program is released for.
func targets() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}
}

// Part is something that is linked into the program, or bundled into its page.
type Part struct {
	Name, Version string
	// Licence is one or several names of SPDX.
	Licence string
	// files are those that say so, by their paths.
	files []string
}

// Modules gives the Go modules that are linked into the program on any system
// that it is released for, by name. root is the checkout; all modules have to be
// in the module cache.
func Modules(ctx context.Context, root string) ([]Part, error) {
	found := map[string]Part{}
	for _, target := range targets() {
		system, machine, _ := strings.Cut(target, "/")
		list := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}", program)
		list.Dir = root
		list.Env = append(list.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("list what is linked for %s: %w", target, err)
		}
		for line := range strings.Lines(string(out)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) != 3 || fields[0] == own || found[fields[0]].Name != "" {
				continue
			}
			part, err := module(fields[0], fields[1], fields[2])
			if err != nil {
				return nil, err
			}
			found[part.Name] = part
		}
	}
	if len(found) == 0 {
		return nil, errors.New("list what is linked: nothing is")
	}
	return sorted(found), nil
}

func sorted(found map[string]Part) []Part {
	parts := make([]Part, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		parts = append(parts, found[name])
	}
	return parts
}

func module(name, version, folder string) (Part, error) {
	part := Part{Name: name, Version: version}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return part, fmt.Errorf("read the module %s: %w", name, err)
	}
	var main []byte
	for _, entry := range entries {
		title := strings.ToUpper(entry.Name())
		if entry.IsDir() || !hasAnyPrefix(title, "LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS") {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		part.files = append(part.files, path)
		// LICENSE-X is the licence of something that the module has taken in.
		if base, _, _ := strings.Cut(title, "."); base == "LICENSE" || base == "LICENCE" || base == "COPYING" {
			if main, err = os.ReadFile(path); err != nil { //nolint:gosec // a file of the module cache
				return part, fmt.Errorf("read the licence of %s: %w", name, err)
			}
		}
	}
	if part.Licence = recognise(string(main)); part.Licence == "" {
		return part, fmt.Errorf("the licence of %s is not recognised", name)
	}
	return part, nil
}

func hasAnyPrefix(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}

// recognise gives the names that SPDX has for a licence's text; empty if it knows
// none of them.
func recognise(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	var names []string
	has := func(name string, phrases ...string) {
		if !slices.ContainsFunc(phrases, func(phrase string) bool { return !strings.Contains(text, phrase) }) {
			names = append(names, name)
		}
	}
	has("MIT", "permission is hereby granted, free of charge, to any person obtaining a copy of this software")
	has("ISC", "permission to use, copy, modify, and/or distribute this software for any purpose")
	has("MPL-2.0", "mozilla public license version 2.0")
	has("Apache-2.0", "apache license", "version 2.0")
	if strings.Contains(text, "redistribution and use in source and binary forms") {
		if strings.Contains(text, "endorse or promote products") {
			names = append(names, "BSD-3-Clause")
		} else {
			names = append(names, "BSD-2-Clause")
		}
	}
	return strings.Join(names, " AND ")
}

// Bundled gives the libraries that are built into the sandbox's page, by name.
func Bundled(root string) ([]Part, error) {
	raw, err := os.ReadFile(filepath.Join(root, page)) //nolint:gosec // a file of the checkout
	if err != nil {
		return nil, fmt.Errorf("read the page's libraries: %w", err)
	}
	var lock struct {
		Packages map[string]struct {
			Version, License string
			Dev              bool
		} `json:"packages"`
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		return nil, fmt.Errorf("read the page's libraries: %w", err)
	}
	found := map[string]Part{}
	for path, p := range lock.Packages {
		name, isLibrary := strings.CutPrefix(path, "node_modules/")
		// Of the tools that build it, the names of emoji end up in the page.
		if !isLibrary || p.Dev && name != "emoji-datasource" {
			continue
		}
		if p.License == "" {
			return nil, fmt.Errorf("the licence of %s is not said", name)
		}
		found[name] = Part{Name: name, Version: p.Version, Licence: p.License}
	}
	return sorted(found), nil
}

const introduction = `<!-- Generated by ` + "`make licences`" + `; change nothing here. -->
# Licences

Frontdesk is under the [MIT licence](../LICENSE). These parts of others are in its binary, on at least one of the systems that it is released for, besides Go's own standard library (BSD-3-Clause). ` + "`go run ./internal/licences/generate -texts`" + ` prints the whole texts of the modules' licences, for whoever passes the binary on.

## Go modules

| module | version | licence |
|---|---|---|
`

// WritePage writes the page that lists them all.
func WritePage(w io.Writer, modules, bundled []Part) error {
	var b bytes.Buffer
	b.WriteString(introduction)
	for _, p := range modules {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.Version, p.Licence)
	}
	b.WriteString("\n## In the sandbox's page\n\n| library | version | licence |\n|---|---|---|\n")
	for _, p := range bundled {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.Name, p.Version, p.Licence)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the page of licences: %w", err)
	}
	return nil
}

// WriteTexts writes the whole texts of the modules' licences.
func WriteTexts(w io.Writer, modules []Part) error {
	for _, p := range modules {
		for _, file := range p.files {
			text, err := os.ReadFile(file) //nolint:gosec // a file of the module cache
			if err != nil {
				return fmt.Errorf("read the licence of %s: %w", p.Name, err)
			}
			if _, err := fmt.Fprintf(w, "=== %s %s: %s\n\n%s\n", p.Name, p.Version, filepath.Base(file), text); err != nil {
				return fmt.Errorf("write the licence of %s: %w", p.Name, err)
			}
		}
	}
	return nil
}
