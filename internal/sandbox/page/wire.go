package page

import (
	"slices"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceslack"
)

// maxWire is how many lines of the wire are shown.
const maxWire = 50

// line is a call or a delivery. The same thing several times in a row, as a
// poll that finds nothing new, is one line with a count.
type line struct {
	Time   time.Time `json:"time"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	What   string    `json:"what"`
	Status int       `json:"status"`
	Note   string    `json:"note,omitempty"`
	Failed bool      `json:"failed"`
	Count  int       `json:"count"`
}

const (
	frontdesk = "Frontdesk"
	slackName = "Slack"
	conveyor  = "Conveyor"
)

// wire gives the newest lines, the newest first.
func (p *Page) wire() []line {
	lines := make([]line, 0, 4*maxWire)
	for _, c := range p.slack.Calls("") {
		lines = append(lines, callToSlack(c))
	}
	for _, d := range p.slack.Deliveries() {
		lines = append(lines, line{
			Time: d.Time, From: slackName, To: frontdesk, What: d.Kind, Status: d.Status, Note: d.Error,
			Failed: d.Error != "",
		})
	}
	for _, c := range p.room.Calls() {
		lines = append(lines, callToConveyor(c))
	}
	for _, d := range p.room.Deliveries() {
		lines = append(lines, line{
			Time: d.Time, From: conveyor, To: frontdesk, What: "webhook access.requested", Status: d.Status, Note: d.Err,
			Failed: d.Status < 200 || d.Status > 299,
		})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return b.Time.Compare(a.Time) })

	short := make([]line, 0, maxWire)
	for _, l := range lines {
		l.Count = 1
		if last := len(short) - 1; last >= 0 && short[last].same(l) {
			short[last].Count++
			continue
		}
		if len(short) == maxWire {
			break
		}
		short = append(short, l)
	}
	return short
}

func (l line) same(other line) bool {
	other.Time, other.Count = l.Time, l.Count
	return l == other
}

func callToSlack(c practiceslack.Call) line {
	l := line{
		Time: c.Time, From: frontdesk, To: slackName, What: c.Method, Status: c.Status, Note: c.Error,
		Failed: c.Error != "" || c.Status < 200 || c.Status > 299,
	}
	if l.Note == "" && c.Status == 0 {
		l.Note = "connection cut"
	}
	return l
}

func callToConveyor(c practiceconveyor.Call) line {
	l := line{Time: c.Time, From: frontdesk, To: conveyor, What: c.Method + " " + c.Path, Status: c.Status, Note: c.Fault}
	switch {
	case !c.Done:
		l.Note = "under way"
	case c.Status == 0:
		l.Note, l.Failed = "connection cut", true
	default:
		l.Failed = c.Status < 200 || c.Status > 299
	}
	return l
}
