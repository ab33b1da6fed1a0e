package faulttest_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is one running Frontdesk.
type process struct {
	cmd     *exec.Cmd
	began   time.Time
	serving chan struct{} // closed when address is known
	address string
	exited  chan struct{} // closed when it is gone; failure says how it ended
	failure error
	ended   time.Time

	mu  sync.Mutex
	log []string
}

// launch starts the program with settings, and with nothing else in its
// environment.
func launch(tb testing.TB, path string, settings map[string]string) *process {
	tb.Helper()
	p := &process{cmd: exec.Command(path, "serve", "--env-file", os.DevNull), serving: make(chan struct{}), exited: make(chan struct{})} //nolint:gosec // built by this test
	p.cmd.Env = []string{}
	for name, value := range settings {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	out, err := p.cmd.StderrPipe()
	require.NoError(tb, err)
	p.began = clock()
	require.NoError(tb, p.cmd.Start())
	go func() {
		p.read(out)
		p.failure = p.cmd.Wait()
		p.ended = clock()
		close(p.exited)
	}()
	return p
}

var servesAt = regexp.MustCompile(`address: (http://[0-9.:]+) on this machine`)

// read keeps what the process logs, and takes its address from there.
func (p *process) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.log = append(p.log, lines.Text())
		known := p.address != ""
		if found := servesAt.FindStringSubmatch(lines.Text()); found != nil && !known {
			p.address = found[1]
			close(p.serving)
		}
		p.mu.Unlock()
	}
}

func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// at gives the address once the process serves, empty if it does not (yet).
func (p *process) at() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.alive() {
		return ""
	}
	return p.address
}

// kill ends the process as nothing else does, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.exited
}

// killed reports whether the process was killed, and did not end by itself.
func (p *process) killed() bool {
	state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && state.Signaled() && state.Signal() == syscall.SIGKILL
}

// stop ends the process as an operator does.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return p.failure
	case <-time.After(15 * time.Second): //nolint:forbidigo // another process is waited for
		p.kill()
		return errors.New("it did not stop in 15 seconds")
	}
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}
