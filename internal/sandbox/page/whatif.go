package page

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const (
	// stopping bounds a stop of Frontdesk: an operator's patience.
	stopping = 9 * time.Second
	// refusal is the switch that is about a person.
	refusal = "conveyor_refuses"
	// nobody is an address that no person of a practice workspace has.
	nobody = "nobody@practice.invalid"
)

// fault is a switch as the page shows it.
type fault struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Hint string `json:"hint"`
	On   bool   `json:"on"`
}

// whatIf is something that can go wrong. A call meets one fault only: of several
// that are on, the one that was switched on first.
type whatIf struct {
	id, name, hint string
	room           []practiceconveyor.Fault
	slack          []practiceslack.Fault
}

func whatIfs() []whatIf {
	slow, lost := practiceconveyor.Slow(3*time.Second), practiceconveyor.LostAnswer()
	return []whatIf{
		{
			id: "conveyor_slow", name: "Conveyor is slow", hint: "A decision takes 3 seconds.",
			room: []practiceconveyor.Fault{{Method: http.MethodPost, Kind: slow}, {Method: http.MethodPatch, Kind: slow}},
		},
		{
			id: "conveyor_429", name: "Conveyor answers 429", hint: "Too many calls; come back after 5 seconds.",
			room: []practiceconveyor.Fault{{Kind: practiceconveyor.Status(http.StatusTooManyRequests, 5*time.Second)}},
		},
		{
			id: "conveyor_500", name: "Conveyor answers 500", hint: "It fails, and does nothing.",
			room: []practiceconveyor.Fault{{Kind: practiceconveyor.Status(http.StatusInternalServerError, 0)}},
		},
		{
			id: "conveyor_lost", name: "Conveyor’s answer is lost", hint: "The decision is made, and Frontdesk does not hear of it.",
			room: []practiceconveyor.Fault{{Method: http.MethodPost, Kind: lost}, {Method: http.MethodPatch, Kind: lost}},
		},
		{id: refusal, name: "Conveyor refuses ", hint: "The others may still decide."},
		{
			id: "slack_limited", name: "Slack limits updates", hint: "chat.update answers 429; come back after 5 seconds.",
			slack: []practiceslack.Fault{{Method: "chat.update", Kind: practiceslack.RateLimited, RetryAfter: 5 * time.Second, Times: -1}},
		},
		{
			id: "slack_lost", name: "Slack’s answer to a post is lost", hint: "The message is there, and Frontdesk does not hear of it.",
			slack: []practiceslack.Fault{{Method: "chat.postMessage", Kind: practiceslack.LostAnswer, Times: -1}},
		},
	}
}

// clearer is a fault that was switched on.
type clearer interface{ Clear() }

// switches are what is on. Faults that somebody else switched on are left alone.
type switches struct {
	mu      sync.Mutex
	armed   map[string][]clearer // by switch
	refused string               // the person whom Conveyor refuses
}

func (s *switches) on(w whatIf) bool {
	if w.id == refusal {
		return s.refused != ""
	}
	return s.armed[w.id] != nil
}

// faults lists the switches as they stand, for the person who looks.
func (p *Page) faults(person string) []fault {
	p.switches.mu.Lock()
	defer p.switches.mu.Unlock()
	var list []fault
	for _, w := range whatIfs() {
		f := fault{ID: w.id, Name: w.name, Hint: w.hint, On: p.switches.on(w)}
		if w.id == refusal {
			who := person
			if f.On {
				who = p.switches.refused
			}
			f.Name += p.nameOf(who)
		}
		list = append(list, f)
	}
	return list
}

func (p *Page) nameOf(id string) string {
	for _, u := range p.slack.Users() {
		if u.ID == id {
			return u.RealName
		}
	}
	return id
}

func (p *Page) switchFault(_ context.Context, in struct {
	As    string `json:"as"`
	Fault string `json:"fault"`
	On    bool   `json:"on"`
},
) any {
	all := whatIfs()
	at := slices.IndexFunc(all, func(w whatIf) bool { return w.id == in.Fault })
	if at < 0 {
		return answer{Error: "There is no such switch."}
	}
	p.switches.mu.Lock()
	defer p.switches.mu.Unlock()
	if w := all[at]; w.id != refusal {
		p.flip(w, in.On)
	} else if !p.refuse(in.As, in.On) {
		return answer{Error: "Nobody here is called so."}
	}
	p.news.ring()
	return answer{OK: true}
}

// flip switches faults on or off. Called with the mutex of the switches held.
func (p *Page) flip(w whatIf, on bool) {
	s := &p.switches
	for _, armed := range s.armed[w.id] {
		armed.Clear()
	}
	delete(s.armed, w.id)
	if !on {
		return
	}
	for _, f := range w.room {
		s.armed[w.id] = append(s.armed[w.id], p.room.Fault(f))
	}
	for _, f := range w.slack {
		s.armed[w.id] = append(s.armed[w.id], p.slack.Fault(f))
	}
}

// refuse lets Conveyor refuse one person, or nobody again. Called with the
// mutex of the switches held.
func (p *Page) refuse(person string, on bool) bool {
	if !on {
		p.switches.refused = ""
		p.room.SetReviewerEmails()
		return true
	}
	known := false
	others := []string{nobody} // an empty list would mean everybody
	for _, u := range p.slack.Users() {
		switch {
		case u.ID == person:
			known = true
		case u.Email != "":
			others = append(others, u.Email)
		}
	}
	if known {
		p.switches.refused = person
		p.room.SetReviewerEmails(others...)
	}
	return known
}

func (p *Page) runDesk(ctx context.Context, in struct {
	Run bool `json:"run"`
},
) any {
	if in.Run {
		if err := p.desk.StartFrontdesk(ctx); err != nil {
			return answer{Error: "Frontdesk was not started: " + err.Error() + "."}
		}
		return answer{OK: true}
	}
	ctx, cancel := context.WithTimeout(ctx, stopping)
	defer cancel()
	if err := p.desk.StopFrontdesk(ctx); err != nil {
		return answer{Error: "Frontdesk did not stop well: " + err.Error() + "."}
	}
	return answer{OK: true}
}
