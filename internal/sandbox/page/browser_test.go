package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// TestThePageInABrowser does what a newcomer's first minute does not: acts as
// several people, searches, makes mistakes, and works on a small screen.
func TestThePageInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	w := newWorld(t, now)
	p := &visitor{t: t, browser: browser}
	w.post(hostile())
	_, err := w.slack.PostAsUser("U2", "C1", `<b>loud</b> <script>window.hit = 1</script> <img src="x" onerror="window.hit = 1"> &lt;i&gt;`, "")
	require.NoError(t, err)
	w.room.Request(practiceconveyor.Requester{Email: "<b>@x.example", Message: new("<script>window.hit = 1</script>")})
	p.does("opens the page", chromedp.Navigate(w.front.URL+"/"))

	p.readsTextAsText()
	p.actsAsAnother(w)
	p.readsWhatOnlyOneMayRead()
	p.searchesAMenu(w)
	p.keepsWhatWasTyped(w)
	p.losesTheConnection(w)
	p.usesASmallScreen(w)
	require.Empty(t, p.reads(`String(window.hit ?? "")`), "no text of a message ran as a script")
	require.Empty(t, w.slack.Violations())
}

// hostile is ask, with everything in a text that must be drawn as something else
// or not at all. The moment is the beginning of 2026 in UTC.
func hostile() string {
	return strings.Replace(ask, "*ada@x.example* asks", `&lt;b&gt;bold&lt;/b&gt; <script>window.hit=1</script> &amp;lt; *strong* `+
		`<@U2> <!date^1767225600^{date_num} {time}|a date> <javascript:window.hit=1|press>`, 1)
}

func now() time.Time {
	return time.Now() //nolint:forbidigo // a browser runs in real time
}

func (p *visitor) readsTextAsText() {
	p.t.Helper()
	p.sees("a text", `//article[contains(., "bold")]`)
	require.Equal(p.t,
		"<b>bold</b> <script>window.hit=1</script> &lt; strong @Bob Badger 2026-01-01 1:00 AM <javascript:window.hit=1|press>",
		p.reads(`document.querySelector(".b-section .text").textContent`))
	require.Equal(p.t, `<b>loud</b> <script>window.hit = 1</script> <img src="x" onerror="window.hit = 1"> <i>`,
		p.reads(`[...document.querySelectorAll(".message > article > .text")].at(-1).textContent`))
	require.Equal(p.t, "0", p.reads(`String(document.querySelectorAll("b, i, body script, img[onerror], a").length)`), "nothing of it is markup")
	require.Equal(p.t, "strong", p.reads(`document.querySelector(".b-section strong").textContent`))
	require.Equal(p.t, "@Bob Badger", p.reads(`document.querySelector(".b-section .mention").textContent`))
	require.Equal(p.t, "<b>@x.example", p.reads(`document.querySelector(".request-email").textContent`))
}

func (p *visitor) actsAsAnother(w *world) {
	p.t.Helper()
	p.actsAs("Bob Badger")
	p.sees("the time where Bob is", `//time[contains(., "7:00") and contains(., "2025-12-31")]`)
	require.Equal(p.t, w.front.URL+"/?as=U2&channel=C1", p.reads(`location.href`))
	p.does("reloads", chromedp.Reload())
	p.sees("Bob again", person("Bob Badger", true))
	p.presses("the other channel", `//button[contains(., "quiet")]`)
	p.sees("that it is empty", `//p[@id="nothing"]`)
	require.Equal(p.t, w.front.URL+"/?as=U2&channel=C2", p.reads(`location.href`))
	p.actsAs("Alice Ant")
	p.sees("the channel that Alice is in", `//h1[contains(., "access")]`)
}

