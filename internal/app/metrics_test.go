package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// expectMetric waits until a sample has a value: what is counted in the
// database is counted now and then.
func (w *world) expectMetric(sample string, is func(value float64) bool) {
	w.t.Helper()
	find := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(sample) + ` (\S+)$`)
	last := "none"
	require.Eventually(w.t, func() bool {
		found := find.FindStringSubmatch(w.metrics())
		if found == nil {
			return false
		}
		last = found[1]
		value, err := strconv.ParseFloat(last, 64)
		return err == nil && is(value)
	}, time.Minute, 250*time.Millisecond, "%s", sample) // one address may ask 10 times a second
	if w.t.Failed() {
		w.t.Logf("%s is %s", sample, last)
	}
}

func exactly(want float64) func(float64) bool {
	return func(value float64) bool { return value == want }
}

func above(least float64) func(float64) bool {
	return func(value float64) bool { return value > least }
}

// TestEveryMetricIsDocumented compares the document with what is there from the
// start, and the values of labels with what the code knows.
func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	w.expectCalls("auth.test", 1)
	w.expectMetric(`frontdesk_outside_call_seconds_count{code="200",method="auth.test",system="slack"}`, above(0))
	d := readMetricsDocument(t)
	var there, explained []string
	for _, match := range regexp.MustCompile(`(?m)^# TYPE (frontdesk_\w+)`).FindAllStringSubmatch(w.metrics(), -1) {
		there = append(there, match[1])
	}
	for name := range d.labels {
		explained = append(explained, name)
	}
	require.ElementsMatch(t, explained, there)

	codes := []string{
		"1xx", "2xx", "3xx", "4xx", "5xx", "timeout", "canceled", "error", slackapp.OtherRefusal,
	}
	for _, status := range app.CountedStatuses() {
		codes = append(codes, strconv.Itoa(status))
	}
	actions := append(texts(approval.Actions()), string(approval.Receive))
	for name, want := range map[string][]string{
		"version": {}, "state": texts(approval.States()), "action": actions, "outcome": {"approve", "reject"},
		"reason": texts(approval.RefusalReasons()), "system": {"slack", "conveyor"},
		"method": append(append(slackapp.Calls(), conveyor.Calls()...), "other"),
		"code":   append(codes, slackapp.Refusals()...), "result": {"ok", "failed"}, "queue": jobs.Queues(),
		"phase": {"waiting", "running", "later"}, "part": {"store", "slack", "conveyor", "jobs"},
		"kind": slackapp.UnknownKinds(), "what": slackapp.UnansweredKinds(),
	} {
		require.ElementsMatch(t, want, d.values[name], name)
	}
	require.Len(t, d.values, 14)
	for name, labels := range d.labels {
		for _, label := range labels {
			require.Contains(t, d.values, label, name)
		}
	}
}

func texts[T ~string](all []T) []string {
	var texts []string
	for _, one := range all {
		texts = append(texts, string(one))
	}
	return texts
}

