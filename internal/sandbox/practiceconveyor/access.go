package practiceconveyor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RequestStatus is where an access request stands.
type RequestStatus string

// The states of an access request: initial is not yet submitted, requested is open, the other two are done.
const (
	RequestInitial   RequestStatus = "initial"
	RequestRequested RequestStatus = "requested"
	RequestApproved  RequestStatus = "approved"
	RequestIgnored   RequestStatus = "ignored"
)

// AuthorizationStatus is where somebody's access stands.
type AuthorizationStatus string

// The states of an authorization: gated is approved but the NDA is not signed yet.
const (
	AuthorizationGated      AuthorizationStatus = "gated"
	AuthorizationAuthorized AuthorizationStatus = "authorized"
	AuthorizationRevoked    AuthorizationStatus = "revoked"
)

// Decision is what somebody decides in Conveyor's own application.
type Decision string

// The decisions of DecideElsewhere.
const (
	Approve Decision = "approve"
	Ignore  Decision = "ignore"
)

// Errors of the Go API that a caller may branch on.
var (
	ErrUnknown = errors.New("unknown id")
	ErrDecided = errors.New("already decided")
)

// Requester is what a customer fills in.
type Requester struct {
	Email   string
	Message *string
	// CRMLink is set on some requests only.
	CRMLink string
	// RequestedAt back-dates the request; zero means now.
	RequestedAt time.Time
	// Draft leaves the request in the state initial: known, not submitted, not in the queue.
	Draft bool
}

// Request is an access request as the room knows it, with what the API does not tell.
type Request struct {
	ID          string
	Email       string
	Message     *string
	Status      RequestStatus
	CRMLink     string
	Link        string
	RequestedAt time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
	// DecidedBy is the reviewer's e-mail as sent with the decision, empty when none came.
	DecidedBy string
	// Elsewhere says that it was decided in Conveyor's own application.
	Elsewhere bool
	// AuthorizationID is what approving it made or extended.
	AuthorizationID string
}

// Group is an access group. SetGroups gives an id to one that has none.
type Group struct {
	ID   string
	Name string
}

// Authorization is somebody's access as the room knows it, with what the API does not tell.
type Authorization struct {
	ID           string
	Email        string
	Status       AuthorizationStatus
	ConnectionID string
	Groups       []Group
	NDASignature string
	// NDABypass and ExpiresAt are as they were last sent; ExpiresAt is YYYY-MM-DD or empty.
	NDABypass bool
	ExpiresAt string
	CreatedAt time.Time
	UpdatedAt time.Time
}

type connection struct {
	ID, Domain     string
	CRMLink        string
	LatestActivity time.Time
	CreatedAt      time.Time
}

// Request files an access request as a customer does and returns its id. At a person's first request the webhook, if
// one is set, is sent in the background. A text beyond the room's bounds is cut.
func (r *Room) Request(who Requester) string {
	r.mu.Lock()
	now := r.clock()
	email := bounded(who.Email, maxShortText)
	known := r.requests.oldestFirst(func(q *Request) bool { return strings.EqualFold(q.Email, email) })
	request := &Request{
		ID: r.newID(), Email: email, Status: RequestRequested, CRMLink: bounded(who.CRMLink, maxShortText),
		RequestedAt: now, CreatedAt: now, UpdatedAt: now,
	}
	request.Link = r.appURL + "/exchange/authorization_requests/" + request.ID
	if who.Message != nil {
		request.Message = new(bounded(*who.Message, maxMessage))
	}
	if !who.RequestedAt.IsZero() {
		request.RequestedAt, request.CreatedAt, request.UpdatedAt = who.RequestedAt, who.RequestedAt, who.RequestedAt
	}
	if who.Draft {
		request.Status, request.RequestedAt = RequestInitial, time.Time{}
	}
	r.requests.put(request.ID, request)
	r.connect(email, request.CRMLink, now)
	r.publish(EventRequestFiled, request.ID)
	send := r.webhook.URL != "" && len(known) == 0 && !who.Draft && !r.closed
	if send {
		r.sends.Add(1)
		r.unsent.put(request.ID, new(true))
	}
	id := request.ID
	r.mu.Unlock()
	if send {
		go r.sendLater(id)
	}
	return id
}

