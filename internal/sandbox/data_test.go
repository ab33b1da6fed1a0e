package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/folder"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func startIn(tb testing.TB, data string, more ...func(*sandbox.Options)) *sandbox.Sandbox {
	tb.Helper()
	log := logrus.New()
	log.SetOutput(tb.Output())
	o := sandbox.Options{Clock: clock, Log: log, Version: "test", Data: data, Seed: 1, Requests: 3}
	for _, change := range more {
		change(&o)
	}
	world, err := sandbox.Start(tb.Context(), o)
	require.NoError(tb, err)
	return world
}

func end(tb testing.TB, world *sandbox.Sandbox) {
	tb.Helper()
	require.NoError(tb, world.Close(context.WithoutCancel(tb.Context())))
}

// page is what the page shows to each person, but for the wire and the switches.
func page(t *testing.T, world *sandbox.Sandbox) map[string]any {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	all := map[string]any{}
	for _, p := range world.Slack.Users() {
		for _, c := range world.Slack.Channels() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, world.Page()+"practice/snapshot?as="+p.ID+"&channel="+c.ID, nil)
			require.NoError(t, err)
			resp, err := client.Do(req)
			require.NoError(t, err)
			var shown map[string]any
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&shown))
			require.NoError(t, resp.Body.Close())
			delete(shown, "wire")
			all[p.ID+c.ID] = shown
		}
	}
	return all
}

// click clicks as a person does: again, when a busy machine gave no answer in
// time.
func click(t *testing.T, m *practiceslack.MessageHandle, button string, as *practiceslack.User) {
	t.Helper()
	require.Eventually(t, func() bool { return m.Button(button).Click(t.Context(), as).OK }, 30*time.Second, 100*time.Millisecond)
}

// TestAWorldGoesOn ends a world in the middle of things and starts it again: the
// page shows the same, and Frontdesk goes on where it was.
func TestAWorldGoesOn(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "world")
	world := startIn(t, data)
	require.False(t, world.Resumed())
	channel, ada := world.Slack.Channel(sandbox.ChannelID), world.Slack.User(sandbox.Ada)
	grace := channel.ExpectMessage(t, practiceslack.Contains("grace@northwind.example"))
	alan := channel.ExpectMessage(t, practiceslack.Contains("alan@contoso.example"))
	edsger := channel.ExpectMessage(t, practiceslack.Contains("edsger@fabrikam.example"))
	click(t, grace, "Approve", ada)
	grace.ExpectUpdate(t, practiceslack.Contains("Access request approved"))
	click(t, alan, "Reject", ada)
	form := ada.ExpectModal(t, "Reject request")
	click(t, edsger, "Approve", world.Slack.User(sandbox.Cleo))
	require.Eventually(t, func() bool { return len(world.Slack.User(sandbox.Cleo).Ephemerals("")) > 0 }, 10*time.Second, time.Millisecond)
	before, groups := page(t, world), world.Room.Groups()
	end(t, world)

	world = startIn(t, data, func(o *sandbox.Options) { o.Seed, o.Requests = 2, 9 })
	require.True(t, world.Resumed())
	require.Equal(t, before, page(t, world))
	require.Equal(t, groups, world.Room.Groups(), "none came twice")
	require.Len(t, world.Room.Requests(), 3, "those of the start are for a new world")
	channel, ada = world.Slack.Channel(sandbox.ChannelID), world.Slack.User(sandbox.Ada)
	again := ada.ExpectModal(t, "Reject request")
	require.Equal(t, form.ID(), again.ID())
	edsger = channel.ExpectMessage(t, practiceslack.Contains("edsger@fabrikam.example"))
	click(t, edsger, "Approve", ada)
	edsger.ExpectUpdate(t, practiceslack.Contains("Access request approved"))
	world.Room.Request(practiceconveyor.Requester{Email: "new@customer.example"})
	channel.ExpectMessage(t, practiceslack.Contains("new@customer.example"))
	require.Len(t, channel.Messages(), 4, "nothing is posted twice")
	require.Empty(t, world.Slack.Violations())
	end(t, world)
	require.FileExists(t, filepath.Join(data, "frontdesk.db"))
}

func TestAWorldWithoutAFolderLeavesNothing(t *testing.T) {
	t.Parallel()
	world := startIn(t, "")
	require.False(t, world.Resumed())
	require.Nil(t, world.Failed())
	database := strings.TrimPrefix(world.Settings().DatabaseURL.Reveal(), "sqlite:")
	require.FileExists(t, database)
	end(t, world)
	require.NoDirExists(t, filepath.Dir(database))
}

func TestAFolderThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "world")
	world := startIn(t, data)
	refused := func() error {
		_, err := sandbox.Start(t.Context(), sandbox.Options{Clock: clock, Log: logrus.New(), Data: data})
		require.Error(t, err)
		return err
	}
	require.ErrorContains(t, refused(), "is in use by another frontdesk sandbox")
	end(t, world)

	for party, says := range map[string]string{"slack": "pigeon/1 of slack", "conveyor": "pigeon/1 of conveyor"} {
		data = filepath.Join(t.TempDir(), "world")
		f, err := folder.Open(t.Context(), data)
		require.NoError(t, err)
		require.NoError(t, f.Party(party).Save(func(yield func(string, []byte) bool) { yield("pigeon/1", []byte("{}")) }))
		require.NoError(t, f.Settle(t.Context()))
		require.NoError(t, f.Close())
		require.ErrorContains(t, refused(), says)
		require.ErrorContains(t, refused(), "is damaged")
		require.NoError(t, os.RemoveAll(data))
	}
}

// BenchmarkGoOn measures how long a world of 10,000 messages takes to go on,
// Frontdesk's start included.
func BenchmarkGoOn(b *testing.B) {
	data := filepath.Join(b.TempDir(), "world")
	withoutLimits := func(o *sandbox.Options) { o.Slack.Limits.Off = true }
	world := startIn(b, data, withoutLimits)
	first := world.Slack.Channel(sandbox.ChannelID).ExpectMessage(b, practiceslack.Contains("grace@northwind.example"))
	shown, ok := first.Snapshot()
	require.True(b, ok)
	form := url.Values{"channel": {sandbox.ChannelID}, "text": {shown.Text}, "blocks": {string(shown.Blocks)}, "metadata": {string(shown.Metadata)}}
	began := clock()
	for range 10_000 {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/chat.postMessage", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+world.Slack.BotToken())
		world.Slack.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	b.Logf("10,000 messages kept in %v", clock().Sub(began))
	end(b, world)
	file, err := os.Stat(filepath.Join(data, "practice.db"))
	require.NoError(b, err)
	for b.Loop() {
		world = startIn(b, data, withoutLimits)
		b.StopTimer()
		require.Len(b, world.Slack.Channel(sandbox.ChannelID).Messages(), 10_000)
		end(b, world)
		b.StartTimer()
	}
	b.ReportMetric(float64(file.Size())/(1<<20), "MB")
}
