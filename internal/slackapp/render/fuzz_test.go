package render_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

// FuzzLimits: no input makes a message, a modal, an answer or a sentence that
// Slack would refuse, or that carries an outsider's mention or link. Its inputs
// are long: fuzz with -fuzzminimizetime=10x, or most of the time goes into
// making them short.
func FuzzLimits(f *testing.F) {
	bad := "<!channel> <@U0EVE> <#C1> <https://evil.example|x> <!date^1^{time}|x> & &lt; * ` _ \x00\x7f\u0085\u202e\u2066\u200b\xff\r\n"
	for state := range uint8(6) {
		f.Add(state, uint16(0), uint16(0), "sam@customer.example", "hello", "https://app.conveyor.com/1", "Group", "g", "note", "U0ANN", "2026-03-01", int64(1767344645))
		f.Add(state, uint16(900), uint16(101), bad+"@"+bad, bad, "https://app.conveyor.com/"+bad, bad, bad, bad, bad, bad, int64(-5))
		f.Add(state, uint16(1999), uint16(100), "👩🏽‍🚀@e\u0301", "&<>", "javascript:x", "&", "é", "e\u0301", "", "", int64(1<<60))
		f.Add(state, uint16(1500), uint16(5), "", "\u2800", "", "\u200d", "", "\u3164 ", "U", "", int64(0))
	}
	f.Fuzz(func(t *testing.T, state uint8, times, count uint16, requester, message, target, name, id, note, by, expires string, unix int64) {
		r, known := fuzzed(state, times, count, requester, message, target, name, id, note, by, expires, unix)
		d := approval.Decision{}
		if r.Decision != nil {
			d = *r.Decision
		}
		chosen := known[:len(known)/2]
		require.Empty(t, problemsOfMessage(t, approval.View{Request: r, Groups: known}, idsLike(d.Reviewer.ID)...))
		require.Empty(t, problemsOfModal(t, render.RejectModal(r)))
		require.Empty(t, problemsOfModal(t, render.OptionsModal(r, known, chosen, time.Unix(unix%1e10, 0).UTC())))
		require.Empty(t, problemsOfModal(t, render.ClosedModal(name, render.Taken(r)), idsLike(d.Reviewer.ID)...))

		options := render.OptionsFor(known, name)
		require.Empty(t, problemsOfOptions(t, options))
		if utf8.ValidString(id) {
			_, unknown := render.Choices(known, values(options))
			require.Empty(t, unknown)
		}
		render.ReasonProblem(note)
		render.ExpiryProblem(expires, at(12))

		for _, code := range []approval.NoticeCode{approval.NoticeTaken, approval.NoticeRefused, approval.NoticeElsewhere, approval.NoticeDenied} {
			n := approval.Notice{To: id, Code: code, NoticeDetails: approval.NoticeDetails{
				By: by, Verb: approval.Actions()[int(times)%2], Standing: approval.StandingApproved,
				Refusal: &approval.Refusal{Reason: reasons()[int(count)%len(reasons())], Detail: message}, Denial: approval.DeniedGuest,
			}}
			said := render.Notice(n, r)
			require.Empty(t, injected(string(code), said, false, idsLike(by)))
			require.NotEmpty(t, said)
			require.Less(t, utf8.RuneCountInString(said), 3000)
		}
	})
}

func reasons() []approval.RefusalReason {
	return []approval.RefusalReason{
		approval.RefusedReviewer, approval.RefusedKey, approval.RefusedGone,
		approval.RefusedConflict, approval.RefusedInvalid, approval.RefusedPatience, "new",
	}
}

// idsLike gives the id as one that may be mentioned, if it is one.
func idsLike(id string) []string {
	if strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return nil
	}
	return []string{id}
}

// repeated gives s several times over, until it has so many bytes.
func repeated(s string, times, enough int) string {
	if s == "" {
		return s
	}
	return strings.Repeat(s, min(times, 1+enough/len(s)))
}

// fuzzed makes a request and groups of what a fuzzer can vary; times makes
// short inputs long.
func fuzzed(state uint8, times, count uint16, requester, message, target, name, id, note, by, expires string, unix int64) (approval.Request, []approval.Group) {
	long := func(s string) string { return repeated(s, 1+int(times)%2000, 20_000) }
	known := make([]approval.Group, int(count)%203)
	for i := range known {
		known[i] = approval.Group{ID: id + strconv.Itoa(i), Name: name + strconv.Itoa(i)}
		if i%3 == 0 {
			known[i] = approval.Group{ID: repeated(id, 1+i, 400), Name: repeated(name, 1+i, 400)}
		}
	}
	states := approval.States()
	r := approval.Request{
		ID: "01947a5e-7f2d-7c3a-9b1e-2f6a4d5c8e90", Source: "conveyor", Requester: long(requester), Message: long(message),
		Link: target, RequestedAt: time.Unix(unix, 0), State: states[int(state)%len(states)], Delayed: times%2 == 0,
	}
	if r.State != approval.Pending && r.State != approval.Handled {
		r.Decision = &approval.Decision{
			Reviewer: approval.Reviewer{ID: by, Email: requester}, At: time.Unix(unix, 0), Groups: known,
			Expires: expires, NDABypass: count%2 == 0, Note: long(note),
		}
		r.Confirmation = &approval.Confirmation{Groups: known, Gated: times%3 == 0}
	}
	if r.State == approval.Handled {
		r.Closing = &approval.Closing{Standing: approval.Standing(name)}
	}
	return r, known
}
