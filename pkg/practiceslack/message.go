package practiceslack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Edited says who edited a message and when.
type Edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// Message is a snapshot of a message as it stands in a channel. Its JSON is
// shared and must not be changed.
type Message struct {
	Channel   string
	TS        string
	ThreadTS  string
	User      string // the author: a person, or the app's bot user
	BotID     string // set when the app wrote it
	Text      string // top-level text, as it was sent
	Blocks    json.RawMessage
	Metadata  json.RawMessage
	Edited    *Edited
	Ephemeral bool
	Replies   int
	blocks    []any
}

// Visible is what people read: the blocks' texts, one a line, or the top-level
// text of a message without blocks. Text is as it was sent, still escaped.
func (m Message) Visible() string {
	if len(m.blocks) == 0 {
		return m.Text
	}
	return visibleText(m.blocks)
}

type message struct {
	canvas
	channel   string
	ts        string
	threadTS  string
	user      string
	botID     string
	text      string
	metadata  object
	edited    *Edited
	broadcast bool
	audience  string    // the one person who sees an ephemeral message
	visibleAt time.Time // published late: nobody sees it before
}

func (m *message) visible(now time.Time) bool { return !now.Before(m.visibleAt) }

// compareTS orders timestamps of the form seconds.micros.
func compareTS(a, b string) int {
	as, af, _ := strings.Cut(a, ".")
	bs, bf, _ := strings.Cut(b, ".")
	return cmp.Or(cmp.Compare(len(as), len(bs)), cmp.Compare(as, bs), cmp.Compare(af, bf))
}

// nextTS gives a timestamp after all that were given before.
func (ws *Workspace) nextTS() string {
	micros := ws.now().UnixMicro()
	if micros <= ws.lastTS {
		micros = ws.lastTS + 1
	}
	ws.lastTS = micros
	ws.touch(keptKey{kind: keptCounters})
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

func (ws *Workspace) snapshot(m *message) Message {
	s := Message{
		Channel: m.channel, TS: m.ts, ThreadTS: m.threadTS, User: m.user, BotID: m.botID, Text: m.text,
		Edited: m.edited, Ephemeral: m.audience != "", blocks: m.blocks(),
	}
	if len(s.blocks) > 0 {
		s.Blocks = m.raw
	}
	if m.metadata != nil {
		s.Metadata = encode(m.metadata)
	}
	if m.threadTS == "" && m.audience == "" {
		s.Replies = len(ws.replies(ws.channels[m.channel], m.ts))
	}
	return s
}

// replies lists the messages of a thread but its first.
func (ws *Workspace) replies(ch *channel, ts string) []*message {
	if ch == nil {
		return nil
	}
	return ch.threads[ts]
}

// post puts a message into its channel and forgets the oldest above the bound.
func (ws *Workspace) post(ch *channel, m *message) {
	ch.add(m)
	for len(ch.messages) > ws.opt.MaxMessages {
		ws.touch(keptKey{keptMessages, ch.ID, ch.messages[0].ts})
		ch.drop(ch.messages[0])
	}
	ws.announce(Event{Kind: MessagePosted, Channel: ch.ID, TS: m.ts, Thread: m.threadTS})
}

func (c *channel) drop(m *message) {
	same := func(x *message) bool { return x == m }
	c.messages = slices.DeleteFunc(c.messages, same)
	if m.threadTS == "" {
		return
	}
	c.threads[m.threadTS] = slices.DeleteFunc(c.threads[m.threadTS], same)
	if len(c.threads[m.threadTS]) == 0 {
		delete(c.threads, m.threadTS)
	}
}

// postEphemeral shows a message to one person only.
func (ws *Workspace) postEphemeral(m *message) {
	ws.ephemerals[m.audience] = append(ws.ephemerals[m.audience], m)
	for len(ws.ephemerals[m.audience]) > ws.opt.MaxEphemerals {
		ws.touch(keptKey{keptEphemerals, m.audience, ws.ephemerals[m.audience][0].ts})
		ws.ephemerals[m.audience] = slices.Delete(ws.ephemerals[m.audience], 0, 1)
	}
	ws.announce(Event{Kind: EphemeralPosted, Channel: m.channel, User: m.audience, TS: m.ts, Thread: m.threadTS})
}

// remove takes a message away, in the channel or from the one who saw it.
func (ws *Workspace) remove(m *message) {
	if m.audience != "" {
		ws.ephemerals[m.audience] = slices.DeleteFunc(ws.ephemerals[m.audience], func(x *message) bool { return x == m })
		ws.announce(Event{Kind: EphemeralDeleted, Channel: m.channel, User: m.audience, TS: m.ts, Thread: m.threadTS})
		return
	}
	ws.channels[m.channel].drop(m)
	ws.announce(Event{Kind: MessageDeleted, Channel: m.channel, TS: m.ts, Thread: m.threadTS})
}

// sees finds a message that person has before their eyes, or nil.
func (ws *Workspace) sees(person, channelID, ts string) *message {
	for _, m := range ws.ephemerals[person] {
		if m.channel == channelID && m.ts == ts {
			return m
		}
	}
	ch, ok := ws.channels[channelID]
	if !ok || !ch.has(person) {
		return nil
	}
	m := ch.message(ts)
	if m == nil || !m.visible(ws.now()) {
		return nil
	}
	return m
}

// wire is a message as the Web API and payloads give it.
func (ws *Workspace) wire(m *message, withMetadata bool) object {
	o := object{"type": "message", "user": m.user, "ts": m.ts, "text": m.text, "team": ws.opt.TeamID}
	if m.botID != "" {
		o["bot_id"] = m.botID
		o["app_id"] = ws.opt.AppID
	}
	if blocks := m.blocks(); len(blocks) > 0 {
		o["blocks"] = blocks
	}
	if m.edited != nil {
		o["edited"] = object{"user": m.edited.User, "ts": m.edited.TS}
	}
	if withMetadata && m.metadata != nil {
		o["metadata"] = m.metadata
	}
	if m.threadTS != "" {
		o["thread_ts"] = m.threadTS
		if m.broadcast {
			o["subtype"] = "thread_broadcast"
		}
		return o
	}
	if replies := ws.replies(ws.channels[m.channel], m.ts); len(replies) > 0 {
		o["thread_ts"] = m.ts
		o["reply_count"] = len(replies)
		o["latest_reply"] = replies[len(replies)-1].ts
	}
	return o
}

// micros reads a timestamp argument such as 1700000000.000100 or 1700000000.
func micros(ts string) (int64, bool) {
	seconds, fraction, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || s < 0 || s > 1e11 || len(fraction) > 6 {
		return 0, false
	}
	fraction += strings.Repeat("0", 6-len(fraction))
	f, err := strconv.ParseInt(fraction, 10, 64)
	if err != nil || f < 0 {
		return 0, false
	}
	return s*1e6 + f, true
}
