package app_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestAFloodWaitsBehindOneMessage(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Configure = func(c *config.Config) {
				c.SlackFloodLimit, c.ConveyorPollInterval, c.ConveyorWebhookSecret = 2, time.Hour, ""
			}
		})
		var ids []string
		for i := range 7 {
			ids = append(ids, w.Room.Request(practiceconveyor.Requester{
				Email: fmt.Sprintf("customer%d@example.net", i), RequestedAt: w.clock().Add(time.Duration(i-7) * time.Minute),
			}))
		}
		require.Equal(t, 200, w.pollNow())
		overview := w.channel.ExpectMessage(t, contains("5 more access requests are"))
		w.channel.ExpectMessage(t, contains("customer1@example.net"))

		menu := overview.Select("open")
		require.Len(t, menu.Search(t.Context(), w.ada, "").Options, 5)
		require.Len(t, menu.Search(t.Context(), w.ada, "R4@").Options, 1)
		require.NoError(t, menu.Choose(t.Context(), w.ada, "customer4@example.net").Err())
		msg := w.channel.ExpectMessage(t, contains("customer4@example.net"))
		overview.ExpectUpdate(t, contains("4 more access requests are"))
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(ids[4]).Status)

		// One that waits is decided in Conveyor: nobody has to see it any more.
		require.NoError(t, w.Room.DecideElsewhere(ids[5], practiceconveyor.Approve))
		require.Equal(t, 200, w.pollNow())
		overview.ExpectUpdate(t, contains("3 more access requests are"))

		require.NoError(t, overview.Button("Open the next 3").Click(t.Context(), w.ben).Err())
		overview.ExpectUpdate(t, contains("No more access requests wait here"))
		w.channel.ExpectMessage(t, contains("customer6@example.net"))
		w.channel.NoMessage(t, contains("customer5@example.net"))
		w.expectCalls("chat.postMessage", 7)
		require.Equal(t, 7, w.posts(), "six requests and one overview")
	})
}

// TestReplicasPollInTurns: two replicas ask as often as one would, and both
// know how Conveyor is.
func TestReplicasPollInTurns(t *testing.T) {
	t.Parallel()
	const interval = 300 * time.Millisecond
	w := startWorld(t, postgrestest.URL(t), func(o *sandbox.Options) {
		o.Configure = func(c *config.Config) { c.ConveyorPollInterval, c.ConveyorWebhookSecret = interval, "" }
	})
	other := w.another(t)
	polls := func() int { return w.Room.CallsTo("GET", queue) }
	w.expectReady(other, 200, "")
	began, before := clock(), polls()
	require.Eventually(t, func() bool { return polls() >= before+10 }, 30*time.Second, time.Millisecond)
	require.GreaterOrEqual(t, clock().Sub(began), 9*interval*9/10, "ten polls, nine intervals")

	w.Room.Fault(practiceconveyor.Fault{Method: "GET", PathPrefix: "/", Kind: practiceconveyor.Status(503, 0)})
	w.expectReady(other, 503, "Conveyor could not be read the last time")
	w.Room.ClearFaults()
	w.expectReady(other, 200, "")
}

// TestThePollOfADeadReplicaIsMade leaves in the database what a replica leaves
// that died over its poll: nobody would poll for an hour.
func TestThePollOfADeadReplicaIsMade(t *testing.T) {
	t.Parallel()
	w := startWorld(t, postgrestest.URL(t), func(o *sandbox.Options) {
		o.Configure = func(c *config.Config) { c.ConveyorPollInterval, c.ConveyorWebhookSecret = time.Hour, "" }
	})
	db := w.database()
	defer func() { require.NoError(t, db.Close()) }()
	require.Eventually(t, func() bool {
		over := false
		err := db.QueryRowContext(t.Context(), `SELECT polled_at > 0 AND polling_until = 0 FROM sources`).Scan(&over)
		return err == nil && over
	}, time.Minute, 10*time.Millisecond, "the poll of the start")
	w.Room.Request(practiceconveyor.Requester{Email: "grace@northwind.example"})
	polls := w.Room.CallsTo("GET", queue)
	_, err := db.ExecContext(t.Context(), `UPDATE sources SET polling_until = 1`)
	require.NoError(t, err)
	w.channel.ExpectMessage(t, contains("grace@northwind.example"))
	w.expectLog("another replica did not end its poll")
	require.Equal(t, polls+1, w.Room.CallsTo("GET", queue), "it is made once")
}

