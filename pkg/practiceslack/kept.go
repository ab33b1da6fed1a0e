package practiceslack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// The kinds of what is kept. A key begins with one.
const (
	keptUsers      = "user"
	keptChannels   = "channel"
	keptGroups     = "group"
	keptMessages   = "message"
	keptEphemerals = "ephemeral"
	keptViews      = "views"
	keptHomes      = "home"
	keptResponses  = "response"
	keptEvents     = "events"
	keptGrants     = "grants"
	keptCounters   = "counters"
)

// keptKey names something that is kept: ts is set for messages, whose id is the
// channel or the one who sees them.
type keptKey struct{ kind, id, ts string }

func (k keptKey) String() string {
	key := k.kind + "/" + k.id
	if k.ts != "" {
		key += "/" + k.ts
	}
	return key
}

// The records are what is kept of the types of the same name. Their JSON is a
// format on disk: a field that is not known is an error.
type (
	canvasRecord struct {
		Blocks json.RawMessage                       `json:"blocks"`
		Values map[string]map[slot]object            `json:"values,omitempty"`
		Loaded map[string]map[slot]map[string]object `json:"loaded,omitempty"`
	}
	messageRecord struct {
		canvasRecord
		Channel   string    `json:"channel"`
		TS        string    `json:"ts"`
		ThreadTS  string    `json:"thread_ts,omitempty"`
		User      string    `json:"user"`
		BotID     string    `json:"bot_id,omitempty"`
		Text      string    `json:"text"`
		Metadata  object    `json:"metadata,omitempty"`
		Edited    *Edited   `json:"edited,omitempty"`
		Broadcast bool      `json:"broadcast,omitempty"`
		Audience  string    `json:"audience,omitempty"`
		VisibleAt time.Time `json:"visible_at,omitzero"`
	}
	viewRecord struct {
		canvasRecord
		ID       string            `json:"id"`
		Owner    string            `json:"owner"`
		Root     string            `json:"root"`
		Previous string            `json:"previous,omitempty"`
		Hash     string            `json:"hash"`
		Def      object            `json:"def"`
		Errors   map[string]string `json:"errors,omitempty"`
		Problem  string            `json:"problem,omitempty"`
	}
	responseRecord struct {
		ID      string    `json:"id"`
		Person  string    `json:"person"`
		Channel string    `json:"channel"`
		TS      string    `json:"ts,omitempty"`
		Made    time.Time `json:"made"`
		Uses    int       `json:"uses"`
	}
	eventRecord struct {
		Body    json.RawMessage `json:"body"`
		Retries int             `json:"retries"`
		Reason  string          `json:"reason"`
		Due     time.Time       `json:"due"`
	}
	grantRecord struct {
		Token   string    `json:"token"`
		Kind    grantKind `json:"kind"`
		Person  string    `json:"person"`
		Scopes  []string  `json:"scopes"`
		Revoked bool      `json:"revoked,omitempty"`
	}
	countersRecord struct {
		LastTS int64  `json:"last_ts"`
		Seq    uint64 `json:"seq"`
	}
)

// MarshalText writes a slot as the key of a JSON object.
func (s slot) MarshalText() ([]byte, error) { return encode([]string{s.block, s.action}), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *slot) UnmarshalText(text []byte) error {
	var parts [2]string
	if err := json.Unmarshal(text, &parts); err != nil {
		return fmt.Errorf("read the place of an element: %w", err)
	}
	s.block, s.action = parts[0], parts[1]
	return nil
}

func (c *canvas) record() canvasRecord { return canvasRecord{c.raw, c.values, c.loaded} }

func (r canvasRecord) canvas() (canvas, error) {
	c := newCanvas(nil)
	if !bytes.HasPrefix(r.Blocks, []byte("[")) {
		return c, fmt.Errorf("blocks are no list: %.100s", r.Blocks)
	}
	c.tree, c.raw = nil, r.Blocks
	if r.Values != nil {
		c.values = r.Values
	}
	if r.Loaded != nil {
		c.loaded = r.Loaded
	}
	return c, nil
}

func (m *message) record() messageRecord {
	return messageRecord{
		m.canvas.record(), m.channel, m.ts, m.threadTS, m.user, m.botID, m.text, m.metadata, m.edited, m.broadcast,
		m.audience, m.visibleAt,
	}
}

func (r messageRecord) message() (*message, error) {
	c, err := r.canvas()
	return &message{
		c, r.Channel, r.TS, r.ThreadTS, r.User, r.BotID, r.Text, r.Metadata, r.Edited, r.Broadcast, r.Audience, r.VisibleAt,
	}, err
}

func (v *view) record() viewRecord {
	return viewRecord{v.canvas.record(), v.id, v.owner, v.root, v.previous, v.hash, v.def, v.errors, v.problem}
}

func (r viewRecord) view() (*view, error) {
	c, err := r.canvas()
	return &view{c, r.ID, r.Owner, r.Root, r.Previous, r.Hash, r.Def, r.Errors, r.Problem}, err
}

