package render

import (
	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// whose names the request in mrkdwn.
func whose(r approval.Request) string {
	return "the access request of " + escape(requester(r.Requester))
}

// summary says in one sentence how the request stands.
func summary(r approval.Request) string {
	of := "Access request of " + escape(requester(r.Requester))
	by := mention(decision(r).Reviewer.ID)
	name := escape(system(r.Source))
	going := "."
	if r.Delayed {
		going = "; " + name + " is not answering, and Frontdesk keeps trying."
	}
	switch r.State {
	case approval.Pending:
		return of + " (company: " + escape(company(r.Requester)) + ") waits for a decision."
	case approval.Approving:
		return of + " is being approved by " + by + going
	case approval.Rejecting:
		return of + " is being rejected by " + by + going
	case approval.Approved:
		return of + " was approved by " + by + "."
	case approval.Rejected:
		return of + " was rejected by " + by + "."
	case approval.Handled:
		if standing(r) == approval.StandingGone {
			return of + " is gone from " + name + "."
		}
		return of + " was handled in " + name + "."
	}
	return of + "."
}

// standing gives how a handled request was found in the outside system.
func standing(r approval.Request) approval.Standing {
	if r.Closing == nil {
		return ""
	}
	return r.Closing.Standing
}

// handled says what became of a request outside.
func handled(r approval.Request) string {
	name := escape(system(r.Source))
	switch standing(r) {
	case approval.StandingApproved:
		return "Handled in " + name + ": approved there, by whom is not known."
	case approval.StandingIgnored:
		return "Handled in " + name + ": ignored there, by whom is not known."
	case approval.StandingGone:
		return "It is gone from " + name + "."
	case approval.StandingOpen, approval.StandingDraft:
	}
	return "Handled in " + name + "."
}

// Taken says in mrkdwn who decided what, as the request stands now.
func Taken(r approval.Request) string {
	d := decision(r)
	by, name := mention(d.Reviewer.ID), escape(system(r.Source))
	going := "; " + name + " has not confirmed it yet."
	if r.Delayed {
		going = "; " + name + " is not answering, and Frontdesk keeps trying."
	}
	switch r.State {
	case approval.Pending:
		return capital(whose(r)) + " is open: nobody has decided it."
	case approval.Approving:
		return by + " has approved " + whose(r) + going
	case approval.Rejecting:
		return by + " has rejected " + whose(r) + going
	case approval.Approved:
		return by + " approved " + whose(r) + onDate(d.At) + "."
	case approval.Rejected:
		return by + " rejected " + whose(r) + onDate(d.At) + "."
	case approval.Handled:
		return elsewhere(r, standing(r))
	}
	return capital(whose(r)) + " cannot be decided now."
}

// elsewhere says that the outside system settled a request.
func elsewhere(r approval.Request, s approval.Standing) string {
	name := escape(system(r.Source))
	switch s {
	case approval.StandingApproved:
		return capital(whose(r)) + " was approved in " + name + " itself, by whom is not known."
	case approval.StandingIgnored:
		return capital(whose(r)) + " was ignored in " + name + " itself, by whom is not known."
	case approval.StandingGone:
		return capital(whose(r)) + " is gone from " + name + "."
	case approval.StandingOpen, approval.StandingDraft:
	}
	return capital(whose(r)) + " was handled in " + name + " itself."
}

// capital begins a sentence that begins with "the".
func capital(s string) string { return "T" + s[1:] }