// expectReady waits until both replicas say alike whether they are ready.
func (w *world) expectReady(other *app.App, status int, says string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		for _, url := range []string{w.FrontdeskURL(), other.URL()} {
			if got, body := w.getFrom(url, "/readyz"); got != status || !strings.Contains(body, says) {
				return false
			}
		}
		return true
	}, 30*time.Second, 20*time.Millisecond)
}

// another starts one more Frontdesk on the same database.
func (w *world) another(tb testing.TB) *app.App {
	tb.Helper()
	log := logrus.New()
	log.SetOutput(w.log)
	other, err := app.Start(tb.Context(), app.Options{
		Config: w.Settings(), Listen: "127.0.0.1:0", Version: "test", Clock: w.clock, Log: log, Timing: quick(),
	})
	require.NoError(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(tb, other.Stop(ctx))
	})
	return other
}

// hurried is how much faster time passes for the practice world in the benchmark
// of a burst: what Slack takes in an hour it sees in minutes.
const hurried = 20

// burst lets requests come all at once, waits until each is posted, approves
// some meanwhile, and says how it went.
type burst struct {
	took time.Duration // in the practice world's time
	displaced,
	calls, refused int
	clicks answers
}

// answers are how long clicks took to be answered, in real time.
type answers []time.Duration

// at gives the answer that so many of a hundred were faster than, in ms.
func (a answers) at(percent int) float64 {
	sorted := slices.Sorted(slices.Values(a))
	return float64(sorted[len(sorted)*percent/100].Microseconds()) / 1000
}

// inAHurry lets time pass so many times as fast.
func inAHurry(times int) func(o *sandbox.Options) {
	return func(o *sandbox.Options) {
		began := clock()
		o.Clock = func() time.Time { return began.Add(clock().Sub(began) * time.Duration(times)) }
		o.Slack.MaxRecords, o.Timing = 100_000, approval.Timing{}
		o.Configure = func(c *config.Config) {
			c.ConveyorPollInterval, c.ConveyorWebhookSecret, c.SlackFloodLimit = 10*time.Second, "", 0
			c.SlackPostsPerMinute, c.SlackUpdatesPerMinute = 60*times, 50*times
		}
	}
}

// approves clicks on Approve and gives how long the answer took.
func (w *world) approves(tb testing.TB, msg *practiceslack.MessageHandle) time.Duration {
	tb.Helper()
	clicked := clock()
	require.NoError(tb, msg.Button("Approve").Click(tb.Context(), w.ada).Err())
	return clock().Sub(clicked)
}

// atRest lets requests come, waits until all are posted, and then approves one
// after the other at a pace.
func (w *world) atRest(tb testing.TB, requests int, pace time.Duration) answers {
	tb.Helper()
	for i := range requests {
		w.Room.Request(practiceconveyor.Requester{Email: fmt.Sprintf("early%05d@example.net", i), RequestedAt: w.clock()})
	}
	w.channel.ExpectCount(tb, requests, contains("early"))
	next := time.NewTicker(pace)
	defer next.Stop()
	var took answers
	for i := range requests {
		msg := w.channel.ExpectMessage(tb, contains(fmt.Sprintf("early%05d@", i)))
		<-next.C
		took = append(took, w.approves(tb, msg))
	}
	w.channel.ExpectCount(tb, requests, contains("pproved by <@"+sandbox.Ada+">"))
	return took
}

