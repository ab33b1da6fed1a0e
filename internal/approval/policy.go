package approval

import (
	"slices"
	"strings"
)

// Person is somebody in Slack, as Slack describes them.
type Person struct {
	ID    string
	Email string
	// Bot, Deactivated and Guest come from Slack's own marks; Stranger means
	// somebody from another organisation (Slack Connect).
	Bot, Deactivated, Guest, Stranger bool
}

// Denial is a closed set of reasons why a person may not decide.
type Denial string

// The reasons of a denial. Allowed is the absence of one.
const (
	Allowed           Denial = ""
	DeniedBot         Denial = "bot"
	DeniedDeactivated Denial = "deactivated"
	DeniedStranger    Denial = "stranger"
	DeniedGuest       Denial = "guest"
	DeniedNoEmail     Denial = "no_email"
	DeniedNotListed   Denial = "not_listed"
)

// Policy says who may decide. The zero Policy lets every full member decide.
type Policy struct {
	users  map[string]bool
	emails map[string]bool
	groups []string
}

// NewPolicy makes the policy of a REVIEWERS list: Slack user ids, user group
// ids (S…) and e-mail addresses. An empty list, or one that contains "*", lets
// every full member decide.
func NewPolicy(reviewers []string) Policy {
	p := Policy{users: map[string]bool{}, emails: map[string]bool{}}
	for _, entry := range reviewers {
		switch {
		case entry == "*":
			return Policy{}
		case strings.Contains(entry, "@"):
			p.emails[strings.ToLower(entry)] = true
		case strings.HasPrefix(entry, "S"):
			p.groups = append(p.groups, entry)
		default:
			p.users[entry] = true
		}
	}
	return p
}

// Everyone reports whether every full member may decide.
func (p Policy) Everyone() bool {
	return len(p.users) == 0 && len(p.emails) == 0 && len(p.groups) == 0
}

// Judge says whether the person may decide. memberOf reports whether the
// person belongs to a Slack user group; it is asked only when nothing else
// settles the matter.
func (p Policy) Judge(person Person, memberOf func(group string) bool) Denial {
	switch {
	case person.Bot:
		return DeniedBot
	case person.Deactivated:
		return DeniedDeactivated
	case person.Stranger:
		return DeniedStranger
	case person.Guest:
		return DeniedGuest
	case strings.TrimSpace(person.Email) == "":
		return DeniedNoEmail
	case p.Everyone(), p.users[person.ID], p.emails[strings.ToLower(person.Email)]:
		return Allowed
	}
	if slices.ContainsFunc(p.groups, memberOf) {
		return Allowed
	}
	return DeniedNotListed
}
