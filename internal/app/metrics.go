package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

// metrics are the numbers that an operator is shown. Their labels come from
// closed sets only, which docs/operations.md lists. What has labels is there
// from the start, as zero: the first of something would otherwise be no
// increase to Prometheus.
type metrics struct {
	events      *prometheus.CounterVec
	decided     *prometheus.CounterVec
	decision    *prometheus.HistogramVec
	refused     *prometheus.CounterVec
	delayed     prometheus.Counter
	undelivered prometheus.Counter
	vanished    prometheus.Counter
	swept       prometheus.Counter
	polls       *prometheus.CounterVec
	calls       *prometheus.HistogramVec
	unverified  prometheus.Counter
	unknown     *prometheus.CounterVec
	unanswered  *prometheus.CounterVec
	sockets     prometheus.Gauge
	wanted      prometheus.Gauge
	lost        prometheus.Counter
	cuts        prometheus.Counter
}

// The results of a poll.
const (
	pollOK     = "ok"
	pollFailed = "failed"
)

// decisionBuckets are for what people take: from a minute to a week.
func decisionBuckets() []float64 {
	const minute, hour, day = 60, 3600, 86400
	return []float64{minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour, day, 2 * day, 7 * day}
}

// callBuckets are for what programs take. Slack and Conveyor are given 10 s.
func callBuckets() []float64 { return []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10} }

func newMetrics(registry *prometheus.Registry, version string) metrics {
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := promauto.With(registry)
	counter := func(name, help string) prometheus.Counter {
		return build.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	}
	counters := func(name, help, label string, values []string) *prometheus.CounterVec {
		vec := build.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
		for _, value := range values {
			vec.WithLabelValues(value)
		}
		return vec
	}
	gauge := func(name, help string) prometheus.Gauge {
		return build.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return build.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
	}
	build.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	}).Set(1)
	m := metrics{
		events: build.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "request_events_total", Help: "What happened to requests, and the state that it led to.",
		}, []string{"action", "state"}),
		decided:     counters("decisions_total", "Decisions confirmed by the outside system.", "outcome", outcomes()),
		decision:    histogram("decision_seconds", "From a request's coming in to the decision that was carried out.", decisionBuckets(), "outcome"),
		refused:     counters("refusals_total", "Decisions that could not be carried out.", "reason", texts(approval.RefusalReasons())),
		delayed:     counter("delays_total", "Attempts to carry out a decision that failed for now."),
		undelivered: counter("undelivered_total", "Attempts to show something in Slack that failed."),
		vanished:    counter("vanished_alarms_total", "Polls in which most pending requests were missing at once."),
		swept:       counter("swept_jobs_total", "Steps that were due and had no job."),
		polls:       counters("polls_total", "Polls of an outside system.", "result", []string{pollOK, pollFailed}),
		calls:       histogram("outside_call_seconds", "Calls to the outside, until their answers began.", callBuckets(), "system", "method", "code"),
		unverified:  counter("unverified_total", "Calls to Slack's door whose signature does not hold."),
		unknown:     counters("unknown_payloads_total", "Verified payloads that Frontdesk has no use for.", "kind", slackapp.UnknownKinds()),
		unanswered:  counters("unanswered_total", "What could not be recorded or opened in time.", "what", slackapp.UnansweredKinds()),
		sockets:     gauge("socket_connections", "Open Socket Mode connections."),
		wanted:      gauge("socket_connections_wanted", "Socket Mode connections that should be open."),
		lost:        counter("socket_failures_total", "Socket Mode connections that ended or could not be opened."),
		cuts:        counter("cut_connections_total", "Connections that were cut because too many were open at once."),
	}
	m.events.WithLabelValues(string(approval.Receive), string(approval.Pending))
	for _, from := range approval.States() {
		for _, action := range approval.Actions() {
			if to, err := approval.Next(from, action); err == nil {
				m.events.WithLabelValues(string(action), string(to))
			}
		}
	}
	for _, outcome := range outcomes() {
		m.decision.WithLabelValues(outcome)
	}
	return m
}

const namespace = "frontdesk"

func outcomes() []string { return []string{string(approval.Approve), string(approval.Reject)} }

func texts[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return texts
}

// called counts a call to the outside.
func (m *metrics) called(system, method, code string, took time.Duration) {
	m.calls.WithLabelValues(system, method, code).Observe(took.Seconds())
}
