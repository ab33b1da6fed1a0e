package faultpoint

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Store is what all processes on one database share: the domain's port, and the
// turns that they take.
type Store interface {
	approval.Store
	Turn(ctx context.Context, name string, every time.Duration, burst int, within time.Duration) (wait time.Duration, taken bool, err error)
	BeginPoll(ctx context.Context, source string, now time.Time, interval time.Duration) (bool, error)
	KeepPolling(ctx context.Context, source string) error
	TakeOverPoll(ctx context.Context, source string, now time.Time) (bool, error)
	EndPoll(ctx context.Context, source, trouble string) error
	PollTrouble(ctx context.Context, source string) (string, error)
	FreeClaims(ctx context.Context) error
	Ping(ctx context.Context) error
}

// Commits lists the methods of a store that commit by themselves, and Writes
// those of a transaction that change what it commits. A test compares them with
// the code of internal/store.
func Commits() []string {
	return []string{"InTx", "Turn", "BeginPoll", "KeepPolling", "TakeOverPoll", "EndPoll", "FreeClaims", "Ping"}
}

// Writes is explained at Commits. Enqueue is the job queue's part in it.
func Writes() []string {
	return []string{
		"Receive", "Save", "SaveBookkeeping", "WantPending", "SaveGroups", "SaveSource", "SaveOverview", "Forget",
		"AddNotice", "NoticeSent", "Enqueue",
	}
}

// Store gives a store with points before and after each commit that changes
// something. A point's name says which of Commits or Writes it is about.
func (p *Points) Store(s Store) Store { return &store{Store: s, points: p} }

type store struct {
	Store
	points *Points
}

// InTx implements approval.Store.
func (s *store) InTx(ctx context.Context, fn func(ctx context.Context, tx approval.Tx) error) error {
	way, name := where(), ""
	err := s.Store.InTx(ctx, func(ctx context.Context, under approval.Tx) error {
		seen := &tx{Tx: under}
		err := fn(ctx, seen)
		if name = ""; err == nil && len(seen.wrote) > 0 {
			name = way + " commit of " + strings.Join(seen.wrote, "+")
			s.points.Reach(name + " before")
		}
		return err
	})
	if err == nil && name != "" {
		s.points.Reach(name + " after")
	}
	return err
}

// commit makes points around a method that commits by itself.
func (s *store) commit(method string, do func()) {
	name := where() + " commit of " + method
	s.points.Reach(name + " before")
	do()
	s.points.Reach(name + " after")
}

// Turn gives a turn, which is a commit where processes share a database.
func (s *store) Turn(ctx context.Context, name string, every time.Duration, burst int, within time.Duration) (wait time.Duration, taken bool, err error) {
	s.commit("Turn", func() { wait, taken, err = s.Store.Turn(ctx, name, every, burst, within) })
	return wait, taken, err
}

// BeginPoll is a commit.
func (s *store) BeginPoll(ctx context.Context, source string, now time.Time, interval time.Duration) (mine bool, err error) {
	s.commit("BeginPoll", func() { mine, err = s.Store.BeginPoll(ctx, source, now, interval) })
	return mine, err
}

// KeepPolling is a commit.
func (s *store) KeepPolling(ctx context.Context, source string) (err error) {
	s.commit("KeepPolling", func() { err = s.Store.KeepPolling(ctx, source) })
	return err
}

// TakeOverPoll is a commit.
func (s *store) TakeOverPoll(ctx context.Context, source string, now time.Time) (mine bool, err error) {
	s.commit("TakeOverPoll", func() { mine, err = s.Store.TakeOverPoll(ctx, source, now) })
	return mine, err
}

// EndPoll is a commit.
func (s *store) EndPoll(ctx context.Context, source, trouble string) (err error) {
	s.commit("EndPoll", func() { err = s.Store.EndPoll(ctx, source, trouble) })
	return err
}

