package approval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Poll limits. They bound what one poll costs the outside system.
const (
	// readsPerPoll bounds the single requests read to settle doubts.
	readsPerPoll = 50
	// vanishMin is how many must be missing before it can be "most at once":
	// with few open requests, all of them may well have been decided.
	vanishMin = 3
)

// Found says what a poll found.
type Found struct {
	// Open is how many requests the outside system lists as open.
	Open int `json:"open"`
	// New is how many of them were taken in.
	New int `json:"new"`
	// Closed is how many were found to be decided elsewhere, or gone.
	Closed int `json:"closed"`
	// Reopened is how many closed ones were found to be open.
	Reopened int `json:"reopened"`
	// Alarm reports that most pending requests were missing at once, and that
	// therefore none was closed.
	Alarm bool `json:"alarm"`
}

// Poll compares a source's open requests with what is known: it takes in the
// new ones, closes those that were handled elsewhere, and reopens closed ones
// that are open again.
func (d *Desk) Poll(ctx context.Context, source string) (Found, error) {
	system, ok := d.systems[source]
	if !ok {
		return Found{}, fmt.Errorf("poll %s: no such source", source)
	}
	// What was pending before the list was read can be missing from it; what
	// came in since cannot.
	pending, err := d.store.Pending(ctx, source)
	if err != nil {
		return Found{}, fmt.Errorf("poll %s: %w", source, err)
	}
	arrivals, err := system.Open(ctx)
	if err != nil {
		return Found{}, fmt.Errorf("poll %s: %w", source, err)
	}
	found := Found{Open: len(arrivals)}
	found.New, found.Reopened, err = d.takeInListed(ctx, source, system, arrivals)
	// Trouble with one request must not hide what became of the others.
	err = errors.Join(err, d.compare(ctx, source, system, arrivals, pending, &found))
	if err := errors.Join(err, d.tendOverview(ctx, source)); err != nil {
		return found, fmt.Errorf("poll %s: %w", source, err)
	}
	return found, nil
}

// TakeIn reads one request by its external id and takes it in if it is open
// and new. It reports whether it was.
func (d *Desk) TakeIn(ctx context.Context, source, externalID string) (bool, error) {
	system, ok := d.systems[source]
	if !ok {
		return false, fmt.Errorf("take in %s: no such source", source)
	}
	arrival, standing, err := system.Read(ctx, externalID)
	if err != nil {
		return false, fmt.Errorf("take in a request of %s: %w", source, err)
	}
	if standing != StandingOpen {
		return false, nil
	}
	taken, _, err := d.takeInListed(ctx, source, system, []Arrival{arrival})
	if err == nil {
		err = d.tendOverview(ctx, source)
	}
	if err != nil && taken == 0 {
		return false, fmt.Errorf("take in a request of %s: %w", source, err)
	}
	return taken > 0, nil
}

// takeInListed takes in what is new among the arrivals. The access groups are
// read once if anything is, so that a group that was added is offered. Trouble
// with one request, or with the groups, does not keep the others out.
func (d *Desk) takeInListed(ctx context.Context, source string, system System, arrivals []Arrival) (taken, reopened int, err error) {
	ids := make([]string, len(arrivals))
	for i, a := range arrivals {
		ids[i] = a.ExternalID
	}
	known, err := d.store.ByExternalID(ctx, source, ids)
	if err != nil {
		return 0, 0, err
	}
	seen := make(map[string]bool, len(known))
	for _, r := range known {
		seen[r.ExternalID] = true
	}
	fresh := slices.DeleteFunc(slices.Clone(arrivals), func(a Arrival) bool { return seen[a.ExternalID] })
	trouble, err := d.refreshGroups(ctx, source, system, len(fresh) > 0)
	if err != nil {
		return 0, 0, err
	}
	room, err := d.roomToPost(ctx, source, len(fresh))
	if err != nil {
		return 0, 0, err
	}
	for _, a := range oldestFirst(fresh) {
		added, err := d.receive(ctx, source, a, room <= 0)
		trouble = errors.Join(trouble, err)
		if added {
			taken++
			room--
		}
	}
	reopened, err = d.reopen(ctx, system, known)
	return taken, reopened, errors.Join(trouble, err)
}

func oldestFirst(arrivals []Arrival) []Arrival {
	slices.SortStableFunc(arrivals, func(a, b Arrival) int { return a.RequestedAt.Compare(b.RequestedAt) })
	return arrivals
}

// roomToPost gives how many more requests may wait to be posted one by one
// when some come in; those beyond it are held behind the overview.
func (d *Desk) roomToPost(ctx context.Context, source string, coming int) (int, error) {
	if d.flood == 0 || coming == 0 {
		return coming, nil
	}
	waiting, err := d.store.Unposted(ctx, source)
	return d.flood - waiting, err
}

