package app_test

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// onBothStoresB runs a benchmark on SQLite and on PostgreSQL, with the desk's
// real durations and without the practice Slack's rate limits.
func onBothStoresB(b *testing.B, bench func(b *testing.B, w *world)) {
	b.Helper()
	inEarnest := func(o *sandbox.Options) {
		o.Slack.Limits.Off = true
		o.Slack.MaxMessages = 100_000
		o.Timing = approval.Timing{}
		configure := o.Configure
		o.Configure = func(c *config.Config) {
			if configure != nil {
				configure(c)
			}
			c.ConveyorPollInterval = time.Minute
			c.SlackPostsPerMinute, c.SlackUpdatesPerMinute = 0, 0
		}
	}
	b.Run("sqlite", func(b *testing.B) { bench(b, startWorld(b, "", inEarnest)) })
	b.Run("postgres", func(b *testing.B) { bench(b, startWorld(b, postgrestest.URL(b), inEarnest)) })
}

// BenchmarkClickToRewrite measures from a click on Approve to the message that
// shows the outcome, over real HTTP with an instant Conveyor, and how long the
// click itself took to be answered.
func BenchmarkClickToRewrite(b *testing.B) {
	onBothStoresB(b, func(b *testing.B, w *world) { //nolint:thelper // a benchmark
		var answered, rewritten []time.Duration
		for i := range b.N {
			b.StopTimer()
			_, msg := w.requestFrom(fmt.Sprintf("customer%d@example.net", i))
			b.StartTimer()
			began := clock()
			require.NoError(b, msg.Button("Approve").Click(b.Context(), w.ada).Err())
			answered = append(answered, clock().Sub(began))
			msg.ExpectUpdate(b, practiceslack.Contains("pproved by <@"))
			rewritten = append(rewritten, clock().Sub(began))
		}
		report(b, "answer", answered)
		report(b, "rewrite", rewritten)
	})
}

func report(b *testing.B, name string, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	for _, p := range []int{50, 95} {
		at := took[min(len(took)*p/100, len(took)-1)]
		b.ReportMetric(float64(at.Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", name, p))
	}
}

// BenchmarkIdle measures the share of one core that the whole practice world
// takes while nothing happens: Frontdesk and the two practice parties.
func BenchmarkIdle(b *testing.B) {
	onBothStoresB(b, func(b *testing.B, w *world) { //nolint:thelper // a benchmark
		w.expectLog("Slack answers")
		runtime.GC()
		began, used := clock(), processTime(b)
		for b.Loop() {
			timer := time.NewTimer(10 * time.Second)
			<-timer.C
		}
		b.ReportMetric(100*float64(processTime(b)-used)/float64(clock().Sub(began)), "%-of-a-core")
	})
}

// processTime gives the processor time that this process has taken.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