// FreeClaims is a commit.
func (s *store) FreeClaims(ctx context.Context) (err error) {
	s.commit("FreeClaims", func() { err = s.Store.FreeClaims(ctx) })
	return err
}

// Ping is a commit.
func (s *store) Ping(ctx context.Context) (err error) {
	s.commit("Ping", func() { err = s.Store.Ping(ctx) })
	return err
}

// tx notes what a transaction changes.
type tx struct {
	approval.Tx
	wrote []string
}

func (t *tx) note(write string, really bool) {
	if really && !slices.Contains(t.wrote, write) {
		t.wrote = append(t.wrote, write)
	}
}

// Raw gives what the job queue needs of a transaction of the store.
func (t *tx) Raw() any {
	t.note("Enqueue", true)
	return t.Tx.(interface{ Raw() any }).Raw()
}

// AfterCommit gives the other thing that it needs of one.
func (t *tx) AfterCommit(do func()) {
	t.Tx.(interface{ AfterCommit(do func()) }).AfterCommit(do)
}

// Receive implements approval.Tx.
func (t *tx) Receive(ctx context.Context, r approval.Request, e approval.Event) (bool, error) {
	added, err := t.Tx.Receive(ctx, r, e)
	t.note("Receive", added)
	return added, err
}

// Save implements approval.Tx.
func (t *tx) Save(ctx context.Context, r approval.Request, e approval.Event) error {
	t.note("Save", true)
	return t.Tx.Save(ctx, r, e)
}

// SaveBookkeeping implements approval.Tx.
func (t *tx) SaveBookkeeping(ctx context.Context, r approval.Request) error {
	t.note("SaveBookkeeping", true)
	return t.Tx.SaveBookkeeping(ctx, r)
}

// SaveGroups implements approval.Tx.
func (t *tx) SaveGroups(ctx context.Context, source string, groups []approval.Group) error {
	t.note("SaveGroups", true)
	return t.Tx.SaveGroups(ctx, source, groups)
}

// SaveSource implements approval.Tx.
func (t *tx) SaveSource(ctx context.Context, source string, record approval.SourceRecord) error {
	t.note("SaveSource", true)
	return t.Tx.SaveSource(ctx, source, record)
}

// SaveOverview implements approval.Tx.
func (t *tx) SaveOverview(ctx context.Context, o approval.Overview) error {
	t.note("SaveOverview", true)
	return t.Tx.SaveOverview(ctx, o)
}

// WantPending implements approval.Tx.
func (t *tx) WantPending(ctx context.Context, source string) ([]approval.Request, error) {
	wanted, err := t.Tx.WantPending(ctx, source)
	t.note("WantPending", len(wanted) > 0)
	return wanted, err
}

// Forget implements approval.Tx.
func (t *tx) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	forgotten, err := t.Tx.Forget(ctx, before, limit)
	t.note("Forget", forgotten > 0)
	return forgotten, err
}

// AddNotice implements approval.Tx.
func (t *tx) AddNotice(ctx context.Context, n approval.Notice) (bool, error) {
	added, err := t.Tx.AddNotice(ctx, n)
	t.note("AddNotice", added)
	return added, err
}

// NoticeSent implements approval.Tx.
func (t *tx) NoticeSent(ctx context.Context, id string, at time.Time) error {
	t.note("NoticeSent", true)
	return t.Tx.NoticeSent(ctx, id, at)
}

// Work gives a job's work with points at its begin and its end, which is before
// the queue has noted that it is done.
func (p *Points) Work(work func(ctx context.Context, job approval.Job) (time.Duration, error)) func(ctx context.Context, job approval.Job) (time.Duration, error) {
	return func(ctx context.Context, job approval.Job) (time.Duration, error) {
		p.Reach("job " + string(job.Kind) + " begin")
		wait, err := work(ctx, job)
		p.Reach("job " + string(job.Kind) + " end")
		return wait, err
	}
}
