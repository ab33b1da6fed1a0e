package slackapp

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// Identity is who Slack takes a bot token for.
type Identity struct {
	Team, User string
	// Scopes are those that the token has, from the answer's header.
	Scopes []string
	// SlackTime is when Slack answered, by its own clock; zero if it did not say.
	SlackTime time.Time
}

// Identify asks Slack whom it takes the client's token for. The error says what
// an operator can do.
func Identify(ctx context.Context, api API) (Identity, error) {
	me, err := api.AuthTestContext(ctx)
	if err = orEmpty(err, me == nil || me.TeamID == ""); err != nil {
		return Identity{}, slackError(err)
	}
	id := Identity{Team: me.Team, User: me.User}
	for scope := range strings.SplitSeq(me.Header.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			id.Scopes = append(id.Scopes, scope)
		}
	}
	if at, err := http.ParseTime(me.Header.Get("Date")); err == nil {
		id.SlackTime = at
	}
	return id, nil
}

// TrySocket asks Slack for a Socket Mode connection without using it. The error
// says what an operator can do.
func TrySocket(ctx context.Context, api API) error {
	_, address, err := api.StartSocketModeContext(ctx)
	return slackError(orEmpty(err, address == ""))
}

// PostTrial posts a message that says that it is only a trial.
func PostTrial(ctx context.Context, api API, channel string) error {
	_, ts, err := api.PostMessageContext(ctx, channel,
		slack.MsgOptionText("This is a test of Frontdesk's settings. Access requests will be posted here.", false))
	if err = slackError(orEmpty(err, ts == "")); err != nil {
		return fmt.Errorf("post to the channel: %w", err)
	}
	return nil
}
