package practiceconveyor

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const dateOnly = "2006-01-02"

func (r *Room) endpoints() []route {
	type known = map[string]paramKind
	return []route{
		{"GET", "/exchange/authorization_request_queue", paged(known{}), r.queue},
		{"GET", "/exchange/authorization_requests", paged(known{"status": textParam, "email": textParam}), r.listRequests},
		{"GET", "/exchange/authorization_requests/{id}", known{}, r.getRequest},
		{"PATCH", "/exchange/authorization_requests/{id}", known{"status": textParam, "reviewer_email": textParam}, r.patchRequest},
		{"POST", "/exchange/authorizations", known{
			"request_id": textParam, "email": textParam, "access_group_ids": listParam, "nda_bypass": flagParam,
			"expires_at": textParam, "reviewer_email": textParam,
		}, r.postAuthorization},
		{"GET", "/exchange/authorizations", paged(known{"status": textParam, "email": textParam}), r.listAuthorizations},
		{"PATCH", "/exchange/authorizations/{id}", known{"status": textParam, "access_group_ids": listParam}, r.patchAuthorization},
		{"GET", "/exchange/access_groups", paged(known{}), r.listGroups},
		{"GET", "/exchange/connections", paged(known{"domain": textParam}), r.listConnections},
	}
}

func paged(known map[string]paramKind) map[string]paramKind {
	known["page"], known["per_page"] = textParam, textParam
	return known
}

func (r *Room) queue(c call) answer {
	open := r.requests.newestFirst(func(q *Request) bool { return q.Status == RequestRequested })
	return page(r, c, "authorization_requests", open, r.requestBody)
}

func (r *Room) listRequests(c call) answer {
	status, err := oneOf(c.params, RequestInitial, RequestRequested, RequestApproved, RequestIgnored)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	rows := r.requests.newestFirst(func(q *Request) bool {
		return (status == "" || q.Status == status) && emailMatches(c.params, q.Email)
	})
	return page(r, c, "authorization_requests", rows, r.requestBody)
}

func (r *Room) getRequest(c call) answer {
	request := r.requests.get(c.id)
	if request == nil {
		return refuse(http.StatusNotFound, "there is no such authorization request")
	}
	return answerJSON(http.StatusOK, r.requestBody(request))
}

func (r *Room) patchRequest(c call) answer {
	reviewer := c.params.texts["reviewer_email"]
	switch {
	case c.params.texts["status"] != string(RequestIgnored):
		return refuse(http.StatusUnprocessableEntity, `status must be "ignored"`)
	case reviewer == "":
		return refuse(http.StatusUnprocessableEntity, "reviewer_email is required")
	case !r.mayDecide(reviewer):
		return answer{status: http.StatusForbidden}
	}
	request := r.requests.get(c.id)
	if refused, no := r.undecidable(request); no {
		return refused
	}
	if request.Status != RequestRequested {
		return answerJSON(http.StatusOK, r.requestBody(request))
	}
	r.ignore(request, reviewer)
	return answerJSON(http.StatusOK, r.requestBody(request))
}

// undecidable refuses a request that cannot be decided. What is decided passes only where the room answers that
// with 200; the caller then changes nothing.
func (r *Room) undecidable(request *Request) (refused answer, no bool) {
	if request == nil {
		return refuse(http.StatusNotFound, "there is no such authorization request"), true
	}
	switch request.Status {
	case RequestInitial:
		return refuse(http.StatusUnprocessableEntity, "the authorization request is not submitted yet"), true
	case RequestApproved, RequestIgnored:
		why := "the authorization request is already " + string(request.Status)
		return refuse(r.decidedAnswer, why), r.decidedAnswer != http.StatusOK
	case RequestRequested:
	}
	return answer{}, false
}

