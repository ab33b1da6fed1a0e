package app

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/sirupsen/logrus"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// watch tells the operator: a log line with the request's id, and a number.
// Its labels come from closed sets only.
type watch struct {
	log         *logrus.Logger
	decided     *prometheus.CounterVec
	refused     *prometheus.CounterVec
	delayed     prometheus.Counter
	undelivered prometheus.Counter
	vanished    prometheus.Counter
	swept       prometheus.Counter
	polls       *prometheus.CounterVec
	unverified  prometheus.Counter
	unknown     *prometheus.CounterVec
	unanswered  *prometheus.CounterVec
}

func newWatch(log *logrus.Logger, registry *prometheus.Registry, version string) *watch {
	make := promauto.With(registry) //nolint:predeclared // reads as a sentence below
	counter := func(name, help string) prometheus.Counter {
		return make.NewCounter(prometheus.CounterOpts{Namespace: "frontdesk", Name: name, Help: help})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return make.NewCounterVec(prometheus.CounterOpts{Namespace: "frontdesk", Name: name, Help: help}, []string{label})
	}
	make.NewGauge(prometheus.GaugeOpts{
		Namespace: "frontdesk", Name: "build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	}).Set(1)
	return &watch{
		log:         log,
		decided:     counters("decisions_total", "Decisions confirmed by the outside system.", "outcome"),
		refused:     counters("refusals_total", "Decisions that could not be carried out.", "reason"),
		delayed:     counter("delays_total", "Attempts to carry out a decision that failed for now."),
		undelivered: counter("undelivered_total", "Attempts to show something in Slack that failed."),
		vanished:    counter("vanished_alarms_total", "Polls in which most pending requests were missing at once."),
		swept:       counter("swept_jobs_total", "Steps that were due and had no job."),
		polls:       counters("polls_total", "Polls of an outside system.", "result"),
		unverified:  counter("unverified_total", "Calls to Slack's door whose signature does not hold."),
		unknown:     counters("unknown_payloads_total", "Verified payloads that Frontdesk has no use for.", "kind"),
		unanswered:  counters("unanswered_total", "What could not be recorded or opened in time.", "what"),
	}
}

func (w *watch) about(r approval.Request) *logrus.Entry {
	return w.log.WithFields(logrus.Fields{"request": r.ID, "source": r.Source, "external_id": r.ExternalID})
}

// Decided implements approval.Watch.
func (w *watch) Decided(r approval.Request) {
	w.decided.WithLabelValues(string(r.Decision.Verb)).Inc()
	w.about(r).WithFields(logrus.Fields{"verb": r.Decision.Verb, "reviewer": r.Decision.Reviewer.ID}).Info("a decision was carried out")
}

// Refused implements approval.Watch.
func (w *watch) Refused(r approval.Request, reason approval.RefusalReason, err error) {
	w.refused.WithLabelValues(string(reason)).Inc()
	w.about(r).WithError(err).WithFields(logrus.Fields{
		"verb": r.Decision.Verb, "reviewer": r.Decision.Reviewer.ID, "reason": reason,
	}).Warn("a decision could not be carried out; the request is pending again")
}

// Delayed implements approval.Watch.
func (w *watch) Delayed(r approval.Request, err error) {
	w.delayed.Inc()
	w.about(r).WithError(err).WithField("attempt", r.Effect.Attempts).Warn("a decision could not be carried out for now; it is tried again")
}

// Undelivered implements approval.Watch.
func (w *watch) Undelivered(r approval.Request, err error) {
	w.undelivered.Inc()
	w.about(r).WithError(err).Error("something could not be shown in Slack")
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

func (w *watch) polled(source string, err error) {
	if err == nil {
		w.polls.WithLabelValues("ok").Inc()
		return
	}
	w.polls.WithLabelValues("failed").Inc()
	level := logrus.WarnLevel
	if _, refused := errors.AsType[*approval.RefusedError](err); refused {
		level = logrus.ErrorLevel
	}
	w.log.WithError(err).WithField("source", source).Log(level, "a poll failed; the next one tries again")
}

// Unverified implements slackapp.DoorWatch.
func (w *watch) Unverified(err error) {
	w.unverified.Inc()
	w.log.WithError(err).Warn("a call to Slack's door does not come from Slack, or SLACK_SIGNING_SECRET is wrong")
}

// Unknown implements slackapp.DoorWatch.
func (w *watch) Unknown(kind string) {
	w.unknown.WithLabelValues(kind).Inc()
	w.log.WithField("kind", kind).Debug("Slack sent something that Frontdesk has no use for")
}

// Unanswered implements slackapp.DoorWatch.
func (w *watch) Unanswered(what string, err error) {
	w.unanswered.WithLabelValues(what).Inc()
	w.log.WithError(err).WithField("what", what).Error("something could not be recorded or opened in time")
}
