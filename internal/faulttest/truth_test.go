package faulttest_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to look into the database from outside
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// source is the name of Conveyor among the sources.
const source = "conveyor"

// chosen is what people chose to become of a request.
type chosen struct {
	id, email string
	life      []approval.Action // its events in order; a delay may come between
	orLife    []approval.Action // what its events may be as well; nil for nothing else
	told      string            // who has to be told something, empty for nobody
	status    practiceconveyor.RequestStatus
	decidedBy string   // the reviewer's address, empty if nobody of ours
	groups    []string // of the one authorization; nil for no authorization
	reads     []string // what the message has to read
	also      []chosen // what became of others
	further   func()   // what has to hold as well; nil for nothing
}

// database opens what Frontdesk writes, to be looked at while it runs.
func (w *world) database() *sql.DB {
	w.t.Helper()
	if w.looking == nil {
		db := w.open("mode=ro&")
		w.looking = db
		w.t.Cleanup(func() { _ = db.Close() })
	}
	return w.looking
}

// open opens the database as it is; how says more to SQLite.
func (w *world) open(how string) *sql.DB {
	w.t.Helper()
	address := strings.TrimSuffix(strings.TrimSuffix(w.settings["DATABASE_URL"], "pool_max_conns=4"), "&") // which only a pool knows
	driver := "pgx"
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, address = "sqlite", "file:"+path+"?"+how+"_pragma=busy_timeout(1500)"
	}
	db, err := sql.Open(driver, strings.TrimSuffix(address, "?"))
	require.NoError(w.t, err)
	db.SetMaxOpenConns(1)
	return db
}

// due counts what the rows still call for, however late.
func due(db *sql.DB) (int, error) { return dueAt(db, clock().AddDate(1, 0, 0)) }

// dueAt counts what the rows call for at a time.
func dueAt(db *sql.DB, at time.Time) (int, error) {
	n := 0
	err := db.QueryRow(`SELECT
		(SELECT count(*) FROM requests WHERE state IN ('approving', 'rejecting') AND effect_next_at <= $1
			OR delivery_done < delivery_wanted AND NOT delivery_held AND delivery_next_at <= $1)
		+ (SELECT count(*) FROM overviews WHERE delivery_done < delivery_wanted AND delivery_next_at <= $1)
		+ (SELECT count(*) FROM notices WHERE sent_at = 0)`, at.UnixMilli()).Scan(&n)
	return n, err
}

// doubts counts the messages that show what they should, and that are rewritten
// once more because an earlier rewrite may still come.
func doubts(db *sql.DB) (int, error) {
	n := 0
	const waiting = `rewrite_begun_at > 0 AND content_hash = '' AND delivery_failures = 1 AND delivery_claimed_until = 0 AND delivery_done = delivery_wanted - 1`
	err := db.QueryRow(`SELECT (SELECT count(*) FROM requests WHERE ` + waiting + `) + (SELECT count(*) FROM overviews WHERE ` + waiting + `)`).Scan(&n)
	return n, err
}

// stopAll stops what runs as an operator does.
func (w *world) stopAll() {
	w.t.Helper()
	for _, p := range w.living() {
		require.NoError(w.t, p.stop(), p.said())
	}
}

// check stops Frontdesk and compares what people chose with what the store, the
// practice Slack and the practice Conveyor say.
func (w *world) check(c chosen) {
	w.t.Helper()
	w.stopAll()
	kept, err := store.Open(w.t.Context(), w.settings["DATABASE_URL"])
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, kept.Close()) }()
	require.NoError(w.t, kept.FreeClaims(w.t.Context()))
	require.NoError(w.t, kept.Due(w.t.Context(), clock().Add(time.Hour), 100, func(jobs []approval.Job) error {
		require.Empty(w.t, jobs, "something is still due")
		return nil
	}))
	for _, each := range append([]chosen{c}, c.also...) {
		if each.id != "" {
			w.checkStore(kept, each)
			w.checkSlack(each)
			w.checkRoom(each)
		}
	}
	if c.further != nil {
		c.further()
	}
	require.Empty(w.t, w.slack.Violations())
}

func (w *world) checkStore(kept *store.Store, c chosen) {
	t := w.t
	t.Helper()
	found, err := kept.ByExternalID(t.Context(), source, []string{c.id})
	require.NoError(t, err)
	require.Len(t, found, 1, "the request is lost, or there twice")
	events, err := kept.Events(t.Context(), found[0].ID)
	require.NoError(t, err)
	var life []approval.Action
	delays := 0
	for _, e := range events {
		if e.Action == approval.Delay {
			delays++
			continue
		}
		life = append(life, e.Action)
	}
	if c.orLife == nil || !slices.Equal(c.orLife, life) {
		require.Equal(t, c.life, life, "one line of audit for each step")
	}
	require.LessOrEqual(t, delays, 1)
	replayed, err := approval.Replay(found[0].ID, events)
	require.NoError(t, err)
	require.Equal(t, replayed.State, found[0].State)
	require.Equal(t, replayed.Version, found[0].Version)
}

func (w *world) checkSlack(c chosen) {
	t := w.t
	t.Helper()
	shown := w.shown(c.email)
	require.Len(t, shown, 1, "one message for each request")
	for _, text := range c.reads {
		require.Contains(t, shown[0], text)
	}
}

func (w *world) checkRoom(c chosen) {
	t := w.t
	t.Helper()
	at := slices.IndexFunc(w.room.Requests(), func(r practiceconveyor.Request) bool { return r.ID == c.id })
	require.NotEqual(t, -1, at)
	r := w.room.Requests()[at]
	require.Equal(t, c.status, r.Status)
	require.Equal(t, c.decidedBy, r.DecidedBy)
	given := w.given(c.email)
	if c.groups == nil {
		require.Empty(t, given)
		return
	}
	require.Len(t, given, 1, "one authorization")
	var names []string
	for _, g := range given[0].Groups {
		names = append(names, g.Name)
	}
	require.ElementsMatch(t, c.groups, names)
}

// ephemerals counts what one person was shown about a request.
func (w *world) ephemerals(person, email string) int {
	n := 0
	for _, m := range w.slack.User(person).Ephemerals("") {
		if strings.Contains(m.Visible(), email) {
			n++
		}
	}
	return n
}

// handle follows the message of a request.
func (w *world) handle(email string) *practiceslack.MessageHandle {
	return w.channel.ExpectMessage(w.t, practiceslack.Contains(email))
}

func (c chosen) String() string { return fmt.Sprintf("%s (%s)", c.email, c.id) }
