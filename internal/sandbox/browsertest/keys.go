package browsertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// ExpectKeyboard fails the test unless the element that has the keyboard comes
// to have this property, such as its id, as wanted. It waits for it: a page
// moves the keyboard a moment after what it has drawn.
func ExpectKeyboard(ctx context.Context, t *testing.T, property, want, why string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf("document.activeElement[%q] === %q", property, want),
		chromedp.WithPollingTimeout(time.Minute)))
	if err != nil {
		has, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.activeElement.outerHTML.slice(0, 200)"))
		t.Fatalf("%s: wait until the keyboard is where %s is %q: %v; it is at %s", why, property, want, err, has)
	}
}

// PressEnter presses Enter as a keyboard does. chromedp.KeyEvent sends the
// character as an event of its own, which arrives even where the page has taken
// the key, at whatever has the focus by then.
func PressEnter(ctx context.Context, t *testing.T) {
	t.Helper()
	const enter = 13
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		err := chromedp.Do(ctx, func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
			key := input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: enter}
			if kind == input.DispatchKeyEventTypeKeyDown {
				key.Text = "\r"
			}
			if _, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, key); err != nil {
				return chromedp.Void{}, fmt.Errorf("press Enter: %w", err)
			}
			return chromedp.Void{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
