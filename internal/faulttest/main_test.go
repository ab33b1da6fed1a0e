// Package faulttest_test proves that nothing is lost and nothing is done twice,
// whatever dies. It builds the real program, runs it as a process of its own
// between a practice Slack and a practice Conveyor, over real HTTP, and kills
// it: once at each point of a request's way (kill_test.go), and at random among
// many other faults (shake_test.go). What must hold then is looked at from
// three sides: the store, the practice Slack and the practice Conveyor
// (truth_test.go).
//
// It may import everything but the commands, which it runs.
package faulttest_test

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/jobs"
	"github.com/frontdesk-hq/frontdesk/internal/store"
)

var (
	whole = flag.Bool("whole", false, "kill at every point on both databases, not at a part of them")
	shake = flag.Duration("shake", 20*time.Second, "how long each random run goes on")
	seed  = flag.Uint64("seed", 0, "the seed of the random runs; 0 takes a new one, which is printed")
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most of what runs here waits, for a takeover or for a call that hangs.
	// processLimit bounds what needs the machine.
	if err := flag.Set("test.parallel", "40"); err != nil {
		panic(err)
	}
	folder, err := os.MkdirTemp("", "frontdesk-faulttest-")
	if err != nil {
		panic(err)
	}
	binaries.folder = folder
	code := 0
	goleak.VerifyTestMain(m, goleak.Cleanup(func(exit int) {
		_ = os.RemoveAll(folder)
		code = exit
	}))
	os.Exit(code)
}

// binaries are built once, when first asked for.
var binaries struct {
	folder string
	once   [2]sync.Once
	err    [2]error
}

// binary gives the program's path: as it is released, or with fault points.
func binary(tb testing.TB, withFaultPoints bool) string {
	tb.Helper()
	which, name, tags := 0, "frontdesk", ""
	if withFaultPoints {
		which, name, tags = 1, "frontdesk-faultpoints", "faultpoints"
	}
	path := filepath.Join(binaries.folder, name)
	binaries.once[which].Do(func() {
		build := exec.Command("go", "build", "-tags="+tags, "-o", path, "../../cmd/frontdesk") //nolint:gosec // the arguments are ours
		build.Stderr = os.Stderr
		binaries.err[which] = build.Run()
	})
	require.NoError(tb, binaries.err[which], "build the program")
	return path
}

// empty is a SQLite file with all tables and nothing in them, made once: each of
// many hundred first starts would otherwise make them anew.
var empty struct {
	once    sync.Once
	content []byte
	err     error
}

func emptyDatabase(tb testing.TB) []byte {
	tb.Helper()
	empty.once.Do(func() { empty.content, empty.err = makeTables(filepath.Join(binaries.folder, "empty.db")) })
	require.NoError(tb, empty.err, "make an empty database")
	return empty.content
}

func makeTables(path string) ([]byte, error) {
	s, err := store.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	_, err = jobs.NewSQLite(context.Background(), s.SQLite(), s.Reader(), slog.New(slog.DiscardHandler))
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // our own
}

// clock is the real time: other processes take part.
func clock() time.Time {
	return time.Now() //nolint:forbidigo // the processes run in real time
}
