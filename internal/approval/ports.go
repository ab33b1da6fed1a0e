package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Clock tells the time.
type Clock func() time.Time

// ErrUnknown says that there is no such request or notice.
var ErrUnknown = errors.New("unknown to Frontdesk")

// ErrReplayed says that the key of an event was used before.
var ErrReplayed = errors.New("recorded before")

// ErrMessageGone says that the message to update is no longer there.
var ErrMessageGone = errors.New("the message is gone")

// Store keeps requests, their events, the known access groups and notices.
type Store interface {
	// InTx runs fn in one transaction: all it wrote is durable when InTx
	// returns nil, and nothing otherwise. Inside it the store's other methods
	// must not be called.
	InTx(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
	// Request gives a request by Frontdesk's id, or ErrUnknown.
	Request(ctx context.Context, id string) (Request, error)
	// Events gives a request's events in order.
	Events(ctx context.Context, id string) ([]Event, error)
	// ByExternalID gives those of the named requests of a source that are known.
	ByExternalID(ctx context.Context, source string, externalIDs []string) ([]Request, error)
	// Pending gives every request of a source that waits for a decision.
	Pending(ctx context.Context, source string) ([]Request, error)
	// Groups gives the access groups last read from the source, in its order.
	Groups(ctx context.Context, source string) ([]Group, error)
	// Source gives the bookkeeping of a source; the zero value if there is none.
	Source(ctx context.Context, source string) (SourceRecord, error)
	// Notice gives a notice, or ErrUnknown.
	Notice(ctx context.Context, id string) (Notice, error)
	// LeastSeen gives the pending request whose message was not seen since a
	// time, and of several the one that was not for the longest, or ErrUnknown.
	LeastSeen(ctx context.Context, since time.Time) (Request, error)
	// Unposted counts the pending requests of a source that wait to be posted.
	Unposted(ctx context.Context, source string) (int, error)
	// CountHeld counts the pending requests of a source that wait behind the
	// overview, and gives when the first of them came in; zero if there is none.
	CountHeld(ctx context.Context, source string) (count int, oldest time.Time, err error)
	// Held gives those whose requester contains what was typed, whatever its
	// case, the oldest first, at most limit.
	Held(ctx context.Context, source, typed string, limit int) ([]Request, error)
	// Overview gives the overview of a source; an empty one if there is none.
	Overview(ctx context.Context, source string) (Overview, error)
	// Due hands all jobs that the rows call for at this time to a function, some
	// at once and the oldest first of each kind of row. That the message of a
	// request shows its decision before there is an outcome is called for
	// OverlookedAfter the decision.
	Due(ctx context.Context, now time.Time, atOnce int, each func(jobs []Job) error) error
}

// Tx is what a transaction can do.
type Tx interface {
	// Request gives a request and keeps others from changing it until the
	// transaction ends, or ErrUnknown.
	Request(ctx context.Context, id string) (Request, error)
	// Receive adds a new request with its first event. It reports false, and
	// adds nothing, if the source's external id is known.
	Receive(ctx context.Context, r Request, e Event) (bool, error)
	// Save writes a request that Apply gave, and the event that led there. It
	// returns ErrReplayed if there is an event with the same key, or a notice
	// whose id it is. Any error may also come later, at the latest from InTx,
	// which commits nothing then.
	Save(ctx context.Context, r Request, e Event) error
	// SaveBookkeeping writes the request's Effect, Delivery and Missing only.
	SaveBookkeeping(ctx context.Context, r Request) error
	// WantPending makes the message of every pending request of a source due
	// again, and gives those requests.
	WantPending(ctx context.Context, source string) ([]Request, error)
	// SaveGroups replaces the known access groups of a source.
	SaveGroups(ctx context.Context, source string, groups []Group) error
	// SaveSource writes the bookkeeping of a source.
	SaveSource(ctx context.Context, source string, record SourceRecord) error
	// Overview gives the overview of a source, an empty one if there is none, and
	// keeps others from changing it until the transaction ends.
	Overview(ctx context.Context, source string) (Overview, error)
	// SaveOverview writes an overview.
	SaveOverview(ctx context.Context, o Overview) error
	// Forget removes requests that were decided before a time and whose messages
	// show it, with all that belongs to them, the oldest first, at most limit. It
	// gives how many there were.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
	// AddNotice adds a notice; false if one with its id exists.
	AddNotice(ctx context.Context, n Notice) (bool, error)
	// NoticeSent marks a notice as delivered, or as impossible to deliver.
	NoticeSent(ctx context.Context, id string, at time.Time) error
}

// SourceRecord is the bookkeeping of a source.
type SourceRecord struct {
	// GroupsWanted reports that the access groups have to be read again.
	GroupsWanted bool
	// GroupsKnown reports that they were ever read: none known is then none.
	GroupsKnown bool
}

// JobKind says which step a job wakes up.
type JobKind string

// The kinds of jobs. Post, Rewrite and Refresh all bring the message up to
// date; they are apart so that neither a flood of new requests nor a menu that
// changes in hundreds of messages delays an outcome.
const (
	JobCarryOut JobKind = "carry_out"
	JobPost     JobKind = "post"
	JobRewrite  JobKind = "rewrite"
	JobRefresh  JobKind = "refresh"
	JobTell     JobKind = "tell"
	// JobOpen posts what somebody asked for, before what nobody did; JobOverview
	// brings the overview of a source up to date.
	JobOpen     JobKind = "open"
	JobOverview JobKind = "overview"
)

// JobKinds lists every kind of job.
func JobKinds() []JobKind {
	return []JobKind{JobCarryOut, JobPost, JobRewrite, JobRefresh, JobTell, JobOpen, JobOverview}
}

// Job is a wake-up: it names a row to look at. Two jobs that are equal are one.
type Job struct {
	Kind JobKind
	// Subject is the id of a request, of a notice for JobTell, or the name of a
	// source for JobOverview.
	Subject string
	// Version tells apart the jobs of one subject: a step that is due again
	// later has another one.
	Version int64
}

// Jobs puts wake-ups into a durable queue.
type Jobs interface {
	// Enqueue adds the jobs in the transaction and gives how many were not
	// waiting already.
	Enqueue(ctx context.Context, tx Tx, jobs ...Job) (int, error)
	// Unfinished gives the jobs that wait, for a worker or for a time, or run.
	Unfinished(ctx context.Context) (map[Job]bool, error)
	// EnqueueDecision is Enqueue for a transaction that decides a request. If so
	// many decisions come that it has more urgent things to do, the jobs are added
	// soon after the commit; those that a death of the process loses are found by
	// Sweep.
	EnqueueDecision(ctx context.Context, tx Tx, jobs ...Job) error
	// Wake makes the queue look for these jobs at once. It is called after a
	// commit and must not fail: a wake-up that is lost costs a moment, not a job.
	Wake(jobs ...Job)
	// Later calls do after a wait, unless the queue stops before, or has more
	// urgent things to do then. Nothing of it is durable: it is for what is found
	// in another way should it be lost.
	Later(wait time.Duration, do func(ctx context.Context) error)
}

// System is an outside system that requests come from and decisions go to.
// Its errors are *RefusedError when the system said no, and *PassingError when
// trying again may help.
type System interface {
	// Open gives every open request, all pages.
	Open(ctx context.Context) ([]Arrival, error)
	// Read gives one request and how it stands. A request that is not found
	// gives StandingGone and no error.
	Read(ctx context.Context, externalID string) (Arrival, Standing, error)
	// CarryOut carries the request's decision out.
	CarryOut(ctx context.Context, r Request) (Confirmation, error)
	// Outcome looks whether the request's decision, which may have been carried
	// out before, took effect. The confirmation is not nil only if what the
	// system shows is what the decision asked for.
	Outcome(ctx context.Context, r Request) (Standing, *Confirmation, error)
	// Groups gives the access groups of the room, all pages.
	Groups(ctx context.Context) ([]Group, error)
}

// RefusedError says that the outside system refused for good.
type RefusedError struct {
	Refusal Refusal
	Err     error
}

// Error gives the reason and the cause.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused (%s): %v", e.Refusal.Reason, e.Err)
}

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// PassingError says that trying again later may help.
type PassingError struct {
	// RetryAfter is the least time to wait, zero if the other side named none.
	RetryAfter time.Duration
	// Ambiguous reports that what was asked may have been done all the same.
	Ambiguous bool
	Err       error
}

