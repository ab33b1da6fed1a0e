package attacktest_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func clock() time.Time {
	return time.Now() //nolint:forbidigo // a process of its own runs in real time
}

// siege is a Frontdesk as a process of its own, between a practice Slack and a
// practice Conveyor that live in this one.
type siege struct {
	t       *testing.T
	world   *sandbox.Sandbox
	process *exec.Cmd
	log     *logText
	// enemy is what attackers know.
	enemy enemy
	// pending are the requests to click on.
	pending []string
	// clicked counts the honest clicks, replays those that were sent again and again.
	clicked, replays int
	began            time.Time
	// mostFiles bounds what Frontdesk may have open.
	mostFiles int
}

// logText keeps what the process logs.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) lines() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text.Bytes(), []byte("\n"))
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// besiege starts everything, with so many requests to click on. files is how
// many files Frontdesk may have open, 0 for what is usual here.
func besiege(t *testing.T, requests, files int) *siege {
	t.Helper()
	s := &siege{t: t, log: &logText{}, began: clock(), mostFiles: 1200}
	if files > 0 {
		s.mostFiles = files
	}
	database := filepath.Join(t.TempDir(), "frontdesk.db")
	quiet := logrus.New()
	quiet.SetOutput(s.log)
	slack := practiceslack.Options{}
	slack.Limits.Off = true
	world, err := sandbox.Start(t.Context(), sandbox.Options{
		Clock: clock, Log: quiet, Version: "test", Seed: 1, Slack: slack,
		Configure: func(c *config.Config) {
			c.DatabaseURL, c.ConveyorPollInterval = config.DatabaseURL("sqlite:"+database), time.Second
		},
	})
	require.NoError(t, err)
	s.world = world
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", s.log)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, world.Close(ctx))
	})
	s.recordClick()
	require.NoError(t, world.StopFrontdesk(t.Context()))
	require.NoError(t, world.Room.SetWebhook(practiceconveyor.Webhook{}))
	for i := range requests + 1 {
		world.Room.Request(practiceconveyor.Requester{Email: fmt.Sprintf("customer%d@example.net", i)})
	}
	s.start(files)
	s.expectPending(database, requests+1)
	return s
}

// recordClick lets somebody approve a request, and keeps what Slack sent.
func (s *siege) recordClick() {
	s.t.Helper()
	s.world.Room.Request(practiceconveyor.Requester{Email: "first@example.net"})
	msg := s.world.Slack.Channel(sandbox.ChannelID).ExpectMessage(s.t, practiceslack.Contains("first@example.net"))
	require.NoError(s.t, msg.Button("Approve").Click(s.t.Context(), s.world.Slack.User(sandbox.Ada)).Err())
	msg.ExpectUpdate(s.t, practiceslack.Contains("pproved by"))
	click, ok := s.world.Slack.LastDelivery()
	require.True(s.t, ok)
	c := s.world.Settings()
	s.enemy.Click, s.enemy.Secret = click.Body, c.SlackSigningSecret.Reveal()
}

// start builds the real program and runs it.
func (s *siege) start(files int) {
	s.t.Helper()
	program := filepath.Join(s.t.TempDir(), "frontdesk")
	build := exec.CommandContext(s.t.Context(), "go", "build", "-o", program, "github.com/frontdesk-hq/frontdesk/cmd/frontdesk") //nolint:gosec // the program under test
	out, err := build.CombinedOutput()
	require.NoError(s.t, err, "%s", out)

	c := s.world.Settings()
	limit := ""
	if files > 0 {
		limit = fmt.Sprintf("ulimit -n %d && ", files)
	}
	s.process = exec.CommandContext(context.WithoutCancel(s.t.Context()), "sh", "-c", limit+`exec "$0" serve --env-file /dev/null`, program) //nolint:gosec // the program that was just built
	s.process.Env = []string{
		"CONVEYOR_KEY=" + c.ConveyorKey.Reveal(), "CONVEYOR_API_URL=" + c.ConveyorAPIURL, "CONVEYOR_POLL_INTERVAL=2s",
		"CONVEYOR_WEBHOOK_SECRET=" + sandbox.WebhookSecret, "SLACK_BOT_TOKEN=" + c.SlackBotToken.Reveal(),
		"SLACK_SIGNING_SECRET=" + c.SlackSigningSecret.Reveal(), "SLACK_CHANNEL_ID=" + sandbox.ChannelID,
		"SLACK_API_URL=" + c.SlackAPIURL, "SLACK_POSTS_PER_MINUTE=0", "SLACK_UPDATES_PER_MINUTE=0",
		"REVIEWERS=" + sandbox.Ada + "," + sandbox.Ben, "FRONTDESK_API_TOKEN=" + sandbox.OperatorToken,
		"PORT=0", "DATABASE_URL=" + c.DatabaseURL.Reveal(),
	}
	s.process.Stdout, s.process.Stderr = s.log, s.log
	before := len(s.log.String())
	require.NoError(s.t, s.process.Start())
	s.t.Cleanup(func() {
		require.NoError(s.t, s.process.Process.Signal(syscall.SIGTERM))
		require.NoError(s.t, s.process.Wait(), "it still stops as it should")
	})
	// It says which port it took.
	said := regexp.MustCompile(`Slack calls http://(127\.0\.0\.1:\d+)/`)
	require.Eventually(s.t, func() bool {
		found := said.FindStringSubmatch(s.log.String()[before:])
		if found != nil {
			s.enemy.Address = found[1]
		}
		return found != nil
	}, 30*time.Second, 20*time.Millisecond)
}

// expectPending waits until all requests are taken in, and notes their ids.
func (s *siege) expectPending(database string, n int) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+database+"?mode=ro")
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, db.Close()) }()
	require.Eventually(s.t, func() bool {
		s.pending = s.pending[:0]
		rows, err := db.QueryContext(s.t.Context(), `SELECT id FROM requests WHERE state = 'pending' ORDER BY id`)
		if err != nil {
			return false
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id string
			if rows.Scan(&id) != nil {
				return false
			}
			s.pending = append(s.pending, id)
		}
		return rows.Err() == nil && len(s.pending) == n
	}, time.Minute, 50*time.Millisecond, "all requests are taken in")
	s.enemy.Innocent, s.pending = s.pending[n-1], s.pending[:n-1]
}

// next gives a request that nobody clicked on yet.
func (s *siege) next() string {
	s.t.Helper()
	require.NotEmpty(s.t, s.pending, "there is nothing left to click on")
	id := s.pending[0]
	s.pending = s.pending[1:]
	return id
}

// files counts what the process has open.
func (s *siege) files() int {
	entries, err := os.ReadDir(s.proc("fd"))
	if err != nil {
		return 0
	}
	return len(entries)
}

// memory gives the process's memory, in bytes.
func (s *siege) memory() int {
	status, err := os.ReadFile(s.proc("status"))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kb, _ := strconv.Atoi(strings.Fields(after)[0])
	return kb << 10
}

func (s *siege) proc(what string) string {
	return filepath.Join("/proc", strconv.Itoa(s.process.Process.Pid), what)
}

// from gives a client that comes from one of many addresses.
func from(i int) *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DialContext: dialer(i).DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Second,
	}}
}

func dialer(i int) *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%200))}} //nolint:gosec // at most 200
}