func (p *visitor) readsWhatOnlyOneMayRead() {
	p.t.Helper()
	p.presses("Whisper", `//button[.="Whisper"]`)
	mine := fmt.Sprintf(`//li[contains(@class, "ephemeral") and contains(., %q) and contains(., "Only visible to you")]`, whispered)
	p.sees("an answer for Alice", mine)
	p.actsAs("Gus Guest")
	p.does("sees nothing of it", chromedp.WaitNotPresent(mine))
	require.NotContains(p.t, p.reads(`document.body.textContent`), whispered)
	p.actsAs("Alice Ant")
	p.sees("it again", mine)
}

func (p *visitor) searchesAMenu(w *world) {
	p.t.Helper()
	p.presses("the external menu", `//button[contains(., "Find teams")]`)
	hint := `//*[contains(@class, "menu-status") and .="Type at least 2 characters."]`
	p.sees("what to do", hint)
	_, err := w.slack.PostAsUser("U2", "C1", "something happens meanwhile", "")
	require.NoError(p.t, err)
	p.sees("the news", `//article[contains(., "something happens meanwhile")]`)
	p.sees("still what to do", hint)
	p.does("types", chromedp.SendKeys(`.menu-field`, "secur"))
	p.presses("what was found", `//*[@role="option" and contains(., "Team secur")]`)
	p.sees("the choice", `//article//ul[contains(@class, "chips")]/li[contains(., "Team secur")]`)
	p.does("leaves the menu", chromedp.KeyEvent("\x1b"))
	p.does("waits until it is gone", chromedp.WaitNotPresent(`.menu`))
	chosen, sent := w.app.last("block_actions")
	require.True(p.t, sent)
	require.Equal(p.t, []option{{Value: "t-secur"}}, chosen.Actions[0].SelectedOptions)
	p.presses("the cross", `//button[@aria-label="Remove Team secur"]`)
	p.does("waits until it is gone", chromedp.WaitNotPresent(`//button[@aria-label="Remove Team secur"]`))
}

func (p *visitor) keepsWhatWasTyped(w *world) {
	p.t.Helper()
	w.app.replies(`{"response_action":"errors","errors":{"reason":"Say <b>more</b>."}}`)
	p.presses("Decide", `//button[.="Decide"]`)
	p.does("types a reason", chromedp.SendKeys(`//dialog//textarea`, "Too short"))
	p.does("types a date", chromedp.SendKeys(`//dialog//input[@type="date"]`, "03152027"))
	p.presses("the checkbox", `//dialog//label[contains(., "Bypass")]//input`)
	p.presses("Send", `//dialog//button[@type="submit"]`)
	p.sees("what is wrong", `//dialog//p[contains(@class, "error") and .="Say <b>more</b>."]`)
	require.Equal(p.t, "Too short|2027-03-15|true", p.reads(`[document.querySelector("dialog textarea").value,
		document.querySelector("dialog [type=date]").value, document.querySelector("dialog [type=checkbox]").checked].join("|")`))
	browsertest.ExpectKeyboard(p.browser, p.t, "tagName", "TEXTAREA", "the first mistake has the keyboard")

	w.app.replies("")
	p.does("types more", chromedp.SendKeys(`//dialog//textarea`, ", longer"))
	p.presses("Send", `//dialog//button[@type="submit"]`)
	p.does("waits until it is closed", chromedp.WaitNotPresent(`dialog[open]`))
	sent, ok := w.app.last("view_submission")
	require.True(p.t, ok)
	values := sent.View.State.Values
	require.Equal(p.t, "Too short, longer", values["reason"]["text"].Value)
	require.Equal(p.t, "2027-03-15", values["until"]["date"].SelectedDate)
	require.Equal(p.t, []option{{Value: "yes"}}, values["nda"]["box"].SelectedOptions)
}