// recordOf gives what is to be kept under a key; false when it is gone. The
// lock is held.
func (ws *Workspace) recordOf(k keptKey) (record any, there bool) {
	switch k.kind {
	case keptUsers:
		record, there = ws.users[k.id]
	case keptChannels:
		if ch, ok := ws.channels[k.id]; ok {
			return ch.ChannelInfo, true
		}
	case keptGroups:
		record, there = ws.groups[k.id]
	case keptMessages:
		if ch, ok := ws.channels[k.id]; ok {
			if m := ch.message(k.ts); m != nil {
				return m.record(), true
			}
		}
	case keptEphemerals:
		for _, m := range ws.ephemerals[k.id] {
			if m.ts == k.ts {
				return m.record(), true
			}
		}
	case keptViews:
		var stack []viewRecord
		for _, v := range ws.stacks[k.id] {
			stack = append(stack, v.record())
		}
		return stack, len(stack) > 0
	case keptHomes:
		if v := ws.homes[k.id]; v != nil {
			return v.record(), true
		}
	case keptResponses:
		if r, ok := ws.responses[k.id]; ok {
			return responseRecord{k.id, r.person, r.channel, r.ts, r.made, r.uses}, true
		}
	case keptEvents:
		var waiting []eventRecord
		for _, e := range ws.pending {
			waiting = append(waiting, eventRecord{e.body, e.retries, e.reason, e.due})
		}
		return waiting, len(waiting) > 0
	case keptGrants:
		var all []grantRecord
		for _, g := range ws.grants {
			all = append(all, grantRecord{g.token, g.kind, g.person, g.scopes, g.revoked})
		}
		return all, true
	case keptCounters:
		return countersRecord{ws.lastTS, ws.seq}, true
	}
	return record, there
}

// restore puts back what was kept under a key.
func (ws *Workspace) restore(key string, value []byte) error {
	kind, _, _ := strings.Cut(key, "/")
	switch kind {
	case keptUsers:
		return restored(value, func(p Person) error { ws.AddUser(p); return nil })
	case keptChannels:
		return restored(value, func(info ChannelInfo) error {
			ws.channels[info.ID] = &channel{ChannelInfo: info} // AddChannel would let the bot in again
			ws.channelOrder = append(ws.channelOrder, info.ID)
			return nil
		})
	case keptGroups:
		return restored(value, func(g UserGroup) error { ws.AddUserGroup(g); return nil })
	case keptMessages, keptEphemerals:
		return restored(value, ws.restoreMessage)
	case keptViews:
		return restored(value, ws.restoreViews)
	case keptHomes:
		return restored(value, func(r viewRecord) error {
			v, err := r.view()
			ws.homes[r.Owner] = v
			return err
		})
	case keptResponses:
		return restored(value, func(r responseRecord) error {
			ws.responses[r.ID] = &responseURL{r.Person, r.Channel, r.TS, r.Made, r.Uses}
			return nil
		})
	case keptEvents:
		return restored(value, func(waiting []eventRecord) error {
			for _, e := range waiting {
				ws.pending = append(ws.pending, &pendingEvent{e.Body, e.Retries, e.Reason, e.Due})
			}
			return nil
		})
	case keptGrants:
		return restored(value, ws.restoreGrants)
	case keptCounters:
		return restored(value, func(r countersRecord) error {
			ws.lastTS, ws.seq = r.LastTS, r.Seq
			return nil
		})
	}
	return fmt.Errorf("restore %q: there is nothing of this kind", key)
}

func (ws *Workspace) restoreMessage(r messageRecord) error {
	m, err := r.message()
	if err != nil {
		return err
	}
	if m.audience != "" {
		ws.ephemerals[m.audience] = append(ws.ephemerals[m.audience], m)
		return nil
	}
	ch, known := ws.channels[m.channel]
	if !known {
		return fmt.Errorf("restore message %s: there is no channel %q", m.ts, m.channel)
	}
	ch.add(m)
	return nil
}

// restoreGrants puts the tokens back in the place of the one that the app is
// installed with from the start.
func (ws *Workspace) restoreGrants(all []grantRecord) error {
	ws.bot = nil
	clear(ws.grants)
	for _, r := range all {
		g := ws.newGrant(grant{r.Token, r.Kind, r.Person, r.Scopes, r.Revoked})
		if g.kind == botGrant && !g.revoked {
			ws.bot = g
		}
	}
	return nil
}

func (ws *Workspace) restoreViews(stack []viewRecord) error {
	for _, r := range stack {
		v, err := r.view()
		if err != nil {
			return err
		}
		ws.stacks[v.owner] = append(ws.stacks[v.owner], v)
	}
	return nil
}

// restored reads a record, and takes no other.
func restored[T any](value []byte, put func(T) error) error {
	var record T
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	if err := dec.Decode(&record); err != nil {
		return fmt.Errorf("decode what was kept: %w", err)
	}
	return put(record)
}
