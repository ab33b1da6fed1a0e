package render

import (
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

const (
	// maxMessage bounds what is shown of the requester's own words, the mark
	// that says so included.
	maxMessage = 2800
	// maxNames bounds the list of access groups, "and N more" included.
	maxNames = 2800
	maxName  = 300
	// maxNote is what a modal's input takes at most.
	maxNote = 3000
	// maxHeader is Slack's limit of a header.
	maxHeader = 150
)

// Message gives the message that shows a request, and the sentence that stands
// for it in notifications and for screen readers. Its blocks keep their ids in
// every state, so that Slack keeps what was chosen in the menu.
func Message(v approval.View) (text string, blocks []slack.Block) {
	r := v.Request
	blocks = []slack.Block{
		slack.NewHeaderBlock(plain(short(title(r), maxHeader)), slack.HeaderBlockOptionBlockID(blockTitle)),
		who(r),
		message(r),
	}
	if target := link(r.Link, "Open in "+system(r.Source)); target != "" {
		blocks = append(blocks, slack.NewContextBlock(blockLink, mrkdwn(target)))
	}
	switch r.State {
	case approval.Pending:
		blocks = append(blocks, choice(v), buttons(r))
	case approval.Approving, approval.Rejecting:
		blocks = append(blocks, underWay(r)...)
	case approval.Approved:
		blocks = append(blocks, approved(r)...)
	case approval.Rejected:
		blocks = append(blocks, rejected(r)...)
	case approval.Handled:
		blocks = append(blocks, formatted(blockOutcome, handled(r)))
	}
	return summary(r), blocks
}

func title(r approval.Request) string {
	switch r.State {
	case approval.Pending, approval.Approving, approval.Rejecting:
		return "Access request"
	case approval.Approved:
		return "Access request approved"
	case approval.Rejected:
		return "Access request rejected"
	case approval.Handled:
		return "Access request handled in " + system(r.Source)
	}
	return "Access request"
}

func formatted(blockID, text string) *slack.SectionBlock {
	return slack.NewSectionBlock(mrkdwn(text), nil, nil, slack.SectionBlockOptionBlockID(blockID))
}

func literal(blockID, text string) *slack.SectionBlock {
	return slack.NewSectionBlock(plain(text), nil, nil, slack.SectionBlockOptionBlockID(blockID))
}

func who(r approval.Request) slack.Block {
	fields := []*slack.TextBlockObject{
		mrkdwn("*Requester*\n" + escape(requester(r.Requester))),
		mrkdwn("*Company*\n" + escape(company(r.Requester))),
	}
	if !r.RequestedAt.IsZero() {
		fields = append(fields, mrkdwn("*Requested*\n"+moment(r.RequestedAt)))
	}
	return slack.NewSectionBlock(nil, fields, nil, slack.SectionBlockOptionBlockID(blockWho))
}

func message(r approval.Request) slack.Block {
	if blank(r.Message) {
		return slack.NewContextBlock(blockMessage, plain("No message."))
	}
	mark := "… (cut; the whole message is in " + system(r.Source) + ")"
	return literal(blockMessage, cut(prose(r.Message), maxMessage, mark))
}

func choice(v approval.View) slack.Block {
	text := "*Access groups*\n"
	var accessory *slack.Accessory
	switch groups := distinct(v.Groups); {
	case len(groups) > 0:
		text += "None chosen means standard access."
		accessory = slack.NewAccessory(menu(groups))
	case v.GroupsKnown:
		text += "This room has no access groups: approving gives standard access."
	default:
		text += ":warning: " + escape(system(v.Request.Source)) + " did not say yet which access groups there are: approving now gives standard access."
	}
	return slack.NewSectionBlock(mrkdwn(text), nil, accessory, slack.SectionBlockOptionBlockID(GroupsBlock(v.Request.Source)))
}

func buttons(r approval.Request) slack.Block {
	whose := " the access request of " + requester(r.Requester)
	yes := slack.NewButtonBlockElement(ActionApprove, r.ID, plain("Approve")).WithStyle(slack.StylePrimary)
	yes.AccessibilityLabel = short("Approve"+whose, maxLabel)
	no := slack.NewButtonBlockElement(ActionReject, r.ID, plain("Reject")).WithStyle(slack.StyleDanger)
	no.AccessibilityLabel = short("Reject"+whose, maxLabel)
	more := slack.NewOverflowBlockElement(ActionMore,
		slack.NewOptionBlockObject(MoreValue(r.ID), plain("Approve with options…"), nil))
	return slack.NewActionBlock(BlockDecide, yes, no, more)
}

// decision gives the request's decision; an empty one if there is none, which
// the domain does not let happen.
func decision(r approval.Request) approval.Decision {
	if r.Decision == nil {
		return approval.Decision{}
	}
	return *r.Decision
}

func underWay(r approval.Request) []slack.Block {
	d := decision(r)
	text := "Approving… by " + mention(d.Reviewer.ID)
	if r.State == approval.Rejecting {
		text = "Rejecting… by " + mention(d.Reviewer.ID)
	}
	if !d.At.IsZero() {
		text += ", decided" + onDate(d.At)
	}
	if r.Delayed {
		text += "\n:warning: " + escape(system(r.Source)) + " is not answering. Frontdesk keeps trying; nothing is lost."
	}
	blocks := []slack.Block{formatted(blockOutcome, text)}
	if r.State == approval.Approving {
		blocks = append(blocks, access("Access groups:", d.Groups))
	}
	return blocks
}

func approved(r approval.Request) []slack.Block {
	d := decision(r)
	lines := []string{"Approved by " + mention(d.Reviewer.ID) + onDate(d.At)}
	gated := r.Confirmation != nil && r.Confirmation.Gated
	if gated {
		lines = append(lines, ":hourglass_flowing_sand: NDA not signed yet")
	}
	if d.Expires != "" {
		lines = append(lines, "Last day of access: "+escape(short(address(d.Expires), maxSystem)))
	}
	switch {
	case d.NDABypass && gated:
		lines = append(lines, "An NDA bypass was asked for, but "+escape(system(r.Source))+" waits for the NDA all the same")
	case d.NDABypass:
		lines = append(lines, "NDA bypass: no signed NDA is asked for")
	}
	blocks := []slack.Block{formatted(blockOutcome, strings.Join(lines, "\n"))}
	if r.Confirmation != nil {
		blocks = append(blocks, given(r))
	}
	return append(blocks, written("Note", d.Note)...)
}

func rejected(r approval.Request) []slack.Block {
	d := decision(r)
	outcome := formatted(blockOutcome, "Rejected by "+mention(d.Reviewer.ID)+onDate(d.At))
	return append([]slack.Block{outcome}, written("Reason", d.Note)...)
}

// given says what was given: what was confirmed, and never what was only asked
// for as if it were that.
func given(r approval.Request) slack.Block {
	if r.Confirmation.GroupsUnsaid {
		return access(system(r.Source)+" does not say which access groups were given. Asked for were:", decision(r).Groups)
	}
	return access("Access groups:", r.Confirmation.Groups)
}

// access lists access groups by name.
func access(text string, groups []approval.Group) slack.Block {
	if len(groups) == 0 {
		return literal(blockAccess, "Standard access")
	}
	for i, g := range groups {
		next := "\n• " + short(nameOf(g), maxName)
		more := "\nand " + strconv.Itoa(len(groups)-i) + " more"
		if widthOf(text)+widthOf(next)+widthOf(more) > maxNames {
			return literal(blockAccess, text+more)
		}
		text += next
	}
	return literal(blockAccess, text)
}

// written shows a reviewer's words in full, in as many blocks as they need.
func written(label, words string) []slack.Block {
	if blank(words) {
		return nil
	}
	rest := prose(words)
	mark := ""
	if runes := []rune(rest); len(runes) > maxNote {
		rest, mark = string(runes[:maxNote]), "… (cut after "+strconv.Itoa(maxNote)+" characters)"
	}
	blocks := []slack.Block{formatted(blockWritten, "*"+label+"*")}
	for rest != "" {
		var part string
		part, rest = splitAt(rest, maxSection-widthOf(mark))
		if rest == "" {
			part += mark
		}
		if !blank(part) {
			blocks = append(blocks, literal(blockWritten+"-"+strconv.Itoa(len(blocks)), part))
		}
	}
	return blocks
}
