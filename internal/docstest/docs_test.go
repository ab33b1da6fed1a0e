// Package docstest_test checks what is written beside the code: that the
// documents name what there is, and that their links lead somewhere. It may read
// every file of the repository and imports nothing of ours but slackapp.
package docstest_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root   = "../.."
	module = "github.com/frontdesk-hq/frontdesk"
)

// read gives a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := fs.ReadFile(os.DirFS(root), path)
	require.NoError(t, err)
	return string(content)
}

// section gives the part of a document below a heading of the second level.
func section(t *testing.T, document, heading string) string {
	t.Helper()
	_, after, found := strings.Cut(read(t, document), "\n## "+heading+"\n")
	require.True(t, found, "%s has no section %q", document, heading)
	within, _, _ := strings.Cut(after, "\n## ")
	return within
}

// firstCells gives what stands in backquotes in the first column of a table.
func firstCells(text string) []string {
	var cells []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1) {
		cells = append(cells, match[1])
	}
	return cells
}

// goFiles gives every Go file of the repository, by its path from the root.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, top := range []string{"bench", "cmd", "internal", "pkg"} {
		err := fs.WalkDir(os.DirFS(root), top, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			if err == nil && !entry.IsDir() && path.Ext(file) == ".go" {
				files = append(files, file)
			}
			return err
		})
		require.NoError(t, err)
	}
	return files
}

// TestEveryPackageIsInTheMap compares the map with the folders that hold code.
func TestEveryPackageIsInTheMap(t *testing.T) {
	t.Parallel()
	packages := map[string]bool{}
	for _, file := range goFiles(t) {
		packages[path.Dir(file)] = true
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(packages)), firstCells(section(t, "docs/ARCHITECTURE.md", "The map")))
}

// TestEveryDependencyHasItsReason compares the table of dependencies with what
// the code imports; the two files go.mod know which module an import belongs to.
func TestEveryDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	var modules []string
	for _, match := range regexp.MustCompile(`(?m)^\t(\S+) v\S+`).FindAllStringSubmatch(read(t, "go.mod")+read(t, "internal/deploytest/go.mod"), -1) {
		modules = append(modules, match[1])
	}
	used := map[string]bool{}
	for _, file := range goFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if domain, _, _ := strings.Cut(imported, "/"); strings.Contains(domain, ".") && !strings.HasPrefix(imported, module+"/") {
				used[moduleOf(t, modules, imported)] = true
			}
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(used)), firstCells(section(t, "docs/ARCHITECTURE.md", "Dependencies")))
}

// moduleOf gives the module that a package belongs to: the longest that fits.
func moduleOf(t *testing.T, modules []string, imported string) string {
	t.Helper()
	longest := ""
	for _, m := range modules {
		if strings.HasPrefix(imported+"/", m+"/") && len(m) > len(longest) {
			longest = m
		}
	}
	require.NotEmpty(t, longest, "no module of go.mod has the package %s", imported)
	return longest
}

// documents gives every document for people.
func documents(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".github/SECURITY.md", "deploy/README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/adr/*.md"} {
		paths, err := fs.Glob(os.DirFS(root), pattern)
		require.NoError(t, err)
		found = append(found, paths...)
	}
	return found
}

// TestLinksLeadSomewhere follows each relative link, also to a heading.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			for _, match := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(read(t, document), -1) {
				link := match[1]
				if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
					continue
				}
				to, anchor, _ := strings.Cut(link, "#")
				target := document
				if to != "" {
					target = path.Join(path.Dir(document), to)
				}
				_, err := fs.Stat(os.DirFS(root), target)
				require.NoError(t, err, "the link %s", link)
				if anchor != "" {
					require.Contains(t, anchors(read(t, target)), anchor, "the link %s", link)
				}
			}
		})
	}
}

// anchors gives the names of a document's headings as links have them.
func anchors(text string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		names = append(names, strings.ReplaceAll(plain, " ", "-"))
	}
	return names
}

// TestEveryDecisionIsListed compares the index of decisions with the files.
func TestEveryDecisionIsListed(t *testing.T) {
	t.Parallel()
	index := read(t, "docs/adr/README.md")
	files, err := fs.Glob(os.DirFS(root), "docs/adr/0*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.Contains(t, index, "("+path.Base(file)+")")
	}
}