func (w *world) burst(tb testing.TB, requests, clicks int) burst {
	tb.Helper()
	var b burst
	before, callsBefore := w.channel.Count(), len(w.Slack.Calls(""))
	posted := w.follow(tb, practiceslack.MessagePosted)
	for i := range requests {
		w.Room.Request(practiceconveyor.Requester{
			Email: fmt.Sprintf("customer%05d@example.net", i), RequestedAt: w.clock().Add(time.Duration(i-requests) * time.Minute),
		})
	}
	<-posted
	began := w.clock()
	for i := 1; i < requests; i++ {
		ts := <-posted
		if i%(requests/clicks) != 0 {
			continue
		}
		msg := w.channel.ExpectMessage(tb, practiceslack.Where("is new", func(m practiceslack.Message) bool { return m.TS == ts }))
		b.clicks = append(b.clicks, w.approves(tb, msg))
	}
	b.took = w.clock().Sub(began)
	require.Equal(tb, before+requests, w.channel.Count(), "each is posted once")
	w.channel.ExpectCount(tb, before+len(b.clicks), contains("pproved by <@"+sandbox.Ada+">"))
	for _, call := range w.Slack.Calls("")[callsBefore:] {
		b.calls++
		if call.Error == "ratelimited" {
			b.refused++
		}
	}
	messages := w.channel.Messages()
	sort.SliceStable(messages, func(i, j int) bool {
		return cmp.Or(cmp.Compare(len(messages[i].TS), len(messages[j].TS)), strings.Compare(messages[i].TS, messages[j].TS)) < 0
	})
	for i, m := range messages[before:] {
		for k := range min(requests, i+50) {
			if k >= i-50 && strings.Contains(m.Visible(), fmt.Sprintf("customer%05d@", k)) {
				b.displaced = max(b.displaced, i-k, k-i)
			}
		}
	}
	return b
}

// follow gives the messages to which something happens, one after another. The
// test fails if none comes for long.
func (w *world) follow(tb testing.TB, kind practiceslack.EventKind) <-chan string {
	tb.Helper()
	events, end := w.Slack.Subscribe()
	messages := make(chan string, 1000)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(messages)
		for e := range events {
			if e.Kind == practiceslack.Lagged {
				tb.Error("messages were missed")
				return
			}
			if e.Kind == kind {
				messages <- e.TS
			}
		}
	})
	tb.Cleanup(func() {
		end()
		reading.Wait()
	})
	return messages
}

func TestABurstIsPostedInOrderAtSlacksPace(t *testing.T) {
	t.Parallel()
	const requests = 60
	for name, c := range map[string]struct{ replicas, hurry, displaced int }{
		"one": {1, hurried, 1},
		// Whichever of two replicas is held up between its turn and its post loses
		// as many places as Slack takes from the other meanwhile: at 5 a second a
		// place is 200 ms, so that a slow machine is not taken for a wrong order.
		// Without an order it would be by some forty.
		"two replicas": {2, 5, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replicas, url := c.replicas, ""
			if replicas > 1 {
				url = postgrestest.URL(t)
			}
			w := startWorld(t, url, inAHurry(c.hurry))
			for range replicas - 1 {
				w.another(t)
			}
			got := w.burst(t, requests, 6)
			t.Logf("%d requests in %s of Slack's time, %d of %d calls refused, at most %d places off", requests, got.took.Round(time.Second), got.refused, got.calls, got.displaced)
			require.LessOrEqual(t, 100*got.refused, got.calls, "at most 1 % is refused")
			require.LessOrEqual(t, got.displaced, c.displaced)
			require.Greater(t, got.took, (requests-10)*time.Second, "Slack takes one a second")
		})
	}
}

// BenchmarkBurst lets 2,000 requests come at once. It says at what share of
// Slack's pace they are posted, how many calls Slack refuses, and how fast
// clicks are answered meanwhile, beside as many at the same pace just before.
func BenchmarkBurst(b *testing.B) {
	const requests, clicks = 2000, 200
	for name, replicas := range map[string]int{"sqlite": 1, "postgres with 3 replicas": 3} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				url := ""
				if replicas > 1 {
					url = postgrestest.URL(b)
				}
				w := startWorld(b, url, inAHurry(hurried))
				for range replicas - 1 {
					w.another(b)
				}
				rest := w.atRest(b, clicks, requests/clicks*time.Second/hurried)
				got := w.burst(b, requests, clicks)
				b.ReportMetric(100*float64(requests-1)/got.took.Seconds(), "%-of-slacks-pace")
				b.ReportMetric(100*float64(got.refused)/float64(got.calls), "%-refused")
				b.ReportMetric(float64(got.displaced), "places-off")
				for _, percent := range []int{50, 90, 99} {
					b.ReportMetric(rest.at(percent), fmt.Sprintf("rest-p%d-ms", percent))
					b.ReportMetric(got.clicks.at(percent), fmt.Sprintf("burst-p%d-ms", percent))
				}
			}
		})
	}
}
