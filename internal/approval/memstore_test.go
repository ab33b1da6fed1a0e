package approval_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// memStore is a Store in memory with the semantics of a real one: transactions
// one after another, rolled back on an error, keys unique, milliseconds kept.
type memStore struct {
	mu   sync.Mutex
	rows rows

	// fail is asked before each write of a transaction, if set.
	fail func(write string) error
}

type rows struct {
	requests map[string]approval.Request
	events   map[string][]approval.Event
	keys     map[string]bool
	groups   map[string][]approval.Group
	sources  map[string]approval.SourceRecord
	notices  map[string]approval.Notice
	overview map[string]approval.Overview
	// jobs are those that wait or run.
	jobs []approval.Job
}

func newMemStore() *memStore {
	return &memStore{rows: rows{
		requests: map[string]approval.Request{}, events: map[string][]approval.Event{}, keys: map[string]bool{},
		groups: map[string][]approval.Group{}, sources: map[string]approval.SourceRecord{}, notices: map[string]approval.Notice{},
		overview: map[string]approval.Overview{},
	}}
}

func (r rows) clone() rows {
	return rows{
		requests: maps.Clone(r.requests), events: maps.Clone(r.events), keys: maps.Clone(r.keys),
		groups: maps.Clone(r.groups), sources: maps.Clone(r.sources), notices: maps.Clone(r.notices),
		overview: maps.Clone(r.overview), jobs: slices.Clone(r.jobs),
	}
}

type inTxKey struct{}

// mustBeOutside catches what must not happen inside a transaction: calls of the
// store itself, and of anything outside.
func mustBeOutside(ctx context.Context, call string) {
	if ctx.Value(inTxKey{}) != nil {
		panic(call + " was called inside a transaction")
	}
}

func (s *memStore) InTx(ctx context.Context, fn func(ctx context.Context, tx approval.Tx) error) error {
	mustBeOutside(ctx, "InTx")
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &memTx{rows: s.rows.clone(), fail: s.fail}
	if err := fn(context.WithValue(ctx, inTxKey{}, true), tx); err != nil {
		return err
	}
	s.rows = tx.rows
	return nil
}

// reading locks the rows for a read outside transactions.
func (s *memStore) reading(ctx context.Context, call string) func() {
	mustBeOutside(ctx, call)
	s.mu.Lock()
	return s.mu.Unlock
}

func (s *memStore) Request(ctx context.Context, id string) (approval.Request, error) {
	defer s.reading(ctx, "Request")()
	return s.rows.request(id)
}

func (r rows) request(id string) (approval.Request, error) {
	if req, ok := r.requests[id]; ok {
		return req, nil
	}
	return approval.Request{}, approval.ErrUnknown
}

func (s *memStore) Events(ctx context.Context, id string) ([]approval.Event, error) {
	defer s.reading(ctx, "Events")()
	return s.rows.events[id], nil
}

func (r rows) where(match func(approval.Request) bool) []approval.Request {
	var found []approval.Request
	for _, id := range slices.Sorted(maps.Keys(r.requests)) {
		if match(r.requests[id]) {
			found = append(found, r.requests[id])
		}
	}
	return found
}

func (s *memStore) ByExternalID(ctx context.Context, source string, ids []string) ([]approval.Request, error) {
	defer s.reading(ctx, "ByExternalID")()
	return s.rows.where(func(r approval.Request) bool {
		return r.Source == source && slices.Contains(ids, r.ExternalID)
	}), nil
}

func (s *memStore) Pending(ctx context.Context, source string) ([]approval.Request, error) {
	defer s.reading(ctx, "Pending")()
	return s.rows.pending(source), nil
}

func (r rows) pending(source string) []approval.Request {
	return r.where(func(r approval.Request) bool { return r.Source == source && r.State == approval.Pending })
}

func (s *memStore) Groups(ctx context.Context, source string) ([]approval.Group, error) {
	defer s.reading(ctx, "Groups")()
	return s.rows.groups[source], nil
}

func (s *memStore) Source(ctx context.Context, source string) (approval.SourceRecord, error) {
	defer s.reading(ctx, "Source")()
	return s.rows.sources[source], nil
}

func (r rows) held(source string) []approval.Request {
	return r.where(func(r approval.Request) bool {
		return r.Source == source && r.State == approval.Pending && r.Delivery.Held
	})
}

func (s *memStore) Unposted(ctx context.Context, source string) (int, error) {
	defer s.reading(ctx, "Unposted")()
	return len(s.rows.where(func(r approval.Request) bool {
		return r.Source == source && r.State == approval.Pending && r.Delivery.Due() && !r.Delivery.Posted()
	})), nil
}

func (s *memStore) CountHeld(ctx context.Context, source string) (count int, oldest time.Time, err error) {
	defer s.reading(ctx, "CountHeld")()
	held := s.rows.held(source)
	for _, r := range held {
		if oldest.IsZero() || r.ReceivedAt.Before(oldest) {
			oldest = r.ReceivedAt
		}
	}
	return len(held), oldest, nil
}

