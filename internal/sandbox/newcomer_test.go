package sandbox_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
)

// pictures is where the test leaves its screenshots, for people to look at.
const pictures = "../../.ci/out/pictures"

// TestANewcomersFirstMinute does in a browser what the README promises: reads
// the channel, approves with groups, rejects with a reason, asks for access as
// a customer, and sees what was decided in Conveyor itself.
func TestANewcomersFirstMinute(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	log := logrus.New()
	log.SetOutput(t.Output())
	world, err := sandbox.Start(t.Context(), sandbox.Options{Clock: clock, Log: log, Version: "test"})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, world.Close(ctx))
		require.Empty(t, world.Slack.Violations())
	})
	world.FileRequests(3)
	p := &person{t: t, browser: browser}

	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.sees("grace@northwind.example")
	p.sees("alan@contoso.example")
	p.sees("edsger@fabrikam.example")
	p.hasDone(0)

	p.does("opens the menu", chromedp.Click(inMessage("grace@northwind.example", `//button[contains(@class, "select-control")]`)))
	p.chooses("grace@northwind.example", "Financials")
	p.chooses("grace@northwind.example", "Security documents")
	p.does("leaves the menu", chromedp.KeyEvent("\x1b"))
	p.picture("channel")
	p.presses("grace@northwind.example", "Approve")
	p.sees("Access request approved")
	for _, group := range []string{"Financials", "Security documents"} {
		p.does("looks for "+group, chromedp.WaitVisible(inMessage("grace@northwind.example", fmt.Sprintf(`//*[contains(., %q)]`, group))))
	}

	p.hasDone(1)

	p.presses("alan@contoso.example", "Reject")
	p.sees("Reject request")
	p.does("submits an empty form", chromedp.Click(`//dialog//button[@type="submit"]`))
	p.does("reads what is missing", chromedp.WaitVisible(`//dialog//*[contains(@class, "error")]`))
	p.picture("reject")
	p.does("types a reason", chromedp.SendKeys(`//dialog//textarea`, "We do not know this company."))
	p.does("submits", chromedp.Click(`//dialog//button[@type="submit"]`))
	p.sees("Access request rejected")
	p.sees("We do not know this company.")
	p.hasDone(2)
	p.does("looks at the wire", chromedp.Click(`//summary`))
	p.hasDone(3)
	p.picture("wire")
	p.does("leaves the wire", chromedp.Click(`//summary`))

	p.does("asks as a customer", chromedp.SendKeys(`//input[@type="email"]`, "new@customer.example\r"))
	p.sees("new@customer.example")
	for _, r := range world.Room.Requests() {
		if r.Email == "edsger@fabrikam.example" {
			require.NoError(t, world.Room.DecideElsewhere(r.ID, "ignore"))
		}
	}
	p.sees("Access request handled in Conveyor")
	p.picture("outcomes")
}

// TestWhatIf does in a browser what can go wrong: Conveyor fails and refuses,
// Slack loses an answer and limits, Frontdesk stops and starts again; and in
// the end everything has come to pass.
func TestWhatIf(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	world := newSandbox(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, world.Close(ctx))
		require.Empty(t, world.Slack.Violations())
	})
	world.FileRequests(2)
	p := &person{t: t, browser: browser}
	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.sees("grace@northwind.example")
	p.sees("alan@contoso.example")
	p.does("opens the drawer", chromedp.Click(`//summary`))

	p.flips("Conveyor answers 500", true)
	p.presses("grace@northwind.example", "Approve")
	p.does("sees it fail", chromedp.WaitVisible(`//tr[contains(@class, "failed") and contains(., "/exchange/authorization_requests/") and contains(., "500")]`))
	p.picture("what-if")
	p.does("ends it with one click", chromedp.Click(`//ul[@id="troubles-list"]//button[contains(., "Conveyor answers 500")]`))
	p.does("sees that nothing is wrong", chromedp.WaitNotVisible(`//*[@id="troubles"]`))
	p.sees("Access request approved")

	p.flips("Slack’s answer to a post is lost", true)
	p.does("asks as a customer", chromedp.SendKeys(`//input[@type="email"]`, "lost@customer.example\r"))
	p.sees("lost@customer.example")
	p.does("sees the cut", chromedp.WaitVisible(`//tr[contains(@class, "failed") and contains(., "chat.postMessage")]`))
	p.flips("Slack’s answer to a post is lost", false)

	p.does("stops Frontdesk", chromedp.Click(`//button[.="Stop Frontdesk"]`))
	p.sees("Frontdesk is stopped.")
	require.Eventually(t, func() bool { return !world.FrontdeskRunning() }, 10*time.Second, 10*time.Millisecond)
	p.presses("alan@contoso.example", "Approve")
	p.does("is told that nobody answers", chromedp.WaitVisible(`//*[@role="alert"]`))
	p.picture("stopped")
	p.does("starts it again", chromedp.Click(`//button[.="Start it"]`))
	p.does("sees that nothing is wrong", chromedp.WaitNotVisible(`//*[@id="troubles"]`))
	p.presses("alan@contoso.example", "Approve")
	p.does("sees it done", chromedp.WaitVisible(inMessage("alan@contoso.example", `//*[contains(., "Access request approved")]`)))

	require.NoError(t, world.StopFrontdesk(t.Context()))
	p.sees("Frontdesk is stopped.")
	require.NoError(t, world.StartFrontdesk(t.Context()))
	p.does("sees what a test did", chromedp.WaitNotVisible(`//*[@id="troubles"]`))
}

// TestHintsAreDismissed hides the hints with the keyboard, for good.
func TestHintsAreDismissed(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	world := newSandbox(t)
	t.Cleanup(func() { require.NoError(t, world.Close(context.WithoutCancel(t.Context()))) })
	p := &person{t: t, browser: browser}
	focused := func() string {
		id, err := chromedp.Run(browser, chromedp.Evaluate[string](`document.activeElement.id`))
		require.NoError(t, err)
		return id
	}
	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.hasDone(0)
	p.does("reaches the cross", chromedp.Focus(`#hints-dismiss`))
	p.does("presses Enter", chromedp.KeyEvent("\r"))
	p.does("has room", chromedp.WaitNotVisible(`#hints`))
	require.Equal(t, "hints-show", focused(), "the keyboard is not lost")
	p.does("reloads", chromedp.Reload())
	p.does("finds the way back", chromedp.WaitVisible(`#hints-show`))
	p.does("sees no hints", chromedp.WaitNotVisible(`#hints`))
	p.does("reaches the way back", chromedp.Focus(`#hints-show`))
	p.does("presses Enter", chromedp.KeyEvent("\r"))
	p.hasDone(0)
	require.Equal(t, "hints-dismiss", focused())
}

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
	require.NoError(p.t, os.MkdirAll(pictures, 0o750))
	require.NoError(p.t, os.WriteFile(filepath.Join(pictures, name+".png"), shot, 0o600))
}
