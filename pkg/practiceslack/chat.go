package practiceslack

import (
	"strings"
	"unicode/utf8"
)

const (
	maxPostText   = 40_000 // longer ones are cut
	maxUpdateText = 4_000  // longer ones are refused
	// maxShown is what the blocks of one message may show in all. Slack's staff
	// gives 12,000 characters, with an allowance for the blocks' frames that is
	// not documented; the strict end is taken.
	maxShown         = 12_000
	maxMetadataBytes = 16 * 1024
)

// content is what a call wants a message to hold.
type content struct {
	text      string
	blocks    []any
	hasText   bool
	hasBlocks bool
	metadata  object
	hasMeta   bool
}

// readContent reads text, blocks and metadata and checks the blocks.
func (ws *Workspace) readContent(args arguments) (content, *refusal) {
	var c content
	for _, key := range []string{"attachments", "markdown_text", "file_ids"} {
		if s := args.str(key); s != "" && s != "[]" {
			return c, notModelled(key)
		}
	}
	for _, key := range []string{"username", "icon_url", "icon_emoji"} {
		if args.str(key) != "" {
			return c, ws.customised(key)
		}
	}
	if args.flag("as_user") {
		return c, refuse("as_user_not_supported")
	}
	c.text, c.hasText = args.str("text"), args.str("text") != ""
	if args.has("blocks") && args.str("blocks") != "" {
		v, ok := args.tree("blocks")
		list, isList := v.([]any)
		if !ok || !isList {
			return c, refuse("invalid_blocks_format")
		}
		check := newChecker(MessageSurface)
		check.blocks("/blocks", list)
		if len(check.problems) > 0 {
			return c, &refusal{code: "invalid_blocks", messages: check.problems, extra: object{"errors": bare(check.problems)}}
		}
		if shownCharacters(list) > maxShown {
			return c, refuse("msg_blocks_too_long")
		}
		c.blocks, c.hasBlocks = list, true
	}
	if args.has("metadata") && args.str("metadata") != "" {
		refused := c.readMetadata(args)
		if refused != nil {
			return c, refused
		}
	}
	return c, nil
}

// customised refuses another name or picture for the app's message.
func (ws *Workspace) customised(key string) *refusal {
	const needed = "chat:write.customize"
	if ws.bot != nil && !ws.bot.allows(needed) {
		return missingScope(needed, ws.bot.scopes)
	}
	return notModelled(key)
}

// notModelled refuses an argument that Slack would take, rather than to leave
// it out unseen.
func notModelled(key string) *refusal {
	return &refusal{code: "invalid_arguments", messages: []string{"[ERROR] " + key + " is not modelled by the practice workspace"}}
}

// bare gives problems without their level, as the answers of the chat methods
// name them beside response_metadata.
func bare(problems []string) []string {
	texts := make([]string, 0, len(problems))
	for _, problem := range problems {
		texts = append(texts, strings.TrimPrefix(problem, "[ERROR] "))
	}
	return texts
}

func (c *content) readMetadata(args arguments) *refusal {
	v, ok := args.tree("metadata")
	o, isObject := v.(object)
	if !ok || !isObject {
		return refuse("invalid_metadata_format")
	}
	c.hasMeta = true
	if len(o) == 0 {
		return nil
	}
	check := newChecker(MessageSurface)
	check.object("/metadata", o, "event_type", "event_payload", "entities", "external_ref")
	check.need(o, "/metadata", "event_type", maxID)
	if payload, present := o["event_payload"]; !present {
		check.fail("/metadata", "missing required field: event_payload")
	} else if _, isObject := payload.(object); !isObject {
		check.fail("/metadata/event_payload", "must provide an object")
	}
	if len(check.problems) > 0 {
		return &refusal{code: "invalid_metadata_schema", messages: check.problems}
	}
	if len(encode(o)) > maxMetadataBytes {
		return refuse("metadata_too_large")
	}
	c.metadata = o
	return nil
}

// writable finds a channel that the app may write to. A person's id stands for
// the direct messages with that person.
func (ws *Workspace) writable(c *call, id string) (*channel, *refusal) {
	if p, ok := ws.users[id]; ok && !p.Bot && !p.Deleted {
		return ws.direct(id), nil
	}
	ch, ok := ws.channels[id]
	switch {
	case !ok, ch.Private && !ch.has(ws.opt.BotUserID):
		return nil, refuse("channel_not_found")
	case !ch.has(ws.opt.BotUserID) && !c.grant.allows("chat:write.public"):
		return nil, refuse("not_in_channel")
	case ch.Archived:
		return nil, refuse("is_archived")
	}
	return ch, nil
}

// direct gives the direct messages between the app and a person.
func (ws *Workspace) direct(person string) *channel {
	id := "D" + strings.TrimLeft(person, "UW")
	if ch, ok := ws.channels[id]; ok {
		return ch
	}
	ch := &channel{ChannelInfo: ChannelInfo{
		ID: id, Name: "directmessage", Private: true, Direct: true,
		Members: []string{person, ws.opt.BotUserID},
	}}
	ws.channels[id] = ch
	ws.channelOrder = append(ws.channelOrder, id)
	ws.announce(Event{Kind: ChannelChanged, Channel: id})
	return ch
}

