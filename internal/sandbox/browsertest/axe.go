package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// ExpectAccessible fails the test when axe finds a serious or critical fault on
// the page as it is now. axe comes with the page's build tools (npm ci in
// internal/sandbox/page/ui); without them nothing is checked, but where CI=true
// the test fails.
func ExpectAccessible(ctx context.Context, t *testing.T, what string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root(t), "internal", "sandbox", "page", "ui", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		const missing = "axe-core is not installed: run npm ci in internal/sandbox/page/ui"
		if os.Getenv("CI") == "true" { //nolint:forbidigo // a test has no configuration to take it from
			t.Fatal(missing + "; it is required where CI=true")
		}
		t.Log(missing)
		return
	}
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](string(source))); err != nil {
		t.Fatalf("load axe: %v", err)
	}
	faults, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]}).then((found) =>
		found.violations.filter((v) => ["serious", "critical"].includes(v.impact)).flatMap((v) =>
			v.nodes.map((n) => v.id + ": " + v.help + " at " + n.target.join(" ") + "\n    " + n.html.slice(0, 200) + "\n    " + n.failureSummary)))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("run axe on %s: %v", what, err)
	}
	for _, fault := range faults {
		t.Errorf("%s is not accessible: %s", what, fault)
	}
}

// Dark lets the pages of a browser look as at night, or as in the day again.
func Dark(ctx context.Context, t *testing.T, on bool) {
	t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[on]
	err := chromedp.Do(ctx, func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		if err != nil {
			return chromedp.Void{}, fmt.Errorf("emulate the color scheme %s: %w", scheme, err)
		}
		return chromedp.Void{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