// Error gives the cause.
func (e *PassingError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *PassingError) Unwrap() error { return e.Err }

// View is what a message has to show.
type View struct {
	Request Request
	// Groups are the access groups that can be chosen.
	Groups []Group
	// GroupsKnown reports that the groups were read; if not, that there are none
	// says nothing.
	GroupsKnown bool
}

// Content is a rendered message, in the form of the Board that composed it.
type Content struct {
	Body any
	// Hash is equal for equal content.
	Hash string
}

// MessageRef names a posted message.
type MessageRef struct {
	Channel string
	TS      string
}

// Board is where reviewers see requests. Its errors are *PassingError when
// trying again may help; any other error is final for the attempt's content.
type Board interface {
	// Compose renders a view. It does no I/O.
	Compose(v View) (Content, error)
	// ComposeOverview renders an overview. It does no I/O.
	ComposeOverview(o Overview) (Content, error)
	// Find looks for a message that was posted since a time, by the id that it
	// was posted with: the request's, or one of an overview.
	Find(ctx context.Context, messageID string, since time.Time) (MessageRef, bool, error)
	// Post posts a new message. A *PassingError that is Ambiguous means that it
	// may have been posted.
	Post(ctx context.Context, messageID string, c Content) (MessageRef, error)
	// Update rewrites a message, or gives ErrMessageGone.
	Update(ctx context.Context, ref MessageRef, messageID string, c Content) error
	// Tell shows a notice to one person only.
	Tell(ctx context.Context, n Notice, r Request) error
}

