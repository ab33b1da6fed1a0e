package approval

import (
	"slices"
	"time"
)

// Request is one access request, as Frontdesk knows it.
type Request struct {
	// ID is Frontdesk's own, sortable by the time it came in.
	ID string
	// Source names the outside system, for example "conveyor".
	Source string
	// ExternalID is the request's id in the outside system, unique per Source.
	ExternalID string
	// Requester is the e-mail address of who asks for access. It comes from
	// outside and may be anything.
	Requester string
	// Message is what the requester wrote. Empty if nothing.
	Message string
	// Link leads a person to the request in the outside system. May be empty.
	Link string
	// RequestedAt is when the requester asked. Zero if the source does not say.
	RequestedAt time.Time
	// ReceivedAt is when Frontdesk took the request in.
	ReceivedAt time.Time

	State State
	// Version counts the request's events; each step is guarded by it.
	Version int64
	// ChangedAt is the time of the last event.
	ChangedAt time.Time

	// Decision is the one under way or carried out; nil if there is none.
	Decision *Decision
	// Delayed reports that the outside system does not answer at the moment.
	Delayed bool
	// Confirmation is what the outside system confirmed. Set when Approved or
	// Rejected.
	Confirmation *Confirmation
	// Closing says what became of the request elsewhere. Set when Handled.
	Closing *Closing

	// Effect, Delivery and Missing are bookkeeping: they change without an event.
	Effect   Effect
	Delivery Delivery
	Missing  Missing
}

// HasNews reports that the message may not show the request's last event yet;
// if it does, what is due can only be a menu to refresh.
func (r Request) HasNews() bool {
	return !r.Delivery.Posted() || !r.ChangedAt.Before(r.Delivery.SeenAt)
}

// Group is an access group of the room: what a customer can be let into.
type Group struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Reviewer is the person who decided.
type Reviewer struct {
	// ID is the person's Slack user id.
	ID string `json:"id"`
	// Email is what the outside system knows the person by.
	Email string `json:"email"`
}

// Decision is what a reviewer decided.
type Decision struct {
	// ID is the click that made it. The same click never decides twice.
	ID string `json:"id"`
	// Verb is Approve or Reject.
	Verb     Action    `json:"verb"`
	Reviewer Reviewer  `json:"reviewer"`
	At       time.Time `json:"at"`
	// Groups are the access groups that were chosen; none means standard access.
	Groups []Group `json:"groups,omitempty"`
	// Expires is the last day of the access as YYYY-MM-DD; empty means no end.
	Expires string `json:"expires,omitempty"`
	// NDABypass lets the requester in without a signed NDA.
	NDABypass bool `json:"nda_bypass,omitempty"`
	// Note is the reason of a rejection, or what the reviewer wished to add.
	Note string `json:"note,omitempty"`
}

// says reports whether another decision of the same person would change nothing.
func (d Decision) says(other Decision) bool {
	return d.Verb == other.Verb && d.Reviewer.ID == other.Reviewer.ID && d.Expires == other.Expires &&
		d.NDABypass == other.NDABypass && d.Note == other.Note && slices.Equal(d.Groups, other.Groups)
}

// Confirmation is what the outside system said it did.
type Confirmation struct {
	// Groups are the access groups that were given.
	Groups []Group `json:"groups,omitempty"`
	// GroupsUnsaid reports that the outside system did not say which.
	GroupsUnsaid bool `json:"groups_unsaid,omitempty"`
	// Gated reports that access waits for the requester to sign the NDA.
	Gated bool `json:"gated,omitempty"`
}

// Standing is how a request stands in the outside system.
type Standing string

// The standings of a request in the outside system.
const (
	StandingOpen Standing = "open"
	// StandingDraft is known there, but not submitted.
	StandingDraft    Standing = "draft"
	StandingApproved Standing = "approved"
	StandingIgnored  Standing = "ignored"
	StandingGone     Standing = "gone"
)

