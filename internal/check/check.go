// Package check proves a configuration before it goes live: each part of it is
// tried for real, and what is wrong is said with what to do.
//
// It may import everything but internal/app and the commands. It promises to
// change nothing: nothing is posted (unless it is asked to), decided or deleted,
// and no secret is in what it says. Only the database is migrated, as the start
// of Frontdesk would do.
package check

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// Mark says how a part is.
type Mark string

// The marks, from the best to the worst.
const (
	// OK means that it was tried and works.
	OK Mark = "ok"
	// Skipped means that it is not in use, or could not be tried because of
	// another line.
	Skipped Mark = "skipped"
	// Warning means that Frontdesk would run, but probably not as it is meant.
	Warning Mark = "warning"
	// Failed means that Frontdesk would not work.
	Failed Mark = "failed"
)

// Line is what came of trying one part.
type Line struct {
	Part string `json:"part"`
	Mark Mark   `json:"mark"`
	// Says is what was found, Remedy what to do about it.
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
}

// Options are what is tried, and with what.
type Options struct {
	Config config.Config
	Clock  approval.Clock
	// Version goes into the user agent.
	Version string
	// PostTestMessage posts a message to the channel.
	PostTestMessage bool
}

// within bounds trying one part.
const within = 15 * time.Second

// Run tries one part after another, and tells of each as soon as it is tried.
func Run(ctx context.Context, o Options, tell func(Line)) {
	c := o.Config
	client := &http.Client{Timeout: within}
	api := slack.New(c.SlackBotToken.Reveal(), slack.OptionAPIURL(c.SlackAPIURL),
		slack.OptionAppLevelToken(c.SlackAppToken.Reveal()),
		slack.OptionHTTPClient(slackapp.NewHTTPClient(http.DefaultTransport, within)))
	t := &trial{Options: o, api: api, client: client, tell: tell}
	defer client.CloseIdleConnections()
	t.try(ctx, t.store)
	t.try(ctx, t.slack)
	t.try(ctx, t.conveyor)
	t.try(ctx, t.webhook)
	t.try(ctx, t.tls)
	t.try(ctx, t.address)
}

// Worst gives the worst of some marks.
func Worst(lines []Line) Mark {
	worst := OK
	for _, line := range lines {
		for _, mark := range []Mark{Warning, Failed} {
			if line.Mark == mark && worst != Failed {
				worst = mark
			}
		}
	}
	return worst
}

// trial tries the parts of one configuration.
type trial struct {
	Options
	api    *slack.Client
	client *http.Client
	tell   func(Line)
	// certificate is what Frontdesk would show, nil if it would speak plain HTTP
	// or the files are no good.
	certificate *web.Certificate
}

func (t *trial) try(ctx context.Context, part func(ctx context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, 2*within)
	defer cancel()
	part(ctx)
}

func (t *trial) ok(part, says string)      { t.tell(Line{Part: part, Mark: OK, Says: says}) }
func (t *trial) skipped(part, says string) { t.tell(Line{Part: part, Mark: Skipped, Says: says}) }

func (t *trial) warning(part, says, remedy string) {
	t.tell(Line{Part: part, Mark: Warning, Says: says, Remedy: remedy})
}

func (t *trial) failed(part, says, remedy string) {
	// Some libraries' errors have several lines.
	t.tell(Line{Part: part, Mark: Failed, Says: strings.Join(strings.Fields(says), " "), Remedy: remedy})
}
