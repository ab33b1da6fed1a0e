package app

import (
	"context"
	"errors"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

// introduce says at start what this Frontdesk is made of, a line each.
func (a *App) introduce(o Options) {
	c := o.Config
	a.log.Infof("store: %s", c.DatabaseURL.Redacted())
	a.log.Infof("address: %s on this machine", a.URL())
	if a.sockets != nil {
		a.log.Info("transport: Socket Mode; Slack needs no address of this service")
	} else {
		a.log.Infof("transport: Slack calls %s/slack/events (HTTP)", publicAddress(o, a.URL()))
	}
	a.log.Infof("channel: %s", c.SlackChannelID)
	a.log.Infof("source: Conveyor at %s, polled every %s", c.ConveyorAPIURL, c.ConveyorPollInterval)
	if c.ConveyorWebhookSecret.IsSet() {
		a.log.Info("webhook: on at /conveyor/webhook")
	} else {
		a.log.Info("webhook: off (CONVEYOR_WEBHOOK_SECRET is not set; polling finds everything, a little later)")
	}
	if c.FrontdeskAPIToken.IsSet() {
		a.log.Info("operators' doors: on")
	} else {
		a.log.Info("operators' doors: off (FRONTDESK_API_TOKEN is not set)")
	}
	switch policy := approval.NewPolicy(reviewers(c)); {
	case !policy.Everyone():
		a.log.Infof("reviewers: only those listed (%d entries)", len(c.Reviewers.Entries()))
	case c.Reviewers.Everyone:
		a.log.Info("reviewers: every full member who sees the channel, as REVIEWERS=* says")
	default:
		a.log.Warn("reviewers: REVIEWERS is not set, so every full member who sees the channel can let customers in; " +
			"list who may decide, or set REVIEWERS=* if that is meant")
	}
}

func publicAddress(o Options, local string) string {
	if o.Config.FrontdeskURL != "" {
		return o.Config.FrontdeskURL
	}
	return local
}

// nameUnknownReviewers reports entries of REVIEWERS that Slack does not know:
// they can never decide, and nobody would notice why.
func (a *App) nameUnknownReviewers(ctx context.Context, o Options) {
	left := reviewers(o.Config)
	for len(left) > 0 && ctx.Err() == nil {
		var again []string
		for entry, err := range a.directory.Unresolved(ctx, left) {
			switch {
			case isPassing(err):
				again = append(again, entry) // Slack did not say
			case errors.Is(err, slackapp.ErrNobody):
				a.log.WithError(err).Warnf("REVIEWERS: Slack does not know %s; correct the entry", entry)
			default:
				a.log.WithError(err).Warnf("REVIEWERS: %s could not be checked", entry)
			}
		}
		left = again
		wait(ctx, checkInEvery, len(left) > 0)
	}
}

// wait waits, if it is asked to, until the time is up or the context ends.
func wait(ctx context.Context, d time.Duration, really bool) {
	if !really {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
