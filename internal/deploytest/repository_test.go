// Package deploytest_test tries what ships: the image, the deploy files and the
// release, each with the parsers of the programs that will read it. It may read
// every file of the repository and imports nothing of ours.
//
// It is a module of its own, because these parsers bring a good hundred modules
// with them: whoever uses a package of pkg must not get those, nor their
// versions, and building the image must not download them.
package deploytest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// drain is how long Frontdesk may take to stop; see docs/operations.md.
const drain = 10 // seconds

// read gives a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	return string(content(t, root, path))
}

// content gives a file of a folder.
func content(t *testing.T, folder, path string) []byte {
	t.Helper()
	found, err := fs.ReadFile(os.DirFS(folder), path)
	require.NoError(t, err)
	return found
}

// settings gives the names of all settings, and of those that are secrets, as
// the generated document has them.
func settings(t *testing.T) (all, secret []string) {
	t.Helper()
	document := read(t, "docs/configuration.md")
	for _, match := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|.*$").FindAllStringSubmatch(document, -1) {
		all = append(all, match[1])
		if strings.Contains(match[0], "Secret; also as `"+match[1]+"_FILE`") {
			secret = append(secret, match[1])
		}
	}
	require.Contains(t, secret, "SLACK_BOT_TOKEN")
	require.NotContains(t, secret, "PORT")
	return all, secret
}

// settingOf gives the setting that an environment variable sets, by itself or
// as the file of a secret. It complains about a name that sets nothing.
func settingOf(t *testing.T, variable string) (setting string, isFile bool) {
	t.Helper()
	all, secret := settings(t)
	if slices.Contains(all, variable) {
		return variable, false
	}
	setting, isFile = strings.CutSuffix(variable, "_FILE")
	require.True(t, isFile && slices.Contains(secret, setting), "%s is no setting", variable)
	return setting, true
}

// checkEnvironment holds what a deploy file sets against the declarations:
// each name is a setting, no secret stands there itself, and nothing that is
// required is missing.
func checkEnvironment(t *testing.T, environment map[string]string) {
	t.Helper()
	_, secret := settings(t)
	set := map[string]bool{}
	for variable, value := range environment {
		setting, isFile := settingOf(t, variable)
		require.NotContains(t, set, setting, "it is set twice")
		set[setting] = true
		if slices.Contains(secret, setting) && !isFile {
			require.Empty(t, value, "%s is a secret and does not belong into a file", variable)
		}
	}
	for _, required := range requiredSettings() {
		require.Contains(t, set, required)
	}
	checkNoSecret(t, environment)
}

// requiredSettings gives what serve does not start without, with a public address.
func requiredSettings() []string {
	return []string{"CONVEYOR_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CHANNEL_ID", "REVIEWERS", "FRONTDESK_URL"}
}

func checkNoSecret(t *testing.T, environment map[string]string) {
	t.Helper()
	for variable, value := range environment {
		require.NotRegexp(t, `xox[a-z]-|xapp-|whsec_|postgres(ql)?://[^/]*:[^/]*@`, value, "%s holds a secret", variable)
	}
}

// image is what the deploy files have to fit to.
type image struct{ port, user, volume string }

// theImage reads it from the Dockerfile.
func theImage(t *testing.T) image {
	t.Helper()
	_, final := stages(t)
	return image{
		port:   only[*instructions.ExposeCommand](t, final).Ports[0],
		user:   only[*instructions.UserCommand](t, final).User,
		volume: only[*instructions.VolumeCommand](t, final).Volumes[0],
	}
}

// all gives the instructions of one kind.
func all[C instructions.Command](stage instructions.Stage) []C {
	var found []C
	for _, command := range stage.Commands {
		if c, ok := command.(C); ok {
			found = append(found, c)
		}
	}
	return found
}

// only gives the only instruction of its kind.
func only[C instructions.Command](t *testing.T, stage instructions.Stage) C {
	t.Helper()
	found := all[C](stage)
	require.Len(t, found, 1, "%T", found)
	return found[0]
}

// copyFile copies one file into a folder, with its mode.
func copyFile(t *testing.T, from, folder, to string) {
	t.Helper()
	info, err := os.Stat(from)
	require.NoError(t, err)
	target, err := os.OpenRoot(folder)
	require.NoError(t, err)
	defer func() { _ = target.Close() }()
	require.NoError(t, target.WriteFile(to, content(t, filepath.Dir(from), filepath.Base(from)), info.Mode().Perm()))
}
