package app_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// offClock is a clock that somebody sets.
type offClock struct{ by atomic.Int64 }

func (c *offClock) now() time.Time { return clock().Add(time.Duration(c.by.Load())) }

func (c *offClock) set(by time.Duration) { c.by.Store(int64(by)) }

// TestAClockThatJumps: the machines' clock jumps ahead by a day while decisions
// wait for Conveyor and a message for Slack, and is put back by hours. Nothing
// waits until the wrong time comes, and each decision is carried out once.
func TestAClockThatJumps(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(on onStore) {
		t, start := on.t, on.start
		var machine offClock
		w := start(func(o *sandbox.Options) {
			o.Clock = machine.now
			o.Configure = func(c *config.Config) {
				c.ConveyorPatience = 72 * time.Hour
			}
		})
		_, first := w.requestFrom("grace@northwind.example")
		_, second := w.requestFrom("alan@contoso.example")
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(503, 10*time.Minute)})
		require.NoError(t, first.Button("Approve").Click(t.Context(), w.ada).Err())
		first.ExpectUpdate(t, contains("Conveyor is not answering"))

		noise := w.listen()
		machine.set(24 * time.Hour)
		w.Slack.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.RateLimited, RetryAfter: 10 * time.Minute})
		w.asks("edith@fabrikam.example", "")
		require.NoError(t, second.Button("Approve").Click(t.Context(), w.ben).Err())
		second.ExpectUpdate(t, contains("Conveyor is not answering"))
		w.expectCalls("chat.postMessage", 3)
		w.expectPlanned(3) // by the clock that is wrong
		noise.expectLittle(t)

		machine.set(-2 * time.Hour)
		w.Room.ClearFaults()
		// The sweep, which each half minute looks for what is due, looks at start too.
		require.NoError(t, w.StopFrontdesk(t.Context()))
		w.planJobsAhead(22 * time.Hour)
		require.NoError(t, w.StartFrontdesk(t.Context()))
		first.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		second.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ben+">"))
		third := w.channel.ExpectMessage(t, contains("edith@fabrikam.example"))
		require.NoError(t, third.Button("Approve").Click(t.Context(), w.ada).Err())
		third.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Len(t, w.Room.Authorizations(), 3)
		w.channel.ExpectCount(t, 3)
		noise.expectLittle(t)
	})
}

// planJobsAhead moves what the queue planned, which is by the real clock, to
// where it would be had the clock that jumped been the queue's too.
func (w *world) planJobsAhead(by time.Duration) {
	w.t.Helper()
	db, now := w.database(), "now() + interval '%d seconds'"
	if strings.HasPrefix(w.databaseURL(), "sqlite:") {
		now = "datetime('now', '+%d seconds')"
	}
	moved, err := db.ExecContext(w.t.Context(), fmt.Sprintf(`UPDATE river_job SET scheduled_at = `+now+
		` WHERE state IN ('scheduled', 'retryable')`, int(by.Seconds())))
	require.NoError(w.t, err)
	n, err := moved.RowsAffected()
	require.NoError(w.t, err)
	require.GreaterOrEqual(w.t, n, int64(3), "two decisions and a message wait")
	require.NoError(w.t, db.Close())
}

// expectPlanned waits until it is written down when so many requests are tried again.
func (w *world) expectPlanned(n int) {
	w.t.Helper()
	db := w.database()
	require.Eventually(w.t, func() bool {
		var planned int
		err := db.QueryRowContext(w.t.Context(), `SELECT count(*) FROM requests WHERE effect_next_at > 0 OR delivery_next_at > 0`).Scan(&planned)
		return err == nil && planned == n
	}, time.Minute, 10*time.Millisecond)
	require.NoError(w.t, db.Close())
}

// database opens the database that Frontdesk uses.
func (w *world) database() *sql.DB {
	w.t.Helper()
	driver, address := "pgx", w.databaseURL()
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, address = "sqlite", file
	}
	db, err := sql.Open(driver, address)
	require.NoError(w.t, err)
	return db
}