// Closing says what became of a request that was not decided here.
type Closing struct {
	Standing Standing `json:"standing"`
}

// RefusalReason is a closed set of reasons why a decision was not carried out.
type RefusalReason string

// The reasons of a refusal.
const (
	// RefusedReviewer means that the outside system does not let this reviewer
	// decide.
	RefusedReviewer RefusalReason = "reviewer_not_allowed"
	// RefusedKey means that Frontdesk's own key is not accepted.
	RefusedKey RefusalReason = "key_not_accepted"
	// RefusedGone means that the request, or something the decision names, is
	// not to be found.
	RefusedGone RefusalReason = "gone"
	// RefusedConflict means that the outside system says it is decided already.
	RefusedConflict RefusalReason = "already_decided"
	// RefusedInvalid means that the outside system rejects the decision's
	// content, for example a group that no longer exists.
	RefusedInvalid RefusalReason = "invalid"
	// RefusedPatience means that the outside system gave no answer for longer
	// than Frontdesk is told to wait.
	RefusedPatience RefusalReason = "no_answer"
)

// RefusalReasons lists every reason.
func RefusalReasons() []RefusalReason {
	return []RefusalReason{RefusedReviewer, RefusedKey, RefusedGone, RefusedConflict, RefusedInvalid, RefusedPatience}
}

// Refusal says why a decision was not carried out.
type Refusal struct {
	Reason RefusalReason `json:"reason"`
	// Detail is the outside system's own words, bounded; may be empty.
	Detail string `json:"detail,omitempty"`
}

// Effect is the bookkeeping of carrying a decision out.
type Effect struct {
	// Attempts counts how often carrying out was begun for this decision.
	Attempts int
	// MaybeDone reports that an attempt may have taken effect without our
	// knowing. Only then does an outcome that fits count as the decision's own.
	MaybeDone bool
	// NextAt is the earliest time of the next attempt; zero means now.
	NextAt time.Time
	// ClaimedUntil is when the claim of whoever carries it out runs out.
	ClaimedUntil time.Time
}

// Delivery is the bookkeeping of the message that shows the request.
type Delivery struct {
	// Channel and TS name the message; empty until it is known to be posted.
	Channel string
	TS      string
	// Hash is of the content that was last sent; empty if that is not known.
	Hash string
	// Held reports that the request waits behind the overview, and is posted
	// only when somebody opens it.
	Held bool
	// Wanted counts what should have been shown, Done what has been shown.
	Wanted int64
	Done   int64
	// SeenAt is when Slack last took the message as one that is there.
	SeenAt time.Time
	// PostBegun is when a post was last begun whose outcome is not known; zero
	// if there is none.
	PostBegun time.Time
	// PostMissed is when a post of that kind was first looked for and not found.
	PostMissed time.Time
	// RewriteBegun is when a rewrite was last begun whose outcome is not known;
	// zero if there is none. Slack may still carry it out, over a newer one.
	RewriteBegun time.Time
	// Failures counts the failed attempts since the last success, or since the
	// other side last named the time to wait. A rewrite in doubt counts as one
	// until it is certain what the message shows.
	Failures int
	// NextAt is the earliest time of the next attempt; zero means now. With no
	// Failures it is the time that the other side named, and not even a new
	// event is shown before it.
	NextAt time.Time
	// ClaimedUntil is when the claim of whoever delivers runs out. It also tells
	// one claim from another.
	ClaimedUntil time.Time
}

// Due reports whether the message does not yet show what it should.
func (d Delivery) Due() bool { return !d.Held && d.Done < d.Wanted }

// Posted reports whether the message is known to be in the channel.
func (d Delivery) Posted() bool { return d.TS != "" }

// Missing counts, over consecutive polls, how a pending request was absent
// from its source.
type Missing struct {
	// Polls counts the polls whose list did not have it.
	Polls int
	// NotFound counts the reads by its id that did not find it.
	NotFound int
}
