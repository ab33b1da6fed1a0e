package page

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// gather is how long changes are gathered before the page is told: long enough
// for what belongs together, too short to be noticed.
const gather = 30 * time.Millisecond

// serveEvents tells the page that something changed, until it goes away. The
// page then fetches a snapshot; so nothing is lost when a stream breaks, and a
// slow page is told once instead of often.
func (p *Page) serveEvents(w http.ResponseWriter, r *http.Request) {
	slack, endSlack := p.slack.Subscribe()
	defer endSlack()
	room, endRoom := p.room.Subscribe()
	defer endRoom()

	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	timer := time.NewTimer(gather)
	defer timer.Stop()
	// At the start too: what changed before the subscription is news as well.
	message := "retry: 1000\ndata: changed\n\n"
	for {
		news := p.news.heard() // before the message, so that nothing falls between
		if _, err := io.WriteString(w, message); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
		message = "data: changed\n\n"

		select {
		case <-r.Context().Done():
			return
		case _, open := <-slack:
			if !open {
				return
			}
		case <-room:
		case <-news:
		}
		timer.Reset(gather)
		for waiting := true; waiting; {
			select {
			case <-r.Context().Done():
				return
			case _, open := <-slack:
				if !open {
					return
				}
			case <-room:
			case <-timer.C:
				waiting = false
			}
		}
	}
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