func (r *Room) postAuthorization(c call) answer {
	requestID, email := c.params.texts["request_id"], c.params.texts["email"]
	if (requestID == "") == (email == "") {
		return refuse(http.StatusUnprocessableEntity, "either request_id or email is required, and not both")
	}
	groups, err := r.groupsByID(c.params.lists["access_group_ids"])
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	given := grant{groups: groups, ndaBypass: c.params.flags["nda_bypass"], expiresAt: c.params.texts["expires_at"]}
	if c.params.has("expires_at") {
		if err := r.checkExpiry(given.expiresAt); err != nil {
			return refuse(http.StatusUnprocessableEntity, err.Error())
		}
	}
	// The documentation does not list reviewer_email here, so its absence is no reason to refuse.
	reviewer := c.params.texts["reviewer_email"]
	if reviewer != "" && !r.mayDecide(reviewer) {
		return answer{status: http.StatusForbidden}
	}
	if email != "" {
		a, created := r.authorize(bounded(email, maxShortText), given)
		return r.authorized(a, created)
	}
	request := r.requests.get(requestID)
	if refused, no := r.undecidable(request); no {
		return refused
	}
	if request.Status != RequestRequested {
		if a := r.authorizationOf(request.Email); a != nil {
			return r.authorized(a, false)
		}
		return refuse(http.StatusConflict, "the authorization request is already "+string(request.Status))
	}
	return r.authorized(r.approve(request, reviewer, given))
}

func (r *Room) authorized(a *Authorization, created bool) answer {
	if created {
		return answerJSON(http.StatusCreated, r.authorizationBody(a))
	}
	return answerJSON(http.StatusOK, r.authorizationBody(a))
}

// checkExpiry refuses what is no date and what is over everywhere on earth.
func (r *Room) checkExpiry(text string) error {
	day, err := time.Parse(dateOnly, text)
	if err != nil {
		return errors.New("expires_at must be a date as YYYY-MM-DD")
	}
	if day.Before(r.clock().UTC().AddDate(0, 0, -1).Truncate(24 * time.Hour)) {
		return errors.New("expires_at is in the past")
	}
	return nil
}

func (r *Room) listAuthorizations(c call) answer {
	status, err := oneOf(c.params, AuthorizationGated, AuthorizationAuthorized, AuthorizationRevoked)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	rows := r.authorizations.newestFirst(func(a *Authorization) bool {
		return (status == "" || a.Status == status) && emailMatches(c.params, a.Email)
	})
	return page(r, c, "authorizations", rows, r.authorizationBody)
}

func (r *Room) patchAuthorization(c call) answer {
	if c.params.has("status") == c.params.has("access_group_ids") {
		return refuse(http.StatusUnprocessableEntity, "either status or access_group_ids is required, and not both")
	}
	if c.params.has("status") && c.params.texts["status"] != string(AuthorizationRevoked) {
		return refuse(http.StatusUnprocessableEntity, `status must be "revoked"`)
	}
	groups, err := r.groupsByID(c.params.lists["access_group_ids"])
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	a := r.authorizations.get(c.id)
	if a == nil {
		return refuse(http.StatusNotFound, "there is no such authorization")
	}
	if c.params.has("status") {
		a.Status = AuthorizationRevoked
	} else {
		a.Groups = groups
	}
	a.UpdatedAt = r.clock()
	r.authorizations.touch(a.ID)
	r.publish(EventAuthorizationChanged, a.ID)
	return answerJSON(http.StatusOK, r.authorizationBody(a))
}

func (r *Room) listGroups(c call) answer {
	return page(r, c, "access_groups", r.groups.newestFirst(nil), groupBody)
}

func (r *Room) listConnections(c call) answer {
	domain := c.params.texts["domain"]
	rows := r.connections.newestFirst(func(n *connection) bool {
		return !c.params.has("domain") || strings.EqualFold(n.Domain, domain)
	})
	return page(r, c, "connections", rows, r.connectionBody)
}

func emailMatches(p params, email string) bool {
	return !p.has("email") || strings.EqualFold(p.texts["email"], email)
}

// oneOf reads the filter by status, which may be absent.
func oneOf[S ~string](p params, statuses ...S) (S, error) {
	status := S(p.texts["status"])
	if p.has("status") && !slices.Contains(statuses, status) {
		return "", fmt.Errorf("status must be one of %q", statuses)
	}
	return status, nil
}