func (ws *Workspace) chatPostMessage(c *call) (object, *refusal) {
	ch, refused := ws.writable(c, c.args.str("channel"))
	if refused != nil {
		return nil, refused
	}
	body, refused := ws.readContent(c.args)
	if refused != nil {
		return nil, refused
	}
	if !body.hasText && len(body.blocks) == 0 {
		return nil, refuse("no_text")
	}
	thread := c.args.str("thread_ts")
	if thread != "" {
		parent := ch.message(thread)
		if parent == nil {
			return nil, refuse("thread_not_found")
		}
		if parent.threadTS != "" {
			thread = parent.threadTS
		}
	}
	m := ws.appMessage(ch, body)
	m.threadTS = thread
	m.broadcast = thread != "" && c.args.flag("reply_broadcast")
	if c.late > 0 {
		m.visibleAt = ws.now().Add(c.late)
	}
	ws.post(ch, m)
	return object{"channel": ch.ID, "ts": m.ts, "message": ws.wire(m, true)}, nil
}

func (ws *Workspace) appMessage(ch *channel, body content) *message {
	return &message{
		canvas: newCanvas(body.blocks), channel: ch.ID, ts: ws.nextTS(),
		user: ws.opt.BotUserID, botID: ws.opt.BotID, text: cut(body.text, maxPostText), metadata: body.metadata,
	}
}

func cut(s string, most int) string {
	if characters(s) <= most {
		return s
	}
	end := 0
	for range most {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end]
}

// mine finds a message that the app itself wrote. The codes for another's
// message and for one in an archived channel differ from method to method.
func (ws *Workspace) mine(args arguments, notMine, archived string) (*message, *refusal) {
	ch, ok := ws.channels[args.str("channel")]
	if !ok || (ch.Private && !ch.has(ws.opt.BotUserID)) {
		return nil, refuse("channel_not_found")
	}
	m := ch.message(args.str("ts"))
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case m.botID != ws.opt.BotID:
		return nil, refuse(notMine)
	case ch.Archived:
		return nil, refuse(archived)
	}
	return m, nil
}

func (ws *Workspace) chatUpdate(c *call) (object, *refusal) {
	m, refused := ws.mine(c.args, "cant_update_message", "is_inactive")
	if refused != nil {
		return nil, refused
	}
	body, refused := ws.readContent(c.args)
	if refused != nil {
		return nil, refused
	}
	switch {
	case !body.hasText && !body.hasBlocks && !body.hasMeta:
		return nil, refuse("no_text")
	case body.hasBlocks && len(body.blocks) == 0 && !body.hasText && m.text == "":
		return nil, refuse("no_text")
	case characters(body.text) > maxUpdateText:
		return nil, refuse("msg_too_long")
	}
	ws.rewrite(m, body)
	return object{"channel": m.channel, "ts": m.ts, "text": m.text, "message": ws.wire(m, true)}, nil
}

// rewrite changes a message. Text without blocks takes the blocks away and
// marks the message as edited; blocks leave no mark. What is not mentioned
// stays.
func (ws *Workspace) rewrite(m *message, body content) {
	if body.hasText {
		m.text = cut(body.text, maxPostText)
	}
	switch {
	case body.hasBlocks:
		m.redraw(body.blocks, false, "")
	case body.hasText:
		m.redraw(nil, false, "")
		m.edited = &Edited{User: ws.opt.BotUserID, TS: ws.nextTS()}
	}
	if body.hasMeta {
		m.metadata = body.metadata
	}
	if m.audience != "" {
		ws.announce(Event{Kind: EphemeralChanged, Channel: m.channel, User: m.audience, TS: m.ts})
		return
	}
	ws.announce(Event{Kind: MessageChanged, Channel: m.channel, TS: m.ts})
}

func (ws *Workspace) chatDelete(c *call) (object, *refusal) {
	m, refused := ws.mine(c.args, "cant_delete_message", "is_archived")
	if refused != nil {
		return nil, refused
	}
	ws.remove(m)
	return object{"channel": m.channel, "ts": m.ts}, nil
}

func (ws *Workspace) chatPostEphemeral(c *call) (object, *refusal) {
	id := c.args.str("channel")
	if _, isPerson := ws.users[id]; isPerson {
		return nil, refuse("channel_not_found")
	}
	ch, refused := ws.writable(c, id)
	if refused != nil {
		return nil, refused
	}
	person := c.args.str("user")
	if p, ok := ws.users[person]; !ok || p.Deleted || !ch.has(person) {
		return nil, refuse("user_not_in_channel")
	}
	if c.args.has("metadata") {
		return nil, refuse("invalid_arguments")
	}
	body, refused := ws.readContent(c.args)
	if refused != nil {
		return nil, refused
	}
	if !body.hasText && len(body.blocks) == 0 {
		return nil, refuse("no_text")
	}
	if characters(body.text) > maxPostText {
		return nil, refuse("msg_too_long")
	}
	m := ws.appMessage(ch, body)
	m.audience = person
	ws.postEphemeral(m)
	return object{"message_ts": m.ts}, nil
}
