package faulttest_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/faultpoint"
)

// tend looks after the processes: if none is left, it starts one, without
// faults. A replica that lives goes on alone.
func (w *world) tend() {
	if len(w.living()) > 0 {
		return
	}
	w.mu.Lock()
	last := w.processes[len(w.processes)-1]
	w.mu.Unlock()
	require.True(w.t, last.killed(), "it ended by itself: %v\n%s", last.failure, last.said())
	// What is not durable does not go on by itself: people do it again.
	if n, err := dueAt(w.database(), clock()); err == nil && n > 0 {
		w.left = true
	}
	w.start(nil)
}

// mark is one line of the record of fault points.
type mark struct {
	at    time.Time
	pid   int
	point string
}

// marks reads the record of fault points.
func (w *world) marks() []mark {
	text, err := os.ReadFile(w.settings["FRONTDESK_FAULTPOINTS_RECORD"])
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(w.t, err)
	var all []mark
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(fields) < 3 || !strings.HasSuffix(line, "\n") {
			continue // it is being written
		}
		milli, err := strconv.ParseInt(fields[0], 10, 64)
		require.NoError(w.t, err)
		pid, err := strconv.Atoi(fields[1])
		require.NoError(w.t, err)
		all = append(all, mark{at: time.UnixMilli(milli), pid: pid, point: fields[2]})
	}
	return all
}

// reached reports whether a point was reached.
func (w *world) reached(point string) bool {
	for _, m := range w.marks() {
		if m.point == point {
			return true
		}
	}
	return false
}

// ways in which a call to an outside system goes wrong.
const (
	answerLost = "answer lost" // the work is done, the connection is cut
	workLate   = "work late"   // the caller is killed at once, the work is done after that
)

// lose gives what spoils the first call of a kind, beside what spoils the call of
// one point, which may be the same.
func lose(call, point string, also func(http.ResponseWriter, *http.Request, http.Handler)) func(http.ResponseWriter, *http.Request, http.Handler) {
	var lost atomic.Bool
	return func(out http.ResponseWriter, q *http.Request, party http.Handler) {
		_, at, _ := strings.Cut(q.Header.Get(faultpoint.Header), " ")
		if at == point || !strings.Contains(at, " call "+call+" before#") || !lost.CompareAndSwap(false, true) {
			also(out, q, party)
			return
		}
		meddleAt(at, answerLost)(out, q, party)
	}
}

// lateness is how long after its caller's death the work of a call is done. It
// is less than the time after which Frontdesk takes a message for not posted.
const lateness = time.Second

// meddleAt spoils the call of one point.
func meddleAt(point, how string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(out http.ResponseWriter, q *http.Request, party http.Handler) {
		pid, at, _ := strings.Cut(q.Header.Get(faultpoint.Header), " ")
		if at != point {
			party.ServeHTTP(out, q)
			return
		}
		body, err := io.ReadAll(q.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		q = q.Clone(context.WithoutCancel(q.Context()))
		q.Body = io.NopCloser(bytes.NewReader(body))
		if how == workLate {
			caller, err := strconv.Atoi(pid)
			if err == nil {
				_ = syscall.Kill(caller, syscall.SIGKILL)
			}
			<-time.After(lateness) //nolint:forbidigo // other processes run in real time
		}
		party.ServeHTTP(httptest.NewRecorder(), q)
		panic(http.ErrAbortHandler)
	}
}

// quiet waits until the rows call for nothing more.
func (w *world) quiet(db *sql.DB) {
	w.t.Helper()
	w.insist("nothing is due", func(context.Context) bool {
		n, err := due(db)
		return err == nil && n == 0
	})
}
