package slackapp

import (
	"encoding/json"
	"time"
)

// MetadataType is what our messages are found by.
const MetadataType = metadataType

// SlackError says what an error of a call to Slack means.
func SlackError(err error) error { return slackError(err) }

// SetBounds replaces the bounds on the way to an answer, so that tests need not
// wait for the real ones. It must be called before anything is taken in.
func (r *Reception) SetBounds(answer, ask, store time.Duration) {
	r.bounds = bounds{answer: answer, ask: ask, store: store, background: answer}
}

// Bounds gives the bounds on the way to an answer.
func (r *Reception) Bounds() (answer, ask, store time.Duration) {
	return r.bounds.answer, r.bounds.ask, r.bounds.store
}

// Readable reports whether a payload has the form that Frontdesk reads.
func Readable(raw []byte) bool {
	var p payload
	return json.Unmarshal(raw, &p) == nil
}