func TestMetricsFollowARequest(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, first := w.requestFrom("grace@northwind.example")
		_, second := w.requestFrom("linus@northwind.example")
		w.expectMetric(`frontdesk_requests{state="pending"}`, exactly(2))
		w.expectMetric(`frontdesk_oldest_pending_seconds`, above(0))
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(503, 1)})
		require.NoError(t, first.Button("Approve").Click(t.Context(), w.ada).Err())
		w.expectMetric(`frontdesk_requests{state="approving"}`, exactly(1))
		w.Room.ClearFaults()
		first.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.NoError(t, second.Button("Reject").Click(t.Context(), w.ben).Err())
		require.True(t, w.ben.ExpectModal(t, rejectTitle).Fill("reason", "not a customer of ours").Submit(t.Context()).Closed)
		second.ExpectUpdate(t, contains("ejected by <@"+sandbox.Ben+">"))

		for sample, value := range map[string]func(float64) bool{
			`frontdesk_requests{state="pending"}`:                                                             exactly(0),
			`frontdesk_requests{state="approving"}`:                                                           exactly(0),
			`frontdesk_requests{state="rejecting"}`:                                                           exactly(0),
			`frontdesk_oldest_pending_seconds`:                                                                exactly(0),
			`frontdesk_request_events_total{action="receive",state="pending"}`:                                exactly(2),
			`frontdesk_request_events_total{action="approve",state="approving"}`:                              exactly(1),
			`frontdesk_request_events_total{action="delay",state="approving"}`:                                exactly(1),
			`frontdesk_request_events_total{action="confirm",state="approved"}`:                               exactly(1),
			`frontdesk_request_events_total{action="confirm",state="rejected"}`:                               exactly(1),
			`frontdesk_request_events_total{action="reopen",state="pending"}`:                                 exactly(0),
			`frontdesk_decisions_total{outcome="approve"}`:                                                    exactly(1),
			`frontdesk_decision_seconds_count{outcome="approve"}`:                                             exactly(1),
			`frontdesk_decision_seconds_bucket{outcome="reject",le="300"}`:                                    exactly(1),
			`frontdesk_outside_call_seconds_count{code="200",method="views.open",system="slack"}`:             exactly(1),
			`frontdesk_outside_call_seconds_count{code="200",method="chat.update",system="slack"}`:            above(1),
			`frontdesk_outside_call_seconds_count{code="503",method="POST authorizations",system="conveyor"}`: above(0),
			`frontdesk_outside_call_seconds_bucket{code="200",method="chat.update",system="slack",le="+Inf"}`: above(1),
			`frontdesk_ready{part="slack"}`:                                                                   exactly(1),
			`frontdesk_jobs{phase="running",queue="carry_out"}`:                                               exactly(0),
			`frontdesk_jobs{phase="waiting",queue="rewrite"}`:                                                 exactly(0),
			`frontdesk_oldest_job_seconds{queue="post"}`:                                                      exactly(0),
			`frontdesk_build_info{version="test"}`:                                                            exactly(1),
			`frontdesk_socket_connections_wanted`:                                                             exactly(0),
			`frontdesk_refusals_total{reason="key_not_accepted"}`:                                             exactly(0),
			`frontdesk_outside_call_seconds_count{code="201",method="POST authorizations",system="conveyor"}`: above(0),
			`frontdesk_outside_call_seconds_count{code="200",method="GET access_groups",system="conveyor"}`:   above(0),
			`frontdesk_outside_call_seconds_count{code="200",method="chat.postMessage",system="slack"}`:       exactly(2),
			`frontdesk_polls_total{result="ok"}`:                                                              above(0),
		} {
			w.expectMetric(sample, value)
		}
	})
}

// TestOddInputsMakeNoNewLabels sends what nobody expects; the world's guard
// compares every label with the document at the end.
func TestOddInputsMakeNoNewLabels(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		for _, payload := range []string{
			`{"type":"{state=\"x\"}"}`, `{"type":"block_actions","actions":[{"action_id":"\",x=\"y"}]}`,
			`{"type":"block_suggestion","block_id":"nobody's"}`, `not json`,
		} {
			body := []byte("payload=" + url.QueryEscape(payload))
			_, _ = w.post(slackDoor, w.signed(body), body)
		}
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(418, 0), Times: 1})
		w.Slack.Fault(practiceslack.Fault{Method: "chat.postEphemeral", Kind: practiceslack.SlackError, Code: "a_code_of_tomorrow", Times: 1})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		w.expectMetric(`frontdesk_outside_call_seconds_count{code="4xx",method="POST authorizations",system="conveyor"}`, exactly(1))
		w.expectMetric(`frontdesk_outside_call_seconds_count{code="refused",method="chat.postEphemeral",system="slack"}`, exactly(1))
		if !w.Slack.SocketMode() {
			w.expectMetric(`frontdesk_unknown_payloads_total{kind="interaction"}`, exactly(1))
		}
	})
}

// TestTheGuardOfMetricsSees what it is for.
func TestTheGuardOfMetricsSees(t *testing.T) {
	t.Parallel()
	d := readMetricsDocument(t)
	for _, line := range []string{
		`frontdesk_requests{state="odd"} 1`, `frontdesk_requests 1`, `frontdesk_requests{state="pending",who="ann"} 1`,
		`frontdesk_new_total 1`, `frontdesk_polls_total{result="ok",} `, `frontdesk_decisions_total{outcome="a\"b"} 1`,
		`frontdesk_outside_call_seconds_bucket{code="299",method="auth.test",system="slack",le="1"} 1`,
		`frontdesk_outside_call_seconds_sum{code="200",method="other",system="slack"} 1`,
	} {
		require.NotEmpty(t, d.wrongLabels(line), line)
	}
	require.Empty(t, d.wrongLabels("# HELP x\ngo_goroutines 3\n"+`frontdesk_outside_call_seconds_sum{code="200",method="auth.test",system="slack"} 0.1`))
}

// TestCountingIsRare scrapes often: the database is asked once.
func TestCountingIsRare(t *testing.T) {
	t.Parallel()
	now := clock()
	asked := 0
	scrape := app.NewScrape(func() time.Time { return now }, func() error {
		asked++
		return nil
	})
	for range 100 {
		scrape()
	}
	require.Equal(t, 1, asked)
	now = now.Add(11 * time.Second)
	scrape()
	require.Equal(t, 2, asked)
}
