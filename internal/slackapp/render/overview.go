package render

import (
	"strconv"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// OpenAtOnce is how many requests the overview's button opens.
const OpenAtOnce = 10

// Overview gives the message that stands for requests that came faster than
// they can be posted one by one, and the sentence that stands for it.
func Overview(o approval.Overview) (text string, blocks []slack.Block) {
	if o.Held <= 0 {
		text = "No more access requests wait here: each was opened or handled in " + system(o.Source) + "."
		return text, []slack.Block{literal(blockOutcome, text)}
	}
	text = count(o.Held) + " waiting behind this message"
	waiting := "*" + text + ".* They came faster than they can be shown one by one."
	if !o.Oldest.IsZero() {
		waiting += " The oldest came in" + onDate(o.Oldest) + "."
	}
	waiting += "\nWhat you open is posted to this channel, to be decided as ever."
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("Find a requester"), ActionOpen)
	least := 0 // a click shows the oldest
	menu.MinQueryLength = &least
	next := slack.NewButtonBlockElement(ActionOpenNext, o.Source, plain("Open the next "+strconv.Itoa(min(o.Held, OpenAtOnce))))
	next.AccessibilityLabel = "Open the access requests that wait for the longest"
	return text, []slack.Block{
		slack.NewHeaderBlock(plain("Many access requests at once"), slack.HeaderBlockOptionBlockID(blockTitle)),
		formatted(blockWho, waiting),
		slack.NewActionBlock(OverviewBlock(o.Source), menu, next),
	}
}

func count(n int) string {
	if n == 1 {
		return "1 more access request is"
	}
	return strconv.Itoa(n) + " more access requests are"
}

// HeldOptions answers an options load of the overview with the requests that
// were found. The answer is never nil, because Slack wants a list.
func HeldOptions(requests []approval.Request) []*slack.OptionBlockObject {
	all := make([]*slack.OptionBlockObject, 0, len(requests))
	for _, r := range requests {
		if len(all) == maxOptions || len(r.ID) > maxValue {
			break
		}
		came := plain("came in on " + r.ReceivedAt.UTC().Format("2006-01-02 at 15:04 UTC"))
		all = append(all, slack.NewOptionBlockObject(r.ID, plain(short(requester(r.Requester), maxLabel)), came))
	}
	return all
}