func (d *Desk) receive(ctx context.Context, source string, a Arrival, held bool) (bool, error) {
	a.Source = source
	a.RequestedAt = a.RequestedAt.UTC().Truncate(time.Millisecond) // as the store keeps it
	event := Event{Seq: 1, At: d.clock(), Action: Receive, Arrival: &a}
	r, err := Apply(Request{ID: d.newID()}, event)
	if err != nil {
		return false, err
	}
	r.Delivery.Held = held
	added, jobs := false, d.dueJobs(r)
	err = d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if added, err = tx.Receive(ctx, r, event); err != nil || !added {
			return err
		}
		_, err = d.jobs.Enqueue(ctx, tx, jobs...)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("receive a request: %w", err)
	}
	if added {
		d.jobs.Wake(jobs...)
		d.watch.Happened(ctx, r, event)
	}
	return added, nil
}

// refreshGroups reads the access groups when there is something new, or when
// the last try failed. Trouble with the groups does not keep requests out: it
// is remembered beforehand that they are wanted, so that the next poll tries
// again. Only if not even that can be written, nothing may be taken in: nobody
// would read the groups again once the requests are known.
func (d *Desk) refreshGroups(ctx context.Context, source string, system System, anythingNew bool) (trouble, err error) {
	record, err := d.store.Source(ctx, source)
	if err != nil {
		return nil, err
	}
	if !anythingNew && !record.GroupsWanted {
		return nil, nil
	}
	if !record.GroupsWanted {
		err := d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			return tx.SaveSource(ctx, source, SourceRecord{GroupsWanted: true, GroupsKnown: record.GroupsKnown})
		})
		if err != nil {
			return nil, err
		}
	}
	groups, trouble := system.Groups(ctx)
	if trouble != nil {
		return trouble, nil
	}
	return d.saveGroups(ctx, source, record.GroupsKnown, groups), nil
}

// saveGroups keeps the groups that were read. If they are news, the message of
// every pending request is due: its menu is live.
func (d *Desk) saveGroups(ctx context.Context, source string, known bool, groups []Group) error {
	before, err := d.store.Groups(ctx, source)
	if err != nil {
		return err
	}
	return d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.SaveSource(ctx, source, SourceRecord{GroupsKnown: true}); err != nil {
			return err
		}
		if known && slices.Equal(before, groups) {
			return nil
		}
		if err := tx.SaveGroups(ctx, source, groups); err != nil {
			return err
		}
		pending, err := tx.WantPending(ctx, source)
		if err != nil {
			return err
		}
		var jobs []Job
		for _, r := range pending {
			if r.Delivery.Due() { // and not held behind the overview
				jobs = append(jobs, DeliveryJob(r))
			}
		}
		_, err = d.jobs.Enqueue(ctx, tx, jobs...)
		return err
	})
}

// reopen looks at closed requests that the outside system lists as open.
func (d *Desk) reopen(ctx context.Context, system System, known []Request) (int, error) {
	var trouble error
	reopened, reads := 0, 0
	for _, r := range known {
		if r.State.Open() || d.clock().Sub(r.ChangedAt).Abs() < d.timing.Stale || reads == readsPerPoll {
			continue
		}
		reads++
		_, standing, err := system.Read(ctx, r.ExternalID)
		if err != nil {
			trouble = errors.Join(trouble, fmt.Errorf("read closed request %s: %w", r.ID, err))
			continue
		}
		if standing != StandingOpen {
			continue
		}
		if ok, err := d.stepFrom(ctx, r, Event{Action: Reopen}); err != nil {
			trouble = errors.Join(trouble, fmt.Errorf("reopen request %s: %w", r.ID, err))
		} else if ok {
			reopened++
		}
	}
	return reopened, trouble
}

// compare looks at the pending requests that the list does not have. Each is
// read by its id: only approved, ignored, or not found twice closes it. When
// most are missing at once, nothing is closed in that poll, and as long as
// they are, "not found" closes nothing: that would rather be a wrong key or a
// broken answer than the truth.
func (d *Desk) compare(ctx context.Context, source string, system System, listed []Arrival, pending []Request, found *Found) error {
	missing, back := splitMissing(listed, pending)
	for _, r := range back {
		if r.Missing != (Missing{}) {
			if err := d.saveMissing(ctx, r, Missing{}); err != nil {
				return err
			}
		}
	}
	if found.Alarm = mostOf(len(missing), len(pending)); found.Alarm {
		d.watch.Vanished(source, len(missing), len(pending))
		if !mostOf(missedBefore(missing), len(pending)) {
			return d.noteAll(ctx, missing)
		}
	}
	// Those that were looked at least often come first, so that each gets its turn.
	slices.SortStableFunc(missing, func(a, b Request) int { return cmp.Compare(a.Missing.Polls, b.Missing.Polls) })
	for i, r := range missing {
		if i == readsPerPoll {
			break
		}
		closed, err := d.lookAtMissing(ctx, system, r, found.Alarm)
		if err != nil {
			return err
		}
		if closed {
			found.Closed++
		}
	}
	return nil
}

