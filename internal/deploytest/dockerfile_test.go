package deploytest_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
)

// parsed reads the Dockerfile as Docker does, with all of its lint rules.
func parsed(t *testing.T, text string) (stages []instructions.Stage, args []instructions.ArgCommand, warnings []string) {
	t.Helper()
	file, err := parser.Parse(strings.NewReader(text))
	require.NoError(t, err)
	for _, warning := range file.Warnings {
		warnings = append(warnings, warning.Short)
	}
	lint := linter.New(&linter.Config{
		ExperimentalAll: true,
		Warn: func(rule, _, _, says string, _ []parser.Range) {
			warnings = append(warnings, rule+": "+says)
		},
	})
	stages, args, err = instructions.Parse(file.AST, lint)
	require.NoError(t, err)
	return stages, args, warnings
}

// stages gives the builder's stage and the image's.
func stages(t *testing.T) (build, final instructions.Stage) {
	t.Helper()
	found, _, _ := parsed(t, read(t, "Dockerfile"))
	require.Len(t, found, 2)
	return found[0], found[1]
}

func TestDockerHasNothingToSayAboutTheDockerfile(t *testing.T) {
	t.Parallel()
	text := read(t, "Dockerfile")
	_, _, warnings := parsed(t, text)
	require.Empty(t, warnings)
	_, _, warnings = parsed(t, strings.Replace(text, "AS build", "AS Build", 1))
	require.NotEmpty(t, warnings, "the rules are on")
}

func TestTheImageHoldsNothingButFrontdesk(t *testing.T) {
	t.Parallel()
	found, args, _ := parsed(t, read(t, "Dockerfile"))
	require.Len(t, args, 1)
	require.Equal(t, "GO_IMAGE", args[0].Args[0].Key)
	build, final := found[0], found[1]
	require.Equal(t, "${GO_IMAGE}", build.BaseName)
	require.Equal(t, "scratch", final.BaseName)
	require.Empty(t, all[*instructions.RunCommand](final), "nothing can run in an empty image")

	var files []string
	for _, c := range all[*instructions.CopyCommand](final) {
		require.Equal(t, "build", c.From)
		files = append(files, c.DestPath)
	}
	require.ElementsMatch(t, []string{"/etc/ssl/certs/ca-certificates.crt", "/frontdesk", "/sbom.cdx.json", "/data", "/tmp"}, files)

	require.Equal(t, image{port: "8080", user: "65532:65532", volume: "/data"}, theImage(t), "the user is a number: there are no names in the image")
	require.Equal(t, []string{"/frontdesk"}, only[*instructions.EntrypointCommand](t, final).CmdLine)
	require.False(t, only[*instructions.EntrypointCommand](t, final).PrependShell, "there is no shell")
	require.Equal(t, []string{"serve"}, only[*instructions.CmdCommand](t, final).CmdLine)

	// SQLite's file is one of the working directory, by the default of the setting.
	require.Equal(t, "/data", only[*instructions.WorkdirCommand](t, final).Path)
	require.Contains(t, read(t, "docs/configuration.md"), "| `DATABASE_URL` | `sqlite:frontdesk.db` |")
	require.Empty(t, all[*instructions.EnvCommand](final), "a setting of the image would stand in the way of its _FILE")
}

func TestTheImageIsAskedForItsHealth(t *testing.T) {
	t.Parallel()
	_, final := stages(t)
	health := only[*instructions.HealthCheckCommand](t, final).Health
	require.Equal(t, []string{"CMD", "/frontdesk", "healthcheck"}, health.Test, "without a shell, which is not there")
	require.Greater(t, health.Timeout, 3*time.Second, "healthcheck gives up by itself within 3 seconds")
	require.LessOrEqual(t, health.Timeout, health.Interval)
	require.GreaterOrEqual(t, health.StartPeriod, 10*time.Second, "migrations take their time")
}

func TestTheImageIsLabelled(t *testing.T) {
	t.Parallel()
	_, final := stages(t)
	labels := map[string]string{}
	for _, command := range all[*instructions.LabelCommand](final) {
		for _, label := range command.Labels {
			labels[label.Key] = strings.Trim(label.Value, `"`)
		}
	}
	declared := map[string]bool{}
	for _, command := range all[*instructions.ArgCommand](final) {
		for _, arg := range command.Args {
			declared["${"+arg.Key+"}"] = true
		}
	}
	require.Equal(t, map[string]bool{"${VERSION}": true, "${REVISION}": true}, declared)
	const prefix = "org.opencontainers.image."
	require.Equal(t, "${VERSION}", labels[prefix+"version"])
	require.Equal(t, "${REVISION}", labels[prefix+"revision"])
	for _, key := range []string{"title", "description", "source", "documentation", "licenses"} {
		require.NotEmpty(t, labels[prefix+key], key)
	}
	_, file, found := strings.Cut(labels[prefix+"documentation"], "/blob/main/")
	require.True(t, found)
	read(t, file)
}

func TestTheImageHoldsNoSecret(t *testing.T) {
	t.Parallel()
	_, secret := settings(t)
	build, final := stages(t)
	for _, stage := range []instructions.Stage{build, final} {
		for _, name := range secret {
			for _, command := range all[*instructions.ArgCommand](stage) {
				for _, arg := range command.Args {
					require.NotContains(t, arg.Key, name)
				}
			}
			for _, command := range all[*instructions.EnvCommand](stage) {
				for _, pair := range command.Env {
					require.NotContains(t, pair.Key, name)
				}
			}
		}
	}
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
		case name == ".git" || ignoredByDocker(t, name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return to.MkdirAll(name, 0o750)
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return to.WriteFile(name, content, info.Mode().Perm())
	})
	require.NoError(t, err)
}
