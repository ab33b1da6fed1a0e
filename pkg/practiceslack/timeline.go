package practiceslack

import (
	"encoding/json"
	"slices"
)

// Shown is a message as one person's client shows it.
type Shown struct {
	Message
	Broadcast bool // a reply that also stands in the channel

	// State is what the person has put into the message, in the shape of
	// state.values in a payload; empty for a message without blocks.
	State json.RawMessage
}

// Timeline is a part of a channel as one person's client shows it, oldest
// first: without the replies that stand in their threads only, and with the
// messages that only this person sees.
type Timeline struct {
	Messages []Shown
	Earlier  int // how many come before
	Later    int // how many come after
}

// Newest is the end of a channel's timeline: no more than most messages.
func (u *User) Newest(channelID string, most int) Timeline {
	return u.timeline(channelID, func(all []*message) (from, to int) {
		return len(all) - most, len(all)
	})
}

// Before is the part of a channel's timeline before a timestamp, and After the
// part after it: no more than most messages next to it.
func (u *User) Before(channelID, ts string, most int) Timeline {
	return u.timeline(channelID, func(all []*message) (from, to int) {
		to, _ = slices.BinarySearchFunc(all, ts, byTS)
		return to - most, to
	})
}

// After is the part of a channel's timeline after a timestamp: no more than
// most messages next to it.
func (u *User) After(channelID, ts string, most int) Timeline {
	return u.timeline(channelID, func(all []*message) (from, to int) {
		from, found := slices.BinarySearchFunc(all, ts, byTS)
		if found {
			from++
		}
		return from, from + most
	})
}

// Thread is a message with its replies, oldest first, as the person's client
// shows them. It is empty when the person does not see the message.
func (u *User) Thread(channelID, ts string) []Shown {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	first := u.ws.sees(u.id, channelID, ts)
	if first == nil {
		return nil
	}
	thread := []*message{first}
	for _, m := range u.ws.replies(u.ws.channels[channelID], ts) {
		if m.visible(u.ws.now()) {
			thread = append(thread, m)
		}
	}
	for _, m := range u.ws.ephemerals[u.id] {
		if m.channel == channelID && m.threadTS == ts && m.visible(u.ws.now()) {
			thread = append(thread, m)
		}
	}
	slices.SortStableFunc(thread, func(a, b *message) int { return compareTS(a.ts, b.ts) })
	return u.shown(thread)
}

// Shown is one message as the person's client shows it; false when they do not
// see it.
func (u *User) Shown(channelID, ts string) (Shown, bool) {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	m := u.ws.sees(u.id, channelID, ts)
	if m == nil {
		return Shown{}, false
	}
	return u.shown([]*message{m})[0], true
}

// Dismiss takes a message away that only this person sees, as they do with the
// link below it. Slack tells the app nothing of that.
func (u *User) Dismiss(channelID, ts string) error {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	m := u.ws.sees(u.id, channelID, ts)
	if m == nil || m.audience == "" {
		return errNoMessage
	}
	u.ws.remove(m)
	return nil
}

func byTS(m *message, ts string) int { return compareTS(m.ts, ts) }

// timeline cuts a part out of what the person sees in a channel. The bounds
// that choose gives may lie outside of it.
func (u *User) timeline(channelID string, choose func(all []*message) (from, to int)) Timeline {
	u.ws.mu.Lock()
	defer u.ws.mu.Unlock()
	all := u.ws.inTimeline(u.id, channelID)
	from, to := choose(all)
	from = min(max(from, 0), len(all))
	to = max(from, min(to, len(all)))
	return Timeline{Messages: u.shown(all[from:to]), Earlier: from, Later: len(all) - to}
}

// inTimeline lists what stands in a person's channel. The lock is held.
func (ws *Workspace) inTimeline(person, channelID string) []*message {
	ch, ok := ws.channels[channelID]
	if !ok || !ch.has(person) {
		return nil
	}
	now := ws.now()
	all := make([]*message, 0, len(ch.messages))
	add := func(m *message) {
		if m.channel == channelID && m.visible(now) && (m.threadTS == "" || m.broadcast) {
			all = append(all, m)
		}
	}
	for _, m := range ch.messages {
		add(m)
	}
	inOrder := len(all)
	for _, m := range ws.ephemerals[person] {
		add(m)
	}
	if len(all) > inOrder {
		slices.SortStableFunc(all, func(a, b *message) int { return compareTS(a.ts, b.ts) })
	}
	return all
}

// shown draws messages for the person. The lock is held.
func (u *User) shown(messages []*message) []Shown {
	all := make([]Shown, 0, len(messages))
	for _, m := range messages {
		s := Shown{Message: u.ws.snapshot(m), Broadcast: m.broadcast}
		if len(s.Blocks) > 0 {
			s.State = encode(m.state(u.id))
		}
		all = append(all, s)
	}
	return all
}
