package faulttest_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// ledger is what the store, the practice Slack and the practice Conveyor say
// together, and where they do not agree.
type ledger struct {
	states                  map[string]int
	duplicates, lost, wrong []string
}

// ledger compares the three sides. Frontdesk has to be stopped.
func (s *shaking) ledger() ledger {
	s.t.Helper()
	kept, err := store.Open(s.t.Context(), s.settings["DATABASE_URL"])
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, kept.Close()) }()
	l := ledger{states: map[string]int{}}
	for _, there := range s.room.Requests() {
		found, err := kept.ByExternalID(s.t.Context(), source, []string{there.ID})
		require.NoError(s.t, err)
		switch {
		case len(found) > 1:
			l.duplicates = append(l.duplicates, there.Email+" is kept twice")
		case len(found) == 1:
			l.states[string(found[0].State)]++
			events, err := kept.Events(s.t.Context(), found[0].ID)
			require.NoError(s.t, err)
			s.entry(&l, found[0], events, there)
		case there.Status == practiceconveyor.RequestRequested:
			l.lost = append(l.lost, there.Email+" was never taken in")
		default:
			l.states["decided elsewhere before it was seen"]++
		}
	}
	return l
}

// entry compares one request.
func (s *shaking) entry(l *ledger, r approval.Request, events []approval.Event, there practiceconveyor.Request) {
	wrong := func(format string, args ...any) {
		l.wrong = append(l.wrong, fmt.Sprintf("%s (%s here, %s there, life %v): ", there.Email, r.State, there.Status, actions(events))+fmt.Sprintf(format, args...))
	}
	if replayed, err := approval.Replay(r.ID, events); err != nil || replayed.State != r.State || replayed.Version != r.Version {
		wrong("its events do not lead there: %v", err)
	}
	shown := s.shown(there.Email)
	if len(shown) > 1 {
		l.duplicates = append(l.duplicates, fmt.Sprintf("%s has %d messages", there.Email, len(shown)))
	}
	if len(shown) == 0 {
		l.lost = append(l.lost, there.Email+" has no message")
		return
	}
	given := s.given(there.Email)
	if len(given) > 1 {
		l.duplicates = append(l.duplicates, fmt.Sprintf("%s has %d authorizations", there.Email, len(given)))
	}
	if r.State == approval.Pending && len(s.accepted[there.Email]) > 0 && !slices.Contains(actions(events), approval.Refuse) {
		l.lost = append(l.lost, there.Email+": a click was answered, and nothing came of it")
	}
	for state, says := range map[approval.State]string{
		approval.Pending: "None chosen", approval.Approved: "pproved by <@", approval.Rejected: "ejected by <@", approval.Handled: "handled in Conveyor",
	} {
		if (state == r.State) != strings.Contains(shown[0], says) {
			wrong("its message reads otherwise: %s", shown[0])
		}
	}
	s.agree(r, there, given, wrong)
}

// agree compares the decision here with the one there.
func (s *shaking) agree(r approval.Request, there practiceconveyor.Request, given []practiceconveyor.Authorization, wrong func(string, ...any)) {
	want := map[approval.State]practiceconveyor.RequestStatus{
		approval.Pending: practiceconveyor.RequestRequested, approval.Approved: practiceconveyor.RequestApproved,
		approval.Rejected: practiceconveyor.RequestIgnored, approval.Handled: there.Status,
	}
	switch {
	case want[r.State] != there.Status:
		wrong("they differ")
	case r.State == approval.Handled && !there.Elsewhere:
		wrong("nobody decided it elsewhere: %s did", there.DecidedBy)
	case r.State != approval.Approved && r.State != approval.Rejected:
	case there.Elsewhere && !r.Effect.MaybeDone:
		// After an attempt that may have been made, the same decision of somebody
		// in Conveyor cannot be told from it.
		wrong("it was decided elsewhere")
	case !there.Elsewhere && there.DecidedBy != r.Decision.Reviewer.Email:
		wrong("%s decided there, %s here", there.DecidedBy, r.Decision.Reviewer.Email)
	case r.State == approval.Approved && (len(given) != 1 || !sameGroups(given[0].Groups, r.Decision.Groups)):
		wrong("given is %v, decided was %v", given, r.Decision.Groups)
	case r.State == approval.Rejected && len(given) != 0:
		wrong("somebody who was rejected has access")
	}
}

func actions(events []approval.Event) []approval.Action {
	all := make([]approval.Action, len(events))
	for i, e := range events {
		all[i] = e.Action
	}
	return all
}

func sameGroups(there []practiceconveyor.Group, here []approval.Group) bool {
	var a, b []string
	for _, g := range there {
		a = append(a, g.ID)
	}
	for _, g := range here {
		b = append(b, g.ID)
	}
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// shown gives the texts of the messages of a customer.
func (w *world) shown(email string) []string {
	var texts []string
	for _, m := range w.channel.Messages() {
		if strings.Contains(m.Visible(), email) {
			texts = append(texts, m.Visible())
		}
	}
	return texts
}

// given gives a customer's authorizations.
func (w *world) given(email string) []practiceconveyor.Authorization {
	var all []practiceconveyor.Authorization
	for _, a := range w.room.Authorizations() {
		if a.Email == email {
			all = append(all, a)
		}
	}
	return all
}