// losesTheConnection breaks the stream of events while things go on, also for
// somebody who reads older messages.
func (p *visitor) losesTheConnection(w *world) {
	p.t.Helper()
	for i := range 60 {
		_, err := w.slack.PostAsUser("U2", "C1", fmt.Sprintf("line %d", i), "")
		require.NoError(p.t, err)
	}
	p.sees("the newest", `//article[contains(., "line 59")]`)
	p.reads(`(document.getElementById("scroller").scrollTop = 0, "")`)
	p.sees("an older one", `//article[contains(., "line 20")]`)
	p.sees("the way back", `//*[@id="to-newest"]`)
	w.front.CloseClientConnections()
	_, err := w.slack.PostAsUser("U2", "C1", "said meanwhile", "")
	require.NoError(p.t, err)
	p.sees("that it is connected again", `//*[@id="connection" and .=""]`)
	p.presses("the way back", `//*[@id="to-newest"]`)
	p.sees("what was said meanwhile", `//article[contains(., "said meanwhile")]`)
	w.front.CloseClientConnections()
	_, err = w.slack.PostAsUser("U2", "C1", "and once more", "")
	require.NoError(p.t, err)
	p.sees("what was said then", `//article[contains(., "and once more")]`)
	require.Equal(p.t, "1", p.reads(`String([...document.querySelectorAll("article")].filter((a) => a.textContent.includes("said meanwhile")).length)`))
}

func (p *visitor) usesASmallScreen(w *world) {
	p.t.Helper()
	long := strings.Repeat("W", 300)
	w.room.AddGroup(long)
	w.room.Request(practiceconveyor.Requester{Email: long + "@x.example", Message: &long})
	_, err := w.slack.PostAsUser("U2", "C1", long+" `"+long+"` ```"+long+"```", "")
	require.NoError(p.t, err)
	w.post(strings.ReplaceAll(ask, "*ada@x.example* asks", "*"+long+"* https://x.example/"+long))

	p.does("takes a small screen", chromedp.EmulateViewport(380, 480))
	p.fits("channel")
	p.presses("the wire", `//*[@id="drawer-button"]`)
	p.sees("a line of it", `//tbody[@id="wire"]/tr`)
	p.fits("wire")
	w.desk.set(false)
	for _, name := range []string{"Conveyor refuses", "Slack limits updates", "Conveyor is slow"} {
		p.presses(name, fmt.Sprintf(`//button[@role="switch" and @aria-checked="false" and contains(., %q)]`, name))
		p.sees("that it is on", fmt.Sprintf(`//button[@role="switch" and @aria-checked="true" and contains(., %q)]`, name))
	}
	p.sees("that Frontdesk is stopped", `//*[@id="troubles"]//strong[.="Frontdesk is stopped."]`)
	p.fits("what if")
	p.presses("start", `//*[@id="troubles"]//button[.="Start it"]`)
	for _, name := range []string{"Conveyor refuses Alice Ant", "Slack limits updates", "Conveyor is slow"} {
		p.does("ends "+name, chromedp.Focus(fmt.Sprintf(`//*[@id="troubles"]//button[@aria-label="%s: switch it off"]`, name)))
		p.does("presses Enter", chromedp.KeyEvent("\r"))
		p.sees("that it is off", fmt.Sprintf(`//button[@role="switch" and @aria-checked="false" and contains(., %q)]`, name))
		browsertest.ExpectKeyboard(p.browser, p.t, "id", "drawer-button", "the keyboard goes on beside it")
	}
	p.does("sees that nothing is wrong", chromedp.WaitNotVisible(`//*[@id="troubles"]`))
	require.Empty(p.t, w.on("U1"))
	require.True(p.t, w.desk.FrontdeskRunning())
	p.presses("the wire again", `//*[@id="drawer-button"]`)
	p.presses("the other part", `//nav//button[contains(., "Customer")]`)
	p.presses("the groups", `//*[@id="tab-groups"]`)
	p.sees("the group", `//ul[@id="groups"]/li[contains(., "WWW")]`)
	p.fits("room")
	p.presses("the channel", `//nav//button[contains(., "Channel")]`)
	p.presses("a menu", `(//button[contains(., "Choose groups")])[last()]`)
	p.sees("an option", `//*[@role="option"]`)
	p.fits("menu")
	p.does("leaves the menu", chromedp.KeyEvent("\x1b"))

	p.presses("Decide", `(//button[.="Decide"])[last()]`)
	p.sees("the form", `//dialog//textarea`)
	p.fits("modal")
	p.does("takes a smaller one", chromedp.EmulateViewport(380, 340))
	scrolled := p.reads(`((body) => { body.scrollTop = 9999; return String(body.scrollTop); })(document.querySelector(".modal-body"))`)
	require.NotEqual(p.t, "0", scrolled)
	p.presses("the checkbox", `//dialog//label[contains(., "Bypass")]//input`)
	p.sees("that it is checked", `dialog [type=checkbox]:checked`)
	require.Equal(p.t, scrolled, p.reads(`String(document.querySelector(".modal-body").scrollTop)`), "what was scrolled to stays in sight")
	p.presses("Back", `//dialog//button[.="Back"]`)
	p.does("waits until it is closed", chromedp.WaitNotPresent(`dialog[open]`))
}

