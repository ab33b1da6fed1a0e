package slackapp_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const (
	rejectTitle  = "Reject request"
	optionsTitle = "Approve with options"
	optionsEntry = "Approve with options…"
)

func (w *world) rejectForm(msg *practiceslack.MessageHandle) *practiceslack.Modal {
	w.t.Helper()
	require.NoError(w.t, msg.Button("Reject").Click(w.t.Context(), w.ada).Err())
	return w.ada.ExpectModal(w.t, rejectTitle)
}

func (w *world) optionsForm(msg *practiceslack.MessageHandle) *practiceslack.Modal {
	w.t.Helper()
	require.NoError(w.t, msg.Overflow().Choose(w.t.Context(), w.ada, optionsEntry).Err())
	return w.ada.ExpectModal(w.t, optionsTitle)
}

func TestApproveSendsWhatIsChosen(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200)
	sum := sha256.Sum256([]byte(long))
	value := "sha256:" + hex.EncodeToString(sum[:])
	for name, c := range map[string]struct {
		posted, now []approval.Group
		choose      []string
		want        []approval.Group
	}{
		"none": {posted: []approval.Group{{ID: "a", Name: "A"}}},
		"some": {
			posted: []approval.Group{{ID: "a", Name: "A"}, {ID: "b", Name: "B"}}, choose: []string{"B", "A"},
			want: []approval.Group{{ID: "b", Name: "B"}, {ID: "a", Name: "A"}},
		},
		"one whose id is too long for a value": {
			posted: []approval.Group{{ID: long, Name: "Long"}}, choose: []string{"Long"},
			want: []approval.Group{{ID: long, Name: "Long"}},
		},
		"one that was renamed": {
			posted: []approval.Group{{ID: "a", Name: "Old"}}, now: []approval.Group{{ID: "a", Name: "New"}}, choose: []string{"Old"},
			want: []approval.Group{{ID: "a", Name: "New"}},
		},
		"one that is gone is kept, for Conveyor to refuse it": {
			posted: []approval.Group{{ID: "a", Name: "A"}, {ID: "b", Name: "B"}}, now: []approval.Group{{ID: "a", Name: "A"}},
			choose: []string{"B", "A"}, want: []approval.Group{{ID: "a", Name: "A"}, {ID: "b", Name: "B"}},
		},
		"one that is gone and had a long id": {
			posted: []approval.Group{{ID: long, Name: "Long"}}, now: []approval.Group{}, choose: []string{"Long"},
			want: []approval.Group{{ID: value, Name: "Long"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.desk.groups = c.posted
			msg := w.post()
			if c.now != nil {
				w.desk.groups = c.now
			}
			if len(c.choose) > 0 {
				w.choose(msg, c.choose...)
			}
			require.Empty(t, w.desk.decisions(), "a choice decides nothing")
			require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
			got := w.desk.decisions()
			require.Len(t, got, 1)
			require.Equal(t, c.want, got[0].decision.Groups)
			require.Empty(t, got[0].decision.Expires)
			require.False(t, got[0].decision.NDABypass)
		})
	}
}

func TestAClickOnAnUnknownRequestIsSaid(t *testing.T) {
	t.Parallel()
	for _, control := range []string{"Approve", "Reject", optionsEntry} {
		t.Run(control, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			msg := w.post()
			w.desk.stands(func(r *approval.Request) { r.ID = "another" })
			var out practiceslack.Outcome
			if control == optionsEntry {
				out = msg.Overflow().Choose(t.Context(), w.ada, control)
			} else {
				out = msg.Button(control).Click(t.Context(), w.ada)
			}
			require.NoError(t, out.Err())
			w.ada.ExpectEphemeral(t, practiceslack.Contains("does not know this request"))
			w.ada.NoModal(t)
			require.Empty(t, w.desk.decisions())
		})
	}
}

func TestWhoMayNotDecideIsDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *plan) { p.reviewers = []string{"U0BEN"} })
	msg := w.post()
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
	require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
	require.NoError(t, msg.Overflow().Choose(t.Context(), w.ada, optionsEntry).Err())
	w.ada.NoModal(t)
	got := w.desk.denials()
	require.Len(t, got, 3)
	clicks := map[string]bool{}
	for _, d := range got {
		require.Equal(t, refusal{requestID, d.click, "U0ADA", approval.DeniedNotListed}, d)
		clicks[d.click] = true
	}
	require.Len(t, clicks, 3, "each click has its own name")
	require.Empty(t, w.desk.decisions())
	require.NotContains(t, w.methods(), "views.open")
}

func TestADenialThatIsNotRecordedIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *plan) { p.reviewers = []string{"U0BEN"} })
	msg := w.post()
	w.desk.script("Deny", func(context.Context) error { return errors.New("busy") })
	for range 2 { // from Slack, and then from the cache
		require.Equal(t, http.StatusServiceUnavailable, msg.Button("Approve").Click(t.Context(), w.ada).Status)
		require.Equal(t, http.StatusServiceUnavailable, msg.Button("Reject").Click(t.Context(), w.ada).Status)
	}
}

