package app_test

import (
	"bytes"
	"database/sql"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const slackDoor = "/slack/events"

// lastClick gives the newest delivery, to be sent again.
func (w *world) lastClick() practiceslack.Delivery {
	w.t.Helper()
	d, ok := w.Slack.LastDelivery()
	require.True(w.t, ok)
	return d
}

func TestAReplayedClickHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(422, 0), Times: 1})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		click := w.lastClick()
		w.ada.ExpectEphemeral(t, contains("does not accept"))
		msg.ExpectUpdate(t, contains("None chosen"))

		// The request is pending again; the recorded click must not approve it,
		// neither now nor after a restart that forgot what it saw.
		for range 2 {
			status, _ := w.post(slackDoor, click.Header, click.Body)
			require.Equal(t, http.StatusOK, status)
			require.NoError(t, w.StopFrontdesk(t.Context()))
			require.NoError(t, w.StartFrontdesk(t.Context()))
		}
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
		require.Equal(t, 1, w.Room.CallsTo(http.MethodPost, authorizations))
		require.True(t, msg.HasButton("Approve"))
	})
}

func TestWhatSlackDidNotSignIsRefused(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		click := w.lastClick()
		body := bytes.ReplaceAll(click.Body, []byte("groups"), []byte("approve"))
		for name, header := range map[string]http.Header{
			"another body":      click.Header,
			"another secret":    practiceslack.SignWith("wrong", body, clock()),
			"too old":           w.Slack.Sign(body, clock().Add(-302*time.Second)),
			"too new":           w.Slack.Sign(body, clock().Add(302*time.Second)),
			"nothing":           {},
			"empty signature":   {"X-Slack-Request-Timestamp": {strconv.FormatInt(clock().Unix(), 10)}, "X-Slack-Signature": {"v0="}},
			"without timestamp": {"X-Slack-Signature": w.Slack.Sign(body, clock())["X-Slack-Signature"]},
		} {
			status, _ := w.post(slackDoor, header, body)
			require.Equal(t, http.StatusUnauthorized, status, name)
		}
		for _, at := range []time.Duration{-290 * time.Second, 290 * time.Second} {
			h := w.Slack.Sign([]byte("payload={}"), clock().Add(at))
			h.Set("Content-Type", "application/x-www-form-urlencoded")
			status, _ := w.post(slackDoor, h, []byte("payload={}"))
			require.Equal(t, http.StatusOK, status)
		}
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
		_, metrics := w.get("/metrics")
		require.Contains(t, metrics, "frontdesk_unverified_total 7")
	})
}

func TestUnknownPayloadsAreAnsweredAndCounted(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		for _, body := range []string{
			"payload=" + url.QueryEscape(`{"type":"something_new"}`), "payload=not+json", "", "command=%2Fwhat&text=",
			"payload=" + url.QueryEscape(`{"type":"block_actions","actions":[{"action_id":"from_a_newer_version"}]}`),
			"payload=" + url.QueryEscape(`{"type":"view_submission","view":{"callback_id":"x","private_metadata":"{"}}`),
		} {
			h := w.Slack.Sign([]byte(body), clock())
			h.Set("Content-Type", "application/x-www-form-urlencoded")
			status, answer := w.post(slackDoor, h, []byte(body))
			require.Equal(t, http.StatusOK, status, body)
			require.Empty(t, answer, body)
		}
		_, metrics := w.get("/metrics")
		counted := 0
		for line := range strings.Lines(metrics) {
			if strings.HasPrefix(line, "frontdesk_unknown_payloads_total{") {
				n, err := strconv.Atoi(strings.TrimSpace(line[strings.LastIndex(line, " "):]))
				require.NoError(t, err)
				counted += n
			}
		}
		require.Equal(t, 6, counted, metrics)
	})
}