func (s *memStore) Held(ctx context.Context, source, typed string, limit int) ([]approval.Request, error) {
	defer s.reading(ctx, "Held")()
	found := slices.DeleteFunc(s.rows.held(source), func(r approval.Request) bool {
		return !strings.Contains(strings.ToLower(r.Requester), strings.ToLower(typed))
	})
	return found[:min(limit, len(found))], nil
}

func (s *memStore) Overview(ctx context.Context, source string) (approval.Overview, error) {
	defer s.reading(ctx, "Overview")()
	return s.rows.overviewOf(source), nil
}

func (r rows) overviewOf(source string) approval.Overview {
	o := r.overview[source]
	o.Source = source
	return o
}

func (tx *memTx) Overview(_ context.Context, source string) (approval.Overview, error) {
	return tx.rows.overviewOf(source), nil
}

func (tx *memTx) Forget(_ context.Context, before time.Time, limit int) (int, error) {
	old := tx.rows.where(func(r approval.Request) bool {
		final := r.State == approval.Approved || r.State == approval.Rejected || r.State == approval.Handled
		return final && r.ChangedAt.Before(before) && !r.Delivery.Due()
	})
	old = old[:min(limit, len(old))]
	for _, r := range old {
		delete(tx.rows.requests, r.ID)
		delete(tx.rows.events, r.ID)
		maps.DeleteFunc(tx.rows.notices, func(_ string, n approval.Notice) bool { return n.RequestID == r.ID })
	}
	return len(old), nil
}

func (tx *memTx) SaveOverview(_ context.Context, o approval.Overview) error {
	if err := tx.write("SaveOverview"); err != nil {
		return err
	}
	tx.rows.overview[o.Source] = o
	return nil
}

func (s *memStore) Notice(ctx context.Context, id string) (approval.Notice, error) {
	defer s.reading(ctx, "Notice")()
	if n, ok := s.rows.notices[id]; ok {
		return n, nil
	}
	return approval.Notice{}, approval.ErrUnknown
}

func (s *memStore) LeastSeen(ctx context.Context, since time.Time) (approval.Request, error) {
	defer s.reading(ctx, "LeastSeen")()
	unseen := s.rows.where(func(r approval.Request) bool {
		return r.State == approval.Pending && r.Delivery.Posted() && !r.Delivery.Due() && !r.Delivery.SeenAt.After(since)
	})
	if len(unseen) == 0 {
		return approval.Request{}, approval.ErrUnknown
	}
	return slices.MinFunc(unseen, func(a, b approval.Request) int { return a.Delivery.SeenAt.Compare(b.Delivery.SeenAt) }), nil
}

func (s *memStore) Due(ctx context.Context, now time.Time, atOnce int, each func(jobs []approval.Job) error) error {
	for page := range slices.Chunk(s.allDue(ctx, now), atOnce) {
		if err := each(page); err != nil {
			return err
		}
	}
	return nil
}

func (s *memStore) allDue(ctx context.Context, now time.Time) []approval.Job {
	defer s.reading(ctx, "Due")()
	var due []approval.Job
	isDue := func(at time.Time) bool { return !at.After(now) || at.Sub(now) > approval.LongestWait }
	for _, r := range s.rows.where(func(approval.Request) bool { return true }) {
		if r.State.Deciding() && isDue(r.Effect.NextAt) && isDue(r.Effect.ClaimedUntil) {
			due = append(due, approval.CarryOutJob(r))
		}
		justDecided := r.State.Deciding() && !r.Delayed && r.Delivery.Posted() &&
			r.ChangedAt.After(now.Add(-approval.OverlookedAfter)) && !r.ChangedAt.After(now)
		if r.Delivery.Due() && !justDecided && isDue(r.Delivery.NextAt) && isDue(r.Delivery.ClaimedUntil) {
			due = append(due, approval.DeliveryJob(r))
		}
	}
	for _, source := range slices.Sorted(maps.Keys(s.rows.overview)) {
		if o := s.rows.overview[source]; o.Delivery.Due() && !o.Delivery.NextAt.After(now) && !o.Delivery.ClaimedUntil.After(now) {
			due = append(due, o.Job())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.rows.notices)) {
		if s.rows.notices[id].SentAt.IsZero() {
			due = append(due, approval.Job{Kind: approval.JobTell, Subject: id})
		}
	}
	return due
}

// memTx is a transaction: a copy of the rows that becomes the rows at the end.
type memTx struct {
	rows rows
	fail func(write string) error
}

func (tx *memTx) write(name string) error {
	if tx.fail != nil {
		return tx.fail(name)
	}
	return nil
}

func (tx *memTx) Request(_ context.Context, id string) (approval.Request, error) {
	return tx.rows.request(id)
}

func (tx *memTx) Receive(_ context.Context, r approval.Request, e approval.Event) (bool, error) {
	if err := tx.write("Receive " + r.ExternalID); err != nil {
		return false, err
	}
	for _, known := range tx.rows.requests {
		if known.Source == r.Source && known.ExternalID == r.ExternalID {
			return false, nil
		}
	}
	tx.rows.requests[r.ID] = r
	tx.rows.events[r.ID] = []approval.Event{e}
	return true, nil
}

