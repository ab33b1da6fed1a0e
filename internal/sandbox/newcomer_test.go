package sandbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
)

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
	p.does("looks at the wire", chromedp.Click(`//*[@id="drawer-button"]`))
	p.hasDone(3)
	p.picture("wire")
	p.does("leaves the wire", chromedp.Click(`//*[@id="drawer-button"]`))

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

func TestHintsAreDismissed(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	world := newSandbox(t)
	t.Cleanup(func() { require.NoError(t, world.Close(context.WithoutCancel(t.Context()))) })
	p := &person{t: t, browser: browser}
	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.hasDone(0)
	p.does("reaches the cross", chromedp.Focus(`#hints-dismiss`))
	p.does("presses Enter", chromedp.KeyEvent("\r"))
	p.does("has room", chromedp.WaitNotPresent(`#hints`))
	browsertest.ExpectKeyboard(browser, t, "id", "hints-show", "the keyboard is not lost")
	p.does("reloads", chromedp.Reload())
	p.does("finds the way back", chromedp.WaitVisible(`#hints-show`))
	p.does("sees no hints", chromedp.WaitNotPresent(`#hints`))
	p.does("reaches the way back", chromedp.Focus(`#hints-show`))
	p.does("presses Enter", chromedp.KeyEvent("\r"))
	p.hasDone(0)
	browsertest.ExpectKeyboard(browser, t, "id", "hints-dismiss", "the keyboard is where the hints are")
}
