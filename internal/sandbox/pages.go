package sandbox

import "net/http"

// pages gives everything that the front address serves: the practice Slack's
// API and the page for people.
func (s *Sandbox) pages() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", s.Slack.Handler())
	mux.Handle("/actions/", s.Slack.Handler())
	mux.Handle("/link/", s.Slack.Handler())
	mux.Handle("/", s.page)
	return mux
}