func TestABodyOverOneMegabyteIsRefused(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		body := []byte("payload=" + strings.Repeat("x", 1<<20))
		status, _ := w.post(slackDoor, w.Slack.Sign(body, clock()), body)
		require.Equal(t, http.StatusRequestEntityTooLarge, status)
	})
}

func TestFailedVerificationsAreLimitedAndGoodClicksAreNot(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		limited := 0
		for range 60 {
			if status, _ := w.post(slackDoor, practiceslack.SignWith("wrong", nil, clock()), nil); status == http.StatusTooManyRequests {
				limited++
			}
		}
		require.Positive(t, limited)
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
	})
}

func TestEveryAnswerLeavesInTimeWhenConveyorHangsAndFiftyClickAtOnce(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) { o.Slack.Limits.Off = true })
		_, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Hang()})
		var all sync.WaitGroup
		for i := range 50 {
			who := []*practiceslack.User{w.ada, w.ben, w.cleo, w.gus}[i%4]
			all.Go(func() { msg.Button("Approve").Click(t.Context(), who) })
		}
		all.Wait()
		clicks := 0
		for _, d := range w.Slack.Deliveries() {
			clicks++
			require.Equal(t, http.StatusOK, d.Status)
			require.Less(t, d.Duration, 3*time.Second)
		}
		require.Positive(t, clicks)
		w.Room.ClearFaults()
		msg.ExpectUpdate(t, contains("pproved by <@"))
	})
}

func TestAClickThatCannotBeMadeDurableIsAnsweredAsAnError(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	id, msg := w.requestFrom("grace@northwind.example")
	// Known people first, so that the database is all that is in the way.
	require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())

	busy, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(w.databaseURL(), "sqlite:")+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	busy.SetMaxOpenConns(1)
	_, err = busy.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	w.clickFailsInTime(msg)
	_, err = busy.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, busy.Close())
	w.clickWorksAgain(id, msg)
}

func TestAClickThatPostgresKeepsWaitingIsAnsweredAsAnError(t *testing.T) {
	t.Parallel()
	w := startWorld(t, postgrestest.URL(t))
	id, msg := w.requestFrom("grace@northwind.example")
	require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())

	busy, err := pgx.Connect(t.Context(), w.databaseURL())
	require.NoError(t, err)
	tx, err := busy.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE requests, events IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	w.clickFailsInTime(msg)
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, busy.Close(t.Context()))
	w.clickWorksAgain(id, msg)
}

// clickFailsInTime clicks while the database cannot be written: the person is
// told within Slack's 3 seconds that it did not work.
func (w *world) clickFailsInTime(msg *practiceslack.MessageHandle) {
	w.t.Helper()
	clicked := msg.Button("Approve").Click(w.t.Context(), w.ada)
	require.False(w.t, clicked.OK)
	require.Equal(w.t, http.StatusServiceUnavailable, clicked.Status)
	require.Less(w.t, w.lastClick().Duration, 3*time.Second)
	w.ada.ExpectEphemeral(w.t, contains("please click again"))
}

// clickWorksAgain clicks when the database is well: the choice that was made
// before is still there.
func (w *world) clickWorksAgain(id string, msg *practiceslack.MessageHandle) {
	w.t.Helper()
	require.Equal(w.t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
	require.NoError(w.t, msg.Button("Approve").Click(w.t.Context(), w.ada).Err())
	msg.ExpectUpdate(w.t, contains("pproved by <@"+sandbox.Ada+">"), contains("Financials"))
}

// asBen gives the body of a click with Ben in the place of Ada.
func (w *world) asBen(body []byte) []byte {
	w.t.Helper()
	form, err := url.ParseQuery(string(body))
	require.NoError(w.t, err)
	form.Set("payload", strings.ReplaceAll(form.Get("payload"), sandbox.Ada, sandbox.Ben))
	return []byte(form.Encode())
}

// signed gives the headers with which Slack would deliver a form.
func (w *world) signed(body []byte) http.Header {
	h := w.Slack.Sign(body, clock())
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	return h
}
