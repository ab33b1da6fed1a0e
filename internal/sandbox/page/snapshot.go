package page

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceslack"
)

const (
	// maxMessages, maxRequests and maxGroups bound what is shown at once: the newest.
	maxMessages = 200
	maxRequests = 100
	maxGroups   = 200
	// maxExcerpt bounds what is shown of a requester's words beside the channel.
	maxExcerpt = 300
)

// snapshot is all that the page shows to one person.
type snapshot struct {
	Person   string    `json:"person"`
	Channel  string    `json:"channel"`
	People   []person  `json:"people"`
	Channels []channel `json:"channels"`
	Messages []message `json:"messages"`
	// Earlier counts the messages before those that are shown.
	Earlier  int       `json:"earlier"`
	Views    []view    `json:"views"`
	Requests []request `json:"requests"`
	Groups   []group   `json:"groups"`
	// MoreGroups counts the access groups that are not shown.
	MoreGroups int    `json:"more_groups"`
	Wire       []line `json:"wire"`
	// Faults are the switches for what can go wrong.
	Faults []fault `json:"faults"`
	// Running says whether Frontdesk is.
	Running bool `json:"running"`
}

type person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Zone string `json:"zone"`
	Role string `json:"role,omitempty"`
	// App says that it is the app: nobody acts as it.
	App bool `json:"app"`
}

type channel struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Member bool   `json:"member"`
}

type message struct {
	TS        string          `json:"ts"`
	ThreadTS  string          `json:"thread_ts,omitempty"`
	Author    string          `json:"author"`
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks,omitempty"`
	State     json.RawMessage `json:"state,omitempty"`
	Edited    bool            `json:"edited"`
	Ephemeral bool            `json:"ephemeral"`
}

type view struct {
	ID      string            `json:"id"`
	Title   string            `json:"title"`
	Submit  string            `json:"submit"`
	Close   string            `json:"close"`
	Blocks  json.RawMessage   `json:"blocks"`
	State   json.RawMessage   `json:"state"`
	Errors  map[string]string `json:"errors"`
	Problem string            `json:"problem"`
}

type request struct {
	ID          string    `json:"id"`
	Email       string    `json:"email"`
	Message     string    `json:"message"`
	Status      string    `json:"status"`
	RequestedAt time.Time `json:"requested_at"`
	DecidedBy   string    `json:"decided_by"`
	Elsewhere   bool      `json:"elsewhere"`
	Groups      []string  `json:"groups"`
	Gated       bool      `json:"gated"`
}

type group struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (p *Page) serveSnapshot(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	writeJSON(w, http.StatusOK, p.snapshot(query.Get("as"), query.Get("channel")))
}

// snapshot shows what a person sees. Who or what is not known is replaced by
// the first that is there, so that an old address of the page still works.
func (p *Page) snapshot(as, in string) snapshot {
	s := snapshot{People: []person{}, Channels: []channel{}, Messages: []message{}, Views: []view{}, Wire: p.wire()}
	for _, u := range p.slack.Users() {
		s.People = append(s.People, person{ID: u.ID, Name: u.RealName, Zone: u.TZ, Role: role(u), App: u.Bot})
		if !u.Bot && !u.Deleted && (s.Person == "" || u.ID == as) {
			s.Person = u.ID
		}
	}
	for _, c := range p.slack.Channels() {
		member := slices.Contains(c.Members, s.Person)
		s.Channels = append(s.Channels, channel{ID: c.ID, Name: c.Name, Member: member})
		if member && (s.Channel == "" || c.ID == in) {
			s.Channel = c.ID
		}
	}
	if s.Channel != "" {
		s.Messages, s.Earlier = p.messages(s.Person, s.Channel)
	}
	for _, v := range p.slack.User(s.Person).Views() {
		s.Views = append(s.Views, view{
			ID: v.ID, Title: v.Title, Submit: v.Submit, Close: v.Close, Blocks: v.Blocks, State: v.State,
			Errors: v.Errors, Problem: v.Problem,
		})
	}
	s.Requests = p.roomRequests()
	s.Groups, s.MoreGroups = p.roomGroups()
	s.Faults, s.Running = p.faults(s.Person), p.desk.FrontdeskRunning()
	return s
}

func role(u practiceslack.Person) string {
	switch {
	case u.Deleted:
		return "deactivated"
	case u.Stranger:
		return "other organisation"
	case u.Restricted, u.UltraRestricted:
		return "guest"
	}
	return ""
}

// messages gives the newest messages that a person sees in a channel, oldest
// first, with those that only they see in their places.
func (p *Page) messages(person, channel string) (newest []message, earlier int) {
	all := append(p.slack.Channel(channel).Messages(), p.slack.User(person).Ephemerals(channel)...)
	slices.SortStableFunc(all, func(a, b practiceslack.Message) int { return compareTS(a.TS, b.TS) })
	earlier = max(0, len(all)-maxMessages)
	newest = make([]message, 0, maxMessages)
	for _, m := range all[earlier:] {
		row := message{
			TS: m.TS, ThreadTS: m.ThreadTS, Author: m.User, Text: m.Text, Blocks: m.Blocks,
			Edited: m.Edited != nil, Ephemeral: m.Ephemeral,
		}
		if len(m.Blocks) > 0 {
			row.State = p.slack.StateOf(person, practiceslack.InMessage(channel, m.TS))
		}
		newest = append(newest, row)
	}
	return newest, earlier
}

// compareTS orders timestamps of the form seconds.micros.
func compareTS(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// roomRequests gives the newest requests of the room, the newest first.
func (p *Page) roomRequests() []request {
	access := map[string]practiceconveyor.Authorization{}
	for _, a := range p.room.Authorizations() {
		access[a.ID] = a
	}
	all := p.room.Requests()
	slices.Reverse(all)
	rows := make([]request, 0, min(len(all), maxRequests))
	for _, q := range all[:min(len(all), maxRequests)] {
		row := request{
			ID: q.ID, Email: q.Email, Status: string(q.Status), RequestedAt: q.RequestedAt,
			DecidedBy: q.DecidedBy, Elsewhere: q.Elsewhere, Groups: []string{},
		}
		if q.Message != nil {
			row.Message = excerpt(*q.Message)
		}
		if a, ok := access[q.AuthorizationID]; ok {
			row.Gated = a.Status == practiceconveyor.AuthorizationGated
			for _, g := range a.Groups {
				row.Groups = append(row.Groups, g.Name)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// roomGroups gives the newest access groups of the room, the newest last, and
// counts those before them.
func (p *Page) roomGroups() (newest []group, more int) {
	all := p.room.Groups()
	more = max(0, len(all)-maxGroups)
	newest = make([]group, 0, len(all)-more)
	for _, g := range all[more:] {
		newest = append(newest, group(g))
	}
	return newest, more
}

func excerpt(s string) string {
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt]) + "…"
	}
	return s
}