// visitor is somebody in front of the page.
type visitor struct {
	t       *testing.T
	browser context.Context //nolint:containedctx // chromedp's browser is a context
}

func (p *visitor) does(what string, step chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.browser, 20*time.Second)
	defer cancel()
	err := chromedp.Do(ctx, step)
	for err != nil && strings.Contains(err.Error(), "Could not find node") && ctx.Err() == nil {
		err = chromedp.Do(ctx, step) // the page drew itself anew in between
	}
	if err != nil {
		p.picture("stuck-page")
		p.t.Fatalf("a person who %s: %v; the page reads:\n%s", what, err, p.reads(`document.body.innerText`))
	}
}

func (p *visitor) sees(what, where string) {
	p.t.Helper()
	p.does("looks for "+what, chromedp.WaitVisible(where))
}

func (p *visitor) presses(what, where string) {
	p.t.Helper()
	p.does("presses "+what, chromedp.Click(where))
}

func (p *visitor) actsAs(name string) {
	p.t.Helper()
	p.presses(name, person(name, false))
	p.sees("that it is "+name, person(name, true))
}

func person(name string, pressed bool) string {
	return fmt.Sprintf(`//*[@id="people"]/button[contains(., %q) and @aria-pressed="%t"]`, name, pressed)
}

// reads evaluates an expression that gives a string. Narrow spaces are spaces.
func (p *visitor) reads(expression string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.browser, chromedp.Evaluate[string](expression))
	require.NoError(p.t, err)
	return strings.ReplaceAll(text, "\u202f", " ")
}

// fits checks that nothing has to be scrolled sideways.
func (p *visitor) fits(what string) {
	p.t.Helper()
	var size struct{ Client, Scroll int }
	raw := p.reads(`JSON.stringify({client: document.documentElement.clientWidth, scroll: document.documentElement.scrollWidth})`)
	require.NoError(p.t, json.Unmarshal([]byte(raw), &size))
	require.Equal(p.t, 380, size.Client, what)
	require.LessOrEqual(p.t, size.Scroll, size.Client, what)
	require.Empty(p.t, p.reads(`[...document.querySelectorAll(".scroller, .side, .modal-body, .menu-list, .wire-scroller, .drawer-body")]
		.filter((e) => e.offsetParent !== null && e.scrollWidth > e.clientWidth).map((e) => e.className).join()`), what)
}

// picture leaves a screenshot for people to look at.
func (p *visitor) picture(name string) {
	p.t.Helper()
	shot, err := chromedp.Run(p.browser, chromedp.CaptureScreenshot())
	require.NoError(p.t, err)
	browsertest.Keep(p.t, name+".png", shot)
}

const (
	// patience is how long something may take that the page does not show.
	patience = 20 * time.Second
	step     = 10 * time.Millisecond
)
