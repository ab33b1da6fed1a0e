package sandbox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
)

// TestANewcomersFirstMinute does in a browser what the README promises: reads
// the channel, approves with groups, rejects with a reason, asks for access as
// a customer, and sees what was decided in Conveyor itself.
// TestWhatIf does in a browser what can go wrong: Conveyor fails and refuses,
// Slack loses an answer and limits, Frontdesk stops and starts again; and in
// the end everything has come to pass.
// TestTwoPeopleDecideAtOnce lets Ada and Ben press Approve at the same
// moment, each in a browser of their own: one decides, and the other hears who did.
// TestWhatIsDecidedInConveyor decides on the page, as somebody does in Conveyor's
// own application: with a group, and without.
// TestARestartInTheMiddle stops Frontdesk while Conveyor is slow over a decision,
// and starts it again: what was decided comes to pass, once.
// TestAppHomeAndCommandsOfFrontdesk shows what Frontdesk makes of what it does
// not know: nothing breaks, and the person is not left alone.
// inBrowser starts a practice world for a browser, and ends it with the test.
func inBrowser(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	world := newSandbox(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, world.Close(ctx))
		require.Empty(t, world.Slack.Violations())
	})
	return world
}

// TestHintsAreDismissed hides the hints with the keyboard, for good.
// flips turns a switch on or off, and waits until it is.
func (p *person) flips(name string, on bool) {
	p.t.Helper()
	at := func(checked bool) string {
		return fmt.Sprintf(`//button[@role="switch" and @aria-checked="%t" and .=%q]`, checked, name)
	}
	p.does("flips "+name, chromedp.Click(at(!on)))
	p.does("sees it flipped", chromedp.WaitVisible(at(on)))
}

// hasDone waits until that many of the hints are ticked off.
func (p *person) hasDone(n int) {
	p.t.Helper()
	p.does("looks at the hints", chromedp.WaitVisible(fmt.Sprintf(
		`//*[@id="hints" and count(.//li[contains(@class, "done")])=%d and count(.//li[not(contains(@class, "all"))])=3]`, n)))
}

func clock() time.Time {
	return time.Now() //nolint:forbidigo // a browser runs in real time
}

// person is somebody in front of the page.
type person struct {
	t       *testing.T
	browser context.Context //nolint:containedctx // chromedp's browser is a context
}

func (p *person) does(what string, step chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.browser, 20*time.Second)
	defer cancel()
	err := chromedp.Do(ctx, step)
	for err != nil && strings.Contains(err.Error(), "Could not find node") && ctx.Err() == nil {
		err = chromedp.Do(ctx, step) // the page drew itself anew in between
	}
	if err != nil {
		p.picture("stuck")
		p.t.Fatalf("a person who %s: %v", what, err)
	}
}

func (p *person) sees(text string) {
	p.t.Helper()
	p.does("looks for "+text, chromedp.WaitVisible(fmt.Sprintf(`//*[contains(text(), %q)]`, text)))
}

func (p *person) presses(email, button string) {
	p.t.Helper()
	p.does("presses "+button, chromedp.Click(inMessage(email, fmt.Sprintf(`//button[normalize-space()=%q]`, button))))
}

// chooses picks a group in the open menu of a message. A menu closes when the
// page moves under it, as it does when a message comes; then it is opened again.
func (p *person) chooses(email, group string) {
	p.t.Helper()
	for range 3 {
		ctx, cancel := context.WithTimeout(p.browser, 4*time.Second)
		err := chromedp.Do(ctx, chromedp.Click(fmt.Sprintf(`//*[@role="option" and contains(., %q)]`, group)))
		cancel()
		if err == nil {
			p.does("sees that it is chosen", chromedp.WaitVisible(inMessage(email, fmt.Sprintf(`//li[contains(., %q)]`, group))))
			return
		}
		p.does("opens the menu again", chromedp.Click(inMessage(email, `//button[contains(@class, "select-control")]`)))
	}
	p.picture("stuck")
	p.t.Fatalf("a person who chooses %s does not get to it", group)
}

// inMessage finds something in the message of a requester.
func inMessage(email, what string) string {
	return fmt.Sprintf(`//article[contains(., %q)]`, email) + what
}

func (p *person) picture(name string) {
	p.t.Helper()
	shot, err := chromedp.Run(p.browser, chromedp.CaptureScreenshot())
	require.NoError(p.t, err)
	browsertest.Keep(p.t, name+".png", shot)
}
