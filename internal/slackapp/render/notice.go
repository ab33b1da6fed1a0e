package render

import (
	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Notice gives in mrkdwn what one person is told about a request: what
// happened and what to do. The request is as it stands now, which may be later
// than what the notice tells of.
func Notice(n approval.Notice, r approval.Request) string {
	switch n.Code {
	case approval.NoticeTaken:
		return taken(n, r)
	case approval.NoticeRefused:
		return refused(n, r)
	case approval.NoticeElsewhere:
		return elsewhere(r, n.Standing) + " " + late(n, r)
	case approval.NoticeDenied:
		return "About " + whose(r) + ": " + Denial(n.Denial)
	}
	return Taken(r)
}

// late says what a decision was worth that the outside system had settled. If
// the outcome is what the person asked for, it may be theirs after an answer
// that was lost.
func late(n approval.Notice, r approval.Request) string {
	name := escape(system(r.Source))
	did := "Your " + deed(n.Verb)
	switch {
	case n.Standing == approval.StandingApproved && n.Verb == approval.Approve,
		n.Standing == approval.StandingIgnored && n.Verb == approval.Reject:
		return "Whether your " + deed(n.Verb) + " did that cannot be told: look in " + name + " whether it shows what you chose."
	case n.Standing == approval.StandingGone:
		return did + " changed nothing, and there is nothing left to decide."
	}
	return did + " changed nothing. If you want another outcome, change it in " + name + "."
}

// taken tells who was first. The notice says who that was then: by now the
// request may be open again, or be decided by somebody else.
func taken(n approval.Notice, r approval.Request) string {
	if n.By == "" {
		return Taken(r) + " Your click changed nothing."
	}
	first := mention(n.By) + " was first and " + deedDone(n.Verb) + " "
	if n.By == n.To {
		first = "You had already " + deedDone(n.Verb) + " "
	}
	return first + whose(r) + ". Your click changed nothing." + since(n.By, n.Verb, r)
}

// since adds how the request stands if that is not what a person's decision
// left it at.
func since(by string, verb approval.Action, r approval.Request) string {
	if d := decision(r); d.Reviewer.ID == by && d.Verb == verb {
		return ""
	}
	return " " + now(r)
}

// now says how the request stands and, if it is open, that it can be decided.
func now(r approval.Request) string {
	if r.State == approval.Pending {
		return "The request is open again."
	}
	return "By now: " + Taken(r)
}

func refused(n approval.Notice, r approval.Request) string {
	var refusal approval.Refusal
	if n.Refusal != nil {
		refusal = *n.Refusal
	}
	name := escape(system(r.Source))
	did := "your " + deed(n.Verb) + " of " + whose(r)
	undone := did + " was not carried out"
	said := ""
	if !blank(refusal.Detail) {
		said = " It says: “" + escape(short(line(refusal.Detail), maxDetail)) + "”."
	}
	switch refusal.Reason {
	case approval.RefusedReviewer:
		return name + " does not let you decide" + as(n) + ", so " + undone + ". Ask an administrator of " + name +
			" for the permission, or let a colleague decide. " + now(r)
	case approval.RefusedKey:
		return name + " does not accept Frontdesk's key, so " + undone +
			". Tell whoever runs Frontdesk; nobody can decide here until that is mended. " + now(r)
	case approval.RefusedGone:
		return name + " does not find the request or a group that was chosen, so " + undone +
			". Look in " + name + " whether it is still there; if it is, decide again. " + now(r)
	case approval.RefusedConflict:
		return name + " says that it is decided already, so " + undone +
			"." + said + " Look in " + name + " before you decide again. " + now(r)
	case approval.RefusedInvalid:
		return name + " does not accept what was decided, so " + undone +
			"." + said + " Change what you chose and decide again. " + now(r)
	case approval.RefusedPatience:
		return name + " gave no answer for too long, so Frontdesk stopped trying to carry out " + did +
			". Look in " + name + " whether it took effect, and decide again once " + name + " answers. " + now(r)
	}
	return name + " refused, so " + undone + "." + said + " " + now(r)
}

// as names the address that the outside system was told the person by.
func as(n approval.Notice) string {
	if blank(n.Email) {
		return " under the e-mail address of your Slack profile"
	}
	return " as " + escape(requester(n.Email))
}

// Denial says why a person may not decide, and whom to ask. It is empty for
// who may.
func Denial(d approval.Denial) string {
	switch d {
	case approval.Allowed:
		return ""
	case approval.DeniedBot:
		return "You cannot decide this: apps and bots may not. Let a person decide."
	case approval.DeniedDeactivated:
		return "You cannot decide this: your Slack account is deactivated. " +
			"Ask an administrator of this workspace to activate it, or let a colleague decide."
	case approval.DeniedStranger:
		return "You cannot decide this: you belong to another organisation. " +
			"Ask a member of the organisation that this channel belongs to."
	case approval.DeniedGuest:
		return "You cannot decide this: you are a guest in this workspace. Ask a full member to decide."
	case approval.DeniedNoEmail:
		return "You cannot decide this: Slack shows no e-mail address of yours, and a decision is made in its name. " +
			"Add one to your Slack profile, or ask whoever runs Frontdesk whether the app may read e-mail addresses."
	case approval.DeniedNotListed:
		return "You cannot decide this: you are not on Frontdesk's list of reviewers. " +
			"Ask a reviewer to decide, or ask whoever runs Frontdesk to add you."
	}
	return "You cannot decide this. Ask whoever runs Frontdesk why."
}

func deed(verb approval.Action) string {
	switch verb {
	case approval.Approve:
		return "approval"
	case approval.Reject:
		return "rejection"
	case approval.Receive, approval.Delay, approval.Confirm, approval.Refuse, approval.Close, approval.Reopen:
	}
	return "click"
}

func deedDone(verb approval.Action) string {
	switch verb {
	case approval.Approve:
		return "approved"
	case approval.Reject:
		return "rejected"
	case approval.Receive, approval.Delay, approval.Confirm, approval.Refuse, approval.Close, approval.Reopen:
	}
	return "decided"
}
