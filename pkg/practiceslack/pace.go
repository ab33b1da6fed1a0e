package practiceslack

import (
	"slices"
	"time"
)

// Pace says how strict and how fast the workspace is. The zero value of each
// field means what Slack does; a stricter one shows what margin an app has, a
// faster one what seldom happens.
type Pace struct {
	Limits          Limits
	DeliveryTimeout time.Duration   // how long the app may take to answer; default 3 s, real time
	TriggerLife     time.Duration   // default 3 s
	ResponseUses    int             // how often a response_url can be used; default 5
	ResponseLife    time.Duration   // and for how long; default 30 min
	EventRetries    []time.Duration // how long after a failed attempt an event is sent again; nil means at once, 1 min, 5 min
	TicketLife      time.Duration   // how long the address of a Socket Mode connection is good; default 30 s
	RefreshAge      time.Duration   // how old a Socket Mode connection gets; default 1 h
	PingEvery       time.Duration   // how often it is pinged; default 10 s, real time
}

// Strict is about twice as strict as Slack: no bursts of calls, and half the
// time for everything. An app that works with it has a margin.
func Strict() Pace {
	return Pace{
		Limits:          Limits{NoBursts: true},
		DeliveryTimeout: 1500 * time.Millisecond,
		TriggerLife:     1500 * time.Millisecond,
		ResponseUses:    3,
		ResponseLife:    15 * time.Minute,
		TicketLife:      15 * time.Second,
		RefreshAge:      30 * time.Minute,
	}
}

// Fast lets happen within seconds what takes Slack minutes or hours: events are
// sent again, and connections refreshed.
func Fast() Pace {
	return Pace{
		EventRetries: []time.Duration{0, time.Second, 5 * time.Second},
		RefreshAge:   30 * time.Second,
		PingEvery:    time.Second,
	}
}

// filledPace gives a pace with nothing left to default.
func filledPace(p Pace) Pace {
	duration := func(field *time.Duration, fallback time.Duration) {
		if *field <= 0 {
			*field = fallback
		}
	}
	if p.Limits.Scale <= 0 {
		p.Limits.Scale = 1
	}
	duration(&p.DeliveryTimeout, 3*time.Second)
	duration(&p.TriggerLife, 3*time.Second)
	if p.ResponseUses <= 0 {
		p.ResponseUses = 5
	}
	duration(&p.ResponseLife, 30*time.Minute)
	if p.EventRetries == nil {
		p.EventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	p.EventRetries = slices.Clone(p.EventRetries)
	duration(&p.TicketLife, 30*time.Second)
	duration(&p.RefreshAge, time.Hour)
	duration(&p.PingEvery, 10*time.Second)
	return p
}

// SetPace changes the pace while the workspace is used. It holds from now on
// also for the triggers, response addresses and connections that exist; what
// waits for an answer or for its retry goes on as it began.
func (ws *Workspace) SetPace(p Pace) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.pace = filledPace(p)
	ws.announce(Event{Kind: PaceChanged})
}

// Pace is the pace that holds now, with the defaults filled in.
func (ws *Workspace) Pace() Pace {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	p := ws.pace
	p.EventRetries = slices.Clone(p.EventRetries)
	return p
}
