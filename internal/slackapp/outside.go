package slackapp

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"path"
	"slices"
)

// OtherCall names a call that is not in the list of those that are made.
const OtherCall = "other"

// Calls lists the methods of Slack's API that Frontdesk calls. One that is new
// belongs into it, so that it is counted by its name.
func Calls() []string {
	return []string{
		"apps.connections.open", "auth.test", "chat.postEphemeral", "chat.postMessage", "chat.update",
		"conversations.history", "usergroups.users.list", "users.info", "users.lookupByEmail", "views.open",
	}
}

// CallOf names a call to Slack for the metrics, out of Calls.
func CallOf(r *http.Request) string {
	if method := path.Base(r.URL.Path); slices.Contains(Calls(), method) {
		return method
	}
	return OtherCall
}

// Refusals lists the error codes of Slack that are counted by their name; any
// other is OtherRefusal.
func Refusals() []string {
	return []string{
		"account_inactive", "channel_not_found", "expired_trigger_id", "fatal_error", "internal_error",
		"invalid_arguments", "invalid_auth", "invalid_blocks", "is_archived", "message_not_found", "missing_scope",
		"msg_too_long", "not_authed", "not_in_channel", "ratelimited", "request_timeout", "service_unavailable",
		"token_expired", "token_revoked", "user_not_found",
	}
}

// OtherRefusal is any error code that is not in Refusals.
const OtherRefusal = "refused"

// refusalWithin is how much of an answer is looked at; a refusal is shorter.
const refusalWithin = 1024

// RefusalOf gives the error code of an answer with status 200 that is not ok,
// out of Refusals and OtherRefusal, and empty for any other answer. The answer
// can be read as if nothing had been read of it.
func RefusalOf(res *http.Response) string {
	if res.StatusCode != http.StatusOK || res.Body == nil {
		return ""
	}
	peeked := bufio.NewReaderSize(res.Body, refusalWithin)
	begin, _ := peeked.Peek(refusalWithin) // what goes wrong is found again by whoever reads
	res.Body = struct {
		io.Reader
		io.Closer
	}{peeked, res.Body}
	// Quotes in a text are escaped, so this is a member and not a part of one.
	if !bytes.Contains(begin, []byte(`"ok":false`)) {
		return ""
	}
	_, after, _ := bytes.Cut(begin, []byte(`"error":"`))
	code, _, _ := bytes.Cut(after, []byte(`"`))
	if slices.Contains(Refusals(), string(code)) {
		return string(code)
	}
	return OtherRefusal
}
