package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/tracing/tracingtest"
)

// lines gives the log's lines of a message, as JSON has them.
func (w *world) lines(message string) []map[string]any {
	w.t.Helper()
	var found []map[string]any
	for text := range strings.Lines(w.log.String()) {
		var line map[string]any
		require.NoError(w.t, json.Unmarshal([]byte(text), &line), text)
		if line["msg"] == message {
			found = append(found, line)
		}
	}
	return found
}

// TestLogLinesNameWhatTheyAreAbout follows a decision through the log: by the
// request, the click that decided, the job that carried it out, and the trace.
func TestLogLinesNameWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		collector := tracingtest.New(t)
		w := start(traced(collector), func(o *sandbox.Options) { o.Log.SetFormatter(&logrus.JSONFormatter{}) })
		id, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Status(503, 1)})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		w.expectLog("it is tried again")
		w.Room.ClearFaults()
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		w.expectLog("a decision was carried out")

		came := w.lines("a request came in")
		require.Len(t, came, 1)
		require.Equal(t, id, came[0]["external_id"])
		require.Equal(t, "conveyor", came[0]["source"])
		decided := w.lines("a reviewer decided")
		require.Len(t, decided, 1)
		require.Equal(t, came[0]["request"], decided[0]["request"])
		require.Contains(t, decided[0]["decision"], "slack:")
		require.Equal(t, sandbox.Ada, decided[0]["reviewer"])
		require.NotContains(t, decided[0], "job", "nobody waited for one")
		later := append(w.lines("a decision could not be carried out for now; it is tried again"), w.lines("a decision was carried out")...)
		require.GreaterOrEqual(t, len(later), 2)
		for _, line := range later {
			for _, field := range []string{"request", "external_id", "decision", "trace_id"} {
				require.Equal(t, decided[0][field], line[field], field)
				require.NotEmpty(t, line[field], field)
			}
			require.Equal(t, "carry_out", line["step"])
			require.Positive(t, line["job"])
		}
	})
}

// TestTheGuardOfTheLogSees what it is for, in each form that a log may write it.
func TestTheGuardOfTheLogSees(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "", overSocketMode)
	w.asks("grace@northwind.example", "Line one\nand \"two\" & three")
	w.expectLog("a request came in")
	secrets := w.secrets()
	for _, text := range []string{
		"token=" + w.Slack.BotToken(), w.Slack.AppToken(), w.Room.Key(), sandbox.OperatorToken, sandbox.WebhookSecret,
		`msg="Line one\nand \"two\" & three"`, `{"msg":"Line one\nand \"two\" \u0026 three"}`, "Line+one%0Aand+%22two%22+%26+three",
	} {
		require.NotEmpty(t, leaks("a line before\n"+text+"\n", secrets), text)
	}
	require.Empty(t, leaks("nothing of it", secrets))
	kinds := map[string]bool{}
	for _, what := range secrets {
		kinds[what] = true
	}
	for _, what := range []string{"the signing secret", "the address of a Socket Mode connection", "a requester's message"} {
		require.True(t, kinds[what], what)
	}
}
