package deploytest_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"debug/elf"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long something may take on a machine that has other work.
const patience = time.Minute

// built is the version that the tests give the commit they build.
const built = "v1.2.3"

// TestTheImage builds the image without Docker: it runs the builder's commands
// as they are written, on what a build is given, lays out the last stage in an
// empty folder, and runs that.
func TestTheImage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds the whole binary")
	}
	build, final := stages(t)
	src := runBuilder(t, build)
	rootfs := layOut(t, final, src)

	t.Run("is small", func(t *testing.T) {
		t.Parallel()
		total := int64(0)
		for _, file := range listing(t, rootfs) {
			total += file.size
		}
		t.Logf("%.1f MB", float64(total)/1e6)
		require.Less(t, total, int64(30_000_000))
	})
	t.Run("has a static binary", func(t *testing.T) {
		t.Parallel()
		checkStatic(t, filepath.Join(rootfs, "frontdesk"))
	})
	t.Run("says what it is made of", func(t *testing.T) {
		t.Parallel()
		checkSBOM(t, rootfs, "sbom.cdx.json", "frontdesk", built)
	})
	t.Run("trusts who others trust", func(t *testing.T) {
		t.Parallel()
		checkCertificates(t, content(t, rootfs, "etc/ssl/certs/ca-certificates.crt"))
	})
	t.Run("runs", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS != "linux" || os.Getuid() != 0 {
			required := os.Getenv("CI") == "true" && runtime.GOOS == "linux" //nolint:forbidigo // says whether a test may be skipped
			require.False(t, required, "with CI=true this has to run as root, for chroot")
			t.Skip("needs root on Linux, for chroot")
		}
		runImage(t, final, rootfs)
	})
}

// runBuilder does what the builder's stage says, in a folder that stands for
// its working directory, and gives that folder.
func runBuilder(t *testing.T, build instructions.Stage) string {
	t.Helper()
	src, workdir := t.TempDir(), ""
	for _, command := range build.Commands {
		switch c := command.(type) {
		case *instructions.WorkdirCommand:
			require.Empty(t, workdir, "one folder stands for one working directory")
			workdir = c.Path
		case *instructions.CopyCommand:
			require.Empty(t, c.From)
			require.Contains(t, []string{"./", "."}, c.DestPath)
			for _, source := range c.SourcePaths {
				if source == "." {
					copyBuildContext(t, src)
					commitAndTag(t, src)
				} else {
					copyFile(t, filepath.Join(root, source), src, source)
				}
			}
		case *instructions.RunCommand:
			require.True(t, c.PrependShell)
			line := strings.Join(c.CmdLine, " ")
			require.NotRegexp(t, `(^|[\s>=])/`, line, "it would write outside of the folder")
			// The builder's image has Go's own defaults.
			execute(t, src, []string{"GOFLAGS=-buildvcs=auto"}, "sh", "-c", line)
		default:
			t.Fatalf("this test does not know what %s does", command.Name())
		}
	}
	require.Equal(t, "/src", workdir)
	return src
}

// execute runs a command that has to succeed, and gives what it prints.
func execute(t *testing.T, folder string, environment []string, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...) //nolint:gosec // what the tests and the files of the repository say
	command.Dir = folder
	command.Env = append(os.Environ(), environment...) //nolint:forbidigo // what a developer's Go needs, such as the proxy
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.Output()
	require.NoError(t, err, "%s %v: %s%s", name, args, out, &errs)
	return string(out)
}

// git runs git as nobody in particular, without the settings of this machine.
func git(t *testing.T, folder string, args ...string) string {
	t.Helper()
	return execute(t, folder, []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
	}, "git", args...)
}

// commitAndTag gives a copy a history of its own.
func commitAndTag(t *testing.T, folder string) {
	t.Helper()
	git(t, folder, "init", "-q")
	git(t, folder, "add", "-A")
	git(t, folder, "commit", "-q", "-m", "all")
	git(t, folder, "tag", built)
}

// TestNothingThatIsCommittedIsLeftOutOfTheBuild: Go would call the image's
// binary modified.
func TestNothingThatIsCommittedIsLeftOutOfTheBuild(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("this is no clone, so nothing is known to be committed")
	}
	files := strings.Fields(execute(t, root, nil, "git", "ls-files"))
	require.Contains(t, files, "go.mod")
	for _, file := range files {
		require.False(t, ignoredByDocker(t, file), file)
	}
}

