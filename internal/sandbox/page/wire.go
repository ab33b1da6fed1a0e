package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// maxWire is how many lines of the wire are shown at once.
const maxWire = 200

// line is a call or a delivery. What was in it is fetched by its id.
type line struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	From string    `json:"from"`
	To   string    `json:"to"`
	What string    `json:"what"`
	// Status is zero while it is under way and when the connection was cut.
	Status int `json:"status"`
	// Millis is how long it took.
	Millis int64  `json:"millis"`
	Note   string `json:"note,omitempty"`
	Failed bool   `json:"failed"`
	// Signature is valid or invalid, and empty for what is not signed.
	Signature string `json:"signature,omitempty"`
}

const (
	frontdesk = "Frontdesk"
	slackName = "Slack"
	conveyor  = "Conveyor"
)

// mark says how far somebody has seen the wire.
type mark struct {
	slack, roomCall, webhook int
}

// wire gives the newest lines after a mark, oldest first, and how far they
// reach. A call that is under way comes again with the next mark.
func (p *Page) wire(after mark) ([]line, mark) {
	lines, reached := []line{}, after
	for _, c := range p.slack.Calls("") {
		if int(c.Seq) > after.slack { //nolint:gosec // a count of events
			lines, reached.slack = append(lines, callToSlack(c)), max(reached.slack, int(c.Seq)) //nolint:gosec // the same
		}
	}
	for _, d := range p.slack.Deliveries() {
		if int(d.Seq) > after.slack { //nolint:gosec // a count of events
			lines, reached.slack = append(lines, p.fromSlack(d)), max(reached.slack, int(d.Seq)) //nolint:gosec // the same
		}
	}
	waiting := false
	for _, c := range p.room.Calls() {
		if c.Number < after.roomCall {
			continue
		}
		lines = append(lines, callToConveyor(c))
		waiting = waiting || !c.Done
		if !waiting {
			reached.roomCall = c.Number + 1
		}
	}
	for _, d := range p.room.Deliveries() {
		if d.Number >= after.webhook {
			lines, reached.webhook = append(lines, p.fromConveyor(d)), d.Number+1
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.Time.Compare(b.Time) })
	return lines[max(0, len(lines)-maxWire):], reached
}

func callToSlack(c practiceslack.Call) line {
	l := line{
		ID: fmt.Sprintf("s%d", c.Seq), Time: c.Time, Millis: c.Duration.Milliseconds(),
		From: frontdesk, To: slackName, What: c.Method, Status: c.Status, Note: cmp.Or(c.Error, c.Fault),
		Failed: c.Error != "" || c.Status < 200 || c.Status > 299,
	}
	if c.Status == 0 {
		l.Note = cut
	}
	return l
}

// cut is said of a call whose connection was cut.
const cut = "connection cut"

func (p *Page) fromSlack(d practiceslack.Delivery) line {
	l := line{
		ID: fmt.Sprintf("d%d", d.Seq), Time: d.Time, Millis: d.Duration.Milliseconds(),
		From: slackName, To: frontdesk, What: d.Kind, Status: d.Status, Note: d.Error, Failed: d.Error != "",
	}
	if d.Signed() {
		l.Signature = verdict(d.SignedWith(p.slack.SigningSecret()))
	}
	return l
}

func callToConveyor(c practiceconveyor.Call) line {
	l := line{
		ID: fmt.Sprintf("c%d", c.Number), Time: c.Time, Millis: c.Duration.Milliseconds(),
		From: frontdesk, To: conveyor, What: c.Method + " " + c.Path, Status: c.Status, Note: c.Fault,
	}
	if strings.HasPrefix(c.Fault, "status ") {
		l.Note = "" // the status says it
	}
	switch {
	case !c.Done:
		l.Note = "under way"
	case c.Status == 0:
		l.Note, l.Failed = cut, true
	default:
		l.Failed = c.Status < 200 || c.Status > 299
	}
	return l
}

func (p *Page) fromConveyor(d practiceconveyor.Delivery) line {
	return line{
		ID: fmt.Sprintf("w%d", d.Number), Time: d.Time.Add(-d.Duration), Millis: d.Duration.Milliseconds(),
		From: conveyor, To: frontdesk, What: "webhook access.requested", Status: d.Status, Note: d.Err,
		Failed: d.Status < 200 || d.Status > 299, Signature: verdict(p.room.Genuine(d)),
	}
}

func verdict(valid bool) string {
	if valid {
		return "valid"
	}
	return "invalid"
}
