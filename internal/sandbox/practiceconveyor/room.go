// Package practiceconveyor is a strict practice implementation of the part of Conveyor's API that deals with who may
// enter a trust room: the requests, the authorizations, the access groups and the connections.
//
// It exists so that people can try the desk without an account, and so that end-to-end tests run over real HTTP. It
// imports nothing of the rest of the project: it is written from what is known of the API, not from what our client
// does, so that a misunderstanding in one is found by the other. Where the documentation is silent it takes one
// reading, says which, and lets a test switch to the other. It refuses what it does not know instead of guessing.
//
// Everything it keeps is bounded and lives in memory behind one mutex, which is never held while an answer is written
// or a webhook is sent. Close ends what still runs.
package practiceconveyor

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultKey is the key that a room accepts when Options name none. It opens nothing but a practice room.
const DefaultKey = "practice-conveyor-key"

const (
	maxRows      = 10000
	maxFaults    = 100
	maxMessage   = 65536
	maxShortText = 1000
)

// AuthStyle says in which header the room wants its key.
type AuthStyle int

// The styles of carrying the key: two are described in different places, so the room takes both unless told.
const (
	AuthAny AuthStyle = iota
	AuthAPIKey
	AuthBearer
)

// ParamStyle says where POST and PATCH may carry their parameters.
type ParamStyle int

// The styles of carrying parameters. ParamsQuery is what the documentation describes, ParamsJSON what was seen to work.
const (
	ParamsAny ParamStyle = iota
	ParamsQuery
	ParamsJSON
)

// Options describe a room. Only Clock is required.
type Options struct {
	// Clock tells the time. New panics without it.
	Clock func() time.Time
	// Key opens the API. Empty means DefaultKey.
	Key string
	// Auth restricts how the key is carried.
	Auth AuthStyle
	// Params restricts how POST and PATCH carry parameters.
	Params ParamStyle
	// ReviewerEmails are those who may decide. Empty means everybody.
	ReviewerEmails []string
	// AppURL is the base of every _links.self.href. Empty means https://room.example.com.
	AppURL string
	// PerPageDefault is the page size when none is asked for. Zero means 100.
	PerPageDefault int
	// NDARequired says that people without a signed NDA are gated until they sign.
	NDARequired bool
	// DecidedAnswer is the status for deciding what is already decided: 409, 422, or 200, which changes nothing and
	// answers with what is there. Zero means 409.
	DecidedAnswer int
	// Seed makes the ids. The same seed and the same steps give the same ids.
	Seed uint64
	// Client sends the webhooks. Nil means one of the room's own with a time-out of ten seconds.
	Client *http.Client
}

// Room is a practice trust room. Its methods may be called from any goroutine.
type Room struct {
	clock          func() time.Time
	auth           AuthStyle
	params         ParamStyle
	appURL         string
	perPageDefault int
	seed           uint64
	client         *http.Client
	routes         []route

	// sendLater sends a request's webhook for as long as the room is open; sends counts those under way.
	sendLater func(requestID string)
	stop      context.CancelFunc
	sends     sync.WaitGroup

	mu             guard
	shelves        map[string]keptShelf // all of those below, by what stands on them
	touched        []change             // what changed since the mutex was taken
	unkept         bool                 // the keeper failed
	closed         bool
	key            string
	keyDead        bool
	ndaRequired    bool
	decidedAnswer  int
	reviewerEmails []string
	signedNDA      *shelf[string]
	issuedIDs      uint64
	requests       *shelf[Request]
	authorizations *shelf[Authorization]
	groups         *shelf[Group]
	connections    *shelf[connection]
	webhook        Webhook
	webhookKey     []byte
	deliveries     []Delivery
	attempts       int
	messageIDs     *shelf[string]
	unsent         *shelf[bool] // requests whose first webhook is under way
	owed           []string     // those of them that a process before left
	faults         []*armedFault
	spent          []*armedFault // their times are used up, but calls may still hang on them
	calls          callLog
	subscribers    map[chan Event]struct{}
}

// New opens a room without requests and without groups.
func New(o Options) *Room {
	if o.Clock == nil {
		panic("practiceconveyor: Options.Clock is required")
	}
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.AppURL == "" {
		o.AppURL = "https://room.example.com"
	}
	if o.PerPageDefault < 1 || o.PerPageDefault > perPageMax {
		o.PerPageDefault = perPageMax
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: webhookTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Room{
		clock:          o.Clock,
		key:            o.Key,
		auth:           o.Auth,
		params:         o.Params,
		appURL:         strings.TrimRight(o.AppURL, "/"),
		perPageDefault: o.PerPageDefault,
		seed:           o.Seed,
		client:         o.Client,
		stop:           stop,
		ndaRequired:    o.NDARequired,
		reviewerEmails: slices.Clone(o.ReviewerEmails),
		shelves:        make(map[string]keptShelf),
		calls:          newCallLog(),
		subscribers:    make(map[chan Event]struct{}),
	}
	r.signedNDA = newShelf[string](r, "nda")
	r.requests = newShelf[Request](r, "request")
	r.authorizations = newShelf[Authorization](r, "authorization")
	r.groups = newShelf[Group](r, "group")
	r.connections = newShelf[connection](r, "connection")
	r.messageIDs = newShelf[string](r, "message_id")
	r.unsent = newShelf[bool](r, "unsent")
	r.SetDecidedAnswer(o.DecidedAnswer)
	r.routes = r.endpoints()
	r.sendLater = func(requestID string) { r.sendInBackground(ctx, requestID) }
	return r
}

// Close lets hanging calls go, gives up webhooks under way and waits for them. A closed room still answers.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.ClearFaults()
	r.stop()
	r.sends.Wait()
}

// Key returns the key that the room accepts, for the settings of the program under practice.
func (r *Room) Key() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.key
}

// SetKey replaces the key that the room accepts; the one before opens nothing from then on.
func (r *Room) SetKey(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key = key
}

// SetKeyDead makes every call answer 403 without a body, as with a key that was deactivated.
func (r *Room) SetKeyDead(dead bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keyDead = dead
}

// SetReviewerEmails replaces those who may decide; none means everybody.
func (r *Room) SetReviewerEmails(emails ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reviewerEmails = slices.Clone(emails)
}

// SetDecidedAnswer sets what deciding the already decided answers: 200, 409 or 422. Anything else means 409.
func (r *Room) SetDecidedAnswer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch status {
	case http.StatusOK, http.StatusUnprocessableEntity:
		r.decidedAnswer = status
	default:
		r.decidedAnswer = http.StatusConflict
	}
}

// SetNDARequired says whether later approvals wait for a signature.
func (r *Room) SetNDARequired(required bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ndaRequired = required
}

// mayDecide reports whether a reviewer is known to the room. Called with the mutex held.
func (r *Room) mayDecide(email string) bool {
	return len(r.reviewerEmails) == 0 ||
		slices.ContainsFunc(r.reviewerEmails, func(known string) bool { return strings.EqualFold(known, email) })
}