// layOut makes the last stage's folder, as a user that is not root must find
// it on a root that is read-only: he owns /data, and not even /tmp is his.
func layOut(t *testing.T, final instructions.Stage, src string) string {
	t.Helper()
	rootfs := filepath.Join(t.TempDir(), "image")
	require.NoError(t, os.Mkdir(rootfs, 0o755)) //nolint:gosec // everybody may look at the root
	for _, c := range all[*instructions.CopyCommand](final) {
		require.Len(t, c.SourcePaths, 1)
		from := c.SourcePaths[0]
		if within, ok := strings.CutPrefix(from, "/src/"); ok {
			from = filepath.Join(src, within)
		}
		to := filepath.Join(rootfs, c.DestPath)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755)) //nolint:gosec // as Docker makes them
		info, err := os.Stat(from)
		require.NoError(t, err)
		if info.IsDir() {
			require.NoError(t, os.Mkdir(to, 0o755)) //nolint:gosec // as Docker makes them
		} else {
			copyFile(t, from, rootfs, strings.TrimPrefix(c.DestPath, "/"))
		}
		if c.Chown != "" && os.Getuid() == 0 && c.DestPath != "/tmp" {
			uid, gid := ids(t, c.Chown)
			require.NoError(t, os.Chown(to, int(uid), int(gid)))
		}
	}
	return rootfs
}

func ids(t *testing.T, user string) (uid, gid uint32) {
	t.Helper()
	numbers := regexp.MustCompile(`^(\d+):(\d+)$`).FindStringSubmatch(user)
	require.NotNil(t, numbers, user)
	u, err := strconv.ParseUint(numbers[1], 10, 32)
	require.NoError(t, err)
	g, err := strconv.ParseUint(numbers[2], 10, 32)
	require.NoError(t, err)
	require.NotZero(t, u*g)
	return uint32(u), uint32(g)
}

// entry is a file or a folder as it lies there.
type entry struct {
	path string
	mode fs.FileMode
	size int64
}

// listing gives everything below a folder.
func listing(t *testing.T, folder string) []entry {
	t.Helper()
	var found []entry
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		size := int64(0)
		if err == nil && !e.IsDir() {
			size = info.Size()
		}
		found = append(found, entry{name, info.Mode(), size})
		return err
	})
	require.NoError(t, err)
	return found
}

func outside(t *testing.T, rootfs, folder string) []entry {
	t.Helper()
	var found []entry
	for _, e := range listing(t, rootfs) {
		if e.path != strings.Trim(folder, "/") && !strings.HasPrefix("/"+e.path, folder+"/") {
			found = append(found, e)
		}
	}
	return found
}

// TestTimeZonesAreInTheBinary: the image has no files of them.
func TestTimeZonesAreInTheBinary(t *testing.T) {
	t.Parallel()
	require.Contains(t, strings.Fields(execute(t, root, nil, "go", "list", "-deps", "./cmd/frontdesk")), "time/tzdata")
}

func checkStatic(t *testing.T, binary string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("an image's binary is for Linux; this reads its format")
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

func checkCertificates(t *testing.T, bundle []byte) {
	t.Helper()
	authorities := 0
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		if certificate.IsCA {
			authorities++
		}
	}
	require.Greater(t, authorities, 50)
}

// container is the laid out image, run as the Dockerfile says and with the
// rights that it has on a read-only root.
type container struct {
	t      *testing.T
	final  instructions.Stage
	rootfs string
}

// command prepares the image's program with arguments, in an environment that
// has nothing else.
func (c container) command(ctx context.Context, environment []string, args ...string) *exec.Cmd {
	c.t.Helper()
	entrypoint := only[*instructions.EntrypointCommand](c.t, c.final).CmdLine
	uid, gid := ids(c.t, only[*instructions.UserCommand](c.t, c.final).User)
	command := exec.CommandContext(ctx, entrypoint[0], append(entrypoint[1:len(entrypoint):len(entrypoint)], args...)...) //nolint:gosec // what the Dockerfile says
	command.Env = append([]string{}, environment...)
	command.Dir = only[*instructions.WorkdirCommand](c.t, c.final).Path
	command.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     c.rootfs,
		Credential: &syscall.Credential{Uid: uid, Gid: gid},
	}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = patience
	return command
}

func runImage(t *testing.T, final instructions.Stage, rootfs string) {
	t.Helper()
	c := container{t: t, final: final, rootfs: rootfs}
	before := outside(t, rootfs, "/data")
	for _, e := range before {
		require.Zero(t, e.mode.Perm()&0o022, "nobody but root may write %s", e.path)
	}

	out, err := c.command(t.Context(), nil, "version", "--json").Output()
	require.NoError(t, err)
	var version struct {
		Version, Commit, Date string
		Modified              bool
	}
	require.NoError(t, json.Unmarshal(out, &version))
	require.Equal(t, built, version.Version)
	require.Equal(t, "2026-01-02T03:04:05Z", version.Date)
	require.Regexp(t, "^[0-9a-f]{40}$", version.Commit)
	require.False(t, version.Modified)

	serveImage(c)
	practise(c)
	require.Equal(t, before, outside(t, rootfs, "/data"), "nothing was written outside of the volume")
	uid, _ := ids(t, theImage(t).user)
	database, err := os.Stat(filepath.Join(rootfs, "data/frontdesk.db"))
	require.NoError(t, err)
	owner, ok := database.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	require.Equal(t, uid, owner.Uid)
}

