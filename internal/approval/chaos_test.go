package approval_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// chaos is a world in which anything goes wrong, with an outside system that
// remembers what really happened in it.
type chaos struct {
	*world
	rt    *rapid.T
	truth map[string]*truth
	// calm ends all faults.
	calm   bool
	clicks []string
}

type truth struct {
	standing approval.Standing
	// by is the decision that led there, empty if it was made elsewhere.
	by string
}

var errDead = errors.New("the process is dead")

func newChaos(rt *rapid.T) *chaos {
	c := &chaos{world: newWorld(rt), rt: rt, truth: map[string]*truth{}}
	for i := range 3 {
		c.truth[fmt.Sprintf("x%d", i)] = &truth{standing: approval.StandingOpen}
	}
	c.system.carryOut = c.takeDecision
	c.system.outcome = c.lookUp
	c.board.beforePost, c.board.afterPost = c.before, c.afterPost
	c.board.beforeUpdate, c.board.afterUpdate = c.before, c.after
	c.board.holdUpdate = func() time.Duration {
		if c.chance("held back") == "" {
			return 0
		}
		return 9 * time.Second
	}
	c.board.onTell = func(approval.Notice) error { return c.before() }
	return c
}

// chance draws a fault, "" for none.
func (c *chaos) chance(faults ...string) string {
	if c.calm {
		return ""
	}
	return rapid.SampledFrom(append(faults, "", "", "")).Draw(c.rt, "fault")
}

// die makes that nothing more is recorded until the next step.
func (c *chaos) die() { c.store.fail = func(string) error { return errDead } }

func (c *chaos) takeDecision(_ context.Context, r approval.Request) (approval.Confirmation, error) {
	is := c.truth[r.ExternalID]
	fault := c.chance("503", "lost", "lost answer", "invalid", "key", "dead before", "dead after", "elsewhere")
	switch fault {
	case "503":
		return approval.Confirmation{}, passing("503")
	case "lost":
		return approval.Confirmation{}, ambiguous("lost")
	case "invalid":
		return approval.Confirmation{}, refused(approval.RefusedInvalid)
	case "key":
		return approval.Confirmation{}, refused(approval.RefusedReviewer)
	case "dead before":
		c.die()
		return approval.Confirmation{}, ambiguous("dead")
	case "elsewhere":
		c.elsewhere(is)
	}
	switch is.standing {
	case approval.StandingApproved, approval.StandingIgnored:
		return approval.Confirmation{}, refused(approval.RefusedConflict)
	case approval.StandingGone:
		return approval.Confirmation{}, refused(approval.RefusedGone)
	case approval.StandingOpen, approval.StandingDraft:
	}
	is.by, is.standing = r.Decision.ID, approval.StandingIgnored
	if r.Decision.Verb == approval.Approve {
		is.standing = approval.StandingApproved
	}
	switch fault {
	case "lost answer":
		return approval.Confirmation{}, ambiguous("lost")
	case "dead after":
		c.die()
	}
	return approval.Confirmation{}, nil
}

func (c *chaos) elsewhere(is *truth) {
	if is.standing != approval.StandingOpen {
		return
	}
	ends := []approval.Standing{approval.StandingApproved, approval.StandingIgnored}
	gone := 0
	for _, other := range c.truth {
		if other.standing == approval.StandingGone {
			gone++
		}
	}
	if gone < 2 { // with the third an alarm is raised, as long as which nothing is closed
		ends = append(ends, approval.StandingGone)
	}
	is.standing = rapid.SampledFrom(ends).Draw(c.rt, "elsewhere")
}

func (c *chaos) lookUp(_ context.Context, r approval.Request) (approval.Standing, *approval.Confirmation, error) {
	switch c.chance("503", "key") {
	case "503":
		return "", nil, passing("503")
	case "key":
		return "", nil, refused(approval.RefusedKey)
	}
	is := c.truth[r.ExternalID]
	if is.by == r.Decision.ID {
		return is.standing, &approval.Confirmation{}, nil
	}
	return is.standing, nil, nil
}

func (c *chaos) before() error {
	switch c.chance("503", "429", "invalid") {
	case "503":
		return passing("503")
	case "429":
		return &approval.PassingError{RetryAfter: 3 * time.Second, Err: errors.New("429")}
	case "invalid":
		return errors.New("invalid")
	}
	return nil
}

func (c *chaos) after() error {
	switch c.chance("lost answer", "dead") {
	case "lost answer":
		return ambiguous("lost")
	case "dead":
		c.die()
	}
	return nil
}

func (c *chaos) afterPost(m *message) error {
	if c.chance("late") != "" {
		m.hidden = c.clock.read().Add(4 * time.Second)
	}
	return c.after()
}

