package approval_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// clock is a manual one.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// calls records what was called, in order.
type calls struct {
	mu  sync.Mutex
	all []string
}

func (c *calls) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

// take gives the calls since the last take.
func (c *calls) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// system is an outside system that follows a script.
type system struct {
	calls
	list     []approval.Arrival
	openErr  error
	onOpen   func()
	onRead   func()
	groups   []approval.Group
	groupErr error
	standing map[string]approval.Standing
	readErr  map[string]error
	carryOut func(ctx context.Context, r approval.Request) (approval.Confirmation, error)
	outcome  outcomeFunc
	// firstLook is what there is to see before anything was sent; open if nil.
	firstLook outcomeFunc
	sent      map[string]bool
}

func (s *system) Open(ctx context.Context) ([]approval.Arrival, error) {
	mustBeOutside(ctx, "Open")
	s.add("open")
	list := slices.Clone(s.list)
	if s.onOpen != nil {
		s.onOpen()
	}
	return list, s.openErr
}

func (s *system) Read(ctx context.Context, externalID string) (approval.Arrival, approval.Standing, error) {
	mustBeOutside(ctx, "Read")
	s.add("read %s", externalID)
	if s.onRead != nil {
		s.onRead()
	}
	if err := s.readErr[externalID]; err != nil {
		return approval.Arrival{}, "", err
	}
	standing := s.standing[externalID]
	if standing == "" {
		standing = approval.StandingOpen
	}
	return arrival(externalID), standing, nil
}

func (s *system) CarryOut(ctx context.Context, r approval.Request) (approval.Confirmation, error) {
	mustBeOutside(ctx, "CarryOut")
	s.add("carry out")
	s.mu.Lock()
	if s.sent == nil {
		s.sent = map[string]bool{}
	}
	s.sent[r.Decision.ID] = true
	s.mu.Unlock()
	if s.carryOut == nil {
		return approval.Confirmation{Groups: r.Decision.Groups}, nil
	}
	return s.carryOut(ctx, r)
}

func (s *system) Outcome(ctx context.Context, r approval.Request) (approval.Standing, *approval.Confirmation, error) {
	mustBeOutside(ctx, "Outcome")
	if s.first(r) && s.firstLook == nil {
		// Before anything is sent it is open, and that look is not written down:
		// tests script what there is to see after a send.
		return approval.StandingOpen, nil, nil
	}
	s.add("outcome")
	switch {
	case s.first(r):
		return s.firstLook(ctx, r)
	case s.outcome == nil:
		return approval.StandingOpen, nil, nil
	}
	return s.outcome(ctx, r)
}

// first reports whether a look at the outcome is the one before anything was
// sent for the decision.
func (s *system) first(r approval.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.Effect.Attempts == 1 && !s.sent[r.Decision.ID]
}

func (s *system) Groups(ctx context.Context) ([]approval.Group, error) {
	mustBeOutside(ctx, "Groups")
	s.add("groups")
	return s.groups, s.groupErr
}

type message struct {
	ref       approval.MessageRef
	requestID string
	text      string
	at        time.Time
	// hidden is until when the message is not found.
	hidden  time.Time
	deleted bool
}

// board is a channel that follows a script. A hook that returns an error is
// asked before the call takes effect; afterPost and afterUpdate after it.
type board struct {
	calls
	clock    *clock
	messages []message
	// composeErr, find and so on fail the next calls.
	composeErr, findErr error
	beforePost          func() error
	afterPost           func(m *message) error
	beforeUpdate        func() error
	afterUpdate         func() error
	// holdUpdate says for how long an update without an answer is held back before
	// it is carried out; zero for one that is not.
	holdUpdate func() time.Duration
	held       []heldUpdate
	onTell     func(n approval.Notice) error
}

// heldUpdate is an update that is carried out late, over newer ones.
type heldUpdate struct {
	ref  approval.MessageRef
	text string
	at   time.Time
}

// catchUp carries out what was held back until now.
func (b *board) catchUp() {
	b.held = slices.DeleteFunc(b.held, func(h heldUpdate) bool {
		due := !h.at.After(b.clock.read())
		for i := range b.messages {
			if due && b.messages[i].ref == h.ref {
				b.messages[i].text = h.text
			}
		}
		return due
	})
}

