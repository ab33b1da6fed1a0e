package page_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// TestTheGallery draws everything that Block Kit has, uses it with mouse and
// keyboard, and lets axe look at each view, by day and by night.
func TestTheGallery(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	w := newWorld(t, now)
	w.slack.AddCommand(practiceslack.Command{Name: "/requests", Description: "Shows what is open", Hint: "[open | mine]"})
	w.slack.AddCommand(practiceslack.Command{Name: "/remind", Description: "Reminds you later"})
	p := &visitor{t: t, browser: browser}
	w.room.AddGroup("Financials")
	w.room.Request(practiceconveyor.Requester{Email: "ada@x.example"})
	ts := w.post(string(testdata("gallery.json")))
	p.does("takes a large screen", chromedp.EmulateViewport(1360, 1500))
	p.does("opens the page", chromedp.Navigate(w.front.URL+"/"))

	p.readsTheGallery()
	p.looksAt("gallery")
	p.usesTheGallery(w, ts)
	p.readsAThread(w, ts)
	p.writes(w)
	p.stacksForms(w)
	p.opensHome(w)
	p.readsTheWire(w)
	require.Empty(t, w.slack.Violations())
}

// looksAt lets axe look by day, by night and on a small screen, and keeps pictures.
func (p *visitor) looksAt(what string) {
	p.t.Helper()
	for _, size := range [][2]int64{{1360, 1500}, {380, 760}} {
		p.does("takes a screen", chromedp.EmulateViewport(size[0], size[1]))
		for name, dark := range map[string]bool{"light": false, "dark": true} {
			browsertest.Dark(p.browser, p.t, dark)
			view := fmt.Sprintf("%s-%s-%d", what, name, size[0])
			browsertest.ExpectAccessible(p.browser, p.t, view)
			p.picture(view)
		}
		require.Contains(p.t, p.reads(`document.body.innerText`), "not Slack", "every view says what it is")
	}
	browsertest.Dark(p.browser, p.t, false)
	p.does("takes the large screen", chromedp.EmulateViewport(1360, 1500))
}

func (p *visitor) readsTheGallery() {
	p.t.Helper()
	p.sees("the message", `//article[contains(., "A gallery of blocks 🐸")]`)
	for what, want := range map[string]string{
		`.b-section .text`: "bold italic struck code 👋 👍🏼 @Bob Badger #access @here" + "a quote with a link" + "preformatted *text*" +
			"Jan 1, 2026 at 1:00 AM <not markup>",
		`.rich`: "Rich bold and all 🚀 @Alice Ant #access @here a link Thursday, January 1st, 2026 1:00 AM" +
			"firstsecondnestedA rich quotelet x = 1 < 2",
		`.markdown`:               "Markdown" + "With bold, code, a link and <b>no markup</b>." + "onetwo" + "☑ done☐ open" + "NameCounta1" + "code block",
		`.b-fields > :last-child`: "Plain 🎉 *text*",
	} {
		require.Equal(p.t, want, p.reads(fmt.Sprintf(`document.querySelector(%q).textContent`, what)), what)
	}
	for _, selector := range []string{
		".rich strong > em, .rich em > strong, .rich code", ".rich ol > li + li", ".rich ul.indent-1", ".rich blockquote", ".rich pre",
		`.markdown a[href="https://example.com"]`, ".markdown ol > li + li", ".markdown td", `.markdown [role=heading][aria-level="5"]`,
		`[role=img][aria-label="The floor plan"]`, `.b-context [role=img][aria-label="Logo"]`, ".button.primary", ".button.danger",
		`a[href="https://example.com/a?b=1"][rel="noopener noreferrer"]`,
	} {
		require.Equal(p.t, "true", p.reads(fmt.Sprintf(`String(document.querySelector(%q) !== null)`, "article "+selector)), selector)
	}
}