// step does one thing at random.
func (c *chaos) step() {
	c.store.fail = nil
	ids := slices.Sorted(func(yield func(string) bool) {
		for id := range c.store.rows.requests {
			if !yield(id) {
				return
			}
		}
	})
	switch what := rapid.SampledFrom([]string{"click", "click again", "job", "job", "job", "lose", "time", "poll", "sweep", "elsewhere", "delete"}).Draw(c.rt, "step"); what {
	case "click", "click again":
		if len(ids) > 0 {
			c.click(rapid.SampledFrom(ids).Draw(c.rt, "request"), what == "click again")
		}
	case "job":
		if jobs := c.jobs.waiting(); len(jobs) > 0 {
			c.work(rapid.SampledFrom(jobs).Draw(c.rt, "job"))
		}
	case "lose":
		if jobs := c.jobs.waiting(); len(jobs) > 0 {
			lost := rapid.SampledFrom(jobs).Draw(c.rt, "job")
			c.jobs.lose(func(j approval.Job) bool { return j == lost })
		}
	case "time":
		c.clock.advance(rapid.SampledFrom([]time.Duration{time.Second, 31 * time.Second, 6 * time.Minute}).Draw(c.rt, "time"))
	case "poll":
		c.pollTruth()
	case "sweep":
		_, _ = c.desk.Sweep(c.t.Context())
	case "elsewhere":
		c.elsewhere(c.truth[rapid.SampledFrom([]string{"x0", "x1", "x2"}).Draw(c.rt, "request")])
	case "delete":
		if len(c.board.messages) > 0 {
			c.board.messages[rapid.IntRange(0, len(c.board.messages)-1).Draw(c.rt, "message")].deleted = true
		}
	}
}

func (c *chaos) click(id string, again bool) {
	click := fmt.Sprintf("click-%d", len(c.clicks))
	if again && len(c.clicks) > 0 {
		click = rapid.SampledFrom(c.clicks).Draw(c.rt, "click")
	}
	c.clicks = append(c.clicks, click)
	decision := approve("U1", click)
	if rapid.Bool().Draw(c.rt, "rejects") {
		decision = reject("U2", click)
	}
	_, _, err := c.desk.Decide(c.t.Context(), id, decision, rapid.Bool().Draw(c.rt, "tell"))
	require.NoError(c.rt, err)
}

// work runs a job as the queue does: it stays until it is done.
func (c *chaos) work(job approval.Job) {
	wait, err := c.desk.Work(c.t.Context(), job)
	if err != nil {
		require.ErrorIs(c.rt, err, errDead)
	}
	if err == nil && wait == 0 {
		c.jobs.lose(func(j approval.Job) bool { return j == job })
	}
}

func (c *chaos) pollTruth() {
	c.system.list = nil
	for _, id := range []string{"x0", "x1", "x2"} {
		c.system.standing[id] = c.truth[id].standing
		if c.truth[id].standing == approval.StandingOpen && c.chance("shifted") == "" {
			c.system.list = append(c.system.list, arrival(id))
		}
	}
	_, err := c.desk.Poll(c.t.Context(), source)
	require.NoError(c.rt, err)
}

// TestChaos: whatever goes wrong, once it is over each request says what is
// true in the outside system, and one message says what the request says.
func TestChaos(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := newChaos(rt)
		c.pollTruth()
		for range rapid.IntRange(0, 60).Draw(rt, "steps") {
			c.step()
		}
		c.calm, c.store.fail = true, nil
		for range 6 {
			c.clock.advance(6 * time.Minute)
			c.pollTruth()
			_, err := c.desk.Sweep(rt.Context())
			require.NoError(rt, err)
			for range 4 {
				for _, job := range c.jobs.waiting() {
					c.work(job)
				}
				c.clock.advance(6 * time.Second)
			}
		}
		for id, r := range c.store.rows.requests {
			c.checkTruth(r)
			c.checkMessage(r)
			invariants(rt, withDue(r), len(c.store.rows.events[id]))
		}
		for _, n := range c.notices() {
			require.NotZero(rt, n.SentAt, "somebody was not told")
		}
		require.Empty(rt, c.jobs.waiting())
	})
}

func withDue(r approval.Request) approval.Request {
	r.Delivery.Wanted = r.Delivery.Done + 1
	return r
}

func (c *chaos) checkTruth(r approval.Request) {
	is := c.truth[r.ExternalID]
	switch r.State {
	case approval.Pending:
		require.Equal(c.rt, approval.StandingOpen, is.standing)
	case approval.Approved:
		require.Equal(c.rt, approval.StandingApproved, is.standing)
		require.Equal(c.rt, r.Decision.ID, is.by)
	case approval.Rejected:
		require.Equal(c.rt, approval.StandingIgnored, is.standing)
		require.Equal(c.rt, r.Decision.ID, is.by)
	case approval.Handled:
		require.NotEqual(c.rt, approval.StandingOpen, is.standing)
	case approval.Approving, approval.Rejecting:
		require.Fail(c.rt, "a decision is still under way", "%+v", r)
	}
}

func (c *chaos) checkMessage(r approval.Request) {
	require.False(c.rt, r.Delivery.Due(), "%+v", r.Delivery)
	c.board.catchUp()
	want, err := c.board.Compose(approval.View{Request: r})
	require.NoError(c.rt, err)
	for _, m := range c.board.messages {
		if m.requestID == r.ID && !m.deleted {
			require.Equal(c.rt, r.Delivery.TS, m.ref.TS, "a message that nobody cares for")
			require.Equal(c.rt, want.Body, m.text)
		}
	}
}
