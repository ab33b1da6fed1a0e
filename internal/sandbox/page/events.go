package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const (
	// gather is how long changes are gathered before the page is told: long enough
	// for what belongs together, too short to be noticed.
	gather = 30 * time.Millisecond
	// maxChanged is how many messages are sent one by one. If more change at once,
	// the page begins anew.
	maxChanged = 2 * pageSize
)

// change is what is new since the last message of a stream. What is nil has not
// changed.
type change struct {
	*workspace
	*mine
	*room
	*troubles
	// Changed are new messages and those that look different now.
	Changed []message `json:"changed,omitempty"`
	// Gone are the timestamps of messages that are not there any more.
	Gone []string `json:"gone,omitempty"`
	Wire []line   `json:"wire,omitempty"`
}

// stream follows the practice parties for one open page.
type stream struct {
	page  *Page
	slack <-chan practiceslack.Event
	room  <-chan practiceconveyor.Event
	sent  snapshot
	wire  mark

	// What may have changed since the last message.
	anew      bool
	workspace bool
	mine      bool
	messages  map[string]bool // by timestamp
}

// serveEvents tells the page what it shows at first, and then what changes,
// until it goes away. A page whose stream breaks opens another, which begins
// with everything; so nothing is lost.
func (p *Page) serveEvents(w http.ResponseWriter, r *http.Request) {
	slack, endSlack := p.slack.Subscribe()
	defer endSlack()
	room, endRoom := p.room.Subscribe()
	defer endRoom()
	query := r.URL.Query()
	s := &stream{page: p, slack: slack, room: room, anew: true, messages: map[string]bool{}}
	s.sent.Person, s.sent.Channel = query.Get("as"), query.Get("channel")

	w.Header().Set("Content-Type", "text/event-stream")
	connection := http.NewResponseController(w)
	for {
		news := p.news.heard() // before the message, so that nothing falls between
		if name, content := s.next(); content != nil {
			body, err := json.Marshal(content)
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, body); err != nil {
				return
			}
			if err := connection.Flush(); err != nil {
				return
			}
		}
		if !s.wait(r, news) {
			return
		}
	}
}

// wait gathers what happens. It says false when the stream has ended.
func (s *stream) wait(r *http.Request, news <-chan struct{}) bool {
	var over <-chan time.Time
	for {
		select {
		case <-r.Context().Done():
			return false
		case <-over:
			return true
		case e, open := <-s.slack:
			if !open {
				return false
			}
			s.note(e)
		case <-s.room:
		case <-news:
			news = nil
		}
		if over == nil {
			timer := time.NewTimer(gather)
			defer timer.Stop()
			over = timer.C
		}
	}
}

// note keeps in mind what an event is about.
func (s *stream) note(e practiceslack.Event) {
	switch e.Kind {
	case practiceslack.UserChanged, practiceslack.ChannelChanged, practiceslack.CommandsChanged:
		s.workspace = true
	case practiceslack.ViewsChanged:
		s.mine = true
	case practiceslack.MessagePosted, practiceslack.MessageChanged, practiceslack.MessageDeleted,
		practiceslack.EphemeralPosted, practiceslack.EphemeralChanged, practiceslack.EphemeralDeleted, practiceslack.StateChanged:
		if e.View != "" {
			s.mine = true
		}
		if e.Channel == s.sent.Channel && e.TS != "" && (e.User == "" || e.User == s.sent.Person) {
			s.messages[e.TS] = true
			if e.Thread != "" {
				s.messages[e.Thread] = true // it counts its replies
			}
		}
	case practiceslack.Lagged:
		s.anew = true
	case practiceslack.CallMade, practiceslack.DeliveryMade, practiceslack.ViolationFound,
		practiceslack.PaceChanged, practiceslack.SocketsChanged:
	}
}

// next gives the next message of the stream, nil if there is nothing to tell.
func (s *stream) next() (name string, content any) {
	if !s.anew && s.workspace && s.page.known(s.sent.Person) != s.sent.Person {
		s.anew = true // the person is gone
	}
	if s.anew || len(s.messages) > maxChanged {
		s.sent, s.wire = s.page.snapshot(s.sent.Person, s.sent.Channel)
		s.forget()
		return "start", s.sent
	}
	var c change
	c.Changed, c.Gone = s.changedMessages()
	c.Wire, s.wire = s.page.wire(s.wire)
	if s.workspace {
		c.workspace = differing(&s.sent.workspace, s.page.workspace(s.sent.Person))
	}
	if s.mine {
		c.mine = differing(&s.sent.mine, s.page.mine(s.sent.Person))
	}
	c.room = differing(&s.sent.room, s.page.roomNow())
	c.troubles = differing(&s.sent.troubles, s.page.troubles(s.sent.Person))
	s.forget()
	if reflect.DeepEqual(c, change{Wire: []line{}}) {
		return "", nil
	}
	return "change", c
}

func (s *stream) forget() {
	s.anew, s.workspace, s.mine = false, false, false
	clear(s.messages)
}

// differing gives what is so now if it is not what was sent, and takes it as sent.
func differing[T any](sent *T, now T) *T {
	if reflect.DeepEqual(*sent, now) {
		return nil
	}
	*sent = now
	return &now
}

func (s *stream) changedMessages() (changed []message, gone []string) {
	who := s.page.slack.User(s.sent.Person)
	for ts := range s.messages {
		if m, seen := who.Shown(s.sent.Channel, ts); seen {
			changed = append(changed, shownMessage(m))
		} else {
			gone = append(gone, ts)
		}
	}
	slices.SortFunc(changed, func(a, b message) int { return strings.Compare(a.TS, b.TS) })
	slices.Sort(gone)
	return changed, gone
}

// bell tells everybody who listens at once, and remembers nothing.
type bell struct {
	mu   sync.Mutex
	rung chan struct{}
}

// heard gives a channel that is closed when the bell rings next.
func (b *bell) heard() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.rung)
	b.rung = make(chan struct{})
}
