package conveyor

import (
	"net/http"
	"slices"
	"strings"
)

// OtherCall names a call that is not in the list of those that are made.
const OtherCall = "other"

// Calls lists the calls to Conveyor that Frontdesk makes, without ids. One that
// is new belongs into it, so that it is counted by its name.
func Calls() []string {
	return []string{
		"GET access_groups", "GET authorization_request_queue", "GET authorization_requests/{id}", "GET authorizations",
		"PATCH authorization_requests/{id}", "POST authorizations",
	}
}

// CallOf names a call to Conveyor for the metrics, out of Calls.
func CallOf(r *http.Request) string {
	_, what, _ := strings.Cut(r.URL.Path, "/exchange/")
	if collection, id, found := strings.Cut(what, "/"); found && id != "" {
		what = collection + "/{id}"
	}
	if name := r.Method + " " + what; slices.Contains(Calls(), name) {
		return name
	}
	return OtherCall
}
