package faulttest_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/faultpoint"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// stride is every how many-th fault is tried, unless -whole asks for all: on
// PostgreSQL a takeover takes seconds. Each run tries the same ones.
var stride = map[bool]int{false: 1, true: 5}

// processLimit bounds the runs beside each other on one database.
var processLimit = map[bool]chan struct{}{false: make(chan struct{}, 4), true: make(chan struct{}, 6)}

// soon is how soon work goes on after the start of the next process on SQLite,
// and after the death of a replica on PostgreSQL.
var soon = map[bool]time.Duration{false: 2 * time.Second, true: time.Minute}

// TestKilledAtEveryPoint walks each scenario once to learn its points. Then,
// for each of them, it walks it again with a process that dies there, or with a
// call outside whose answer is lost or whose work is done after the caller's
// death, and another process that goes on from what is left.
func TestKilledAtEveryPoint(t *testing.T) {
	t.Parallel()
	for _, postgres := range []bool{false, true} {
		name := map[bool]string{false: "sqlite, started again", true: "postgres, two replicas"}[postgres]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tally := newTally()
			t.Run("each", func(t *testing.T) {
				for _, s := range scenarios() {
					t.Run(s.name, func(t *testing.T) {
						t.Parallel()
						s.killEverywhere(t, postgres, tally)
					})
				}
			})
			t.Log(tally.String())
			if t.Failed() || t.Skipped() {
				return
			}
			tally.requireAll(t, postgres)
			// On a busy machine a single start says nothing, so what took long is
			// done again, with the machine to itself.
			for _, slow := range tally.slowerThan(soon[postgres]) {
				t.Run("again "+slow.scenario.name+" "+slow.fault.String(), func(t *testing.T) { //nolint:paralleltest // it has the machine to itself
					took := slow.took
					for range 3 {
						if w, _ := slow.scenario.run(t, postgres, slow.fault); w.reached(slow.fault.point) {
							took = min(took, w.recovery())
						}
					}
					t.Logf("work went on after %s, and after %s at best when nothing else ran", slow.took, took)
					require.Less(t, took, soon[postgres])
				})
			}
		})
	}
}

func (s scenario) killEverywhere(t *testing.T, postgres bool, tally *tally) {
	t.Helper()
	w, from := s.run(t, postgres, fault{})
	tally.meet(w.marks())
	tally.walk()
	var faults []fault
	for _, m := range w.marks()[from:] {
		if onTheWay(m.point, postgres) {
			faults = append(faults, faultsAt(m.point)...)
		}
	}
	require.NotEmpty(t, faults)
	if s.calm {
		return
	}
	for i, f := range faults {
		if every := stride[postgres]; !*whole && i%every != len(s.name)%every {
			tally.leave()
			continue
		}
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			// Which of two things that happen at once comes first, and whether the
			// other is needed then, can change between two walks.
			for range 3 {
				if w, _ := s.run(t, postgres, f); w.reached(f.point) {
					tally.meet(w.marks())
					tally.add(walk{s, f, w.recovery()})
					return
				}
			}
			tally.miss()
			t.Log("the point is not reached any more")
		})
	}
}

// onTheWay reports whether a point is on a request's way.
func onTheWay(point string, postgres bool) bool {
	for _, beside := range []string{
		"CheckIn ", "Unresolved", // who is who is asked at the start, and now and then
		"elsewhere commit of Ping ", "elsewhere commit of KeepPolling ", "elsewhere commit of TakeOverPoll ", // now and then
	} {
		if strings.HasPrefix(point, beside) {
			return false
		}
	}
	return postgres || !strings.Contains(point, "commit of Turn ") // on SQLite that is kept in memory
}

// fault is one thing that goes wrong, at one point.
type fault struct{ point, how string }

const killed = "killed"

func (f fault) String() string { return f.how + " at " + f.point }

// faultsAt gives what can go wrong at a point.
func faultsAt(point string) []fault {
	faults := []fault{{point, killed}}
	name, number, _ := strings.Cut(point, "#")
	if call, ok := strings.CutSuffix(name, " before"); ok && strings.Contains(name, " call ") {
		at := call + " before#" + number
		faults = append(faults, fault{at, answerLost}, fault{at, workLate})
	}
	return faults
}

// run walks a scenario with one fault, and checks what became of it. It gives
// the world and the number of points before the way began.
func (s scenario) run(t *testing.T, postgres bool, f fault) (w *world, from int) {
	t.Helper()
	limit := processLimit[postgres]
	limit <- struct{}{}
	defer func() { <-limit }()
	o := options{
		slack: practiceslack.Options{SocketMode: s.socket}, settings: s.settings, fresh: s.before != nil,
		postgres: postgres, path: binary(t, true), poll: "1h",
		// The reading of Conveyor's documents that hides most: it does not refuse.
		decidedAnswer: http.StatusOK,
		faultRecord:   filepath.Join(t.TempDir(), "points"),
	}
	die := map[string]string{}
	switch f.how {
	case killed:
		die["FRONTDESK_FAULTPOINTS_DIE"] = f.point
	case answerLost, workLate:
		o.meddle = meddleAt(f.point, f.how)
	}
	if s.loses != "" {
		also := o.meddle
		if also == nil {
			also = func(out http.ResponseWriter, q *http.Request, party http.Handler) { party.ServeHTTP(out, q) }
		}
		o.meddle = lose(s.loses, f.point, also)
	}
	w = newWorld(t, o)
	w.calm = f.how == ""
	db := w.database()
	id := ""
	if s.before != nil {
		id = s.before(w)
	}
	w.start(die)
	if postgres {
		w.start(die)
	}
	if s.until != nil {
		w.settled()
		id = s.until(w)
		w.quiet(db)
		from = len(w.marks())
	}
	c := s.way(w, id)
	if f.how != "" {
		w.linger(f.point)
	}
	if w.reached(f.point) && (f.how == killed || f.how == workLate) {
		eventually(t, 5*time.Second, "a process dies", func() bool { return w.deaths() == 1 })
		w.insist("another goes on", func(context.Context) bool { return len(w.living()) > 0 })
	}
	if !postgres { // there, idle processes cost connections
		w.insist("nothing but doubts is left", func(context.Context) bool {
			n, err := due(db)
			doubtful, failed := doubts(db)
			return err == nil && failed == nil && n == doubtful
		})
		<-limit
		w.quiet(db)
		limit <- struct{}{}
	}
	w.quiet(db)
	w.settled()
	w.check(c)
	if c.told != "" {
		told := w.ephemerals(c.told, c.email)
		require.GreaterOrEqual(t, told, 1, "told")
		most := 1
		if f.how != "" {
			// Nobody can look whether an ephemeral message was shown, so that what may
			// have been told is told again.
			most = 2
		}
		require.LessOrEqual(t, told, most, "told once")
	}
	return w, from
}