func (p *visitor) usesTheGallery(w *world, ts string) {
	p.t.Helper()
	enter := func() { browsertest.PressEnter(p.browser, p.t) }
	last := func() string {
		sent, ok := w.app.last("block_actions")
		require.True(p.t, ok)
		return sent.Actions[0].ActionID + " " + sent.Actions[0].SelectedOption.Value
	}
	p.does("reaches the menu", chromedp.Focus(`button[aria-label="Pick a fruit"]`))
	enter()
	p.sees("groups", `//*[@role="listbox"]//*[@role="group"]/span[.="Berries"]`)
	p.does("types", chromedp.SendKeys(`.menu-field`, "r"))
	p.sees("what fits", `//*[@role="option" and contains(., "Not a berry")]`)
	browsertest.ExpectAccessible(p.browser, p.t, "an open menu")
	p.picture("menu")
	enter()
	p.sees("the choice", `//button[@aria-label="Pick a fruit, chosen: Strawberry"]`)
	browsertest.ExpectKeyboard(p.browser, p.t, "ariaLabel", "Pick a fruit, chosen: Strawberry", "the menu is closed")
	p.eventually("the app was told", func() bool { return last() == "grouped straw" })

	p.does("reaches the overflow", chromedp.Focus(`article .overflow`))
	enter()
	p.sees("its entry", `//*[@role="menu"]/*[@role="menuitem" and .="Open the form"]`)
	p.does("leaves it", chromedp.KeyEvent(kb.Escape))
	p.does("waits until it is gone", chromedp.WaitNotPresent(`.menu`))
	browsertest.ExpectKeyboard(p.browser, p.t, "ariaLabel", "More actions", "Escape was pressed")
	enter()
	p.sees("its entry", `//*[@role="menuitem"]`)
	enter()
	p.eventually("the app was told", func() bool { return last() == "more form" })

	p.presses("Delete it", `//button[.="Delete it"]`)
	p.sees("the question", `//dialog[@role="alertdialog"]//*[.="It cannot be undone."]`)
	browsertest.ExpectAccessible(p.browser, p.t, "a question")
	p.presses("No", `//dialog//button[.="No"]`)
	p.does("waits until it is gone", chromedp.WaitNotPresent(`dialog[open]`))
	browsertest.ExpectKeyboard(p.browser, p.t, "textContent", "Delete it", "the question is answered")
	require.Equal(p.t, "more form", last(), "nothing was sent")
	p.presses("Delete it", `//button[.="Delete it"]`)
	p.presses("Yes", `//dialog//button[.="Yes, delete"]`)
	p.eventually("the app was told", func() bool { return last() == "danger " })

	p.presses("a checkbox", `//label[contains(., "The first")]/input`)
	p.presses("a radio button", `//label[.="Right"]/input`)
	p.presses("people", `//button[@aria-label="Pick a person"]`)
	p.does("sees nobody who is gone", chromedp.WaitNotPresent(`//*[@role="option" and contains(., "Gone Gnu")]`))
	p.presses("a person", `//*[@role="option" and contains(., "Bob Badger")]`)
	p.eventually("all of it is known", func() bool {
		s := string(w.slack.StateOf("U1", practiceslack.InMessage("C1", ts)))
		var state map[string]map[string]struct {
			SelectedUser    string   `json:"selected_user"`
			SelectedOption  option   `json:"selected_option"`
			SelectedOptions []option `json:"selected_options"`
		}
		return json.Unmarshal([]byte(s), &state) == nil && state["act"]["who"].SelectedUser == "U2" &&
			state["radios"]["radio"].SelectedOption.Value == "r" && len(state["boxes"]["boxes"].SelectedOptions) == 1
	})
}

func (p *visitor) readsAThread(w *world, ts string) {
	p.t.Helper()
	_, err := w.slack.PostAsUser("U2", "C1", "I look at it :eyes:", ts)
	require.NoError(p.t, err)
	p.presses("the replies", `//button[.="1 reply"]`)
	p.sees("the reply", `//aside[@id="thread"]//article[contains(., "I look at it 👀")]`)
	p.enters(`#reply`, "Thank you @bob <3")
	p.sees("the answer", `//aside[@id="thread"]//article[contains(., "Thank you @Bob Badger <3")]`)
	p.sees("the count", `//button[.="2 replies"]`)
	w.api("chat.postMessage", map[string]any{"channel": "C1", "text": "draft", "thread_ts": ts})
	p.sees("the app’s answer", `//aside[@id="thread"]//article[contains(., "draft")]`)
	p.looksAt("thread")
	p.does("leaves the thread", chromedp.KeyEvent(kb.Escape))
	p.does("waits until it is gone", chromedp.WaitNotPresent(`#thread`))
}

