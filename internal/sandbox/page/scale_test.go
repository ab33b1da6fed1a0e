package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/browsertest"
)

// many is how many messages the channel has, each with a menu.
const many = 5000

// stall is what nobody would put up with. What is shorter is reported only: a
// machine that has ten times as much to do as it can makes 100 ms a second, and
// to draw all messages at once would take many seconds even where it is idle.
const stall = 3 * time.Second

// measure watches the page: how long it was busy at once, and how old an update
// was when it was shown. A message says when it was sent: "sent 1767225600000".
const measure = `(() => {
  const m = window.measured = { task: 0, frame: 0, shown: [], seen: new Set() };
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { m.task = Math.max(m.task, e.duration); })).observe({ type: "longtask" });
  let last = performance.now();
  const beat = (now) => { m.frame = Math.max(m.frame, now - last); last = now; requestAnimationFrame(beat); };
  requestAnimationFrame(beat);
  const note = (node) => { if (node.dataset?.ts) m.seen.add(node.dataset.ts); };
  document.querySelectorAll("#messages > li").forEach(note);
  new MutationObserver((all) => {
    const now = Date.now();
    for (const one of all) {
      if (one.type === "childList") one.addedNodes.forEach(note);
      const sent = one.type === "characterData" && /^sent (\d+)$/.exec(one.target.data);
      if (sent) m.shown.push(now - Number(sent[1]));
    }
  }).observe(document.getElementById("messages"), { childList: true, characterData: true, subtree: true });
  return "";
})()`

// scroll goes from the newest message to the oldest, a page each frame.
const scroll = `new Promise((done) => {
  const box = document.getElementById("scroller");
  const step = () => {
    if (box.scrollTop === 0 && !document.getElementById("earlier")) return done(String(window.measured.seen.size));
    box.scrollTop -= 1200;
    requestAnimationFrame(step);
  };
  step();
})`

// report is what the test leaves for people to look at. Times are in milliseconds.
type report struct {
	Messages     int     `json:"messages"`
	Opened       int64   `json:"opened"`
	Scrolled     int64   `json:"scrolled"`
	LongestTask  float64 `json:"longest_task"`
	LongestFrame float64 `json:"longest_frame"`
	Updates      int     `json:"updates_shown"`
	Median       int     `json:"update_to_shown_median"`
	Slowest      int     `json:"update_to_shown_slowest"`
}

// TestManyMessagesDoNotStall scrolls through a large channel while its messages
// change.
func TestManyMessagesDoNotStall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, now)
	all := make([]string, 0, many)
	for range many {
		all = append(all, w.post(ask))
	}
	browser := browsertest.New(t)
	p := &visitor{t: t, browser: browser}
	out := report{Messages: many}
	began := now()
	p.does("opens the page", chromedp.Navigate(w.front.URL+"/"))
	p.sees("the newest message", fmt.Sprintf(`//li[@data-ts=%q]`, all[many-1]))
	out.Opened = now().Sub(began).Milliseconds()
	p.reads(measure)

	ctx, stop := context.WithCancel(t.Context())
	var updates sync.WaitGroup
	updates.Go(func() { w.updates(ctx, all) })
	began = now()
	seen, err := chromedp.Run(browser, chromedp.Evaluate[string](scroll, chromedp.EvalAwaitPromise))
	out.Scrolled = now().Sub(began).Milliseconds()
	stop()
	updates.Wait()
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(many), seen, "every message was on the page")
	require.Less(t, p.count(`document.querySelectorAll("#messages > li").length`), 250, "and few at a time")

	p.presses("to the newest", `//*[@id="to-newest"]`)
	p.sees("the newest message", fmt.Sprintf(`//li[@data-ts=%q]`, all[many-1]))
	before := p.count(`window.measured.shown.length`)
	for i := range 20 {
		w.update(all[many-1])
		p.eventually("it is shown", func() bool { return p.count(`window.measured.shown.length`) > before+i })
	}
	out.read(p)
	raw, err := json.MarshalIndent(out, "", "  ")
	require.NoError(t, err)
	browsertest.Keep(t, "page-5000.json", append(raw, '\n'))
	t.Logf("%s", raw)
	require.Less(t, out.LongestTask, float64(stall.Milliseconds()), "the page was busy for too long")
	require.Less(t, out.Slowest, int((2 * stall).Milliseconds()), "an update came late")
}

func (r *report) read(p *visitor) {
	p.t.Helper()
	var m struct {
		Task, Frame float64
		Shown       []int
	}
	require.NoError(p.t, json.Unmarshal([]byte(p.reads(`JSON.stringify({...window.measured, shown: window.measured.shown.toSorted((a, b) => a - b)})`)), &m))
	require.NotEmpty(p.t, m.Shown)
	r.LongestTask, r.LongestFrame, r.Updates = m.Task, m.Frame, len(m.Shown)
	r.Median, r.Slowest = m.Shown[len(m.Shown)/2], m.Shown[len(m.Shown)-1]
}

// count evaluates an expression that gives a number.
func (p *visitor) count(expression string) int {
	p.t.Helper()
	n, err := chromedp.Run(p.browser, chromedp.Evaluate[int](expression))
	require.NoError(p.t, err)
	return n
}

// update rewrites a message, which then says when that was.
func (w *world) update(ts string) {
	blocks := strings.Replace(ask, "Access request", fmt.Sprintf("sent %d", now().UnixMilli()), 1)
	w.api("chat.update", map[string]any{"channel": "C1", "ts": ts, "text": "fallback", "blocks": json.RawMessage(blocks)})
}

// updates rewrites one message after another, all over the channel, a few dozen
// each second.
func (w *world) updates(ctx context.Context, all []string) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.update(all[(many-1-i*7%many+many)%many])
		}
	}
}
