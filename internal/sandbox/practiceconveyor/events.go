package practiceconveyor

import (
	"sync"
	"time"
)

// EventKind says what changed.
type EventKind string

// What can change. An event's Subject is the id of what changed, a call's method and path, or empty.
const (
	EventRequestFiled         EventKind = "request_filed"
	EventRequestDecided       EventKind = "request_decided"
	EventRequestRemoved       EventKind = "request_removed"
	EventAuthorizationChanged EventKind = "authorization_changed"
	EventGroupsChanged        EventKind = "groups_changed"
	EventFaultsChanged        EventKind = "faults_changed"
	EventCall                 EventKind = "call"
	EventWebhookSent          EventKind = "webhook_sent"
)

const eventBuffer = 64

// Event is news for whoever watches the room.
type Event struct {
	Kind    EventKind
	Subject string
	Time    time.Time
}

// Subscribe returns a channel of what changes from now on, and how to end it, which closes the channel. The room does
// not wait for a slow reader: the oldest unread event makes room for the newest.
func (r *Room) Subscribe() (events <-chan Event, end func()) {
	feed := make(chan Event, eventBuffer)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subscribers[feed] = struct{}{}
	return feed, sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.subscribers, feed)
		close(feed)
	})
}

// publish never blocks. Called with the mutex held, so it is the only sender.
func (r *Room) publish(kind EventKind, subject string) {
	event := Event{Kind: kind, Subject: subject, Time: r.clock()}
	for feed := range r.subscribers {
		for sent := false; !sent; {
			select {
			case feed <- event:
				sent = true
			default:
				select {
				case <-feed:
				default:
				}
			}
		}
	}
}
