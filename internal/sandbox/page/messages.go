package page

import (
	"encoding/json"
	"net/http"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// pageSize is how many messages the page fetches at once.
const pageSize = 25

type message struct {
	TS        string          `json:"ts"`
	ThreadTS  string          `json:"thread_ts,omitempty"`
	Author    string          `json:"author"`
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks,omitempty"`
	State     json.RawMessage `json:"state,omitempty"`
	Edited    bool            `json:"edited"`
	Ephemeral bool            `json:"ephemeral"`
	// Broadcast says that a reply stands in the channel too.
	Broadcast bool `json:"broadcast"`
	Replies   int  `json:"replies"`
}

func shownMessage(m practiceslack.Shown) message {
	return message{
		TS: m.TS, ThreadTS: m.ThreadTS, Author: m.User, Text: m.Text, Blocks: m.Blocks, State: m.State,
		Edited: m.Edited != nil, Ephemeral: m.Ephemeral, Broadcast: m.Broadcast, Replies: m.Replies,
	}
}

func shownMessages(all []practiceslack.Shown) []message {
	rows := make([]message, 0, len(all))
	for _, m := range all {
		rows = append(rows, shownMessage(m))
	}
	return rows
}

// stretch is a part of a channel.
type stretch struct {
	Messages []message `json:"messages"`
	Earlier  int       `json:"earlier"`
	Later    int       `json:"later"`
}

// serveMessages gives the messages of a channel before or after a timestamp, or
// the newest.
func (p *Page) serveMessages(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	who, in := p.slack.User(query.Get("as")), query.Get("channel")
	var t practiceslack.Timeline
	switch before, after := query.Get("before"), query.Get("after"); {
	case before != "":
		t = who.Before(in, before, pageSize)
	case after != "":
		t = who.After(in, after, pageSize)
	default:
		t = who.Newest(in, pageSize)
	}
	writeJSON(w, http.StatusOK, stretch{Messages: shownMessages(t.Messages), Earlier: t.Earlier, Later: t.Later})
}

// serveThread gives a message and its replies.
func (p *Page) serveThread(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	thread := p.slack.User(query.Get("as")).Thread(query.Get("channel"), query.Get("ts"))
	writeJSON(w, http.StatusOK, stretch{Messages: shownMessages(thread)})
}
