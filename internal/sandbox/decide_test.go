package sandbox_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestTwoPeopleDecideAtOnce(t *testing.T) {
	t.Parallel()
	ada := &person{t: t, browser: browsertest.New(t)}
	world := inBrowser(t)
	world.FileRequests(1)
	ben := &person{t: t, browser: browsertest.Another(t)}
	for p, id := range map[*person]string{ada: sandbox.Ada, ben: sandbox.Ben} {
		p.does("opens the page", chromedp.Navigate(world.Page()+"?as="+id))
		p.sees("grace@northwind.example")
	}
	const approve = `[...document.querySelectorAll("article button")].find((b) => b.textContent === "Approve").click()`
	var both sync.WaitGroup
	for _, p := range []*person{ada, ben} {
		both.Go(func() { assert.NoError(t, chromedp.Do(p.browser, chromedp.Evaluate[chromedp.Void](approve))) })
	}
	both.Wait()
	told := `//li[contains(@class, "ephemeral")]`
	for _, p := range []*person{ada, ben} {
		p.sees("Access request approved")
	}
	var late *person
	require.Eventually(t, func() bool {
		for _, p := range []*person{ada, ben} {
			if n, err := chromedp.Run(p.browser, chromedp.Evaluate[int](`document.querySelectorAll(".ephemeral").length`)); err == nil && n > 0 {
				late = p
			}
		}
		return late != nil
	}, 20*time.Second, 20*time.Millisecond)
	late.does("reads who was first", chromedp.WaitVisible(told+`//article[contains(., "Only visible to you")]`))
	late.picture("second")
	require.Len(t, world.Room.Authorizations(), 1)
	late.does("dismisses it", chromedp.Click(told+`//button[.="Dismiss"]`))
	late.does("sees it go", chromedp.WaitNotPresent(told))
}

func TestWhatIsDecidedInConveyor(t *testing.T) {
	t.Parallel()
	p := &person{t: t, browser: browsertest.New(t)}
	world := inBrowser(t)
	world.FileRequests(2)
	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.sees("grace@northwind.example")
	p.sees("alan@contoso.example")
	row := func(email string) string { return fmt.Sprintf(`//li[@class="request" and contains(., %q)]`, email) }
	p.does("looks at the groups", chromedp.Click(row("grace@northwind.example")+`//summary`))
	p.does("chooses one", chromedp.Click(row("grace@northwind.example")+`//label[contains(., "Financials")]/input`))
	p.does("approves there", chromedp.Click(row("grace@northwind.example")+`//button[.="Approve here"]`))
	p.does("ignores the other", chromedp.Click(row("alan@contoso.example")+`//button[.="Ignore here"]`))
	for _, email := range []string{"grace@northwind.example", "alan@contoso.example"} {
		p.does("reads it in the channel", chromedp.WaitVisible(inMessage(email, `//*[contains(., "handled in Conveyor")]`)))
	}
	p.does("looks who has access", chromedp.Click(`//*[@id="tab-people"]`))
	p.does("sees Grace, and what she may read", chromedp.WaitVisible(`//ul[@id="access"]/li[contains(., "grace@northwind.example") and contains(., "Financials")]`))
	p.picture("conveyor")
}

func TestAppHomeAndCommandsOfFrontdesk(t *testing.T) {
	t.Parallel()
	p := &person{t: t, browser: browsertest.New(t)}
	world := inBrowser(t)
	p.does("opens the page", chromedp.Navigate(world.Page()))
	p.does("opens App Home", chromedp.Click(`//ul[@id="apps"]//button`))
	p.does("reads what there is", chromedp.WaitVisible(`//main[@id="home"]//h1[contains(., "Home of Ada Reviewer")]`))
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(world.Slack.Deliveries(), func(d practiceslack.Delivery) bool { return d.Kind == "event" && d.Status == 200 })
	}, 10*time.Second, 10*time.Millisecond, "Frontdesk was told, and took it")
	p.does("goes back", chromedp.Click(`//ul[@id="channels"]//button`))
	p.does("says hello", chromedp.SendKeys(`#composer`, "Hello, I look at these today."))
	p.does("sends it", chromedp.Click(`//button[@aria-label="Send"]`))
	p.sees("Hello, I look at these today.")
	p.does("tries a command", chromedp.SendKeys(`#composer`, "/frontdesk"))
	p.does("sends it", chromedp.Click(`//button[@aria-label="Send"]`))
	p.sees("/frontdesk is not a valid command.")
}
