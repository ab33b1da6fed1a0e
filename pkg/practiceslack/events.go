package practiceslack

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	retryNumHeader    = "X-Slack-Retry-Num"
	retryReasonHeader = "X-Slack-Retry-Reason"
	noRetryHeader     = "X-Slack-No-Retry"
	// wrongChallenge is what the app's settings say when the handshake fails.
	wrongChallenge = "Your URL didn't respond with the value of the challenge parameter."
)

// pendingEvent is an event that the app has not taken yet. Its body stays the
// same through all attempts, so its event_id does too.
type pendingEvent struct {
	body    []byte
	retries int    // made so far
	reason  string // why the last attempt failed
	due     time.Time
}

// sendEvent tells the app of an event, and keeps it for RetryEvents if the app
// does not take it.
func (ws *Workspace) sendEvent(ctx context.Context, event object) Outcome {
	now := ws.now()
	e := &pendingEvent{body: encode(object{
		"token": verificationToken, "team_id": ws.opt.TeamID, "context_team_id": ws.opt.TeamID,
		"context_enterprise_id": nil, "api_app_id": ws.opt.AppID, "event": event, "type": "event_callback",
		"event_id": "Ev" + rand.Text()[:10], "event_time": now.Unix(),
		"authorizations": []any{object{
			"enterprise_id": nil, "team_id": ws.opt.TeamID, "user_id": ws.opt.BotUserID,
			"is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": false, "event_context": "4-" + rand.Text(),
	})}
	return ws.attempt(ctx, e, nil)
}

// RetryEvents sends again, by the clock, what the app has not taken: at once,
// a minute after that and five minutes after that (or as the pace has it), and
// then never. It says how many were sent. The caller decides when to look: nothing is retried by itself.
func (ws *Workspace) RetryEvents(ctx context.Context) int {
	sent := 0
	// What fails in here and is due later stays for another call.
	for began := ws.now(); ctx.Err() == nil; sent++ {
		e := ws.takeDue(began)
		if e == nil {
			break
		}
		e.retries++
		ws.attempt(ctx, e, http.Header{
			retryNumHeader: {strconv.Itoa(e.retries)}, retryReasonHeader: {e.reason},
		})
	}
	return sent
}

// NextRetry is when RetryEvents will have something to send; false when nothing
// waits.
func (ws *Workspace) NextRetry() (time.Time, bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(ws.pending) == 0 {
		return time.Time{}, false
	}
	return slices.MinFunc(ws.pending, func(a, b *pendingEvent) int { return a.due.Compare(b.due) }).due, true
}

// takeDue takes out the event that has been due the longest.
func (ws *Workspace) takeDue(now time.Time) *pendingEvent {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var first *pendingEvent
	for _, e := range ws.pending {
		if !e.due.After(now) && (first == nil || e.due.Before(first.due)) {
			first = e
		}
	}
	ws.pending = slices.DeleteFunc(ws.pending, func(e *pendingEvent) bool { return e == first })
	return first
}

// attempt delivers an event once and keeps it when there is a next time.
func (ws *Workspace) attempt(ctx context.Context, e *pendingEvent, header http.Header) Outcome {
	out, answered := ws.deliverJSON(ctx, "event", e.body, header)
	ws.mu.Lock()
	defer ws.mu.Unlock()
	// Not before: an event that is under way when the process ends is one that
	// the app did not take.
	ws.touch(keptKey{kind: keptEvents})
	waits := ws.pace.EventRetries
	if out.OK || !out.Delivered || e.retries >= len(waits) || answered.Get(noRetryHeader) == "1" {
		return out
	}
	switch {
	case out.Status != 0:
		e.reason = "http_error"
	case out.Error == timedOut && out.overSocket:
		e.reason = "timeout"
	case out.Error == timedOut:
		e.reason = "http_timeout"
	default:
		e.reason = "connection_failed"
	}
	e.due = ws.now().Add(waits[e.retries])
	ws.pending = keepNewest(append(ws.pending, e), ws.opt.MaxRecords)
	return out
}

// deliverJSON sends a JSON body to where the app takes events.
func (ws *Workspace) deliverJSON(ctx context.Context, kind string, body []byte, header http.Header) (Outcome, http.Header) {
	ws.mu.Lock()
	address := cmp.Or(ws.eventsURL, ws.requestURL)
	ws.mu.Unlock()
	all := http.Header{"Content-Type": {"application/json"}}
	maps.Copy(all, header)
	return ws.dispatch(ctx, Delivery{Kind: kind, URL: address, Body: body, Payload: body}, all)
}

// VerifyEventsURL does what Slack does when the address for events is entered:
// it sends a challenge, and wants it back as plain text, in a form or in JSON.
func (ws *Workspace) VerifyEventsURL(ctx context.Context) Outcome {
	challenge := rand.Text() + rand.Text()
	body := encode(object{"token": verificationToken, "challenge": challenge, "type": "url_verification"})
	out, answered := ws.deliverJSON(ctx, "url_verification", body, nil)
	if out.OK && echoed(answered, out.Reply) != challenge {
		out.OK, out.Error = false, wrongChallenge
	}
	return out
}

// echoed reads the challenge out of an answer, as its type says it is written.
func echoed(answered http.Header, reply []byte) string {
	kind, _, err := mime.ParseMediaType(answered.Get("Content-Type"))
	if err != nil {
		return ""
	}
	switch kind {
	case "application/json":
		v, err := decode(reply)
		o, _ := v.(object)
		if err != nil {
			return ""
		}
		return stringOf(o, "challenge")
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(reply))
		if err != nil {
			return ""
		}
		return form.Get("challenge")
	case "text/plain":
		return strings.TrimSpace(string(reply))
	}
	return ""
}
