package app

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"golang.org/x/time/rate"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/trail"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// watch tells the operator: a log line that names what it is about, and a
// number.
type watch struct {
	metrics
	log     *logrus.Logger
	crowded rate.Sometimes
}

func newWatch(log *logrus.Logger, registry *prometheus.Registry, version string) *watch {
	return &watch{metrics: newMetrics(registry, version), log: log, crowded: rate.Sometimes{Interval: time.Minute}}
}

// cut is called for each connection that was cut to make room.
func (w *watch) cut() {
	w.cuts.Inc()
	w.crowded.Do(func() {
		w.log.Warn("too many connections at once: those that send nothing are cut, the oldest first; " +
			"is Frontdesk's address attacked, or a proxy before it broken? (said at most once a minute)")
	})
}

// line gives a log line with the trail of the work that it is logged in, and
// with its trace.
func (w *watch) line(ctx context.Context) *logrus.Entry {
	fields := logrus.Fields{}
	maps.Insert(fields, trail.Of(ctx).All())
	if id := tracing.ID(ctx); id != "" {
		fields["trace_id"] = id
	}
	return w.log.WithFields(fields)
}

// about is line for a request. What it knows of the decision counts more than
// the trail: a click may have come too late.
func (w *watch) about(ctx context.Context, r approval.Request) *logrus.Entry {
	ctx = trail.With(ctx, func(t *trail.Trail) {
		t.Request, t.Source = r.ID, r.Source
		if r.Decision != nil {
			t.Decision = r.Decision.ID
		}
	})
	line := w.line(ctx)
	if r.ExternalID != "" {
		line = line.WithField("external_id", r.ExternalID)
	}
	return line
}

// Happened implements approval.Watch. How a decision ended is said by Decided,
// Refused and Delayed.
func (w *watch) Happened(ctx context.Context, r approval.Request, e approval.Event) {
	w.events.WithLabelValues(string(e.Action), string(r.State)).Inc()
	switch line := w.about(ctx, r); e.Action {
	case approval.Receive:
		line.Info("a request came in")
	case approval.Approve, approval.Reject:
		line.WithFields(logrus.Fields{"verb": e.Action, "reviewer": e.Actor}).Info("a reviewer decided")
	case approval.Close:
		line.WithField("standing", e.Closing.Standing).Info("a request was decided in the outside system, or is gone from it")
	case approval.Reopen:
		line.Info("a request is open again in the outside system")
	case approval.Confirm, approval.Refuse, approval.Delay:
	}
}

// Decided implements approval.Watch.
func (w *watch) Decided(ctx context.Context, r approval.Request) {
	outcome := string(r.Decision.Verb)
	w.decided.WithLabelValues(outcome).Inc()
	w.decision.WithLabelValues(outcome).Observe(age(r.ReceivedAt, r.Decision.At).Seconds())
	w.about(ctx, r).WithFields(logrus.Fields{"verb": r.Decision.Verb, "reviewer": r.Decision.Reviewer.ID}).Info("a decision was carried out")
}

// Refused implements approval.Watch.
func (w *watch) Refused(ctx context.Context, r approval.Request, reason approval.RefusalReason, err error) {
	w.refused.WithLabelValues(string(reason)).Inc()
	w.about(ctx, r).WithError(err).WithFields(logrus.Fields{
		"verb": r.Decision.Verb, "reviewer": r.Decision.Reviewer.ID, "reason": reason,
	}).Warn("a decision could not be carried out; the request is pending again")
}

// Delayed implements approval.Watch.
func (w *watch) Delayed(ctx context.Context, r approval.Request, err error) {
	w.delayed.Inc()
	w.about(ctx, r).WithError(err).WithField("attempt", r.Effect.Attempts).Warn("a decision could not be carried out for now; it is tried again")
}

// Undelivered implements approval.Watch.
func (w *watch) Undelivered(ctx context.Context, r approval.Request, err error) {
	w.undelivered.Inc()
	w.about(ctx, r).WithError(err).Error("something could not be shown in Slack")
}

// Vanished implements approval.Watch.
func (w *watch) Vanished(source string, missing, pending int) {
	w.vanished.Inc()
	w.log.WithFields(logrus.Fields{"source": source, "missing": missing, "pending": pending}).
		Error("most pending requests are missing from the outside system at once; none is closed for that. " +
			"Is it the right key and the right room?")
}

// Swept implements approval.Watch.
func (w *watch) Swept(jobs int) {
	w.swept.Add(float64(jobs))
	w.log.WithField("jobs", jobs).Warn("work that was due had no job; it goes on now")
}

// polled is called after each scheduled poll. health is what the poll left
// behind of the outside system, in words.
func (w *watch) polled(ctx context.Context, source string, err, health error) {
	if err == nil {
		w.polls.WithLabelValues(pollOK).Inc()
		return
	}
	w.polls.WithLabelValues(pollFailed).Inc()
	level := logrus.WarnLevel
	if _, refused := errors.AsType[*approval.RefusedError](err); refused {
		level = logrus.ErrorLevel
	}
	line := w.line(ctx).WithError(err).WithField("source", source)
	if health != nil {
		line = line.WithField("means", health.Error())
	}
	line.Log(level, "a poll failed; the next one tries again")
}

// Unverified implements slackapp.DoorWatch.
func (w *watch) Unverified(ctx context.Context, err error) {
	w.unverified.Inc()
	w.log.WithError(err).WithField("client", web.ClientAddress(ctx)).Warn("a call to Slack's door does not come from Slack, or SLACK_SIGNING_SECRET is wrong")
}

// Unknown implements slackapp.DoorWatch.
func (w *watch) Unknown(kind string) {
	w.unknown.WithLabelValues(kind).Inc()
	w.log.WithField("kind", kind).Debug("Slack sent something that Frontdesk has no use for")
}

// Connected implements slackapp.SocketWatch.
func (w *watch) Connected(n int) {
	w.sockets.Set(float64(n))
	w.log.WithField("connections", n).Info("Socket Mode connections")
}

// Disconnected implements slackapp.SocketWatch.
func (w *watch) Disconnected(err error) {
	w.lost.Inc()
	w.log.WithError(err).Warn("a Socket Mode connection ended or could not be opened; it is opened again")
}

// Unanswered implements slackapp.DoorWatch.
func (w *watch) Unanswered(ctx context.Context, what string, err error) {
	w.unanswered.WithLabelValues(what).Inc()
	w.line(ctx).WithError(err).WithField("what", what).Error("something could not be recorded or opened in time")
}
