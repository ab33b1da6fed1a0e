package app

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
)

// Keeping gives the transport that all calls to the outside go through.
func Keeping(connections int) *http.Transport { return keeping(connections) }

// CountedStatuses lists the statuses that are counted by themselves.
func CountedStatuses() []int { return countedStatuses() }

// NewScrape gives a scrape of the numbers that are counted now and then.
func NewScrape(clock func() time.Time, count func() error) (scrape func()) {
	log := logrus.New()
	log.SetOutput(io.Discard)
	g := newGauges(&gauges{
		count: func(context.Context) (counted, error) { return counted{}, count() },
		ready: func() map[string]error { return nil }, open: func() int { return 0 }, clock: clock, log: log,
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(g)
	return func() {
		if _, err := registry.Gather(); err != nil {
			panic(err)
		}
	}
}
