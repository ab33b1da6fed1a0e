package app_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// TestADiskThatIsFull: somebody else fills the disk that the database is on.
func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	mount(t, "tmpfs", disk, "tmpfs", "size=8m")
	w := startWorld(t, "sqlite:"+filepath.Join(disk, "frontdesk.db"))
	id, msg := w.requestFrom("grace@northwind.example")
	require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())

	filler := fill(t, disk)
	noise := w.listen()
	w.clickFailsInTime(msg)
	later := w.asks("alan@contoso.example", "")
	w.expectStore("the disk of the database is full: free some space")
	noise.expectLines(t, 1, "the disk of the database is full")
	w.expectFailedPolls(noise, 3)
	noise.expectLittle(t)
	require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)

	require.NoError(t, os.Remove(filler))
	w.expectStore("ok")
	noise.expectLines(t, 1, "the database can be written again")
	w.clickWorksAgain(id, msg)
	w.channel.ExpectMessage(t, contains("alan@contoso.example"))
	require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(later).Status)
	require.Equal(t, 2, w.posts())
}

// TestADiskThatBecomesReadOnly: the kernel finds a fault of the file system and
// takes no more writes, which it does to keep what is there.
func TestADiskThatBecomesReadOnly(t *testing.T) {
	t.Parallel()
	disk := loopDisk(t)
	w := startWorld(t, "sqlite:"+filepath.Join(disk.folder, "frontdesk.db"))
	id, msg := w.requestFrom("grace@northwind.example")
	require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())

	disk.fail()
	noise := w.listen()
	w.clickFailsInTime(msg)
	w.expectStoreNotOK()
	w.expectFailedPolls(noise, 0)
	noise.expectLittle(t)
	_ = w.StopFrontdesk(t.Context()) // what it could not write at the end is no loss

	// Nobody has mended it yet: Frontdesk says why it does not start.
	disk.remount("ro")
	err := w.StartFrontdesk(t.Context())
	require.ErrorContains(t, err, "the database cannot be written: make its disk, or its server, writable again")

	disk.remount("rw")
	require.NoError(t, w.StartFrontdesk(t.Context()))
	w.clickWorksAgain(id, msg)
	require.Equal(t, 1, w.posts())
}

// TestADamagedDatabase: something wrote into the file while Frontdesk ran.
func TestADamagedDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	w := startWorld(t, "sqlite:"+file)
	id, msg := w.requestFrom("grace@northwind.example")
	require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
	require.NoError(t, w.StopFrontdesk(t.Context()))
	whole, err := os.ReadFile(file) //nolint:gosec // the test's own
	require.NoError(t, err)
	require.NoError(t, w.StartFrontdesk(t.Context()))

	noise := w.listen()
	const page = 4096
	damaged := append(bytes.Clone(whole[:page]), bytes.Repeat([]byte("rubbish!"), (len(whole)-page)/8)...)
	overwrite(t, file, damaged)
	w.expectStore("the database is damaged: stop Frontdesk, put a copy in its place, and start it again")
	noise.expectLines(t, 1, "See docs/operations.md")
	w.clickFailsInTime(msg)
	w.expectFailedPolls(noise, 3)
	noise.expectLittle(t)
	_ = w.StopFrontdesk(t.Context()) // it may complain of the damage

	for _, beside := range []string{"-wal", "-shm"} {
		require.NoError(t, os.RemoveAll(file+beside))
	}
	for name, content := range map[string][]byte{
		"damaged": damaged, "no database at all": bytes.Repeat([]byte("rubbish!"), 1000),
	} {
		require.NoError(t, os.WriteFile(file, content, 0o600))
		require.ErrorContains(t, w.StartFrontdesk(t.Context()), "put a copy in its place", name)
	}
	require.NoError(t, os.WriteFile(file, whole, 0o600)) //nolint:gosec // the test's own
	require.NoError(t, w.StartFrontdesk(t.Context()))
	w.clickWorksAgain(id, msg)
	require.Equal(t, 1, w.posts())
}

func overwrite(t *testing.T, name string, content []byte) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_WRONLY, 0) //nolint:gosec // the test's own
	require.NoError(t, err)
	_, err = file.WriteAt(content, 0)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// mount mounts a file system for as long as the test runs.