func (p *visitor) writes(w *world) {
	p.t.Helper()
	p.does("begins a command", chromedp.SendKeys(`#composer`, "/re"))
	p.sees("two of them", `//*[@role="listbox" and @aria-label="Commands"]/*[2]`)
	browsertest.ExpectAccessible(p.browser, p.t, "commands")
	p.picture("commands")
	p.does("chooses the first", chromedp.KeyEvent(kb.Tab))
	p.enters(`#composer`, "open")
	p.sees("the answer", `//li[contains(@class, "ephemeral")]//article[contains(., "U1 says /requests open")]`)
	p.presses("Dismiss", `//li[contains(@class, "ephemeral")]//button[.="Dismiss"]`)
	p.does("waits until it is gone", chromedp.WaitNotPresent(`.message.ephemeral`))
	p.enters(`#composer`, "/nothing")
	p.sees("what is wrong", `//*[@role="alert" and contains(., "/nothing is not a valid command.")]`)
	p.does("begins anew", chromedp.SendKeys(`#composer`, strings.Repeat(kb.Backspace, len("/nothing"))))
	p.enters(`#composer`, "Hello *all*")
	p.sees("it", `//article[contains(., "Hello all")]//strong[.="all"]`)
	ts := w.api("chat.postMessage", map[string]any{"channel": "C1", "text": "before"})
	p.sees("a message", `//article[contains(., "before")]`)
	w.api("chat.update", map[string]any{"channel": "C1", "ts": ts, "text": "after"})
	p.sees("that it was edited", `//article[contains(., "after") and contains(., "(edited)")]`)
	w.api("chat.delete", map[string]any{"channel": "C1", "ts": ts})
	p.does("sees it go", chromedp.WaitNotPresent(`//article[contains(., "(edited)")]`))
}

func (p *visitor) stacksForms(w *world) {
	p.t.Helper()
	p.presses("the forms", `//button[.="Open the forms"]`)
	p.sees("the first", `//dialog//h2[.="Form 1"]`)
	p.does("types too much", chromedp.SendKeys(`//dialog//label[contains(., "One line")]/following-sibling::input`, "twelve chars"))
	p.sees("how much", `//dialog//*[contains(@class, "counter") and contains(@class, "over")]`)
	p.presses("Next", `//dialog//button[.="Next"]`)
	p.sees("what is wrong", `//dialog//*[contains(@class, "error") and contains(., "no more than 10")]`)
	p.looksAt("form")
	for n := 2; n <= 3; n++ {
		p.presses("One deeper", `//dialog//button[.="One deeper"]`)
		p.sees("the next", fmt.Sprintf(`//dialog//h2[.="Form %d"]`, n))
	}
	browsertest.ExpectAccessible(p.browser, p.t, "three forms")
	p.picture("three-forms")
	p.presses("a menu", `//dialog//button[contains(@aria-label, "One of a list")]`)
	p.presses("an option", `//dialog//*[@role="option" and contains(., "Green")]`)
	p.sees("the choice", `//dialog//button[contains(@aria-label, "chosen: Green")]`)
	p.presses("Back", `//dialog//button[.="Back"]`)
	p.sees("the second", `//dialog//h2[.="Form 2"]`)
	p.does("presses Escape", chromedp.KeyEvent(kb.Escape))
	p.sees("the first", `//dialog//h2[.="Form 1"]`)
	require.Equal(p.t, "twelve chars", p.reads(`document.querySelector("dialog input").value`), "what was typed is there still")
	p.fillsIn(w)
	p.does("waits until it is closed", chromedp.WaitNotPresent(`dialog[open]`))
	browsertest.ExpectKeyboard(p.browser, p.t, "textContent", "Open the forms", "the last form is closed")
	require.Empty(p.t, w.slack.User("U1").Views())
}

