package sandbox_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
)

func TestWhatIf(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	world := inBrowser(t)
	world.FileRequests(2)
	p := &person{t: t, browser: browser}
	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.sees("grace@northwind.example")
	p.sees("alan@contoso.example")
	p.does("opens the drawer", chromedp.Click(`//*[@id="drawer-button"]`))

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

func TestARestartInTheMiddle(t *testing.T) {
	t.Parallel()
	p := &person{t: t, browser: browsertest.New(t)}
	world := inBrowser(t)
	world.FileRequests(1)
	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.sees("grace@northwind.example")
	p.does("opens the drawer", chromedp.Click(`//*[@id="drawer-button"]`))
	p.flips("Conveyor answers 500", true)
	p.presses("grace@northwind.example", "Approve")
	p.does("sees it fail", chromedp.WaitVisible(`//tr[contains(@class, "failed") and contains(., "500")]`))
	p.does("stops Frontdesk", chromedp.Click(`//button[@id="desk-button" and .="Stop Frontdesk"]`))
	p.sees("Frontdesk is stopped.")
	p.picture("restart")
	p.flips("Conveyor answers 500", false)
	p.does("starts it again", chromedp.Click(`//button[@id="desk-button" and .="Start Frontdesk"]`))
	p.sees("Access request approved")
	require.Len(t, world.Room.Authorizations(), 1)
}