func TestTheFormIsTheFirstCallToSlack(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*world, *practiceslack.MessageHandle) *practiceslack.Modal{
		"reject": (*world).rejectForm, "options": (*world).optionsForm,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			msg := w.post()
			before := len(w.methods())
			modal := open(w, msg)
			require.Contains(t, modal.Text(), "grace@northwind.example")
			w.reception.Close()
			// Who it is, is asked beside the answer, for the form's submission.
			require.Equal(t, []string{"views.open", "auth.test", "users.info"}, w.methods()[before:])
			require.Empty(t, w.desk.decisions())
			require.NoError(t, modal.Close(t.Context()).Err())
			require.Empty(t, w.desk.decisions())
		})
	}
}

func TestADecidedRequestOpensNoForm(t *testing.T) {
	t.Parallel()
	ben := &approval.Decision{Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U0BEN"}}
	for name, c := range map[string]struct {
		change func(r *approval.Request)
		says   string
	}{
		"approving": {func(r *approval.Request) { r.State, r.Decision = approval.Approving, ben }, "<@U0BEN> has approved"},
		"approved":  {func(r *approval.Request) { r.State, r.Decision = approval.Approved, ben }, "<@U0BEN> approved"},
		"handled": {func(r *approval.Request) {
			r.State, r.Closing = approval.Handled, &approval.Closing{Standing: approval.StandingIgnored}
		}, "was ignored in Conveyor itself"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			msg := w.post()
			w.desk.stands(c.change)
			for range 2 {
				require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
				require.Contains(t, w.ada.ExpectModal(t, "Already decided").Text(), c.says)
			}
			require.NoError(t, msg.Overflow().Choose(t.Context(), w.ada, optionsEntry).Err())
			require.Contains(t, w.ada.ExpectModal(t, "Already decided").Text(), c.says)
			require.Empty(t, w.desk.decisions())
		})
	}
}

func TestAFormThatSlackDoesNotOpenIsSaid(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]practiceslack.Fault{
		"too late":    {Kind: practiceslack.SlackError, Code: "expired_trigger_id"},
		"no answer":   {Kind: practiceslack.DropBefore},
		"limited":     {Kind: practiceslack.RateLimited},
		"lost answer": {Kind: practiceslack.LostAnswer},
		"hanging":     {Kind: practiceslack.Hang},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.reception.SetBounds(200*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond)
			msg := w.post()
			fault.Method = "views.open"
			w.ws.Fault(fault)
			require.NoError(t, msg.Button("Reject").Click(t.Context(), w.ada).Err())
			w.ada.ExpectEphemeral(t, practiceslack.Contains("did not open the form"))
			require.Equal(t, []string{"form"}, w.watch.unansweredWhat())
			require.Empty(t, w.desk.decisions())
		})
	}
}

func TestRejectNeedsAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	modal := w.rejectForm(w.post())
	for _, blank := range []string{" ", "\n\t", "\u00a0\u2003", "\u200b"} {
		result := modal.Fill("reason", blank).Submit(t.Context())
		require.False(t, result.Closed)
		require.NotEmpty(t, result.ErrorOf("reason"), "%q", blank)
	}
	require.Empty(t, w.desk.decisions())
	require.True(t, modal.Fill("reason", "We do not know them.").Submit(t.Context()).Cleared)
	got := w.desk.decisions()
	require.Len(t, got, 1)
	require.Equal(t, approval.Reject, got[0].decision.Verb)
	require.Equal(t, "We do not know them.", got[0].decision.Note)
	require.Equal(t, approval.Reviewer{ID: "U0ADA", Email: "ada@vendor.example"}, got[0].decision.Reviewer)
	require.Empty(t, got[0].decision.Groups)
	require.False(t, got[0].tell, "who is too late reads it in the form")
}

func TestTheOptionsFormSendsAllItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	msg := w.post()
	w.choose(msg, "Financials")
	modal := w.optionsForm(msg)
	require.Equal(t, []string{"Financials"}, modal.Chosen("groups"), "what was chosen in the message is chosen in the form")

	result := modal.PickDate("expiry", "2026-02-28").Submit(t.Context())
	require.False(t, result.Closed)
	require.NotEmpty(t, result.ErrorOf("expiry"))
	require.Empty(t, w.desk.decisions())

	modal.PickDate("expiry", "2027-01-01").ChooseOptions("groups", "Product roadmap").Fill("note", "For the audit.")
	modal.Check("nda", modal.Options("nda")[0].Text)
	require.True(t, modal.Submit(t.Context()).Cleared)
	got := w.desk.decisions()
	require.Len(t, got, 1)
	want := approval.Decision{
		ID: got[0].decision.ID, Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U0ADA", Email: "ada@vendor.example"},
		Groups: []approval.Group{{ID: "g2", Name: "Product roadmap"}}, Expires: "2027-01-01", NDABypass: true, Note: "For the audit.",
	}
	require.Equal(t, want, got[0].decision)
}

func TestTheOptionsFormMayBeLeftEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.True(t, w.optionsForm(w.post()).Submit(t.Context()).Cleared)
	got := w.desk.decisions()
	require.Len(t, got, 1)
	require.Equal(t, approval.Approve, got[0].decision.Verb)
	require.Empty(t, got[0].decision.Groups)
	require.Empty(t, got[0].decision.Expires+got[0].decision.Note)
}

func TestAnExternalMenuOffersWhatIsTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.groups = nil
	for i := range 5000 {
		w.desk.groups = append(w.desk.groups, approval.Group{ID: fmt.Sprintf("g%04d", i), Name: fmt.Sprintf("Group %04d", i)})
	}
	msg := w.post()
	found := msg.Select("groups").Search(t.Context(), w.ada, "group 49")
	require.NoError(t, found.Err())
	require.Len(t, found.Options, 100)
	require.NoError(t, msg.Select("groups").Search(t.Context(), w.ada, "no such").Err())
	w.choose(msg, "Group 4999")
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
	require.Equal(t, []approval.Group{{ID: "g4999", Name: "Group 4999"}}, w.desk.decisions()[0].decision.Groups)
	require.Empty(t, w.ws.Violations())
}

func TestASubmissionHearsItsVerdict(t *testing.T) {
	t.Parallel()
	for verdict, title := range map[approval.Verdict]string{
		approval.Accepted: "", approval.Repeated: "", approval.Taken: "Already decided",
	} {
		t.Run(string(verdict), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			modal := w.rejectForm(w.post())
			w.desk.verdict = verdict
			w.desk.stands(func(r *approval.Request) {
				r.State, r.Decision = approval.Approved, &approval.Decision{Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U0BEN"}}
			})
			result := modal.Fill("reason", "no").Submit(t.Context())
			require.NoError(t, result.Err())
			if title == "" {
				require.True(t, result.Cleared)
				w.ada.NoModal(t)
				return
			}
			require.True(t, result.Updated)
			require.Contains(t, w.ada.ExpectModal(t, title).Text(), "<@U0BEN> approved")
		})
	}
}

func TestWhatGoesWrongWithASubmissionIsSaidInTheForm(t *testing.T) {
	t.Parallel()
	notListed := func(p *plan) { p.reviewers = []string{"U0BEN"} }
	fails := func(call string) func(*world) {
		return func(w *world) {
			w.desk.script(call, func(context.Context) error { return errors.New("the disk is full") })
		}
	}
	for name, c := range map[string]struct {
		change func(*plan)
		before func(*world)
		says   string
	}{
		"denied": {notListed, func(*world) {}, "not on Frontdesk's list"},
		"gone":   {nil, func(w *world) { w.desk.stands(func(r *approval.Request) { r.ID = "other" }) }, "does not know this request"},
		"unread": {nil, fails("Request"), "could not be recorded in time"},
		"store":  {nil, fails("Decide"), "could not be recorded in time"},
		"not known who": {nil, func(w *world) {
			w.clock.Advance(time.Hour) // what the form's opening learned is too old
			w.ws.Fault(practiceslack.Fault{Method: "users.info", Kind: practiceslack.ServerError, Times: -1})
		}, "could not be recorded in time"},
	} {
		for _, form := range []string{"reject", "options"} {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				var changes []func(*plan)
				if c.change != nil {
					changes = append(changes, c.change)
				}
				w := newWorld(t, changes...)
				msg := w.post()
				var result practiceslack.SubmitResult
				block := "reason"
				if form == "reject" {
					modal := w.rejectForm(msg).Fill("reason", "no")
					w.reception.Close() // what was learned beside the opening is learned
					c.before(w)
					result = modal.Submit(t.Context())
				} else {
					block = "note"
					modal := w.optionsForm(msg)
					w.reception.Close()
					c.before(w)
					result = modal.Submit(t.Context())
				}
				require.Equal(t, http.StatusOK, result.Status)
				require.False(t, result.Closed)
				require.Contains(t, result.ErrorOf(block), c.says)
				require.NotContains(t, result.ErrorOf(block), "disk")
				require.Empty(t, w.desk.decisions())
				require.Empty(t, w.ws.Violations())
			})
		}
	}
}

func TestAClickWhoseReviewerIsNotKnownDecidesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []practiceslack.FaultKind{
		practiceslack.ServerError, practiceslack.RateLimited, practiceslack.DropBefore, practiceslack.LostAnswer,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			msg := w.post()
			w.ws.Fault(practiceslack.Fault{Method: "users.info", Kind: kind})
			require.Equal(t, http.StatusServiceUnavailable, msg.Button("Approve").Click(t.Context(), w.ada).Status)
			w.ada.ExpectEphemeral(t, practiceslack.Contains("whether you may decide"))
			require.Empty(t, w.desk.decisions())
			require.Empty(t, w.desk.denials())
			require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
			require.Len(t, w.desk.decisions(), 1)
		})
	}
}
