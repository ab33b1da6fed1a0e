package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
)

// rubbish is what stands in Conveyor's place and answers each call with 200.
type rubbish struct {
	// says is how Frontdesk explains it.
	says string
	// answer gives the body of a page.
	answer func(page int) string
}

func rubbishes() map[string]rubbish {
	const unreadable, tooMuch, endless = "Conveyor's answers cannot be read", "Conveyor answers with more than Frontdesk reads", "Conveyor's list does not end"
	list := func(total int, records ...string) string {
		return fmt.Sprintf(`{"authorization_requests":[%s],"total_pages":%d}`, strings.Join(records, ","), total)
	}
	record := func(id, message string) string {
		return fmt.Sprintf(`{"id":"%s","email":"x@example.net","status":"requested","message":"%s"}`, id, message)
	}
	always := func(body string) func(int) string { return func(int) string { return body } }
	many := func(page, n int, message string) []string {
		records := make([]string, n)
		for i := range records {
			records[i] = record(fmt.Sprintf("r%d-%d", page, i), message)
		}
		return records
	}
	long := strings.Repeat("x", 39_000)
	return map[string]rubbish{
		"HTML":                   {unreadable, always("<!DOCTYPE html><html><body>Please log in.</body></html>")},
		"truncated JSON":         {unreadable, always(list(1, record("r1", "hello"))[:40])},
		"nothing":                {unreadable, always("")},
		"a million brackets":     {unreadable, always(`{"authorization_requests":` + strings.Repeat("[", 1_000_000))},
		"deeply nested fields":   {unreadable, always(list(1, `{"id":"r1","email":`+strings.Repeat(`{"a":`, 500_000)+"1"+strings.Repeat("}", 500_000)+"}"))},
		"a page of 10 MB":        {tooMuch, always(list(1, record("r1", strings.Repeat("x", 10<<20))))},
		"half a million records": {tooMuch, always(list(1, strings.Split(strings.TrimSuffix(strings.Repeat(`{"id":1},`, 500_000), ","), ",")...))},
		"the same page for ever": {endless, always(list(1_000_000, many(1, 100, "hello")...))},
		"new pages for ever":     {tooMuch, func(page int) string { return list(1_000_000, many(page, 100, long)...) }},
	}
}

// inPlaceOfConveyor stands between Frontdesk and the practice Conveyor.
type inPlaceOfConveyor struct {
	instead, begun atomic.Pointer[rubbish]
	calls          atomic.Int64
}

func (p *inPlaceOfConveyor) before(t *testing.T, conveyor string) string {
	t.Helper()
	target, err := url.Parse(conveyor)
	require.NoError(t, err)
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		instead := p.instead.Load()
		switch {
		case page == 1:
			p.begun.Store(instead)
		case page > 1:
			instead = p.begun.Load() // a list that began as rubbish ends as rubbish
		}
		if instead == nil {
			pass.ServeHTTP(w, r)
			return
		}
		p.calls.Add(1)
		_, _ = io.WriteString(w, instead.answer(page)) // Frontdesk may have had enough
	}))
	t.Cleanup(server.Close)
	return server.URL + target.Path
}

// TestConveyorAnswersRubbish: while it does, a decision is made and a request
// comes in. Both are as they should be when it is over.
//
//nolint:paralleltest // it measures memory, so nothing may run beside it
func TestConveyorAnswersRubbish(t *testing.T) {
	for name, r := range rubbishes() {
		t.Run(name, func(t *testing.T) {
			var between inPlaceOfConveyor
			w := startWorld(t, "", func(o *sandbox.Options) {
				o.Configure = func(c *config.Config) {
					c.ConveyorWebhookSecret = ""
					c.ConveyorAPIURL = between.before(t, c.ConveyorAPIURL)
				}
			})
			_, msg := w.requestFrom("grace@northwind.example")
			memory := watchMemory(t)
			noise := w.listen()
			between.instead.Store(&r)
			w.asks("alan@contoso.example", "")
			require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
			msg.ExpectUpdate(t, contains("Conveyor is not answering"))
			w.expectPart("conveyor", "Conveyor")
			require.Eventually(t, func() bool { // a large list takes its time
				return strings.Contains(strings.Join(noise.lines("a poll failed"), ""), r.says)
			}, 5*time.Minute, 10*time.Millisecond, "a line says what is wrong and what to do")
			noise.expectLittle(t)
			calls, seconds := between.calls.Load(), int64(clock().Sub(noise.since).Seconds())+1
			require.Less(t, calls, 40*seconds)
			t.Logf("%d calls in %d s, at most %d MB of memory", calls, seconds, memory()>>20)
			require.Less(t, memory(), int64(400<<20))

			between.instead.Store(nil)
			msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
			w.channel.ExpectMessage(t, contains("alan@contoso.example"))
			w.expectPart("conveyor", "ok")
			require.Len(t, w.Room.Authorizations(), 1)
			w.expectCalls("chat.postMessage", 2)
			require.Equal(t, 2, w.posts())
		})
	}
}

// watchMemory gives the most memory that was in use since it was called, beyond
// what was in use then.
func watchMemory(t *testing.T) func() int64 {
	t.Helper()
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapInuse) //nolint:gosec // far below
	}
	runtime.GC()
	base := inUse()
	var most atomic.Int64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				most.Store(max(most.Load(), inUse()-base))
			case <-end:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(end)
		<-ended
	})
	return most.Load
}