// serveImage runs the image's own command, and asks for its health as Docker
// would.
func serveImage(c container) {
	c.t.Helper()
	t := c.t
	// Neither Slack nor Conveyor, so that nothing of this test leaves the machine.
	outsideWorld := httptest.NewServer(http.NotFoundHandler())
	defer outsideWorld.Close()
	port := freePort(t)
	environment := []string{
		"PORT=" + port, "CONVEYOR_KEY=key", "SLACK_BOT_TOKEN=xoxb-test", "SLACK_SIGNING_SECRET=secret",
		"SLACK_CHANNEL_ID=C0123456789", "REVIEWERS=*",
		"SLACK_API_URL=" + outsideWorld.URL + "/api/", "CONVEYOR_API_URL=" + outsideWorld.URL + "/api/v2",
	}
	health := only[*instructions.HealthCheckCommand](t, c.final).Health.Test
	require.Equal(t, []string{"CMD", "/frontdesk"}, health[:2])
	ask := func() error { return c.command(t.Context(), environment, health[2:]...).Run() }
	require.Error(t, ask(), "nothing runs yet")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	serving := c.command(ctx, environment, only[*instructions.CmdCommand](t, c.final).CmdLine...)
	var said bytes.Buffer
	serving.Stderr = &said
	require.NoError(t, serving.Start())
	lives := assert.Eventually(t, func() bool { return ask() == nil }, patience, 100*time.Millisecond)
	stop()
	err := ignoreCancel(serving.Wait())
	require.True(t, lives, "%s", &said)
	require.NoError(t, err, "SIGTERM is an orderly stop: %s", &said)
	require.Error(t, ask(), "it has stopped")
}

// ignoreCancel lets the error go by that says only that we asked it to stop.
func ignoreCancel(err error) error {
	if err == context.Canceled { //nolint:errorlint // Wait gives it as it is when the program ended well
		return nil
	}
	return err
}

// freePort gives a port that nobody listens on, from below those that outgoing
// connections are given at any moment.
func freePort(t *testing.T) string {
	t.Helper()
	for {
		port := strconv.Itoa(10_000 + rand.IntN(20_000)) //nolint:gosec // any free port will do
		if listener, err := net.Listen("tcp", ":"+port); err == nil {
			require.NoError(t, listener.Close())
			return port
		}
	}
}

// practise runs the sandbox in the image: a whole Frontdesk that posts requests
// and carries a decision out, with its database on the volume.
func practise(c container) {
	c.t.Helper()
	t := c.t
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	sandbox := c.command(ctx, nil, "sandbox", "--port", "0", "--data", path.Join(theImage(t).volume, "practice"))
	out, err := sandbox.StdoutPipe()
	require.NoError(t, err)
	var said bytes.Buffer
	sandbox.Stderr = &said
	require.NoError(t, sandbox.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "it printed no address: %s", &said)
	page := regexp.MustCompile(`http://localhost:\d+/`).FindString(lines.Text())
	require.NotEmpty(t, page, lines.Text())

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	var messages []struct {
		TS     string
		Blocks json.RawMessage
	}
	look := func(text string) (found int, ts string) {
		var shown struct{ Messages json.RawMessage }
		call(t, client, http.MethodGet, page+"practice/snapshot?as=U0ADA&channel=C0REQUESTS", "", &shown)
		require.NoError(t, json.Unmarshal(shown.Messages, &messages))
		for _, m := range messages {
			if bytes.Contains(m.Blocks, []byte(text)) {
				found, ts = found+1, m.TS
			}
		}
		return found, ts
	}
	ts := ""
	require.Eventually(t, func() bool {
		found, last := look(`"approve"`)
		ts = last
		return found == 3
	}, patience, 100*time.Millisecond)
	var done struct{ OK bool }
	call(t, client, http.MethodPost, page+"practice/act",
		fmt.Sprintf(`{"as":"U0ADA","channel":"C0REQUESTS","ts":%q,"block":"decide","action":"approve"}`, ts), &done)
	require.True(t, done.OK)
	require.Eventually(t, func() bool {
		found, _ := look("Access request approved")
		return found == 1
	}, patience, 100*time.Millisecond)
	stop()
	_, _ = io.Copy(io.Discard, out)
	require.NoError(t, ignoreCancel(sandbox.Wait()), "%s", &said)
}

// call asks the sandbox's page and reads the answer.
func call(t *testing.T, client *http.Client, method, address, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NoError(t, json.NewDecoder(res.Body).Decode(into))
}