// fillsIn fills in what the form has for moments and numbers, and submits.
func (p *visitor) fillsIn(w *world) {
	p.t.Helper()
	field := func(label string) string {
		return fmt.Sprintf(`//dialog//label[starts-with(., %q)]/following-sibling::input`, label)
	}
	for label, keys := range map[string]string{
		"One line": strings.Repeat(kb.Backspace, 3), "Time": "0230PM", "Moment": "01022027\t0530AM", "Number": "2.5", "E-mail": "a@x.example",
		"Address": "https://x.example/",
	} {
		p.does("fills in "+label, chromedp.SendKeys(field(label), keys))
	}
	p.presses("Next", `//dialog//button[.="Next"]`)
	p.does("waits until it is sent", chromedp.WaitNotPresent(`dialog[open]`))
	sent, ok := w.app.last("view_submission")
	require.True(p.t, ok)
	values := sent.View.State.Values
	require.Equal(p.t, []any{"twelve ch", "14:30", int64(1798864200), "2.5", "a@x.example", "https://x.example/"}, []any{
		values["line"]["text"].Value, values["time"]["pick"].SelectedTime, values["moment"]["pick"].SelectedMoment,
		values["number"]["text"].Value, values["email"]["text"].Value, values["url"]["text"].Value,
	}, "the moment is where Alice is, in Berlin")
}

func (p *visitor) opensHome(w *world) {
	p.t.Helper()
	w.app.failAtEvents(true)
	p.presses("Home", `//ul[@id="apps"]//button`)
	p.sees("that the app failed", `//*[@role="alert" and contains(., "500")]`)
	p.sees("that there is nothing", `//*[@id="no-home"]`)
	w.app.failAtEvents(false)
	p.presses("open anew", `//button[.="Open it anew"]`)
	p.sees("the Home tab", `//main//*[contains(., "Three requests wait for you.")]`)
	p.looksAt("home")
	p.does("takes a note", chromedp.SendKeys(`main input`, "remember"))
	p.presses("Look", `//main//button[.="Look"]`)
	p.eventually("the note came along", func() bool {
		sent, ok := w.app.last("block_actions")
		return ok && sent.Actions[0].ActionID == "look" && sent.View.State.Values["note"]["text"].Value == "remember"
	})
	p.actsAs("Bob Badger")
	p.sees("Bob’s own", `//h1[contains(., "Home of Bob Badger")]`)
	p.eventually("it was published for Bob", func() bool { _, ok := w.slack.User("U2").Home(); return ok })
	p.actsAs("Alice Ant")
	p.presses("the channel", `//ul[@id="channels"]//button[contains(., "access")]`)
}

func (p *visitor) readsTheWire(w *world) {
	p.t.Helper()
	p.presses("the wire", `//*[@id="drawer-button"]`)
	p.presses("a call", `(//tbody[@id="wire"]//button[contains(., "views.publish")])[1]`)
	p.sees("what was sent", `//tr[@class="exchange"]//pre[contains(., "Your desk")]`)
	p.sees("what was answered", `//tr[@class="exchange"]//pre[contains(., '"ok": true')]`)
	p.sees("a signature", `//tr[contains(., "block_actions")]//*[.="✓ valid"]`)
	p.looksAt("wire")
	p.presses("Failed only", `//*[@id="wire-failures"]`)
	p.does("sees no other", chromedp.WaitNotPresent(`//tbody[@id="wire"]/tr[not(@class)]`))
	p.presses("all", `//*[@id="wire-failures"]`)
	p.presses("Pause", `//*[@id="wire-pause"]`)
	w.api("chat.postMessage", map[string]any{"channel": "C1", "text": "while paused"})
	p.sees("that there is news", `//*[@id="wire-pause" and contains(., "1 new")]`)
	p.does("filters", chromedp.SendKeys(`#wire-filter`, "postMessage"))
	p.does("sees one kind", chromedp.WaitNotPresent(`//tbody[@id="wire"]/tr[not(contains(., "chat.postMessage"))]`))
	for _, secret := range []string{w.slack.BotToken(), w.slack.SigningSecret(), w.room.Key()} {
		require.NotContains(p.t, p.reads(`document.documentElement.outerHTML`), secret)
	}
}

// enters types a text and presses Enter.
func (p *visitor) enters(where, text string) {
	p.t.Helper()
	p.does("types "+text, chromedp.SendKeys(where, text))
	browsertest.PressEnter(p.browser, p.t)
}

// eventually waits for something that the page does not show.
func (p *visitor) eventually(what string, is func() bool) {
	p.t.Helper()
	require.Eventually(p.t, is, patience, step, what)
}
