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
	p.sees("edsger@fabrikam.example")

	p.does("opens the menu", chromedp.Click(inMessage("grace@northwind.example", `//button[contains(@class, "select-control")]`)))
	p.does("chooses", chromedp.Click(`//*[@role="option" and contains(., "Financials")]`))
	p.does("chooses another", chromedp.Click(`//*[@role="option" and contains(., "Security documents")]`))
	p.does("leaves the menu", chromedp.KeyEvent("\x1b"))
	p.picture("channel")
	p.presses("grace@northwind.example", "Approve")
	p.sees("Access request approved")
	for _, group := range []string{"Financials", "Security documents"} {
		p.does("looks for "+group, chromedp.WaitVisible(inMessage("grace@northwind.example", fmt.Sprintf(`//*[contains(., %q)]`, group))))
	}

	p.presses("alan@contoso.example", "Reject")
	p.sees("Reject request")
	p.does("submits an empty form", chromedp.Click(`//dialog//button[@type="submit"]`))
	p.does("reads what is missing", chromedp.WaitVisible(`//dialog//*[contains(@class, "error")]`))
	p.picture("reject")
	p.does("types a reason", chromedp.SendKeys(`//dialog//textarea`, "We do not know this company."))
	p.does("submits", chromedp.Click(`//dialog//button[@type="submit"]`))
	p.sees("Access request rejected")
	p.sees("We do not know this company.")

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
