package practiceconveyor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Everything in this file is called with the mutex held.

// grant is what an approval gives.
type grant struct {
	groups    []Group
	ndaBypass bool
	expiresAt string
}

func (r *Room) approve(request *Request, reviewer string, g grant) (a *Authorization, created bool) {
	a, created = r.authorize(request.Email, g)
	request.Status, request.DecidedBy, request.UpdatedAt = RequestApproved, reviewer, r.clock()
	request.AuthorizationID = a.ID
	r.requests.touch(request.ID)
	r.publish(EventRequestDecided, request.ID)
	return a, created
}

func (r *Room) ignore(request *Request, reviewer string) {
	request.Status, request.DecidedBy, request.UpdatedAt = RequestIgnored, reviewer, r.clock()
	r.requests.touch(request.ID)
	r.publish(EventRequestDecided, request.ID)
}

// authorize makes an authorization or extends the one the person has: groups are added, a revoked one lives again.
func (r *Room) authorize(email string, g grant) (a *Authorization, created bool) {
	now := r.clock()
	a = r.authorizationOf(email)
	if a == nil {
		created = true
		a = &Authorization{ID: r.newID(), Email: email, ConnectionID: r.connect(email, "", now), CreatedAt: now}
		r.authorizations.put(a.ID, a)
	}
	for _, group := range g.groups {
		if !slices.ContainsFunc(a.Groups, func(has Group) bool { return has.ID == group.ID }) {
			a.Groups = append(a.Groups, group)
		}
	}
	if signature := r.signedNDA.get(strings.ToLower(email)); signature != nil {
		a.NDASignature = *signature
	}
	a.NDABypass, a.ExpiresAt, a.UpdatedAt = g.ndaBypass, g.expiresAt, now
	if r.ndaRequired && !g.ndaBypass && a.NDASignature == "" && a.Status != AuthorizationAuthorized {
		a.Status = AuthorizationGated
	} else {
		a.Status = AuthorizationAuthorized
	}
	r.authorizations.touch(a.ID)
	r.publish(EventAuthorizationChanged, a.ID)
	return a, created
}

func (r *Room) authorizationOf(email string) *Authorization {
	for _, a := range r.authorizations.rows {
		if strings.EqualFold(a.Email, email) {
			return a
		}
	}
	return nil
}

// groupsByID finds the groups, each once, or names the first that does not exist.
func (r *Room) groupsByID(ids []string) ([]Group, error) {
	var groups []Group
	for _, id := range ids {
		group := r.groups.get(id)
		if group == nil {
			return nil, fmt.Errorf("access group %q: %w", id, ErrUnknown)
		}
		if !slices.Contains(groups, *group) {
			groups = append(groups, *group)
		}
	}
	return groups, nil
}

func (r *Room) dropUnknownGroups() {
	for _, a := range r.authorizations.rows {
		before := len(a.Groups)
		a.Groups = slices.DeleteFunc(a.Groups, func(has Group) bool { return r.groups.get(has.ID) == nil })
		if len(a.Groups) != before {
			r.authorizations.touch(a.ID)
		}
	}
}

// connect notes activity of the e-mail's domain and returns the connection's id, or nothing without a domain.
func (r *Room) connect(email, crmLink string, at time.Time) string {
	cut := strings.LastIndexByte(email, '@')
	if cut < 0 || cut == len(email)-1 {
		return ""
	}
	domain := strings.ToLower(email[cut+1:])
	c := r.connections.get(domain)
	if c == nil {
		c = &connection{ID: r.newID(), Domain: domain, CreatedAt: at}
		r.connections.put(domain, c)
	}
	if crmLink != "" {
		c.CRMLink = crmLink
	}
	c.LatestActivity = at
	r.connections.touch(domain)
	return c.ID
}
