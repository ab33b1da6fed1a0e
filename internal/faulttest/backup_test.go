package faulttest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// TestACopyIsMadeWhileFrontdeskWorks copies the database of a running Frontdesk
// with the program itself, while requests come in and are decided. What was
// committed before a copy was begun is in it, and Frontdesk goes on from it.
func TestACopyIsMadeWhileFrontdeskWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{path: binary(t, false), poll: "1s", settings: map[string]string{"SLACK_FLOOD_LIMIT": "0"}})
	w.start(nil)
	w.settled()
	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	busy.Go(func() { w.keepBusy(ctx) })

	folder := t.TempDir()
	target := ""
	for i := range 3 {
		known := map[string]bool{}
		w.insist("more is known", func(ctx context.Context) bool {
			known = w.known(ctx)
			return len(known) >= 10*(i+1)
		})
		target = filepath.Join(folder, fmt.Sprintf("copy%d.db", i))
		backup := exec.CommandContext(t.Context(), w.path, "backup", target, "--env-file", os.DevNull) //nolint:gosec // built by this test
		backup.Env = []string{"DATABASE_URL=" + w.settings["DATABASE_URL"]}
		said, err := backup.CombinedOutput()
		require.NoError(t, err, "%s", said)
		t.Logf("%s", said)
		is, err := os.Stat(target)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), is.Mode().Perm())
		require.NotEmpty(t, w.living(), "Frontdesk goes on")

		kept, err := store.Open(t.Context(), "sqlite:"+target)
		require.NoError(t, err)
		for id := range known {
			found, err := kept.ByExternalID(t.Context(), source, []string{id})
			require.NoError(t, err)
			require.Len(t, found, 1, "what was committed before is in the copy")
		}
		require.NoError(t, kept.Close())
	}
	stop()
	busy.Wait()
	w.stopAll()

	// Back to the copy, as after a loss: all that came since is found again.
	w.settings["DATABASE_URL"] = "sqlite:" + target
	w.looking = nil
	w.start(nil)
	w.settled()
	all := len(w.room.Requests())
	w.insist("every open request is known again", func(ctx context.Context) bool {
		known, open := w.known(ctx), 0
		for _, r := range w.room.Requests() {
			if r.Status == practiceconveyor.RequestRequested && !known[r.ID] {
				open++
			}
		}
		return open == 0
	})
	t.Logf("%d requests", all)
	require.Empty(t, w.slack.Violations())
}

var customers = regexp.MustCompile(`customer\d+@example\.net`)

// keepBusy lets customers ask and Ada approve until the context ends.
func (w *world) keepBusy(ctx context.Context) {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		email := fmt.Sprintf("customer%04d@example.net", i)
		w.room.Request(practiceconveyor.Requester{Email: email, Message: new("Please let us in.")})
		for _, m := range w.channel.Messages() {
			if i%10 == 0 && strings.Contains(m.Visible(), "None chosen") {
				asked := customers.FindString(m.Visible())
				_ = w.handle(asked).Button("Approve").Click(ctx, w.slack.User(ada)) // it is a load, and nothing else
				break
			}
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
	}
}

// known gives the ids in Conveyor of what is committed.
func (w *world) known(ctx context.Context) map[string]bool {
	w.t.Helper()
	rows, err := w.database().QueryContext(ctx, `SELECT external_id FROM requests`)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, rows.Close()) }()
	ids := map[string]bool{}
	for rows.Next() {
		var id string
		require.NoError(w.t, rows.Scan(&id))
		ids[id] = true
	}
	require.NoError(w.t, rows.Err())
	return ids
}
