package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

const (
	channel       = "C0DESK"
	team          = "T0BENCH"
	signingSecret = "8f742231b10e8888abcd99yyyzzz85a5" // the one of Slack's public example
	reviewers     = 10
)

// The names of the request with a number, here and there.
func requestID(i int) string  { return fmt.Sprintf("01900000-0000-7000-8000-%012d", i) }
func externalID(i int) string { return fmt.Sprintf("request-%06d", i) }
func messageTS(i int) string  { return fmt.Sprintf("1700000000.%06d", i) }
func requester(i int) string  { return fmt.Sprintf("grace-%06d@northwind.example", i) }
func reviewer(i int) string   { return fmt.Sprintf("U0REVIEWER%d", i%reviewers) }

// numberIn gives the number at the end of one of the names above, -1 if there
// is none.
func numberIn(name string) int {
	n, err := strconv.Atoi(name[max(0, len(name)-6):])
	if err != nil {
		return -1
	}
	return n
}

func groups() []approval.Group {
	var all []approval.Group
	for _, name := range []string{"Financials", "Penetration tests", "Policies", "Product roadmap", "SOC 2"} {
		all = append(all, approval.Group{ID: "group-" + name, Name: name})
	}
	return all
}

// pending gives the request with a number as it is after its message was posted.
func pending(i int, at time.Time) (approval.Request, approval.Event, error) {
	arrival := approval.Arrival{
		Source: "conveyor", ExternalID: externalID(i), Requester: requester(i), RequestedAt: at,
		Message: "We are evaluating your product and would like to read your SOC 2 report before our security review on Friday.",
		Link:    "https://app.conveyor.example/exchange/" + externalID(i),
	}
	event := approval.Event{Seq: 1, At: at, Action: approval.Receive, Arrival: &arrival}
	r, err := approval.Apply(approval.Request{ID: requestID(i)}, event)
	if err != nil {
		return r, event, fmt.Errorf("make request %d: %w", i, err)
	}
	r.Delivery = approval.Delivery{Channel: channel, TS: messageTS(i), Wanted: 1, Done: 1, SeenAt: at}
	return r, event, nil
}

// click is a click on Approve as Slack sends it.
type click struct {
	number    int
	body      string
	timestamp string
	signature string
}

type object = map[string]any

// newClick makes the click on the message of the request with a number. value
// is what the button has: the peer has nothing but the outside system's id.
func newClick(i int, value func(int) string, now time.Time) (click, error) {
	r, _, err := pending(i, now)
	if err != nil {
		return click{}, err
	}
	text, blocks := render.Message(approval.View{Request: r, Groups: groups(), GroupsKnown: true})
	at := strconv.FormatInt(now.Unix(), 10)
	payload, err := json.Marshal(object{
		"type": "block_actions", "api_app_id": "A0BENCH", "token": "verification", "trigger_id": "1.2." + requestID(i),
		"user":      object{"id": reviewer(i), "username": "ada", "name": "ada", "team_id": team},
		"team":      object{"id": team, "domain": "bench"},
		"container": object{"type": "message", "message_ts": messageTS(i), "channel_id": channel, "is_ephemeral": false},
		"channel":   object{"id": channel, "name": "desk"},
		"message": object{
			"type": "message", "subtype": "bot_message", "ts": messageTS(i), "bot_id": "B0BENCH", "app_id": "A0BENCH",
			"text": text, "blocks": blocks,
		},
		"state":        object{"values": object{render.GroupsBlock("conveyor"): object{render.ActionGroups: object{"type": "multi_static_select", "selected_options": []any{}}}}},
		"response_url": "https://hooks.slack.example/actions/" + requestID(i),
		"actions": []any{object{
			"type": "button", "action_id": render.ActionApprove, "block_id": render.BlockDecide, "value": value(i),
			"text": object{"type": "plain_text", "text": "Approve", "emoji": true}, "style": "primary", "action_ts": at + ".000001",
		}},
	})
	if err != nil {
		return click{}, fmt.Errorf("make click %d: %w", i, err)
	}
	c := click{number: i, body: url.Values{"payload": {string(payload)}}.Encode(), timestamp: at}
	mac := hmac.New(sha256.New, []byte(signingSecret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", at, c.body)
	c.signature = "v0=" + hex.EncodeToString(mac.Sum(nil))
	return c, nil
}
