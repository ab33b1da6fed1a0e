package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
)

const (
	// countEvery is how old what was counted in the database may be: anybody who
	// reaches /metrics may ask as often as they like.
	countEvery = 10 * time.Second
	// countWithin bounds counting. A database that takes longer has other things
	// to do.
	countWithin = 2 * time.Second
)

// counted is what the gauges show of the database.
type counted struct {
	open     map[approval.State]int
	oldest   time.Time
	backlogs map[string]jobs.Backlog
}

// gauges are the numbers that have to be asked for. What could not be counted
// is not shown: an old number would look like a good one.
type gauges struct {
	count func(ctx context.Context) (counted, error)
	ready func() map[string]error
	open  func() int
	clock approval.Clock
	log   *logrus.Logger

	requests, oldest, jobs, oldestJob, parts, connections *prometheus.Desc

	mu    sync.Mutex
	at    time.Time
	last  counted
	known bool
}

func newGauges(g *gauges) *gauges {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	g.requests = describe("requests", "Requests that are not decided yet.", "state")
	g.oldest = describe("oldest_pending_seconds", "For how long the first of the pending requests has been known; 0 if there is none.")
	g.jobs = describe("jobs", "Jobs that are not finished.", "queue", "phase")
	g.oldestJob = describe("oldest_job_seconds", "For how long the first of the waiting jobs has been due; 0 if there is none.", "queue")
	g.parts = describe("ready", "Whether a part of Frontdesk is well, as /readyz says.", "part")
	g.connections = describe("open_connections", "Connections to Frontdesk's own address that are open now.")
	return g
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.requests, g.oldest, g.jobs, g.oldestJob, g.parts, g.connections} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	show(g.connections, float64(g.open()))
	for part, err := range g.ready() {
		well := 1.0
		if err != nil {
			well = 0
		}
		show(g.parts, well, part)
	}
	now := g.clock()
	c, ok := g.lately(now)
	if !ok {
		return
	}
	for state, n := range c.open {
		show(g.requests, float64(n), string(state))
	}
	show(g.oldest, age(c.oldest, now).Seconds())
	for queue, b := range c.backlogs {
		show(g.jobs, float64(b.Waiting), queue, "waiting")
		show(g.jobs, float64(b.Running), queue, "running")
		show(g.jobs, float64(b.Later), queue, "later")
		show(g.oldestJob, b.Oldest.Seconds(), queue)
	}
}

// age gives how long ago something was, nothing for what never was.
func age(at, now time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return max(now.Sub(at), 0)
}

// lately gives what was counted last, and counts if that is long ago. Whoever
// asks meanwhile waits for it.
func (g *gauges) lately(now time.Time) (counted, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.at.IsZero() && now.Sub(g.at).Abs() < countEvery {
		return g.last, g.known
	}
	// A scrape has no context that ends with it.
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	c, err := g.count(ctx)
	if err != nil {
		g.log.WithError(err).Debug("the database could not be counted for the metrics")
	}
	g.at, g.last, g.known = now, c, err == nil
	return c, err == nil
}

// count reads what the gauges show of the database.
func (a *App) count(ctx context.Context) (counted, error) {
	open, oldest, err := a.store.Census(ctx)
	if err != nil {
		return counted{}, err
	}
	backlogs, err := a.queue.Backlogs(ctx)
	return counted{open: open, oldest: oldest, backlogs: backlogs}, err
}
