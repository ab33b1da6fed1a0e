package page

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// snapshot is all that the page shows to one person at first.
type snapshot struct {
	Person  string `json:"person"`
	Channel string `json:"channel"`
	workspace
	mine
	room
	troubles
	// Messages are the newest of the channel; Earlier counts those before them.
	Messages []message `json:"messages"`
	Earlier  int       `json:"earlier"`
	Wire     []line    `json:"wire"`
}

// workspace is what everybody shares.
type workspace struct {
	People   []person  `json:"people"`
	Channels []channel `json:"channels"`
	Commands []command `json:"commands"`
}

// mine is what only one person has before them, outside of the channels.
type mine struct {
	Views []view `json:"views"`
	// Home is the app's Home tab; nil when nothing was published for them.
	Home *view `json:"home"`
}

// troubles are the switches for what can go wrong.
type troubles struct {
	Faults []fault `json:"faults"`
	// Running says whether Frontdesk is.
	Running bool `json:"running"`
}

type person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
	Zone   string `json:"zone"`
	Role   string `json:"role,omitempty"`
	// App says that it is the app: nobody acts as it.
	App bool `json:"app"`
}

type channel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Member   bool   `json:"member"`
	Private  bool   `json:"private"`
	Direct   bool   `json:"direct"`
	Archived bool   `json:"archived"`
}

type command struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Hint        string `json:"hint"`
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

func (p *Page) serveSnapshot(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s, _ := p.snapshot(query.Get("as"), query.Get("channel"))
	writeJSON(w, http.StatusOK, s)
}

// snapshot shows what a person sees, and how far the wire is shown. Who or what
// is not known is replaced by the first that is there, so that an old address
// of the page still works.
func (p *Page) snapshot(as, in string) (snapshot, mark) {
	s := snapshot{Messages: []message{}}
	s.Person = p.known(as)
	s.workspace = p.workspace(s.Person)
	for _, c := range s.Channels {
		if c.Member && (s.Channel == "" || c.ID == in) {
			s.Channel = c.ID
		}
	}
	if s.Channel != "" {
		newest := p.slack.User(s.Person).Newest(s.Channel, pageSize)
		s.Messages, s.Earlier = shownMessages(newest.Messages), newest.Earlier
	}
	s.mine, s.room, s.troubles = p.mine(s.Person), p.roomNow(), p.troubles(s.Person)
	var reached mark
	s.Wire, reached = p.wire(mark{})
	return s, reached
}

// known gives a person's id, or that of the first whom one can act as.
func (p *Page) known(as string) string {
	found := ""
	for _, u := range p.slack.Users() {
		if !u.Bot && !u.Deleted && (found == "" || u.ID == as) {
			found = u.ID
		}
	}
	return found
}

func (p *Page) workspace(as string) workspace {
	w := workspace{People: []person{}, Channels: []channel{}, Commands: []command{}}
	for _, u := range p.slack.Users() {
		w.People = append(w.People, person{ID: u.ID, Name: u.RealName, Handle: u.Name, Zone: u.TZ, Role: role(u), App: u.Bot})
	}
	for _, c := range p.slack.Channels() {
		w.Channels = append(w.Channels, channel{
			ID: c.ID, Name: c.Name, Member: slices.Contains(c.Members, as), Private: c.Private, Direct: c.Direct, Archived: c.Archived,
		})
	}
	for _, c := range p.slack.Commands() {
		w.Commands = append(w.Commands, command(c))
	}
	return w
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

func (p *Page) mine(as string) mine {
	m := mine{Views: []view{}}
	who := p.slack.User(as)
	for _, v := range who.Views() {
		m.Views = append(m.Views, shownView(v))
	}
	if home, published := who.Home(); published {
		m.Home = new(shownView(home))
	}
	return m
}

func shownView(v practiceslack.View) view {
	return view{
		ID: v.ID, Title: v.Title, Submit: v.Submit, Close: v.Close, Blocks: v.Blocks, State: v.State,
		Errors: v.Errors, Problem: v.Problem,
	}
}

func (p *Page) troubles(as string) troubles {
	return troubles{Faults: p.faults(as), Running: p.desk.FrontdeskRunning()}
}
