//go:build faultpoints

package app

import (
	"net/http"
	"os"

	"github.com/frontdesk-hq/frontdesk/internal/faultpoint"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

// points are where this binary, which is built for the tests of
// internal/faulttest only, dies on command.
type points struct {
	all *faultpoint.Points
	// standStill makes a rush never end.
	standStill bool
}

func newPoints(o Options) (points, error) {
	record, die := os.Getenv("FRONTDESK_FAULTPOINTS_RECORD"), os.Getenv("FRONTDESK_FAULTPOINTS_DIE") //nolint:forbidigo // the settings of a test's binary are none of Frontdesk's
	all, err := faultpoint.Open(record, die, o.Clock)
	if err != nil {
		return points{}, err
	}
	// Every client of the program goes through it, also one that is added later.
	http.DefaultTransport = all.Transport(http.DefaultTransport)
	standStill := os.Getenv("FRONTDESK_FAULTPOINTS_STANDSTILL") != "" //nolint:forbidigo // as above
	return points{all: all, standStill: standStill}, nil
}

func (p points) queue(q *jobs.Queue) {
	if p.standStill {
		q.StandStill()
	}
}

func (p points) store(s shared) shared                           { return p.all.Store(s) }
func (p points) work(w jobs.Work) jobs.Work                      { return p.all.Work(w) }
func (p points) dial(dial slackapp.Dial) slackapp.Dial           { return p.all.Dial(dial) }
func (p points) transport(t http.RoundTripper) http.RoundTripper { return p.all.Transport(t) }

func (p points) handler(handler http.Handler) http.Handler { return p.all.Handler(handler) }
