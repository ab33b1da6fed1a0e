package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is what the figures were measured on.
type machine struct {
	cpu, kernel, memory, commit, node string
	cores                             int
	date                              time.Time
	// fsyncs is how often a second one file in the folder of the databases can be
	// appended to and flushed.
	fsyncs float64
}

func (m machine) line() string {
	return fmt.Sprintf("%d cores of %s, %s of memory, %s; Go %s, Node %s; %.0f fsync a second; commit %s; %s",
		m.cores, m.cpu, m.memory, m.kernel, strings.TrimPrefix(runtime.Version(), "go"), m.node, m.fsyncs, m.commit, m.date.Format(time.DateOnly))
}

func describeMachine(ctx context.Context, folder string, clock func() time.Time) (machine, error) {
	m := machine{cores: runtime.NumCPU(), date: clock().UTC()}
	m.cpu = fieldOf("/proc/cpuinfo", "model name")
	if kilobytes, err := strconv.Atoi(strings.TrimSuffix(fieldOf("/proc/meminfo", "MemTotal"), " kB")); err == nil {
		m.memory = fmt.Sprintf("%d GB", kilobytes>>20)
	}
	m.kernel = output(ctx, "uname", "-sr")
	m.node = strings.TrimPrefix(output(ctx, "node", "--version"), "v")
	m.commit = output(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if output(ctx, "git", "status", "--porcelain", "--", "*.go", "go.mod") != "" {
		m.commit += " with changes"
	}
	var err error
	m.fsyncs, err = fsyncRate(folder, clock)
	return m, err
}

// output gives what a program says in a line; nothing if it is not there.
func output(ctx context.Context, program string, args ...string) string {
	said, err := exec.CommandContext(ctx, program, args...).Output() //nolint:gosec // what the callers here name
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(said))
}

// fieldOf gives what a file of the kernel says after a name and a colon; nothing
// if it does not.
func fieldOf(file, name string) string {
	content, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		key, value, found := strings.Cut(lines.Text(), ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// fsyncRate measures for a second.
func fsyncRate(folder string, clock func() time.Time) (rate float64, err error) {
	file, err := os.Create(filepath.Join(filepath.Clean(folder), "fsync"))
	if err != nil {
		return 0, fmt.Errorf("measure the disk: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	page := make([]byte, 4096)
	began := clock()
	for count := 0; ; count++ {
		if took := clock().Sub(began); took >= time.Second {
			return float64(count) / took.Seconds(), nil
		}
		if _, err := file.Write(page); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
		if err := file.Sync(); err != nil {
			return 0, fmt.Errorf("measure the disk: %w", err)
		}
	}
}

// memory is what a process has of it, in megabytes. The proportional set is
// what it has alone, and its share of what it has with others; its own is what
// it has written, and no page of a file that the system can read again.
type memory struct{ pss, rss, own, peak float64 }

func memoryOf(pid int) (memory, error) {
	rollup, status := fmt.Sprintf("/proc/%d/smaps_rollup", pid), fmt.Sprintf("/proc/%d/status", pid)
	var m memory
	for _, one := range []struct {
		file, name string
		into       *float64
	}{{rollup, "Pss", &m.pss}, {rollup, "Rss", &m.rss}, {rollup, "Anonymous", &m.own}, {status, "VmHWM", &m.peak}} {
		kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(fieldOf(one.file, one.name), " kB"), 64)
		if err != nil {
			return m, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		*one.into = kilobytes / 1024
	}
	return m, nil
}

// processorTime gives what a process has used of the processors so far.
func processorTime(pid int) (time.Duration, error) {
	const ticksPerSecond = 100 // what Linux shows to programs, on every machine
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
	}
	// The name of the program stands in brackets and may have blanks. The times
	// in user and in kernel mode are the 12th and 13th field after it.
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / ticksPerSecond), nil
}
