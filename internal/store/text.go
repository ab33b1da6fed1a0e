package store

import (
	"strings"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// storable gives text from outside as both databases can keep it: PostgreSQL
// takes neither NUL nor bytes that are not UTF-8, and one odd request must not
// hold up all that come after it.
func storable(s string) string {
	const unreadable = "\uFFFD"
	return strings.ReplaceAll(strings.ToValidUTF8(s, unreadable), "\x00", unreadable)
}

// storableArrival does the same to the text of an event's arrival, so that the
// event still replays to the row.
func storableArrival(e approval.Event) approval.Event {
	if e.Arrival == nil {
		return e
	}
	a := *e.Arrival
	a.ExternalID, a.Requester = storable(a.ExternalID), storable(a.Requester)
	a.Message, a.Link = storable(a.Message), storable(a.Link)
	e.Arrival = &a
	return e
}
