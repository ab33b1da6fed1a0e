package faulttest_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// storm spoils calls to the outside systems at random, until it is over. What
// it draws comes from a seed; which call meets it is a matter of time.
type storm struct {
	mu    sync.Mutex
	rng   *rand.Rand
	over  bool
	count map[string]int
}

func newStorm(seed uint64) *storm {
	return &storm{rng: rand.New(rand.NewPCG(seed, 1)), count: map[string]int{}} //nolint:gosec // it has to be drawn again
}

// spoiled is how many in a hundred calls go wrong.
const spoiled = 12

// draw gives what a call meets, empty for nothing, and a wait.
func (s *storm) draw() (string, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := time.Duration(s.rng.IntN(600)) * time.Millisecond
	kinds := []string{"429", "500", "cut before", "answer lost", "slow answer", "html", "truncated", "hang", "work after the cut"}
	kind := kinds[s.rng.IntN(len(kinds))]
	if s.over || s.rng.IntN(100) >= spoiled {
		return "", 0
	}
	s.count[kind]++
	return kind, wait
}

func (s *storm) end() (faults map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	return maps.Clone(s.count)
}

// meddle implements what a world takes.
func (s *storm) meddle(out http.ResponseWriter, q *http.Request, party http.Handler) {
	kind, wait := s.draw()
	if kind == "" {
		party.ServeHTTP(out, q)
		return
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	caller := q.Context()
	q = q.Clone(context.WithoutCancel(caller))
	q.Body = io.NopCloser(bytes.NewReader(body))
	done := httptest.NewRecorder()
	switch kind {
	case "429":
		out.Header().Set("Retry-After", "1")
		out.WriteHeader(http.StatusTooManyRequests)
		return
	case "500":
		out.WriteHeader(http.StatusInternalServerError)
		return
	case "html":
		out.Header().Set("Content-Type", "text/html")
		_, _ = out.Write([]byte("<!DOCTYPE html><title>One moment</title>"))
		return
	case "answer lost":
		party.ServeHTTP(done, q)
	case "truncated", "slow answer":
		party.ServeHTTP(done, q)
		answer := done.Body.Bytes()
		if kind == "truncated" {
			answer = answer[:len(answer)/2]
		} else {
			pass(caller, wait)
		}
		maps.Copy(out.Header(), done.Header())
		out.Header().Del("Content-Length")
		out.WriteHeader(done.Code)
		_, _ = out.Write(answer)
		return
	case "hang":
		pass(caller, 5*wait)
	case "work after the cut":
		// The answer is cut at once, and the work is done a moment later.
		go func() {
			pass(context.WithoutCancel(caller), wait)
			party.ServeHTTP(done, q)
		}()
	}
	panic(http.ErrAbortHandler)
}

// pass lets real time go by, unless the caller gives up first.
func pass(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// counts lists numbers by name, for people.
func counts(of map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, name+" "+strconv.Itoa(of[name]))
	}
	return strings.Join(parts, ", ")
}
