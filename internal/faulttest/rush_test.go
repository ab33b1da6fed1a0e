package faulttest_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// TestKilledInARush kills a process that holds jobs back because so many decide.
// Only the rows know of those decisions then: who was answered gets what was
// decided, after the restart or from the replica beside it.
func TestKilledInARush(t *testing.T) {
	t.Parallel()
	for name, postgres := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := processLimit[postgres]
			limit <- struct{}{}
			defer func() { <-limit }()
			w := newWorld(t, options{
				postgres: postgres, path: binary(t, false), poll: "1h", slack: practiceslack.Options{},
				settings: map[string]string{"SLACK_POSTS_PER_MINUTE": "0", "SLACK_UPDATES_PER_MINUTE": "0", "SLACK_FLOOD_LIMIT": "0"},
			})
			db := w.database()
			dies := w.start(nil)
			if postgres {
				w.start(nil)
			}
			w.settled()
			ids := w.many(30)
			answered := w.rush(ids, dies, 12)
			lost := unknownToTheQueue(t, db)
			if lost == 0 {
				t.Skip("the machine is too slow just now: a replica took no four decisions within 30 ms, so that nothing was held back")
			}
			if !postgres {
				w.start(nil)
			}
			began := clock()
			eventually(t, time.Minute, "all that was decided goes on", func() bool { return unknownToTheQueue(t, db) == 0 })
			t.Logf("%d of 30 clicks were answered, %d decisions were unknown to the queue; after %.1f s none was", len(answered), lost, clock().Sub(began).Seconds())
			w.quiet(db)
			w.stopAll()

			kept, err := store.Open(t.Context(), w.settings["DATABASE_URL"])
			require.NoError(t, err)
			defer func() { require.NoError(t, kept.Close()) }()
			for email, id := range ids {
				found, err := kept.ByExternalID(t.Context(), source, []string{id})
				require.NoError(t, err)
				require.Len(t, found, 1)
				if found[0].State == approval.Pending {
					require.NotContains(t, answered, email, "a decision is lost")
					require.Empty(t, w.given(email))
					require.True(t, w.handle(email).HasButton("Approve"))
					continue
				}
				require.Equal(t, approval.Approved, found[0].State)
				require.Len(t, w.given(email), 1)
				require.Equal(t, 1, w.channel.Count(practiceslack.Contains(email), practiceslack.Contains("pproved by <@"+ada+">")))
			}
			require.Empty(t, w.slack.Violations())
		})
	}
}

// many lets so many customers ask, and gives their requests by their addresses.
func (w *world) many(n int) map[string]string {
	w.t.Helper()
	_ = w.room.SetWebhook(practiceconveyor.Webhook{})
	ids := map[string]string{}
	for i := range n {
		email := fmt.Sprintf("customer%02d@northwind.example", i)
		ids[email] = w.room.Request(practiceconveyor.Requester{Email: email, Message: new("Please let us in.")})
	}
	poll := w.polling()
	w.insist("all messages appear", func(ctx context.Context) bool {
		poll(ctx)
		return w.channel.Count(practiceslack.Contains("Please let us in.")) == n
	})
	return ids
}

// rush approves all requests at the same moment, and kills a process when so many
// clicks are answered. It gives the addresses of those that were.
func (w *world) rush(ids map[string]string, dies *process, answers int64) map[string]bool {
	w.t.Helper()
	who := w.slack.User(ada)
	var came, got atomic.Int64
	open := make(chan struct{})
	w.gate = func() {
		if came.Add(1) == int64(len(ids)) {
			close(open)
		}
		<-open
	}
	var mu sync.Mutex
	answered := map[string]bool{}
	var clicks sync.WaitGroup
	for email := range ids {
		msg := w.handle(email)
		clicks.Go(func() {
			if msg.Button("Approve").Click(w.t.Context(), who).Err() != nil {
				return
			}
			mu.Lock()
			answered[email] = true
			mu.Unlock()
			if got.Add(1) == answers {
				dies.kill()
			}
		})
	}
	clicks.Wait()
	w.gate = nil
	return answered
}

// unknownToTheQueue counts the decisions that have no job, and were not tried.
func unknownToTheQueue(t *testing.T, db *sql.DB) int {
	t.Helper()
	n := 0
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM requests WHERE state IN ('approving', 'rejecting') AND effect_attempts = 0
		AND NOT EXISTS (SELECT 1 FROM river_job WHERE queue = 'carry_out' AND args ->> 'subject' = requests.id)`).Scan(&n))
	return n
}
