package practiceslack

import (
	"crypto/rand"
	"net/http"
	"time"
)

// responseURL lets the app answer an interaction without a token.
type responseURL struct {
	person  string
	channel string
	ts      string // the message that was acted on; empty for a command
	made    time.Time
	uses    int
}

// newResponseURL makes an address and forgets those that are long dead.
func (ws *Workspace) newResponseURL(person, channelID, ts string) string {
	now, dead := ws.now(), 2*max(ws.pace.ResponseLife, 30*time.Minute)
	for id, r := range ws.responses {
		if now.Sub(r.made) > dead {
			delete(ws.responses, id)
			ws.touch(keptKey{kind: keptResponses, id: id})
		}
	}
	id := rand.Text()
	ws.responses[id] = &responseURL{person: person, channel: channelID, ts: ts, made: now}
	ws.touch(keptKey{kind: keptResponses, id: id})
	return ws.baseURL + "/actions/" + id
}

func (ws *Workspace) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	args, _, problem := readArguments(w, r)
	record := Call{Time: ws.now(), Method: "response_url", Args: args.recorded()}
	fault, ok := ws.undergo(w, r, &record)
	if !ok {
		return
	}
	refused := problem
	if refused == nil {
		refused = ws.respond(r.PathValue("id"), args)
	}
	if fault.Kind == LostAnswer {
		ws.recordCall(record)
		panic(http.ErrAbortHandler)
	}
	ws.write(w, record, object{}, refused)
}

// respond does what a message to a response_url asks for.
func (ws *Workspace) respond(id string, args arguments) *refusal {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	r, ok := ws.responses[id]
	switch {
	case !ok:
		return refuse("invalid_url")
	case ws.now().Sub(r.made) > ws.pace.ResponseLife:
		return refuse("expired_url")
	case r.uses >= ws.pace.ResponseUses:
		return refuse("used_url")
	}
	ws.touch(keptKey{kind: keptResponses, id: id})
	original := ws.sees(r.person, r.channel, r.ts)
	if args.flag("delete_original") {
		if original == nil {
			return refuse("message_not_found")
		}
		r.uses++
		ws.remove(original)
		return nil
	}
	// slack-go names empty metadata in each of these messages, and Slack takes it.
	if meta, _ := args["metadata"].(object); meta != nil && stringOf(meta, "event_type") == "" && meta["event_payload"] == nil {
		delete(args, "metadata")
	}
	body, refused := ws.readContent(args)
	if refused != nil {
		return refused
	}
	if !body.hasText && len(body.blocks) == 0 {
		return refuse("no_text")
	}
	kind := args.str("response_type")
	if kind != "" && kind != "ephemeral" && kind != "in_channel" {
		return refuse("invalid_arguments")
	}
	if args.flag("replace_original") {
		if original == nil || original.botID != ws.opt.BotID {
			return refuse("message_not_found")
		}
		r.uses++
		ws.rewrite(original, body)
		return nil
	}
	ch, known := ws.channels[r.channel]
	if !known {
		return refuse("channel_not_found")
	}
	r.uses++
	m := ws.appMessage(ch, body)
	if kind == "in_channel" {
		ws.post(ch, m)
		return nil
	}
	m.audience = r.person
	ws.postEphemeral(m)
	return nil
}