// NoticeCode is a closed set of things a single person is told.
type NoticeCode string

// The codes of notices.
const (
	// NoticeTaken: somebody else's decision came first.
	NoticeTaken NoticeCode = "taken"
	// NoticeRefused: the person's decision was not carried out.
	NoticeRefused NoticeCode = "refused"
	// NoticeElsewhere: the request was decided in the outside system.
	NoticeElsewhere NoticeCode = "elsewhere"
	// NoticeDenied: the person may not decide.
	NoticeDenied NoticeCode = "denied"
)

// Notice is something that one person is told about a request, durably.
type Notice struct {
	ID        string
	RequestID string
	// To is the Slack user id of the person.
	To   string
	Code NoticeCode
	At   time.Time
	NoticeDetails
	// SentAt is when it was delivered; zero if it was not yet.
	SentAt time.Time
}

// NoticeDetails are what a notice says beside its code, as it was when it was
// written: the request may have moved on by the time it is read.
type NoticeDetails struct {
	// By and Verb: who decided, and what. For NoticeTaken; Verb also says what
	// the person tried with the other codes.
	By   string `json:"by,omitempty"`
	Verb Action `json:"verb,omitempty"`
	// Email is what the outside system was told the person is, for NoticeRefused.
	Email string `json:"email,omitempty"`
	// Standing is how the request stands elsewhere, for NoticeElsewhere.
	Standing Standing `json:"standing,omitempty"`
	// Refusal is for NoticeRefused.
	Refusal *Refusal `json:"refusal,omitempty"`
	// Denial is for NoticeDenied.
	Denial Denial `json:"denial,omitempty"`
}
