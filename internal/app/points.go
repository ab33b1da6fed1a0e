//go:build !faultpoints

package app

import (
	"net/http"

	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

// points are where a binary built for the tests of internal/faulttest dies on
// command. This one has none.
type points struct{}

func newPoints(Options) (points, error) { return points{}, nil }

func (points) store(s shared) shared                     { return s }
func (points) queue(*jobs.Queue)                         {}
func (points) work(w jobs.Work) jobs.Work                { return w }
func (points) handler(handler http.Handler) http.Handler { return handler }
func (points) dial(dial slackapp.Dial) slackapp.Dial     { return dial }

func (points) transport(transport http.RoundTripper) http.RoundTripper { return transport }
