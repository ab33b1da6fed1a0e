package approval_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	const gone, open = approval.StandingGone, approval.StandingOpen
	for name, test := range map[string]struct {
		// reads is what each poll reads; "listed" means it is in the list.
		reads []approval.Standing
		// want is what it is closed as; empty: it is pending still.
		want    approval.Standing
		missing approval.Missing
	}{
		"approved":                      {reads: []approval.Standing{approval.StandingApproved}, want: approval.StandingApproved},
		"ignored":                       {reads: []approval.Standing{approval.StandingIgnored}, want: approval.StandingIgnored},
		"gone once":                     {reads: []approval.Standing{gone}, missing: approval.Missing{Polls: 1, NotFound: 1}},
		"gone twice":                    {reads: []approval.Standing{gone, gone}, want: gone},
		"a page that shifted":           {reads: []approval.Standing{open}, missing: approval.Missing{Polls: 1}},
		"gone, open, gone":              {reads: []approval.Standing{gone, open, gone}, missing: approval.Missing{Polls: 3, NotFound: 1}},
		"gone, open, gone, gone":        {reads: []approval.Standing{gone, open, gone, gone}, want: gone},
		"gone, listed":                  {reads: []approval.Standing{gone, "listed"}},
		"gone, listed, gone":            {reads: []approval.Standing{gone, "listed", gone}, missing: approval.Missing{Polls: 1, NotFound: 1}},
		"gone, then ignored":            {reads: []approval.Standing{gone, approval.StandingIgnored}, want: approval.StandingIgnored},
		"something we do not know yet":  {reads: []approval.Standing{"initial", "initial", "initial"}, missing: approval.Missing{Polls: 3}},
		"gone, with a failure between":  {reads: []approval.Standing{gone, "failure", gone}, want: gone},
		"a failure is no sign at all":   {reads: []approval.Standing{"failure", "failure"}, missing: approval.Missing{Polls: 2}},
		"gone and failures close never": {reads: []approval.Standing{gone, "failure", "failure"}, missing: approval.Missing{Polls: 3, NotFound: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.posted("a1")
			for i, read := range test.reads {
				require.Equal(t, approval.Pending, w.now(r.ID).State, "before poll %d", i+1)
				w.system.list, w.system.standing["a1"], w.system.readErr["a1"] = nil, read, nil
				want := []string{"open", "read a1"}
				if read == "listed" {
					w.system.list, want = []approval.Arrival{arrival("a1")}, want[:1]
				}
				if read == "failure" {
					w.system.readErr["a1"] = passing("503")
				}
				_, err := w.desk.Poll(t.Context(), source)
				require.Equal(t, read == "failure", err != nil)
				require.Equal(t, want, w.system.take())
			}
			got := w.now(r.ID)
			if test.want == "" {
				require.Equal(t, approval.Pending, got.State)
				require.Equal(t, test.missing, got.Missing)
				return
			}
			require.Equal(t, approval.Handled, got.State)
			require.Equal(t, test.want, got.Closing.Standing)
			require.Contains(t, w.jobs.waiting(), approval.DeliveryJob(got))
		})
	}
}

func TestOneThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(6)
	w.system.list = w.system.list[3:]
	w.system.readErr["x000"] = passing("500")
	w.system.standing["x001"], w.system.standing["x002"] = approval.StandingApproved, approval.StandingApproved
	for range 2 {
		_, err := w.desk.Poll(t.Context(), source)
		require.Error(t, err)
	}
	require.Equal(t, approval.Handled, w.byExternalID("x001").State)
	require.Equal(t, approval.Handled, w.byExternalID("x002").State)
}

func TestFewMayVanish(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pending, missing int }{{2, 2}, {10, 5}, {1, 1}} {
		w := newWorld(t)
		w.requests(test.pending)
		for _, a := range w.system.list[:test.missing] {
			w.system.standing[a.ExternalID] = approval.StandingApproved
		}
		w.system.list = w.system.list[test.missing:]
		require.Equal(t, approval.Found{Open: test.pending - test.missing, Closed: test.missing}, w.poll())
		require.Empty(t, w.watch.take())
	}
}

func TestMostVanishAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pending, missing int }{{3, 3}, {5, 3}, {9, 5}, {10, 6}, {60, 60}} {
		w := newWorld(t)
		w.requests(test.pending)
		for _, a := range w.system.list[:test.missing] {
			w.system.standing[a.ExternalID] = approval.StandingIgnored
		}
		w.system.list = w.system.list[test.missing:]
		require.Equal(t, approval.Found{Open: test.pending - test.missing, Alarm: true}, w.poll())
		require.Equal(t, []string{"open"}, w.system.take(), "nothing is closed, so nothing is read")
		require.Equal(t, []string{fmt.Sprintf("vanished room %d of %d", test.missing, test.pending)}, w.watch.take())
		require.Equal(t, approval.Missing{Polls: 1}, w.byExternalID("x000").Missing)
	}
}

func TestAlarmLasts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(8)
	for _, a := range w.system.list {
		w.system.standing[a.ExternalID] = approval.StandingGone
	}
	w.system.standing["x000"] = approval.StandingApproved
	w.system.list = nil
	require.Equal(t, approval.Found{Alarm: true}, w.poll())
	require.Equal(t, approval.Found{Alarm: true, Closed: 1}, w.poll(), "what is read to be decided is closed")
	require.Equal(t, approval.StandingApproved, w.byExternalID("x000").Closing.Standing)
	for range 5 {
		require.Equal(t, approval.Found{Alarm: true}, w.poll(), "not found closes nothing")
	}
	require.Len(t, w.watch.take(), 7)
	require.Len(t, w.store.rows.pending(source), 7)
}

// TestAlarmBeginsWithSomeMissingAlready: one was missing before the others
// vanished; it is not closed in that poll either.
func TestAlarmBeginsWithSomeMissingAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(8)
	all := w.system.list
	w.system.list = all[1:]
	w.poll()
	require.Equal(t, approval.Missing{Polls: 1}, w.byExternalID("x000").Missing)
	w.system.take()
	for _, a := range all {
		w.system.standing[a.ExternalID] = approval.StandingApproved
	}
	w.system.list = nil
	require.Equal(t, approval.Found{Alarm: true}, w.poll())
	require.Equal(t, []string{"open"}, w.system.take())
	require.Equal(t, approval.Found{Alarm: true, Closed: 8}, w.poll())
	require.Equal(t, []string{"vanished room 8 of 8", "vanished room 8 of 8"}, w.watch.take())
}

func TestAlarmThatPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(6)
	all := w.system.list
	w.system.list = nil
	w.poll()
	w.system.list = all
	require.Equal(t, approval.Found{Open: 6}, w.poll())
	for _, a := range all {
		require.Equal(t, approval.Missing{}, w.byExternalID(a.ExternalID).Missing)
	}
}

func TestReadsPerPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(200)
	all := w.system.list
	w.system.list = all[:120]
	seen := map[string]bool{}
	for range 2 {
		w.poll()
		calls := w.system.take()
		require.Len(t, calls, 51, "the list, and 50 reads")
		for _, call := range calls[1:] {
			seen[call] = true
		}
	}
	require.Len(t, seen, 80, "each gets its turn")
}
