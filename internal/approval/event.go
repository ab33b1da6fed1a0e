package approval

import (
	"fmt"
	"time"
)

// Event is one step of a request's life. Events are never changed; a request's
// state is what its events replay to.
type Event struct {
	// Seq counts the request's events from 1; it becomes the request's Version.
	Seq    int64     `json:"-"`
	At     time.Time `json:"-"`
	Action Action    `json:"-"`
	// Actor is the reviewer's Slack user id, empty if Frontdesk acted by itself.
	Actor string `json:"-"`
	// Key is unique among all events; the click's id for a decision, else empty.
	Key string `json:"-"`

	Arrival      *Arrival      `json:"arrival,omitempty"`
	Decision     *Decision     `json:"decision,omitempty"`
	Confirmation *Confirmation `json:"confirmation,omitempty"`
	Refusal      *Refusal      `json:"refusal,omitempty"`
	Closing      *Closing      `json:"closing,omitempty"`
}

// Arrival is what a connector found: the content of a request's first event.
type Arrival struct {
	Source      string    `json:"source"`
	ExternalID  string    `json:"external_id"`
	Requester   string    `json:"requester"`
	Message     string    `json:"message,omitempty"`
	Link        string    `json:"link,omitempty"`
	RequestedAt time.Time `json:"requested_at,omitzero"`
}

// Apply gives the request as it is after the event. It is the only function
// that changes a request's state, and has no effect outside its result.
// Bookkeeping follows: a new decision starts with no attempts, what polls
// counted as missing is counted anew, and the message is due. It is due at once
// unless Slack asked for patience.
func Apply(r Request, e Event) (Request, error) {
	if e.Seq != r.Version+1 {
		return r, fmt.Errorf("apply event %d to version %d of request %s: out of order", e.Seq, r.Version, r.ID)
	}
	if e.Action == Receive {
		if e.Arrival == nil {
			return r, fmt.Errorf("apply event %d to request %s: receive without an arrival", e.Seq, r.ID)
		}
		if r.Version != 0 {
			return r, &NotAllowedError{State: r.State, Action: Receive}
		}
		a := e.Arrival
		r = Request{
			ID: r.ID, Source: a.Source, ExternalID: a.ExternalID, Requester: a.Requester,
			Message: a.Message, Link: a.Link, RequestedAt: a.RequestedAt, ReceivedAt: e.At, State: Pending,
		}
	} else {
		to, err := Next(r.State, e.Action)
		if err != nil {
			return r, err
		}
		if err := carry(&r, e); err != nil {
			return r, err
		}
		r.State, r.Missing = to, Missing{}
	}
	r.Version, r.ChangedAt = e.Seq, e.At
	r.Delivery.Wanted++
	if r.Delivery.Failures > 0 {
		r.Delivery.NextAt = time.Time{}
	}
	return r, nil
}

// carry copies what the event says into the request.
func carry(r *Request, e Event) error {
	missing := fmt.Errorf("apply event %d to request %s: %s says too little", e.Seq, r.ID, e.Action)
	switch e.Action {
	case Approve, Reject:
		if e.Decision == nil || e.Decision.Verb != e.Action {
			return missing
		}
		r.Decision, r.Effect = e.Decision, Effect{}
	case Delay:
		r.Delayed = true
	case Confirm:
		if e.Confirmation == nil {
			return missing
		}
		r.Confirmation, r.Delayed = e.Confirmation, false
	case Refuse:
		if e.Refusal == nil {
			return missing
		}
		r.Decision, r.Delayed, r.Effect = nil, false, Effect{}
	case Close:
		if e.Closing == nil {
			return missing
		}
		r.Closing, r.Decision, r.Delayed, r.Effect = e.Closing, nil, false, Effect{}
	case Reopen:
		r.Closing, r.Confirmation, r.Decision, r.Effect = nil, nil, nil, Effect{}
	case Receive:
		return missing
	}
	return nil
}

// Replay gives the request that a life's events lead to.
func Replay(id string, events []Event) (Request, error) {
	r := Request{ID: id}
	for _, e := range events {
		var err error
		if r, err = Apply(r, e); err != nil {
			return r, fmt.Errorf("replay request %s: %w", id, err)
		}
	}
	return r, nil
}