func mount(t *testing.T, source, folder, kind, options string) {
	t.Helper()
	err := syscall.Mount(source, folder, kind, 0, options)
	if errors.Is(err, syscall.EPERM) {
		t.Skip("only root can mount a disk of its own")
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
}

// fill writes to a folder until its disk is full, and gives what it wrote.
func fill(t *testing.T, folder string) string {
	t.Helper()
	name := filepath.Join(folder, "somebody-elses.log")
	file, err := os.Create(name) //nolint:gosec // the test's own
	require.NoError(t, err)
	for _, size := range []int{1 << 16, 1 << 10, 1} {
		for err = nil; err == nil; {
			_, err = io.WriteString(file, strings.Repeat("x", size))
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
	require.NoError(t, file.Close())
	return name
}

// disk is a disk of its own, in a file.
type disk struct {
	t             *testing.T
	image, folder string
}

func loopDisk(t *testing.T) *disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a disk of its own")
	}
	d := &disk{t: t, image: filepath.Join(t.TempDir(), "disk"), folder: t.TempDir()}
	require.NoError(t, os.WriteFile(d.image, nil, 0o600))
	require.NoError(t, os.Truncate(d.image, 32<<20))
	d.run("mkfs.ext4", "-q", "-O", "^has_journal", d.image)
	d.mount("rw")
	t.Cleanup(func() { _ = syscall.Unmount(d.folder, syscall.MNT_DETACH) })
	return d
}

func (d *disk) mount(how string) {
	d.t.Helper()
	d.run("mount", "-o", "loop,errors=remount-ro,"+how, d.image, d.folder)
}

func (d *disk) remount(how string) {
	d.t.Helper()
	d.run("umount", d.folder)
	d.mount(how)
}

// fail makes the kernel believe that the file system is at fault.
func (d *disk) fail() {
	d.t.Helper()
	device, err := exec.CommandContext(d.t.Context(), "findmnt", "-n", "-o", "SOURCE", d.folder).Output() //nolint:gosec // the test's own
	require.NoError(d.t, err)
	name := filepath.Base(strings.TrimSpace(string(device)))
	require.NoError(d.t, os.WriteFile("/sys/fs/ext4/"+name+"/trigger_fs_error", []byte("a test"), 0))
}

func (d *disk) run(name string, args ...string) {
	d.t.Helper()
	out, err := exec.CommandContext(d.t.Context(), name, args...).CombinedOutput() //nolint:gosec // the test's own
	if err != nil {
		d.t.Skipf("this machine has no disks of its own for tests: %s: %v: %s", name, err, out)
	}
}

// noise is what Frontdesk says and asks while something is wrong.
type noise struct {
	w            *world
	since        time.Time
	log          int
	calls, slack int
}

// listen begins to count.
func (w *world) listen() *noise {
	return &noise{w: w, since: clock(), log: len(w.log.String()), calls: len(w.Room.Calls()), slack: len(w.Slack.Calls(""))}
}

// lines gives the lines since then that an operator sees, if they have a text.
func (n *noise) lines(text string) []string {
	var found []string
	for line := range strings.Lines(n.w.log.String()[n.log:]) {
		if !strings.Contains(line, "level=debug") && strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// expectLines waits until a text is in the log, so many times and no more.
func (n *noise) expectLines(t *testing.T, times int, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(n.lines(text)) >= times }, 20*time.Second, 10*time.Millisecond, text)
	require.Len(t, n.lines(text), times, text)
}

// expectLittle: nothing spins. The bounds are a few times what the intervals of
// the tests' Frontdesk allow; a loop without a wait is far above them.
func (n *noise) expectLittle(t *testing.T) {
	t.Helper()
	seconds := int(clock().Sub(n.since).Seconds()) + 1
	lines, calls, slack := len(n.lines("")), len(n.w.Room.Calls())-n.calls, len(n.w.Slack.Calls(""))-n.slack
	t.Logf("in %d s: %d lines in the log, %d calls to Conveyor, %d to Slack", seconds, lines, calls, slack)
	require.Less(t, lines, 20+3*seconds, "%s", strings.Join(n.lines(""), ""))
	require.Less(t, calls, 20+6*seconds)
	require.Less(t, slack, 20+6*seconds)
}

// expectFailedPolls waits until so many more polls have failed.
func (w *world) expectFailedPolls(n *noise, more int) {
	w.t.Helper()
	want := len(n.lines("a poll failed")) + more
	require.Eventually(w.t, func() bool { return len(n.lines("a poll failed")) >= want }, 20*time.Second, 10*time.Millisecond)
}

// expectStore waits until /readyz says something of the store.
func (w *world) expectStore(says string) {
	w.t.Helper()
	w.expectPart("store", says)
}

// expectPart waits until /readyz says something of a part.
func (w *world) expectPart(part, says string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		status, body := w.get("/readyz")
		return strings.Contains(body, `"`+part+`":"`+says) && (status == http.StatusServiceUnavailable || says == "ok")
	}, 30*time.Second, 50*time.Millisecond, says)
}

// expectStoreNotOK waits until /readyz names the store.
func (w *world) expectStoreNotOK() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		status, body := w.get("/readyz")
		return status == http.StatusServiceUnavailable && !strings.Contains(body, `"store":"ok"`)
	}, 20*time.Second, 50*time.Millisecond)
}
