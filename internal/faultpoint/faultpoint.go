// Package faultpoint lets a Frontdesk that is built for tests die at a named
// point of its way: around each commit, each call to an outside system, each
// message over a socket, each job and each answer. The names come from the code that runs, so that a new
// step is a new point without anybody listing it.
//
// It may import the domain and the standard library. It promises that nothing
// of the process runs after the point at which it is to die, and that a binary
// built without the tag faultpoints has no trace of it: internal/app imports it
// under that tag only.
package faultpoint

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Header says, in a call to an outside system, which process made it and at
// which point: the id, a blank and the name with its number.
const Header = "X-Faultpoint"

// Points is the registry of the points that are reached. Several processes may
// share one file: a name's occurrences are counted over all of them.
type Points struct {
	clock approval.Clock
	// die is the point at which the process ends, empty for none.
	die string

	mu   sync.Mutex
	file *os.File
}

// Open makes a registry that records each point in a file: a line with the time
// in milliseconds since 1970, the process's id and the name with its number.
func Open(path, die string, clock approval.Clock) (*Points, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600) //nolint:gosec // the test names the path
	if err != nil {
		return nil, fmt.Errorf("open the record of fault points: %w", err)
	}
	return &Points{clock: clock, die: die, file: file}, nil
}

// Reach records that a point is reached and gives its name with the number of
// its occurrence. If it is the one at which to die, it does not return.
func (p *Points) Reach(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	numbered, err := p.record(name)
	if err != nil {
		panic(fmt.Sprintf("record the fault point %s: %v", name, err)) // the test would prove nothing
	}
	if numbered == p.die {
		// The lock is still held, so that no other goroutine passes a point.
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return numbered
}

// record counts and writes while no other process does.
func (p *Points) record(name string) (string, error) {
	fd := int(p.file.Fd())
	if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock the record: %w", err)
	}
	defer func() { _ = syscall.Flock(fd, syscall.LOCK_UN) }()
	before, err := io.ReadAll(io.NewSectionReader(p.file, 0, 1<<40))
	if err != nil {
		return "", fmt.Errorf("read the record: %w", err)
	}
	numbered := name + "#" + strconv.Itoa(bytes.Count(before, []byte(" "+name+"#"))+1)
	_, err = fmt.Fprintf(p.file, "%d %d %s\n", p.clock().UnixMilli(), os.Getpid(), numbered)
	if err != nil {
		return "", fmt.Errorf("write the record: %w", err)
	}
	return numbered, nil
}
