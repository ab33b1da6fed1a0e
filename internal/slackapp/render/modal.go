package render

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// RejectModal gives the modal that asks for the reason of a rejection.
func RejectModal(r approval.Request) slack.ModalViewRequest {
	reason := slack.NewPlainTextInputBlockElement(nil, ActionReason).WithMultiline(true).WithMaxLength(maxNote)
	reason.FocusOnLoad = true
	hint := plain("Kept here, with the message. It is not sent to the requester: " + system(r.Source) + " stores no reason.")
	return modal(r, CallbackReject, "Reject request", "Reject",
		slack.NewInputBlock(BlockReason, plain("Reason"), hint, reason))
}

// OptionsModal gives the modal that asks how to approve. The groups that were
// chosen in the message are chosen in it.
func OptionsModal(r approval.Request, groups, chosen []approval.Group, now time.Time) slack.ModalViewRequest {
	blocks := groupsInput(r, distinct(groups), distinct(chosen))

	expiry := slack.NewInputBlock(BlockExpiry, plain("Last day of access"),
		plain("A day in the future: "+tomorrow(now)+" or later. No day means that the access does not end."),
		slack.NewDatePickerBlockElement(ActionExpiry))
	bypass := slack.NewInputBlock(BlockNDA, plain("NDA"), nil, slack.NewCheckboxGroupsBlockElement(ActionNDA,
		slack.NewOptionBlockObject("bypass", plain("Let the requester in without a signed NDA"), nil)))
	note := slack.NewInputBlock(BlockNote, plain("Note"),
		plain("Kept here, with the message. It is not sent to the requester."),
		slack.NewPlainTextInputBlockElement(nil, ActionNote).WithMultiline(true).WithMaxLength(maxNote))

	return modal(r, CallbackOptions, "Approve with options", "Approve",
		append(blocks, expiry.WithOptional(true), bypass.WithOptional(true), note.WithOptional(true))...)
}

// groupsInput gives the menu of the options modal, and says so if it cannot
// show all that was chosen.
func groupsInput(r approval.Request, groups, chosen []approval.Group) []slack.Block {
	if len(groups) == 0 {
		return []slack.Block{literal(GroupsBlock(r.Source), "There are no access groups to choose from: approving gives standard access.")}
	}
	// A group that is gone is no longer an option, and an initial option must
	// be exactly one of the options.
	values := make([]string, len(chosen))
	for i, g := range chosen {
		values[i] = valueOf(g)
	}
	offered, gone := Choices(groups, values)
	shown := offered[:min(len(offered), maxOptions)]
	input := slack.NewInputBlock(GroupsBlock(r.Source), plain("Access groups"),
		plain("None chosen means standard access."), menu(groups).WithInitialOptions(options(shown)...))
	blocks := []slack.Block{input.WithOptional(true)}
	if lost := len(gone) + len(offered) - len(shown); lost > 0 {
		blocks = append(blocks, literal(blockLost,
			"Of the groups that were chosen in the message, this many are gone or do not fit in here: "+strconv.Itoa(lost)+"."))
	}
	return blocks
}

// ClosedModal gives a modal that only tells something. The sentence is mrkdwn,
// as Taken, Denial and Notice give it.
func ClosedModal(title, sentence string) slack.ModalViewRequest {
	if blank(title) {
		title = "Access request"
	}
	if blank(sentence) || utf8.RuneCountInString(sentence) > maxSection {
		sentence = "This request cannot be decided any more. Look at its message."
	}
	return slack.ModalViewRequest{
		Type:   slack.VTModal,
		Title:  plain(short(line(title), maxTitle)),
		Close:  plain("Close"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{formatted(blockTold, sentence)}},
	}
}

func modal(r approval.Request, callback, title, submit string, blocks ...slack.Block) slack.ModalViewRequest {
	named := literal(blockWho, "Access request of "+requester(r.Requester))
	return slack.ModalViewRequest{
		Type:            slack.VTModal,
		CallbackID:      callback,
		PrivateMetadata: Meta(r.ID),
		Title:           plain(title),
		Submit:          plain(submit),
		Close:           plain("Cancel"),
		Blocks:          slack.Blocks{BlockSet: append([]slack.Block{named}, blocks...)},
	}
}