// linger waits a moment for a point that lies behind the last thing that can be
// seen.
func (w *world) linger(point string) {
	for late := clock().Add(3 * time.Second); clock().Before(late) && !w.reached(point); {
		pass(w.t.Context(), 20*time.Millisecond)
	}
}

// settled waits until every process serves and has learnt how the others are.
func (w *world) settled() {
	w.t.Helper()
	w.insist("every process is ready", func(ctx context.Context) bool {
		for _, p := range w.living() {
			// What asks now and then may have been told a lie, and asks again later.
			if p.at() == "" || !w.ready(ctx, p) && clock().Sub(p.began) < 3*time.Second {
				return false
			}
		}
		return true
	})
}

// deaths counts the processes that were killed.
func (w *world) deaths() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(w.processes), func(p *process) bool { return p.alive() || !p.killed() }))
}

// recovery gives how long it took from the start of the next process, or from
// the death beside a replica, until work went on; zero if none was left.
func (w *world) recovery() time.Duration {
	var dead *process
	began := map[int]time.Time{}
	for _, p := range w.processes {
		if p.killed() && dead == nil {
			dead = p
		}
		began[p.cmd.Process.Pid] = p.began
	}
	if dead == nil || !w.postgres && !w.left {
		return 0
	}
	for _, m := range w.marks() {
		if m.pid != dead.cmd.Process.Pid && m.at.After(dead.ended) && strings.HasPrefix(m.point, "job ") && strings.Contains(m.point, " begin#") {
			if since := began[m.pid]; since.After(dead.ended) {
				return m.at.Sub(since)
			}
			return m.at.Sub(dead.ended)
		}
	}
	return 0
}

// walk is one run with a fault.
type walk struct {
	scenario scenario
	fault    fault
	took     time.Duration // until work went on; zero if none was left
}

// tally sums a suite up.
type tally struct {
	mu      sync.Mutex
	runs    int
	skipped int
	killed  int
	ways    int
	missed  int    // points that no later walk came to
	walks   []walk // in which work was left
	met     map[string]bool
}

func newTally() *tally { return &tally{met: map[string]bool{}} }

func (s *tally) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skipped++
}

func (s *tally) add(w walk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
	if w.fault.how != answerLost {
		s.killed++
	}
	if w.took > 0 {
		s.walks = append(s.walks, w)
	}
}

func (s *tally) walk() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ways++
}

func (s *tally) miss() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed++
}

// meet notes the points that a walk reached.
func (s *tally) meet(marks []mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range marks {
		name, _, _ := strings.Cut(m.point, "#")
		s.met[name] = true
	}
}

// requireAll compares the points that were met with all that the code has.
func (s *tally) requireAll(t *testing.T, postgres bool) {
	t.Helper()
	met := func(what string) bool {
		for name := range s.met {
			if strings.Contains(name+" ", " "+what+" ") {
				return true
			}
			_, methods, _ := strings.Cut(name, " commit of ")
			methods, _, _ = strings.Cut(methods, " ")
			if slices.Contains(strings.Split(methods, "+"), what) {
				return true
			}
		}
		return false
	}
	require.LessOrEqual(t, 10*s.missed, s.runs, "too many points were met once and never again")
	if s.ways < len(scenarios()) {
		return // a part of them was asked for
	}
	for _, what := range slices.Concat(faultpoint.Commits(), faultpoint.Writes(), outsideCalls(t)) {
		if reason := unmet(postgres)[what]; reason == "" {
			require.True(t, met(what), "no way leads over %s: add a scenario", what)
		}
	}
}

// unmet gives what no way leads over, and why.
func unmet(postgres bool) map[string]string {
	not := map[string]string{
		"InTx":        "its points are named after what it writes",
		"KeepPolling": "a poll takes no time here",
	}
	if !postgres {
		not["TakeOverPoll"] = "there is no other process"
	}
	return not
}

func (s *tally) slowerThan(bound time.Duration) []walk {
	return slices.DeleteFunc(slices.Clone(s.walks), func(w walk) bool { return w.took < bound })
}

func (s *tally) String() string {
	text := fmt.Sprintf("faults: %d tried (in %d of them a process died), %d met by chance only, %d left to -whole", s.runs, s.killed, s.missed, s.skipped)
	if len(s.walks) > 0 {
		slices.SortFunc(s.walks, func(a, b walk) int { return cmp.Compare(a.took, b.took) })
		longest := s.walks[len(s.walks)-1]
		text += fmt.Sprintf("; work went on after %s (median), %s (longest, %s, %s) in %d runs that had work left",
			s.walks[len(s.walks)/2].took, longest.took, longest.scenario.name, longest.fault, len(s.walks))
	}
	return text
}