// Compose shows the state and what a reader can tell requests apart by.
func (b *board) Compose(v approval.View) (approval.Content, error) {
	r := v.Request
	parts := []string{string(r.State)}
	if r.Decision != nil {
		parts = append(parts, "by "+r.Decision.Reviewer.ID)
	}
	if r.Delayed {
		parts = append(parts, "no answer")
	}
	if r.Closing != nil {
		parts = append(parts, string(r.Closing.Standing))
	}
	if r.State == approval.Pending {
		for _, g := range v.Groups {
			parts = append(parts, g.Name)
		}
	}
	text := strings.Join(parts, " ")
	return approval.Content{Body: text, Hash: text}, b.composeErr
}

func (b *board) ComposeOverview(o approval.Overview) (approval.Content, error) {
	text := fmt.Sprintf("%d more since %s", o.Held, o.Oldest.Format("15:04"))
	return approval.Content{Body: text, Hash: text}, b.composeErr
}

func (b *board) Find(ctx context.Context, requestID string, since time.Time) (approval.MessageRef, bool, error) {
	mustBeOutside(ctx, "Find")
	b.add("find")
	if b.findErr != nil {
		return approval.MessageRef{}, false, b.findErr
	}
	for _, m := range b.messages {
		if m.requestID == requestID && !m.deleted && !m.at.Before(since) && !m.hidden.After(b.clock.read()) {
			return m.ref, true, nil
		}
	}
	return approval.MessageRef{}, false, nil
}

func (b *board) Post(ctx context.Context, requestID string, c approval.Content) (approval.MessageRef, error) {
	mustBeOutside(ctx, "Post")
	b.add("post %s", c.Body)
	if b.beforePost != nil {
		if err := b.beforePost(); err != nil {
			return approval.MessageRef{}, err
		}
	}
	ref := approval.MessageRef{Channel: "C1", TS: fmt.Sprintf("ts-%d", len(b.messages)+1)}
	b.messages = append(b.messages, message{ref: ref, requestID: requestID, text: c.Hash, at: b.clock.read()})
	if b.afterPost != nil {
		if err := b.afterPost(&b.messages[len(b.messages)-1]); err != nil {
			return approval.MessageRef{}, err
		}
	}
	return ref, nil
}

func (b *board) Update(ctx context.Context, ref approval.MessageRef, requestID string, c approval.Content) error {
	mustBeOutside(ctx, "Update")
	b.add("update %s", c.Body)
	b.catchUp()
	if b.holdUpdate != nil {
		if held := b.holdUpdate(); held > 0 {
			b.held = append(b.held, heldUpdate{ref: ref, text: c.Hash, at: b.clock.read().Add(held)})
			return ambiguous("no answer")
		}
	}
	if b.beforeUpdate != nil {
		if err := b.beforeUpdate(); err != nil {
			return err
		}
	}
	for i := range b.messages {
		if m := &b.messages[i]; m.ref == ref && m.requestID == requestID && !m.deleted {
			m.text = c.Hash
			if b.afterUpdate != nil {
				return b.afterUpdate()
			}
			return nil
		}
	}
	return approval.ErrMessageGone
}

func (b *board) Tell(ctx context.Context, n approval.Notice, _ approval.Request) error {
	mustBeOutside(ctx, "Tell")
	b.add("tell %s %s", n.To, n.Code)
	if b.onTell != nil {
		return b.onTell(n)
	}
	return nil
}

// shown gives the texts of the messages that are in the channel.
func (b *board) shown() []string {
	b.catchUp()
	var texts []string
	for _, m := range b.messages {
		if !m.deleted {
			texts = append(texts, m.text)
		}
	}
	return texts
}

// watch records what an operator is told, and apart from it what happened.
type watch struct {
	calls
	happened calls
}

func (w *watch) Happened(_ context.Context, r approval.Request, e approval.Event) {
	w.happened.add("%s %s to %s", e.Action, r.ID, r.State)
}

func (w *watch) Decided(_ context.Context, r approval.Request) {
	w.add("decided %s, confirmed %v", r.State, r.Confirmation != nil)
}

func (w *watch) Refused(_ context.Context, _ approval.Request, reason approval.RefusalReason, err error) {
	w.add("refused %s: %v", reason, err)
}

func (w *watch) Delayed(_ context.Context, _ approval.Request, err error) {
	w.add("delayed: %v", err)
}

func (w *watch) Undelivered(_ context.Context, _ approval.Request, err error) {
	w.add("undelivered: %v", err)
}

func (w *watch) Vanished(source string, missing, pending int) {
	w.add("vanished %s %d of %d", source, missing, pending)
}
func (w *watch) Swept(jobs int) { w.add("swept %d", jobs) }