// splitMissing tells the pending requests that the list does not have from
// those it has.
func splitMissing(listed []Arrival, pending []Request) (missing, back []Request) {
	has := make(map[string]bool, len(listed))
	for _, a := range listed {
		has[a.ExternalID] = true
	}
	for _, r := range pending {
		if has[r.ExternalID] {
			back = append(back, r)
		} else {
			missing = append(missing, r)
		}
	}
	return missing, back
}

// mostOf reports whether so many missing requests are most of the pending ones.
func mostOf(missing, pending int) bool {
	return missing >= vanishMin && 2*missing > pending
}

// missedBefore counts those that were missing in an earlier poll too.
func missedBefore(missing []Request) int {
	n := 0
	for _, r := range missing {
		if r.Missing.Polls > 0 {
			n++
		}
	}
	return n
}

// noteAll counts a poll in which nothing is closed.
func (d *Desk) noteAll(ctx context.Context, missing []Request) error {
	for _, r := range missing {
		miss := r.Missing
		miss.Polls++
		if err := d.saveMissing(ctx, r, miss); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) lookAtMissing(ctx context.Context, system System, r Request, alarm bool) (bool, error) {
	miss := r.Missing
	miss.Polls++
	_, standing, err := system.Read(ctx, r.ExternalID)
	if err != nil {
		// It was looked at, so that the next poll begins with the others.
		return false, errors.Join(fmt.Errorf("read missing request %s: %w", r.ID, err), d.saveMissing(ctx, r, miss))
	}
	switch standing {
	case StandingApproved, StandingIgnored:
		return d.stepFrom(ctx, r, Event{Action: Close, Closing: &Closing{Standing: standing}})
	case StandingGone:
		if miss.NotFound++; miss.NotFound >= 2 && !alarm {
			return d.stepFrom(ctx, r, Event{Action: Close, Closing: &Closing{Standing: standing}})
		}
	case StandingOpen, StandingDraft:
		miss.NotFound = 0
	}
	return false, d.saveMissing(ctx, r, miss)
}

// saveMissing keeps the count unless the request has moved on since it was read.
func (d *Desk) saveMissing(ctx context.Context, seen Request, m Missing) error {
	err := d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
		r, err := tx.Request(ctx, seen.ID)
		if err != nil || r.Version != seen.Version {
			return err
		}
		r.Missing = m
		return tx.SaveBookkeeping(ctx, r)
	})
	if err != nil {
		return fmt.Errorf("note that request %s is missing: %w", seen.ID, err)
	}
	return nil
}

// stepFrom applies an event unless the request has moved on since it was read.
func (d *Desk) stepFrom(ctx context.Context, seen Request, event Event) (bool, error) {
	errMoved := errors.New("moved on")
	_, err := d.step(ctx, seen.ID, func(r Request) (*Event, *Notice, error) {
		if r.Version != seen.Version {
			return nil, nil, errMoved
		}
		return &event, nil, nil
	})
	if errors.Is(err, errMoved) {
		return false, nil
	}
	return err == nil, err
}

// Sweep enqueues again what the rows call for and has no job: what a queue
// loses costs half a minute, not a request. It gives how many there were.
func (d *Desk) Sweep(ctx context.Context) (int, error) {
	// A click waits until a transaction is over: some milliseconds on SQLite.
	const atOnce = 25
	lost := 0
	unfinished, err := d.jobs.Unfinished(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	err = d.store.Due(ctx, d.clock(), atOnce, func(due []Job) error {
		due = slices.DeleteFunc(due, func(job Job) bool { return unfinished[job] })
		if len(due) == 0 {
			return nil
		}
		added := 0
		err := d.store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			var err error
			added, err = d.jobs.Enqueue(ctx, tx, due...)
			return err
		})
		if err == nil && added > 0 {
			lost += added
			d.jobs.Wake(due...)
		}
		return err
	})
	if lost > 0 {
		d.watch.Swept(lost)
	}
	if err != nil {
		return lost, fmt.Errorf("sweep: %w", err)
	}
	return lost, nil
}
