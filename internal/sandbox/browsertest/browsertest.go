// Package browsertest gives tests a real browser without a window.
//
// It is for tests only, of the sandbox and of its page, and imports nothing of
// ours. It promises a fresh profile for each call, a browser that reaches this
// machine only, and that it is gone when the test ends.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds a whole browser test. It is long, because a loaded machine
// may need many seconds only to start a browser.
const patience = 3 * time.Minute

// New starts a browser with one empty tab and gives the context to run
// chromedp's actions in. Without a browser the test is skipped, but where
// CI=true it fails: there, nobody would notice the skip.
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

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
