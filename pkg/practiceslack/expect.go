package practiceslack

import (
	"fmt"
	"strings"
	"time"
)

// TB is the part of testing.TB that expectations need.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Matcher says whether a message is the one that is looked for.
type Matcher struct {
	describe string
	match    func(Message) bool
}

// Contains matches what reads text somewhere.
func Contains(text string) Matcher {
	return Matcher{fmt.Sprintf("contains %q", text), func(m Message) bool { return strings.Contains(m.Visible(), text) }}
}

// Lacks matches what does not read text anywhere.
func Lacks(text string) Matcher {
	return Matcher{fmt.Sprintf("lacks %q", text), func(m Message) bool { return !strings.Contains(m.Visible(), text) }}
}

// Where matches by any rule of the caller's; describe is for the failure's text.
// The rule runs under the workspace's lock: it must only look at the message.
func Where(describe string, match func(Message) bool) Matcher { return Matcher{describe, match} }

func matches(m Message, matchers []Matcher) bool {
	for _, matcher := range matchers {
		if !matcher.match(m) {
			return false
		}
	}
	return true
}

func describe(matchers []Matcher) string {
	texts := make([]string, 0, len(matchers))
	for _, m := range matchers {
		texts = append(texts, m.describe)
	}
	return strings.Join(texts, " and ")
}

func list(messages []Message) string {
	if len(messages) == 0 {
		return "(none)"
	}
	var b strings.Builder
	for _, m := range messages {
		fmt.Fprintf(&b, "--- %s\n%s\n", m.TS, m.Visible())
	}
	return b.String()
}

// lateCheck is how often a message that is published late is looked for: its
// appearance is a matter of the clock, which does not call.
const lateCheck = 20 * time.Millisecond

// wait looks again after each change until check says true. check runs under
// the lock.
func (ws *Workspace) wait(check func() bool) bool {
	patience := time.NewTimer(ws.opt.Patience)
	defer patience.Stop()
	for {
		ws.mu.Lock()
		done, changed, late := check(), ws.changed, ws.hasLate()
		ws.mu.Unlock()
		if done {
			return true
		}
		var again <-chan time.Time
		if late {
			again = time.NewTimer(lateCheck).C
		}
		select {
		case <-changed:
		case <-again:
		case <-patience.C:
			return false
		}
	}
}

func (ws *Workspace) hasLate() bool {
	now := ws.now()
	for _, ch := range ws.channels {
		for _, m := range ch.messages {
			if !m.visible(now) {
				return true
			}
		}
	}
	return false
}

// ExpectMessage waits for a message that matches, and gives the newest one.
func (c *Channel) ExpectMessage(t TB, matchers ...Matcher) *MessageHandle {
	t.Helper()
	var found *MessageHandle
	ok := c.ws.wait(func() bool {
		for _, m := range c.ws.messages(c.id) {
			if matches(m, matchers) {
				found = &MessageHandle{ws: c.ws, channel: c.id, ts: m.TS}
			}
		}
		return found != nil
	})
	if !ok {
		t.Fatalf("no message in %s %s; it has:\n%s", c.id, describe(matchers), list(c.Messages()))
	}
	return found
}

// ExpectCount waits until exactly n messages match.
func (c *Channel) ExpectCount(t TB, n int, matchers ...Matcher) {
	t.Helper()
	count := 0
	ok := c.ws.wait(func() bool {
		count = 0
		for _, m := range c.ws.messages(c.id) {
			if matches(m, matchers) {
				count++
			}
		}
		return count == n
	})
	if !ok {
		t.Fatalf("%d messages in %s %s, not %d; it has:\n%s", count, c.id, describe(matchers), n, list(c.Messages()))
	}
}

// NoMessage fails the test when a message matches now.
func (c *Channel) NoMessage(t TB, matchers ...Matcher) {
	t.Helper()
	if n := c.Count(matchers...); n > 0 {
		t.Errorf("%d messages in %s %s:\n%s", n, c.id, describe(matchers), list(c.Messages()))
	}
}

// ExpectUpdate waits until the message matches.
func (h *MessageHandle) ExpectUpdate(t TB, matchers ...Matcher) *MessageHandle {
	t.Helper()
	ok := h.ws.wait(func() bool {
		m := h.find()
		return m != nil && matches(h.ws.snapshot(m), matchers)
	})
	if !ok {
		t.Fatalf("the message %s never %s; it reads:\n%s", h.ts, describe(matchers), h.Text())
	}
	return h
}

// ExpectDeleted waits until the message is gone.
func (h *MessageHandle) ExpectDeleted(t TB) {
	t.Helper()
	if !h.ws.wait(func() bool { return h.find() == nil }) {
		t.Fatalf("the message %s is still there; it reads:\n%s", h.ts, h.Text())
	}
}

// ExpectEphemeral waits for an ephemeral message that matches, and gives the
// newest one.
func (u *User) ExpectEphemeral(t TB, matchers ...Matcher) *MessageHandle {
	t.Helper()
	var found *MessageHandle
	ok := u.ws.wait(func() bool {
		for _, m := range u.ws.ephemerals[u.id] {
			if matches(u.ws.snapshot(m), matchers) {
				found = &MessageHandle{ws: u.ws, channel: m.channel, ts: m.ts, audience: u.id}
			}
		}
		return found != nil
	})
	if !ok {
		t.Fatalf("%s sees no ephemeral message that %s; they see:\n%s", u.id, describe(matchers), list(u.Ephemerals("")))
	}
	return found
}

// NoEphemeral fails the test when an ephemeral message matches now.
func (u *User) NoEphemeral(t TB, matchers ...Matcher) {
	t.Helper()
	for _, m := range u.Ephemerals("") {
		if matches(m, matchers) {
			t.Errorf("%s sees an ephemeral message that %s:\n%s", u.id, describe(matchers), m.Visible())
		}
	}
}

// ExpectModal waits until the topmost view has that title.
func (u *User) ExpectModal(t TB, title string) *Modal {
	t.Helper()
	var id string
	ok := u.ws.wait(func() bool {
		stack := u.ws.stacks[u.id]
		if len(stack) == 0 || textOf(stack[len(stack)-1].def, "title") != title {
			return false
		}
		id = stack[len(stack)-1].id
		return true
	})
	if !ok {
		titles := []string{}
		for _, v := range u.Views() {
			titles = append(titles, v.Title)
		}
		t.Fatalf("%s sees no modal %q; open are %q", u.id, title, titles)
	}
	return &Modal{ws: u.ws, t: t, user: u, id: id}
}

// Expect waits until what the view reads matches.
func (m *Modal) Expect(matchers ...Matcher) *Modal {
	m.t.Helper()
	ok := m.ws.wait(func() bool {
		v := m.ws.open(m.id)
		// Matchers read messages; a view's text stands in for one.
		return v != nil && matches(Message{Text: v.snapshot().Visible()}, matchers)
	})
	if !ok {
		m.t.Fatalf("the view %s never %s; it reads:\n%s", m.id, describe(matchers), m.Text())
	}
	return m
}

// NoModal fails the test when the person has a modal open now.
func (u *User) NoModal(t TB) {
	t.Helper()
	for _, v := range u.Views() {
		t.Errorf("%s has the modal %q open", u.id, v.Title)
	}
}
