package faulttest_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
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
				postgres: postgres, path: binary(t, true), poll: "1h", faultRecord: filepath.Join(t.TempDir(), "points"),
				settings: map[string]string{"SLACK_POSTS_PER_MINUTE": "0", "SLACK_UPDATES_PER_MINUTE": "0", "SLACK_FLOOD_LIMIT": "0"},
			})
			db := w.database()
			dies := w.start(map[string]string{"FRONTDESK_FAULTPOINTS_STANDSTILL": "1"})
			w.settled()
			ids := w.many(20)
			if postgres {
				w.start(nil) // takes every second click, and has made the sweep of its start
				w.settled()
			}
			for email := range ids {
				require.NoError(t, w.handle(email).Button("Approve").Click(t.Context(), w.slack.User(ada)).Err())
			}
			dies.kill()
			lost := unknownToTheQueue(t, db)
			require.Positive(t, lost, "nothing was held back, so that this tests nothing")
			if !postgres {
				w.start(nil)
			}
			began := clock()
			eventually(t, time.Minute, "all that was decided goes on", func() bool { return unknownToTheQueue(t, db) == 0 })
			t.Logf("%d decisions were unknown to the queue; after %.1f s none was", lost, clock().Sub(began).Seconds())
			w.quiet(db)
			w.stopAll()

			kept, err := store.Open(t.Context(), w.settings["DATABASE_URL"])
			require.NoError(t, err)
			defer func() { require.NoError(t, kept.Close()) }()
			for email, id := range ids {
				found, err := kept.ByExternalID(t.Context(), source, []string{id})
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, approval.Approved, found[0].State, "a decision is lost")
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

// unknownToTheQueue counts the decisions that have no job, and were not tried.
func unknownToTheQueue(t *testing.T, db *sql.DB) int {
	t.Helper()
	n := 0
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM requests WHERE state IN ('approving', 'rejecting') AND effect_attempts = 0
		AND NOT EXISTS (SELECT 1 FROM river_job WHERE queue = 'carry_out' AND args ->> 'subject' = requests.id)`).Scan(&n))
	return n
}