// Remove takes a request out of the room: reading it answers 404.
func (r *Room) Remove(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	removed := r.requests.remove(id)
	if removed {
		r.publish(EventRequestRemoved, id)
	}
	return removed
}

// DecideElsewhere decides a request as somebody does in Conveyor's own application.
func (r *Room) DecideElsewhere(id string, decision Decision, groupIDs ...string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	request := r.requests.get(id)
	if request == nil {
		return fmt.Errorf("decide request %q: %w", id, ErrUnknown)
	}
	if request.Status != RequestRequested {
		return fmt.Errorf("decide request %q, which is %s: %w", id, request.Status, ErrDecided)
	}
	switch decision {
	case Approve:
		groups, err := r.groupsByID(groupIDs)
		if err != nil {
			return err
		}
		request.Elsewhere = true
		r.approve(request, "", grant{groups: groups})
	case Ignore:
		request.Elsewhere = true
		r.ignore(request, "")
	default:
		return fmt.Errorf("decide request %q: %q is no decision", id, decision)
	}
	return nil
}

// SignNDA records that a person signed: what is gated for them becomes authorized, and later approvals are not gated.
func (r *Room) SignNDA(email string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	signature := r.newID()
	r.signedNDA.put(strings.ToLower(email), &signature)
	if a := r.authorizationOf(email); a != nil {
		a.NDASignature = signature
		if a.Status == AuthorizationGated {
			a.Status, a.UpdatedAt = AuthorizationAuthorized, r.clock()
		}
		r.authorizations.touch(a.ID)
		r.publish(EventAuthorizationChanged, a.ID)
	}
}

// AddGroup adds an access group and returns its id.
func (r *Room) AddGroup(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	group := &Group{ID: r.newID(), Name: bounded(name, maxShortText)}
	r.groups.put(group.ID, group)
	r.publish(EventGroupsChanged, group.ID)
	return group.ID
}

// RemoveGroup takes a group away, also from those who have it.
func (r *Room) RemoveGroup(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.groups.remove(id) {
		return false
	}
	r.dropUnknownGroups()
	r.publish(EventGroupsChanged, id)
	return true
}

// SetGroups replaces all groups, also for those who have some that are gone now.
func (r *Room) SetGroups(groups []Group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range slices.Clone(r.groups.order) {
		r.groups.remove(id)
	}
	for _, group := range groups {
		if group.ID == "" {
			group.ID = r.newID()
		}
		group.Name = bounded(group.Name, maxShortText)
		r.groups.put(group.ID, &group)
	}
	r.dropUnknownGroups()
	r.publish(EventGroupsChanged, "")
}

// Requests returns all requests, the oldest first.
func (r *Room) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return copies(r.requests, func(q *Request) {
		if q.Message != nil {
			q.Message = new(*q.Message)
		}
	})
}

// Authorizations returns all authorizations, the oldest first.
func (r *Room) Authorizations() []Authorization {
	r.mu.Lock()
	defer r.mu.Unlock()
	return copies(r.authorizations, func(a *Authorization) { a.Groups = slices.Clone(a.Groups) })
}

// Groups returns all access groups, the oldest first.
func (r *Room) Groups() []Group {
	r.mu.Lock()
	defer r.mu.Unlock()
	return copies(r.groups, func(*Group) {})
}

func copies[T any](from *shelf[T], detach func(*T)) []T {
	rows := make([]T, 0, len(from.order))
	for _, row := range from.oldestFirst(nil) {
		detached := *row
		detach(&detached)
		rows = append(rows, detached)
	}
	return rows
}
