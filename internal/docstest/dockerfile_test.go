package docstest_test

import (
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// step is one instruction of a Dockerfile.
type step struct{ instruction, rest string }

// stages gives the instructions of each stage; the first list is what stands
// before the first FROM.
func stages(t *testing.T) [][]step {
	t.Helper()
	text := regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(read(t, "Dockerfile"), "")
	text = strings.ReplaceAll(text, "\\\n", " ")
	all := [][]step{nil}
	for line := range strings.Lines(text) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if instruction == "" {
			continue
		}
		if instruction == "FROM" {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], step{instruction, strings.TrimSpace(rest)})
	}
	return all
}

// of gives what follows an instruction, each time it is used.
func of(stage []step, instruction string) []string {
	var rests []string
	for _, s := range stage {
		if s.instruction == instruction {
			rests = append(rests, s.rest)
		}
	}
	return rests
}

func TestTheImageHoldsNothingButFrontdesk(t *testing.T) {
	t.Parallel()
	all := stages(t)
	require.Len(t, all, 3, "two stages, and what stands before them")
	build, final := all[1], all[2]

	require.Equal(t, []string{"GO_IMAGE=golang:1.26"}, of(all[0], "ARG"))
	require.Equal(t, []string{"${GO_IMAGE} AS build"}, of(build, "FROM"))
	require.Equal(t, []string{"scratch"}, of(final, "FROM"))
	require.Empty(t, of(final, "RUN"), "nothing can run in an empty image")

	copies := of(final, "COPY")
	require.Contains(t, copies, "--from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt")
	require.Contains(t, copies, "--from=build --chown=65532:65532 /empty/data /data")
	require.Contains(t, copies, "--from=build /src/bin/frontdesk /frontdesk")

	require.Equal(t, []string{"65532:65532"}, of(final, "USER"), "a number, because there are no names in the image")
	require.Equal(t, []string{`["/data"]`}, of(final, "VOLUME"))
	require.Equal(t, []string{"8080"}, of(final, "EXPOSE"))
	require.Equal(t, []string{`["/frontdesk"]`}, of(final, "ENTRYPOINT"))
	require.Equal(t, []string{`["serve"]`}, of(final, "CMD"))
	require.Contains(t, strings.Join(of(final, "LABEL"), " "), "org.opencontainers.image.source=")
}

func TestTheImageHoldsNoSecret(t *testing.T) {
	t.Parallel()
	for _, stage := range stages(t) {
		for _, set := range slices.Concat(of(stage, "ENV"), of(stage, "ARG")) {
			for _, name := range secretSettings(t) {
				if name == "DATABASE_URL" {
					continue // it may hold a password, but see below
				}
				require.NotContains(t, set, name)
			}
		}
	}
	require.Equal(t, []string{"DATABASE_URL=sqlite:/data/frontdesk.db"}, of(stages(t)[2], "ENV"))
}

// secretSettings gives the names of the settings that are secrets, as the
// generated document has them.
func secretSettings(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile("Secret; also as `([A-Z_]+)_FILE`").FindAllStringSubmatch(read(t, "docs/configuration.md"), -1) {
		names = append(names, match[1])
	}
	require.Contains(t, names, "SLACK_BOT_TOKEN")
	return names
}

// TestWhatGitIgnoresStaysOutOfTheBuild keeps .env and databases out of it.
func TestWhatGitIgnoresStaysOutOfTheBuild(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(read(t, ".gitignore")) {
		name := strings.Trim(strings.TrimSpace(line), "/")
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		name = strings.ReplaceAll(strings.TrimPrefix(name, "**/"), "*", "some")
		require.True(t, ignoredByDocker(t, name), "%s is in .gitignore and not in .dockerignore", name)
	}
	require.True(t, ignoredByDocker(t, "somewhere/.env"))
	require.False(t, ignoredByDocker(t, "cmd/frontdesk/main.go"))
	require.False(t, ignoredByDocker(t, ".env.example"))
}

// ignoredByDocker reads the two forms of pattern that .dockerignore uses: a
// path from the root, and **/ with the end of a path.
func ignoredByDocker(t *testing.T, file string) bool {
	t.Helper()
	for line := range strings.Lines(read(t, ".dockerignore")) {
		pattern := strings.TrimSpace(line)
		if pattern == "" || strings.HasPrefix(pattern, "#") {
			continue
		}
		ending, anywhere := strings.CutPrefix(pattern, "**/")
		for at := file; at != "."; at = path.Dir(at) {
			compared := at
			if parts := strings.Split(at, "/"); anywhere {
				compared = strings.Join(parts[max(0, len(parts)-1-strings.Count(ending, "/")):], "/")
			}
			if matched, err := path.Match(ending, compared); matched && err == nil {
				return true
			}
		}
	}
	return false
}

// TestTheBuildCommandGivesAStaticBinary runs the builder's command as it is
// written, on what a build of the image is given.
func TestTheBuildCommandGivesAStaticBinary(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds the whole binary")
	}
	var command string
	for _, run := range of(stages(t)[1], "RUN") {
		if strings.Contains(run, "go build") {
			require.Empty(t, command, "there is one build command")
			command = run
		}
	}
	require.Contains(t, command, "CGO_ENABLED=0 ")
	require.Contains(t, command, " -trimpath ")

	src := t.TempDir()
	copyBuildContext(t, src)
	build := exec.CommandContext(t.Context(), "sh", "-c", command) //nolint:gosec // the command is ours, from the Dockerfile
	build.Dir = src
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	binary := filepath.Join(src, "bin", "frontdesk")
	version := exec.CommandContext(t.Context(), binary, "--version") //nolint:gosec // it was built a moment ago
	version.Dir = src
	output, err = version.CombinedOutput()
	require.NoError(t, err)
	require.Regexp(t, `^frontdesk version \S+\n$`, string(output))

	if runtime.GOOS != "linux" {
		return // an image's binary is for Linux; what follows reads its format
	}
	file, err := elf.Open(binary)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	for _, program := range file.Progs {
		require.NotEqual(t, elf.PT_INTERP, program.Type, "the binary needs an interpreter, which an empty image has not")
	}
	libraries, err := file.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, libraries)
}

// copyBuildContext copies what .dockerignore lets through, without the history.
func copyBuildContext(t *testing.T, folder string) {
	t.Helper()
	to, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = to.Close() }()
	from := os.DirFS(root)
	err = fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case entry.IsDir() && (name == ".git" || ignoredByDocker(t, name)):
			return fs.SkipDir
		case entry.IsDir():
			return to.Mkdir(name, 0o750)
		case !entry.Type().IsRegular() || ignoredByDocker(t, name):
			return nil
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return to.WriteFile(name, content, 0o600)
	})
	require.NoError(t, err)
}

// TestTimeZonesAreInTheBinary: the image has no files of them.
func TestTimeZonesAreInTheBinary(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/frontdesk")
	list.Dir = filepath.Join("..", "..")
	packages, err := list.Output()
	require.NoError(t, err)
	require.Contains(t, strings.Fields(string(packages)), "time/tzdata")
}
