// Package browsertest gives tests a real browser without a window.
//
// It is for tests only, of the sandbox and of its page, and imports nothing of
// ours. It promises a fresh profile for each call, a browser that reaches this
// machine only, that it is gone when the test ends, and that one test at a time
// has a browser.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds a whole browser test. It is long, because a loaded machine
// may need many seconds only to start a browser.
const patience = 5 * time.Minute

// New starts a browser with one empty tab and gives the context to run
// chromedp's actions in. Without a browser the test is skipped, but where
// CI=true it fails: there, nobody would notice the skip.
//
// It waits until no other test on this machine has a browser: several at once
// are slower than one after another, and would measure each other. Another
// gives a test a second one.
func New(t *testing.T) context.Context {
	t.Helper()
	path := find()
	if path == "" {
		const missing = "no Chromium is installed (looked for chromium, chromium-browser, google-chrome and chrome on PATH)"
		if os.Getenv("CI") == "true" { //nolint:forbidigo // a test has no configuration to take it from
			t.Fatal(missing + "; it is required where CI=true")
		}
		t.Skip(missing + "; browser tests need it")
	}
	alone(t)
	return start(t, path)
}

// Another starts one more browser, for a test that has one already.
func Another(t *testing.T) context.Context {
	t.Helper()
	return start(t, find())
}

// alone waits for the turn of a test, which lasts until it ends.
func alone(t *testing.T) {
	t.Helper()
	turn, err := os.OpenFile(filepath.Join(os.TempDir(), "frontdesk-browser-tests.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatalf("open the lock of browser tests: %v", err)
	}
	t.Cleanup(func() { _ = turn.Close() }) // which gives the turn to the next
	if err := syscall.Flock(int(turn.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("wait for the turn of a browser test: %v", err)
	}
}

func start(t *testing.T, path string) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// Containers often lack what the browser's own sandbox needs. The only
		// pages that it opens are ours.
		chromedp.Flag("no-sandbox", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("lang", "en-US"),
		chromedp.WindowSize(1360, 860),
	)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	ctx, quit := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(quit)
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(leave)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// Keep leaves a file among the pictures that a run of all checks keeps, for
// people to look at.
func Keep(t *testing.T, name string, content []byte) {
	t.Helper()
	folder := filepath.Join(root(t), ".ci", "out", "pictures")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatalf("make the folder of pictures: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
		t.Fatalf("keep %s: %v", name, err)
	}
}

// root is the repository's, above the folder of the test.
func root(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatalf("find the folder of the test: %v", err)
	}
	for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
	}
	t.Fatal("there is no go.mod above the folder of the test")
	return ""
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