func (tx *memTx) Save(_ context.Context, r approval.Request, e approval.Event) error {
	if err := tx.write("Save"); err != nil {
		return err
	}
	if tx.rows.requests[r.ID].Version != e.Seq-1 {
		return fmt.Errorf("save request %s: version %d is not %d", r.ID, tx.rows.requests[r.ID].Version, e.Seq-1)
	}
	if e.Key != "" {
		if _, noticed := tx.rows.notices[e.Key]; noticed || tx.rows.keys[e.Key] {
			return approval.ErrReplayed
		}
		tx.rows.keys[e.Key] = true
	}
	tx.rows.requests[r.ID] = keep(r)
	tx.rows.events[r.ID] = append(slices.Clone(tx.rows.events[r.ID]), e)
	return nil
}

func (tx *memTx) SaveBookkeeping(_ context.Context, r approval.Request) error {
	if err := tx.write("SaveBookkeeping"); err != nil {
		return err
	}
	now, ok := tx.rows.requests[r.ID]
	if !ok {
		return errors.New("no such row")
	}
	now.Effect, now.Delivery, now.Missing = r.Effect, r.Delivery, r.Missing
	tx.rows.requests[r.ID] = keep(now)
	return nil
}

// keep gives the request as it comes back from a store of milliseconds.
func keep(r approval.Request) approval.Request {
	for _, at := range []*time.Time{
		&r.Effect.NextAt, &r.Effect.ClaimedUntil, &r.Delivery.NextAt, &r.Delivery.ClaimedUntil, &r.Delivery.PostBegun,
	} {
		*at = at.Truncate(time.Millisecond)
	}
	return r
}

func (tx *memTx) WantPending(_ context.Context, source string) ([]approval.Request, error) {
	for _, r := range tx.rows.pending(source) {
		r.Delivery.Wanted++
		tx.rows.requests[r.ID] = r
	}
	return tx.rows.pending(source), nil
}

func (tx *memTx) SaveGroups(_ context.Context, source string, groups []approval.Group) error {
	if err := tx.write("SaveGroups"); err != nil {
		return err
	}
	tx.rows.groups[source] = groups
	return nil
}

func (tx *memTx) SaveSource(_ context.Context, source string, record approval.SourceRecord) error {
	tx.rows.sources[source] = record
	return nil
}

func (tx *memTx) AddNotice(_ context.Context, n approval.Notice) (bool, error) {
	if _, known := tx.rows.notices[n.ID]; known {
		return false, nil
	}
	tx.rows.notices[n.ID] = n
	return true, nil
}

func (tx *memTx) NoticeSent(_ context.Context, id string, at time.Time) error {
	n := tx.rows.notices[id]
	n.SentAt = at
	tx.rows.notices[id] = n
	return nil
}

// memJobs is a queue in the store's transactions, in which a job waits until a
// test takes it.
type memJobs struct {
	store *memStore
	mu    sync.Mutex
	woken []approval.Job
	// most is the most jobs that one transaction was given.
	most int
}

func (j *memJobs) Enqueue(_ context.Context, tx approval.Tx, jobs ...approval.Job) (int, error) {
	mem, ok := tx.(*memTx)
	if !ok {
		return 0, fmt.Errorf("enqueue in a %T", tx)
	}
	j.mu.Lock()
	j.most = max(j.most, len(jobs))
	j.mu.Unlock()
	added := 0
	for _, job := range jobs {
		if !slices.Contains(mem.rows.jobs, job) {
			mem.rows.jobs = append(mem.rows.jobs, job)
			added++
		}
	}
	return added, nil
}

func (j *memJobs) Unfinished(ctx context.Context) (map[approval.Job]bool, error) {
	all := map[approval.Job]bool{}
	for _, job := range j.waiting() {
		all[job] = true
	}
	return all, ctx.Err()
}

func (j *memJobs) EnqueueDecision(ctx context.Context, tx approval.Tx, jobs ...approval.Job) error {
	_, err := j.Enqueue(ctx, tx, jobs...)
	return err
}

func (j *memJobs) Wake(jobs ...approval.Job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.woken = append(j.woken, jobs...)
}

// Later implements approval.Jobs, in the time of the bubble of inSettling.
func (j *memJobs) Later(wait time.Duration, do func(ctx context.Context) error) {
	time.AfterFunc(wait, func() { _ = do(context.Background()) })
}

// waiting gives the jobs that wait.
func (j *memJobs) waiting() []approval.Job {
	j.store.mu.Lock()
	defer j.store.mu.Unlock()
	return slices.Clone(j.store.rows.jobs)
}

// lose forgets jobs, as a broken queue would.
func (j *memJobs) lose(match func(approval.Job) bool) {
	j.store.mu.Lock()
	defer j.store.mu.Unlock()
	j.store.rows.jobs = slices.DeleteFunc(slices.Clone(j.store.rows.jobs), match)
}
