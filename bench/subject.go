package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// subject is a program that is measured.
type subject struct {
	name  string
	store databases
	// command gives how it is started.
	program []string
	// settings are those of its own, as NAME=value.
	settings []string
	// value is what its Approve button has for the request with a number.
	value func(int) string
	// ready is a path that it answers with this status when it is ready.
	ready  string
	status int
	logs   string
}

// The subjects' names.
const (
	onSQLite   = "Frontdesk, SQLite"
	onPostgres = "Frontdesk, PostgreSQL"
	peer       = "Bolt"
)

func newSubjects(ctx context.Context, o options, folder string, clock func() time.Time) ([]*subject, error) {
	binary, err := filepath.Abs(o.frontdesk)
	if err != nil {
		return nil, fmt.Errorf("find the binary: %w", err)
	}
	frontdesk := subject{
		program: []string{binary, "serve"}, value: requestID, ready: "/readyz", status: http.StatusOK,
		// With 20,000 open requests, which nobody has, a poll each minute would be
		// measured and not the clicks; there is one at the start. The pace of rewritten
		// messages is that of the real Slack, which would be all that is measured.
		settings: []string{"REVIEWERS=*", "SLACK_CHANNEL_ID=" + channel, "CONVEYOR_POLL_INTERVAL=1h", "SLACK_UPDATES_PER_MINUTE=0", "GOTRACEBACK=all"},
	}
	sqlite := frontdesk
	sqlite.name, sqlite.store = onSQLite, &sqliteFiles{folder: folder, now: clock()}
	subjects := []*subject{&sqlite}
	if o.postgres != "" {
		postgres := frontdesk
		postgres.name = onPostgres
		postgres.store = &postgresDatabases{
			server: o.postgres, now: clock(), templates: map[int]string{},
			prefix: fmt.Sprintf("frontdesk_bench_%d", os.Getpid()),
		}
		subjects = append(subjects, &postgres)
	}
	if o.peer != "" {
		script, err := filepath.Abs(o.peer)
		if err != nil {
			return nil, fmt.Errorf("find the peer: %w", err)
		}
		if err := exec.CommandContext(ctx, "node", "--version").Run(); err != nil {
			return nil, fmt.Errorf("the peer needs Node: %w", err)
		}
		subjects = append(subjects, &subject{
			name: peer, store: noDatabase{}, program: []string{"node", script}, value: externalID,
			settings: []string{"NODE_ENV=production"}, ready: "/", status: http.StatusNotFound,
		})
	}
	subjects = slices.DeleteFunc(subjects, func(s *subject) bool { return !strings.Contains(s.name, o.only) })
	for _, s := range subjects {
		s.logs = folder
		if o.keep != "" {
			s.logs = o.keep
		}
	}
	return subjects, nil
}

// process is a subject that runs.
type process struct {
	cmd  *exec.Cmd
	url  string
	done chan struct{}
}

// start starts a subject and does not wait until it is there.
func (s *subject) start(st *stub, databaseURL string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(s.logs, s.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(s.program[0], s.program[1:]...) //nolint:gosec,noctx // what we were told to measure; stop ends it
	cmd.Dir = s.logs
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append([]string{
		"PORT=" + strconv.Itoa(port), "DATABASE_URL=" + databaseURL,
		"SLACK_API_URL=" + st.url("/api/"), "SLACK_BOT_TOKEN=xoxb-bench", "SLACK_SIGNING_SECRET=" + signingSecret,
		"CONVEYOR_API_URL=" + st.url("/conveyor"), "CONVEYOR_KEY=bench",
	}, s.settings...)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start it: %w", err)
	}
	p := &process{cmd: cmd, url: fmt.Sprintf("http://127.0.0.1:%d", port), done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop ends the subject and waits for its end.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(15 * time.Second)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// freePort gives a port below those that the system hands out by itself, so that
// no other program is given it before the subject listens.
func freePort() (int, error) {
	var trouble error
	for range 20 {
		port := 20_000 + rand.IntN(10_000)                                    //nolint:gosec // it is no secret
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)) //nolint:noctx // it is closed at once
		if err == nil {
			return port, listener.Close() //nolint:wrapcheck // it does not fail
		}
		trouble = err
	}
	return 0, fmt.Errorf("find a free port: %w", trouble)
}

// awaitReady waits until a subject says that it is ready.
func (p *process) awaitReady(ctx context.Context, s *subject) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+s.ready, nil)
		if err != nil {
			return fmt.Errorf("wait until it is ready: %w", err)
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == s.status {
				return nil
			}
		}
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("it is not ready: %w", err)
		}
	}
}

// firstAnswer sends one click again and again until it is answered.
func (p *process) firstAnswer(ctx context.Context, send *sender, c click) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := send.send(ctx, c)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.New("it ended by itself; its log says why")
		default:
		}
		if stop := wait(ctx, time.Millisecond); stop != nil {
			return errors.Join(err, stop)
		}
	}
}
