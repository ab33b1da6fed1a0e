package app_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// child makes this test binary a Frontdesk of its own, to be killed.
var child = flag.String("child", "", "settings of the Frontdesk to be, as JSON")

// childSettings are the settings that differ between practice worlds. They go
// through a flag, because a config's secrets do not print.
type childSettings struct {
	Key, ConveyorURL, BotToken, SigningSecret, SlackURL, Database string
}

// TestBeAChild is no test: it is what the killed process runs.
func TestBeAChild(t *testing.T) { //nolint:paralleltest // it is alone in its process
	if *child == "" {
		t.Skip("only run by TestWorkGoesOnAfterAKill")
	}
	var s childSettings
	require.NoError(t, json.Unmarshal([]byte(*child), &s))
	log := logrus.New()
	log.SetOutput(os.Stderr)
	desk, err := app.Start(t.Context(), app.Options{
		Listen: "127.0.0.1:0", Version: "test", Clock: clock, Log: log,
		Config: config.Config{
			ConveyorKey: config.Secret(s.Key), ConveyorAPIURL: s.ConveyorURL, ConveyorPollInterval: time.Second,
			ConveyorPatience: time.Hour, SlackBotToken: config.Secret(s.BotToken), SlackAPIURL: s.SlackURL,
			SlackSigningSecret: config.Secret(s.SigningSecret), SlackChannelID: sandbox.ChannelID,
			Reviewers: config.Reviewers{Everyone: true}, DatabaseURL: config.DatabaseURL(s.Database),
		},
	})
	require.NoError(t, err)
	_, err = os.Stdout.WriteString("serving " + desk.URL() + "\n")
	require.NoError(t, err)
	<-t.Context().Done() // never: it is killed
}

func TestWorkGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	killAndStartAgain(t)
}

// BenchmarkRecovery measures from the start of a Frontdesk, on the SQLite file
// of one that was killed in the middle of a decision, to the outcome in Slack.
func BenchmarkRecovery(b *testing.B) {
	var took []time.Duration
	for range b.N {
		took = append(took, killAndStartAgain(b))
	}
	report(b, "recovery", took)
}

// killAndStartAgain kills a real process while Conveyor hangs on its call,
// starts another on the same file, and gives how long that took to finish the
// decision.
func killAndStartAgain(tb testing.TB) time.Duration {
	tb.Helper()
	w := startWorld(tb, "", withoutWebhook)
	require.NoError(tb, w.StopFrontdesk(tb.Context()))
	c := w.Settings()
	settings, err := json.Marshal(childSettings{
		Key: c.ConveyorKey.Reveal(), ConveyorURL: c.ConveyorAPIURL, BotToken: c.SlackBotToken.Reveal(),
		SigningSecret: c.SlackSigningSecret.Reveal(), SlackURL: c.SlackAPIURL, Database: c.DatabaseURL.Reveal(),
	})
	require.NoError(tb, err)
	process := exec.CommandContext(tb.Context(), os.Args[0], "-test.run=^TestBeAChild$", "-child="+string(settings)) //nolint:gosec // this test itself
	out, err := process.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, process.Start())
	lines := bufio.NewScanner(out)
	require.True(tb, lines.Scan())
	address, ok := strings.CutPrefix(lines.Text(), "serving ")
	require.True(tb, ok, lines.Text())
	w.Slack.SetRequestURL(address + slackDoor)

	id, msg := w.requestFrom("grace@northwind.example")
	w.Room.Fault(practiceconveyor.Fault{Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Hang()})
	require.NoError(tb, msg.Button("Approve").Click(tb.Context(), w.ada).Err())
	msg.ExpectUpdate(tb, contains("Approving"))
	require.NoError(tb, process.Process.Kill())
	require.Error(tb, process.Wait(), "it was killed")
	w.Room.ClearFaults()

	began := clock()
	require.NoError(tb, w.StartFrontdesk(tb.Context()))
	msg.ExpectUpdate(tb, contains("pproved by <@"+sandbox.Ada+">"))
	took := clock().Sub(began)
	require.Equal(tb, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	require.Len(tb, w.Room.Authorizations(), 1)
	require.Equal(tb, 1, w.posts())
	return took
}
