package app_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/internal/store/storetest"
)

// historyLength is how many decided requests a long history has.
var historyLength = flag.Int("history", 0, "how many decided requests BenchmarkHistory compares with 1,000; 0 skips it")

// BenchmarkHistory measures a click's decision, a poll and a step of forgetting
// with few decided requests in the store and with many, in turns, and gives the
// medians and their ratios. A million requests take some minutes to fill in and
// 2 GB; a RAM disk helps:
//
//	TMPDIR=/dev/shm go test -run '^$' -bench History -benchtime 200x -timeout 1h ./internal/app -history 1000000
func BenchmarkHistory(b *testing.B) {
	if *historyLength == 0 {
		b.Skip("-history says how long the history is to be")
	}
	b.Run("sqlite", func(b *testing.B) {
		benchHistory(b, func() string { return "sqlite:" + filepath.Join(b.TempDir(), "frontdesk.db") })
	})
	b.Run("postgres", func(b *testing.B) {
		benchHistory(b, func() string { return postgrestest.URL(b) })
	})
}

func benchHistory(b *testing.B, newDatabase func() string) {
	b.Helper()
	desks := []*oldDesk{openOldDesk(b, newDatabase(), 1000), openOldDesk(b, newDatabase(), *historyLength)}
	for range 10 { // the first ones are slower everywhere
		for _, d := range desks {
			d.click(b)
			d.poll(b)
		}
	}
	var clicks, polls, steps [2][]time.Duration
	for b.Loop() {
		slices.Reverse(desks)
		for _, d := range desks {
			i := 0
			if d.history > 1000 {
				i = 1
			}
			clicks[i] = append(clicks[i], d.click(b))
			polls[i] = append(polls[i], d.poll(b))
			if len(steps[i]) < 9 { // the short one has no more
				steps[i] = append(steps[i], d.forget(b))
			}
		}
	}
	for name, took := range map[string][2][]time.Duration{"click": clicks, "poll": polls, "forget": steps} {
		few, many := median(took[0]), median(took[1])
		b.ReportMetric(few.Seconds()*1000, name+"-few-ms")
		b.ReportMetric(many.Seconds()*1000, name+"-many-ms")
		b.ReportMetric(many.Seconds()/few.Seconds(), name+"-ratio")
	}
	b.ReportMetric(0, "ns/op") // is of all together
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

// oldDesk is a desk whose store has a history, with its queue, which does not
// run: only what a click and a poll themselves cost is of interest.
type oldDesk struct {
	*approval.Desk
	history int
	newest  string // the id that was given last
}

func openOldDesk(b *testing.B, databaseURL string, history int) *oldDesk {
	b.Helper()
	s, err := store.Open(b.Context(), databaseURL)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	log := slog.New(slog.DiscardHandler)
	exec := func(statement string) error {
		_, err := s.Pool().Exec(b.Context(), statement)
		return err
	}
	var queue *jobs.Queue
	if db := s.SQLite(); db != nil {
		exec = func(statement string) error {
			_, err := db.ExecContext(b.Context(), statement)
			return err
		}
		queue, err = jobs.NewSQLite(b.Context(), db, s.Reader(), log)
	} else {
		queue, err = jobs.NewPostgres(b.Context(), s.Pool(), s.Reader(), log)
	}
	require.NoError(b, err)
	fill := storetest.History("room", history, clock().AddDate(-3, 0, 0).UnixMilli())
	if s.SQLite() == nil {
		fill = append(fill, "VACUUM ANALYZE requests, events, notices") // as the server does by itself, but later
	}
	for _, statement := range fill {
		require.NoError(b, exec(statement))
	}
	d := &oldDesk{history: history}
	d.Desk = approval.NewDesk(approval.Ports{
		Store: s, Jobs: queue, Watch: nobody{}, Clock: clock, Flood: 100,
		NewID: func() string {
			d.newest = uuid.Must(uuid.NewV7()).String()
			return d.newest
		},
		Systems: map[string]approval.System{"room": quietRoom{}},
	}, approval.Timing{})
	d.poll(b) // takes the open ones in
	return d
}

// click takes a request in and measures the decision on it.
func (d *oldDesk) click(b *testing.B) time.Duration {
	b.Helper()
	taken, err := d.TakeIn(b.Context(), "room", uuid.NewString())
	require.NoError(b, err)
	require.True(b, taken)
	decision := approval.Decision{
		ID: uuid.NewString(), Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U0ADA", Email: "ada@example.com"},
	}
	began := clock()
	_, verdict, err := d.Decide(b.Context(), d.newest, decision, true)
	took := clock().Sub(began)
	require.NoError(b, err)
	require.Equal(b, approval.Accepted, verdict)
	return took
}

// poll measures a poll that finds nothing new.
func (d *oldDesk) poll(b *testing.B) time.Duration {
	b.Helper()
	began := clock()
	found, err := d.Poll(b.Context(), "room")
	took := clock().Sub(began)
	require.NoError(b, err)
	require.Equal(b, openInRoom, found.Open)
	require.Zero(b, found.Closed)
	return took
}

// forget measures a step of removing old requests.
func (d *oldDesk) forget(b *testing.B) time.Duration {
	b.Helper()
	began := clock()
	more, err := d.Forget(b.Context(), clock().AddDate(0, -1, 0))
	took := clock().Sub(began)
	require.NoError(b, err)
	require.True(b, more)
	return took
}

// openInRoom is how many requests the quiet room lists as open.
const openInRoom = 50

// quietRoom is an outside system that answers at once and where nothing happens.
type quietRoom struct{}

func (quietRoom) Open(context.Context) ([]approval.Arrival, error) {
	var list []approval.Arrival
	for i := range openInRoom {
		list = append(list, anArrival(fmt.Sprintf("open-%d", i)))
	}
	return list, nil
}

func (quietRoom) Read(_ context.Context, externalID string) (approval.Arrival, approval.Standing, error) {
	return anArrival(externalID), approval.StandingOpen, nil
}

func (quietRoom) CarryOut(context.Context, approval.Request) (approval.Confirmation, error) {
	return approval.Confirmation{}, errors.New("no job runs")
}

func (quietRoom) Outcome(context.Context, approval.Request) (approval.Standing, *approval.Confirmation, error) {
	return "", nil, errors.New("no job runs")
}

func (quietRoom) Groups(context.Context) ([]approval.Group, error) {
	return []approval.Group{{ID: "g1", Name: "Customers"}}, nil
}

func anArrival(externalID string) approval.Arrival {
	return approval.Arrival{
		ExternalID: externalID, Requester: "ann@customer.example.com", Message: "Please let us see your SOC 2 report.",
		Link: "https://app.example.com/requests/" + externalID, RequestedAt: time.UnixMilli(1_790_000_000_000),
	}
}

// nobody watches.
type nobody struct{}

func (nobody) Happened(context.Context, approval.Request, approval.Event)               {}
func (nobody) Decided(context.Context, approval.Request)                                {}
func (nobody) Refused(context.Context, approval.Request, approval.RefusalReason, error) {}
func (nobody) Delayed(context.Context, approval.Request, error)                         {}
func (nobody) Undelivered(context.Context, approval.Request, error)                     {}
func (nobody) Vanished(string, int, int)                                                {}
func (nobody) Swept(int)                                                                {}
