package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

// Slack refuses nothing by the clock, but Frontdesk refuses signatures that are
// more than 5 minutes away, and replicas have to agree.
const (
	clockOff   = 30 * time.Second
	clockWrong = 4 * time.Minute
)

func (t *trial) slack(ctx context.Context) {
	const part = "Slack token"
	me, err := slackapp.Identify(ctx, t.api)
	if err != nil {
		t.failed(part, err.Error(), "correct SLACK_BOT_TOKEN, or let this process reach "+t.Config.SlackAPIURL)
		for _, other := range []string{"clock", "Slack scopes", "Slack channel", "reviewers"} {
			t.skipped(other, "the Slack token does not work")
		}
		return
	}
	t.ok(part, fmt.Sprintf("posts as %s in %s", me.User, me.Team))
	t.clock(me)
	t.scopes(me)
	t.channel(ctx)
	t.reviewers(ctx)
	t.socketMode(ctx)
}

func (t *trial) clock(me slackapp.Identity) {
	const part, remedy = "clock", "let the machine keep its time by NTP"
	if me.SlackTime.IsZero() {
		t.skipped(part, "Slack did not say what time it is")
		return
	}
	off := t.Clock().Sub(me.SlackTime).Round(time.Second)
	switch {
	case off.Abs() > clockWrong:
		t.failed(part, fmt.Sprintf("%s away from Slack's: clicks are refused from 5 minutes on", off), remedy)
	case off.Abs() > clockOff:
		t.warning(part, fmt.Sprintf("%s away from Slack's", off), remedy)
	default:
		t.ok(part, "agrees with Slack's")
	}
}

func (t *trial) scopes(me slackapp.Identity) {
	const part = "Slack scopes"
	history := []string{"channels:history", "groups:history"}
	var missing []string
	for _, scope := range slackapp.Scopes() {
		optional := slices.Contains(history, scope) || scope == "usergroups:read" && len(t.Config.Reviewers.Groups) == 0
		if !optional && !slices.Contains(me.Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	if !slices.ContainsFunc(me.Scopes, func(scope string) bool { return slices.Contains(history, scope) }) {
		missing = append(missing, strings.Join(history, " or "))
	}
	if len(missing) > 0 {
		t.failed(part, "missing: "+strings.Join(missing, ", "),
			"add them on the app's page OAuth & Permissions and install the app again")
		return
	}
	t.ok(part, strings.Join(me.Scopes, ", "))
}

func (t *trial) channel(ctx context.Context) {
	const part = "Slack channel"
	board := slackapp.NewBoard(t.api, t.Config.SlackChannelID, t.Clock, nil, slackapp.Pace{})
	if _, _, err := board.Find(ctx, "check", t.Clock()); err != nil {
		t.failed(part, err.Error(), "invite the app to the channel, or correct SLACK_CHANNEL_ID")
		return
	}
	if !t.PostTestMessage {
		t.ok(part, t.Config.SlackChannelID+" can be read; whether it can be posted to is tried with --post-test-message")
		return
	}
	if err := slackapp.PostTrial(ctx, t.api, t.Config.SlackChannelID); err != nil {
		t.failed(part, err.Error(), "invite the app to the channel and let it post there")
		return
	}
	t.ok(part, t.Config.SlackChannelID+" can be read, and a test message was posted")
}

func (t *trial) reviewers(ctx context.Context) {
	const part = "reviewers"
	listed := t.Config.Reviewers
	switch {
	case listed.Everyone:
		t.ok(part, "every full member who sees the channel, as REVIEWERS=* says")
		return
	case len(listed.Entries()) == 0:
		t.warning(part, "REVIEWERS is not set: every full member who sees the channel can let customers in",
			"list who may decide, or set REVIEWERS=* if that is meant")
		return
	}
	directory := slackapp.NewDirectory(t.api, approval.NewPolicy(listed.Entries()), t.Clock)
	unresolved := directory.Unresolved(ctx, listed.Entries())
	for _, entry := range slices.Sorted(maps.Keys(unresolved)) {
		err := unresolved[entry]
		if errors.Is(err, slackapp.ErrNobody) {
			t.failed(part, "Slack does not know "+entry, "correct the entry in REVIEWERS")
		} else {
			t.warning(part, entry+" could not be looked up: "+err.Error(), "try again, or correct the entry in REVIEWERS")
		}
	}
	if len(unresolved) == 0 {
		t.ok(part, fmt.Sprintf("Slack knows each of %d entries", len(listed.Entries())))
	}
}

func (t *trial) socketMode(ctx context.Context) {
	const part = "Socket Mode"
	if !t.Config.SlackAppToken.IsSet() {
		t.skipped(part, "SLACK_APP_TOKEN is not set; Slack calls an address")
		return
	}
	if err := slackapp.TrySocket(ctx, t.api); err != nil {
		t.failed(part, err.Error(), "correct SLACK_APP_TOKEN (scope connections:write) and switch Socket Mode on in the app's settings")
		return
	}
	t.ok(part, "Slack gives a connection")
}
