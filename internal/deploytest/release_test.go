package deploytest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// releaser is a small repository with the release script, where a stand-in for
// Go writes what it is told.
type releaser struct {
	t      *testing.T
	folder string
	bin    string
}

func newReleaser(t *testing.T) releaser {
	t.Helper()
	r := releaser{t, t.TempDir(), t.TempDir()}
	require.NoError(t, os.Mkdir(filepath.Join(r.folder, ".ci"), 0o750))
	copyFile(t, filepath.Join(root, ".ci/release"), r.folder, ".ci/release")
	r.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n")
	git(t, r.folder, "init", "-q")
	git(t, r.folder, "add", "-A")
	git(t, r.folder, "commit", "-q", "-m", "all")
	r.goWrites("$GOOS/$GOARCH")
	return r
}

func (r releaser) write(file, text string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(filepath.Join(r.folder, file), []byte(text), 0o600))
}

// goWrites says what a build gives, as the shell reads it.
func (r releaser) goWrites(text string) {
	r.t.Helper()
	script := `#!/bin/sh
case "$1" in
env) echo go1.26 ;;
run) echo '{}' ;;
build) while [ "$1" != -o ]; do shift; done; echo "` + text + `" >"$2" ;;
esac
`
	require.NoError(r.t, os.WriteFile(filepath.Join(r.bin, "go"), []byte(script), 0o700)) //nolint:gosec // it has to run
}

// release runs the script.
func (r releaser) release() (says string, err error) {
	r.t.Helper()
	command := exec.CommandContext(r.t.Context(), filepath.Join(r.folder, ".ci/release"), "dist")                                //nolint:gosec // the repository's own
	command.Env = append(os.Environ(), "PATH="+r.bin+":"+searchPath(), "GIT_CONFIG_GLOBAL=/dev/null", "SNAPSHOT=", "PLATFORMS=") //nolint:forbidigo // what git needs
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestAReleaseIsRefused(t *testing.T) {
	t.Parallel()
	r := newReleaser(t)
	says, err := r.release()
	require.Error(t, err)
	require.Contains(t, says, "this commit has no version tag")

	git(t, r.folder, "tag", "v9.9.9")
	says, err = r.release()
	require.Error(t, err)
	require.Contains(t, says, "CHANGELOG.md has no section [9.9.9]")
	git(t, r.folder, "tag", "-d", "v9.9.9")

	git(t, r.folder, "tag", "v1.2.3")
	r.write("new", "")
	says, err = r.release()
	require.Error(t, err)
	require.Contains(t, says, "not committed")
	require.NoError(t, os.Remove(filepath.Join(r.folder, "new")))

	r.goWrites("$GOOS $$")
	says, err = r.release()
	require.Error(t, err, "each build gives something else")
	require.Contains(t, says, "is not the same when it is built again")
	require.NoDirExists(t, filepath.Join(r.folder, "dist"), "a refused release leaves nothing")
}

func TestARelease(t *testing.T) {
	t.Parallel()
	r := newReleaser(t)
	git(t, r.folder, "tag", "v1.2.3")
	says, err := r.release()
	require.NoError(t, err, says)
	require.Contains(t, says, "v1.2.3")
	entries, err := os.ReadDir(filepath.Join(r.folder, "dist"))
	require.NoError(t, err)
	var files []string
	for _, entry := range entries {
		files = append(files, entry.Name())
	}
	want := []string{"checksums.txt"}
	for _, platform := range []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"} {
		binary := "frontdesk_1.2.3_" + platform
		want = append(want, binary, binary+".cdx.json")
		require.Equal(t, strings.Replace(platform, "_", "/", 1)+"\n", string(content(t, r.folder, "dist/"+binary)))
	}
	require.ElementsMatch(t, want, files)
	sums := string(content(t, r.folder, "dist/checksums.txt"))
	require.Len(t, strings.Split(strings.TrimSpace(sums), "\n"), len(want)-1)

	says, err = r.release()
	require.Error(t, err)
	require.Contains(t, says, "dist is not empty", "nothing is overwritten")
}
