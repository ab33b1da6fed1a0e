package practiceslack

import (
	"context"
	"errors"
	"slices"
)

// User is the handle of a person: to act as them and to see what they see.
type User struct {
	ws *Workspace
	id string
}

// ID is the person's user id.
func (u *User) ID() string { return u.id }

// Info describes the person.
func (u *User) Info() Person {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	return u.ws.users[u.id]
}

// Views lists the person's open modals, the topmost last.
func (u *User) Views() []View {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	all := make([]View, 0, len(u.ws.stacks[u.id]))
	for _, v := range u.ws.stacks[u.id] {
		all = append(all, v.snapshot())
	}
	return all
}

// Ephemerals lists what only this person sees in a channel, oldest first; in
// all channels when channelID is empty.
func (u *User) Ephemerals(channelID string) []Message {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	var all []Message
	for _, m := range u.ws.ephemerals[u.id] {
		if channelID == "" || m.channel == channelID {
			all = append(all, u.ws.snapshot(m))
		}
	}
	return all
}

// Command sends a slash command from a channel.
func (u *User) Command(ctx context.Context, channelID, command, text string) Outcome {
	return u.ws.Command(ctx, u.id, channelID, command, text)
}

// Channel is the handle of a channel.
type Channel struct {
	ws *Workspace
	id string
}

// ID is the channel's id.
func (c *Channel) ID() string { return c.id }

// Info describes the channel.
func (c *Channel) Info() ChannelInfo {
	c.ws.mu.Lock()
	defer c.ws.mu.Unlock()
	ch, ok := c.ws.channels[c.id]
	if !ok {
		return ChannelInfo{}
	}
	info := ch.ChannelInfo
	info.Members = slices.Clone(info.Members)
	return info
}

// Messages lists the channel's messages, threads included, oldest first.
func (c *Channel) Messages() []Message {
	c.ws.mu.Lock()
	defer c.ws.mu.Unlock()
	return c.ws.messages(c.id)
}

// Count says how many messages match.
func (c *Channel) Count(matchers ...Matcher) int {
	n := 0
	for _, m := range c.Messages() {
		if matches(m, matchers) {
			n++
		}
	}
	return n
}

func (ws *Workspace) messages(channelID string) []Message {
	ch, ok := ws.channels[channelID]
	if !ok {
		return nil
	}
	now := ws.now()
	all := make([]Message, 0, len(ch.messages))
	for _, m := range ch.messages {
		if m.visible(now) {
			all = append(all, ws.snapshot(m))
		}
	}
	return all
}

// Message is the snapshot of one message of the channel.
func (c *Channel) Message(ts string) (Message, bool) {
	return (&MessageHandle{ws: c.ws, channel: c.id, ts: ts}).Snapshot()
}

var (
	errNoChannel = errors.New("this person is in no such channel")
	errNoMessage = errors.New("there is no such message")
)

// PostAsUser writes a message as a person, into a thread if threadTS is set.
func (ws *Workspace) PostAsUser(userID, channelID, text, threadTS string) (Message, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ch, ok := ws.channels[channelID]
	if _, known := ws.users[userID]; !known || !ok || !ch.has(userID) || ch.Archived {
		return Message{}, errNoChannel
	}
	if threadTS != "" && ch.message(threadTS) == nil {
		return Message{}, errNoMessage
	}
	m := &message{
		canvas: newCanvas(nil), channel: channelID, ts: ws.nextTS(), threadTS: threadTS,
		user: userID, text: cut(text, maxPostText),
	}
	ws.post(ch, m)
	return ws.snapshot(m), nil
}

// DeleteMessage deletes a message, as a person with the right to do so would.
func (ws *Workspace) DeleteMessage(channelID, ts string) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ch, ok := ws.channels[channelID]
	if !ok {
		return errNoChannel
	}
	m := ch.message(ts)
	if m == nil {
		return errNoMessage
	}
	ws.remove(m)
	return nil
}

// MessageHandle follows one message through its changes.
type MessageHandle struct {
	ws       *Workspace
	channel  string
	ts       string
	audience string // the one who sees it, if it is ephemeral
}

// TS is the message's timestamp, which is its id.
func (h *MessageHandle) TS() string { return h.ts }

// Snapshot is the message as it stands now.
func (h *MessageHandle) Snapshot() (Message, bool) {
	h.ws.mu.Lock()
	defer h.ws.mu.Unlock()
	m := h.find()
	if m == nil {
		return Message{}, false
	}
	return h.ws.snapshot(m), true
}

// find gives the message itself. The lock is held.
func (h *MessageHandle) find() *message {
	if h.audience != "" {
		for _, m := range h.ws.ephemerals[h.audience] {
			if m.channel == h.channel && m.ts == h.ts {
				return m
			}
		}
		return nil
	}
	ch, ok := h.ws.channels[h.channel]
	if !ok {
		return nil
	}
	m := ch.message(h.ts)
	if m == nil || !m.visible(h.ws.now()) {
		return nil
	}
	return m
}

// Text is all that can be read in the message now.
func (h *MessageHandle) Text() string {
	m, _ := h.Snapshot()
	return m.Visible()
}

// Buttons lists the texts of the message's buttons.
func (h *MessageHandle) Buttons() []string {
	h.ws.mu.Lock()
	defer h.ws.mu.Unlock()
	var texts []string
	if m := h.find(); m != nil {
		for _, el := range m.elements() {
			if el.kind == "button" {
				texts = append(texts, textOf(el.def, "text"))
			}
		}
	}
	return texts
}

// HasButton says whether the message has a button with that text now.
func (h *MessageHandle) HasButton(text string) bool { return slices.Contains(h.Buttons(), text) }

// HasControls says whether anything in the message can be used.
func (h *MessageHandle) HasControls() bool {
	h.ws.mu.Lock()
	defer h.ws.mu.Unlock()
	m := h.find()
	return m != nil && len(m.elements()) > 0
}
