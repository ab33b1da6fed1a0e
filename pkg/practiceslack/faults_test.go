package practiceslack_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	const method = "chat.postMessage"
	room := w.ws.Channel("C1")
	post := func() error {
		_, _, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false))
		return err
	}
	w.ws.Fault(practiceslack.Fault{Method: method, Kind: practiceslack.RateLimited, RetryAfter: 7 * time.Second})
	var limited *slack.RateLimitedError
	require.ErrorAs(t, post(), &limited)
	require.Equal(t, 7*time.Second, limited.RetryAfter)
	w.ws.Fault(practiceslack.Fault{Method: method, Kind: practiceslack.ServerError, Times: 2})
	var status slack.StatusCodeError
	require.ErrorAs(t, post(), &status)
	require.Equal(t, http.StatusInternalServerError, status.Code)
	require.Error(t, post())
	w.ws.Fault(practiceslack.Fault{Kind: practiceslack.SlackError, Code: "fatal_error"})
	require.EqualError(t, post(), "fatal_error")
	w.ws.Fault(practiceslack.Fault{Method: method, Kind: practiceslack.DropBefore})
	require.Error(t, post())
	require.Empty(t, room.Messages(), "nothing was done so far")

	w.ws.Fault(practiceslack.Fault{Method: method, Kind: practiceslack.LostAnswer})
	require.Error(t, post())
	require.Len(t, room.Messages(), 1, "done, though the answer was lost")
	require.NoError(t, post(), "a fault is over after its times")

	w.ws.Fault(practiceslack.Fault{Method: method, Kind: practiceslack.ServerError, Times: -1})
	for range 3 {
		require.Error(t, post())
	}
	w.ws.Fault(practiceslack.Fault{Method: "chat.update", Kind: practiceslack.ServerError})
	w.ws.ClearFaults()
	w.clock.Advance(time.Minute)
	require.NoError(t, post())
	faulty := 0
	for _, c := range w.ws.Calls(method) {
		if c.Fault != "" {
			faulty++
		}
	}
	require.Equal(t, 9, faulty, "the record says which calls met a fault")
}

func TestLatePublish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Patience: 5 * time.Second})
	w.ws.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.LostAnswer, Late: 2 * time.Second})
	_, _, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("late", false))
	require.Error(t, err)
	history := func() int {
		h, err := w.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C1"})
		require.NoError(t, err)
		return len(h.Messages)
	}
	require.Zero(t, history())
	w.ws.Channel("C1").NoMessage(t)
	w.clock.Advance(2 * time.Second)
	require.Equal(t, 1, history())
	w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("late"))

	w.ws.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.LatePublish, Late: time.Second})
	_, _, err = w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("later", false))
	require.NoError(t, err)
	found := make(chan struct{})
	go func() {
		defer close(found)
		w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("later"))
	}()
	w.clock.Advance(time.Second)
	<-found
}

func TestHang(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	events, cancelEvents := w.ws.Subscribe()
	defer cancelEvents()
	w.ws.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.Hang})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _, err := w.api.PostMessageContext(ctx, "C1", slack.MsgOptionText("x", false))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for e := range events {
		if e.Kind == practiceslack.CallMade {
			require.Equal(t, "hang", e.Call.Fault)
			break
		}
	}
	require.Empty(t, w.ws.Channel("C1").Messages(), "a client that gives up has nothing done")

	w.ws.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.Hang})
	done := make(chan error)
	go func() {
		_, _, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false))
		done <- err
	}()
	// The call may not have reached the hang yet: release until it is through.
	for {
		w.ws.ReleaseHangs()
		select {
		case err := <-done:
			require.NoError(t, err)
			require.Len(t, w.ws.Channel("C1").Messages(), 1, "released, the work is done")
			return
		default:
		}
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Pace: practiceslack.Pace{Limits: practiceslack.Limits{Off: true}}})
	events, cancel := w.ws.Subscribe()
	slow, _ := w.ws.Subscribe()
	_, _, err := w.api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false))
	require.NoError(t, err)
	e := <-events
	require.Equal(t, practiceslack.MessagePosted, e.Kind)
	require.Equal(t, "C1", e.Channel)
	e = <-events
	require.Equal(t, practiceslack.CallMade, e.Kind)
	require.Equal(t, "chat.postMessage", e.Call.Method)
	cancel()
	cancel()
	_, open := <-events
	require.False(t, open)

	for range 400 {
		_, err := w.ws.PostAsUser("U1", "C1", "y", "")
		require.NoError(t, err)
	}
	var last practiceslack.Event
	for range cap(slow) {
		last = <-slow
	}
	require.Equal(t, practiceslack.Lagged, last.Kind, "who is slow hears of the gap, last")
	require.Empty(t, slow)
	_, err = w.ws.PostAsUser("U1", "C1", "z", "")
	require.NoError(t, err)
	require.Equal(t, practiceslack.MessagePosted, (<-slow).Kind, "and follows again")
	w.ws.Close()
	_, open = <-slow
	require.False(t, open)
}

// tb records what an expectation says.
type tb struct{ failures []string }

func (f *tb) Helper()                        {}
func (f *tb) Errorf(format string, _ ...any) { f.failures = append(f.failures, format) }
func (f *tb) Fatalf(format string, _ ...any) { f.failures = append(f.failures, format) }

func TestExpectationsFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{Patience: time.Millisecond})
	room := w.ws.Channel("C1")
	msg := w.postBlocks(t, request)
	w.openForm(t, form)
	failing := map[string]func(practiceslack.TB){
		"ExpectMessage":   func(t practiceslack.TB) { room.ExpectMessage(t, practiceslack.Contains("nope")) },
		"ExpectCount":     func(t practiceslack.TB) { room.ExpectCount(t, 7) },
		"NoMessage":       func(t practiceslack.TB) { room.NoMessage(t, practiceslack.Contains("ada")) },
		"ExpectUpdate":    func(t practiceslack.TB) { msg.ExpectUpdate(t, practiceslack.Lacks("ada")) },
		"ExpectDeleted":   func(t practiceslack.TB) { msg.ExpectDeleted(t) },
		"ExpectEphemeral": func(t practiceslack.TB) { w.alice.ExpectEphemeral(t) },
		"ExpectModal":     func(t practiceslack.TB) { w.bob.ExpectModal(t, "Reject") },
		"Fill":            func(t practiceslack.TB) { w.alice.ExpectModal(t, "Reject").Fill("Nope", "x") },
		"NoModal":         func(t practiceslack.TB) { w.alice.NoModal(t) },
	}
	for name, f := range failing {
		probe := &tb{}
		f(probe)
		require.NotEmpty(t, probe.failures, name)
	}
	room.ExpectCount(t, 2, practiceslack.Contains("ada"))
	require.Equal(t, 2, room.Count())
}

func TestExpectWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	go func() { _, _ = w.ws.PostAsUser("U1", "C1", "here at last", "") }()
	w.ws.Channel("access").ExpectMessage(t, practiceslack.Contains("at last"))
}

// TestFaultIsClearedAlone holds that switching one fault off leaves the others.
func TestFaultIsClearedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	code := func(method string) any {
		_, answer := w.call(t, method, map[string]string{"user": "U1"})
		return answer["error"]
	}
	first := w.ws.Fault(practiceslack.Fault{Method: "users.info", Kind: practiceslack.SlackError, Code: "first", Times: -1})
	second := w.ws.Fault(practiceslack.Fault{Kind: practiceslack.SlackError, Code: "second", Times: -1})
	require.Equal(t, "first", code("users.info"))
	require.Equal(t, "second", code("auth.test"))
	first.Clear()
	first.Clear() // once more does nothing
	require.Equal(t, "second", code("users.info"))
	second.Clear()
	require.Nil(t, code("users.info"))

	spent := w.ws.Fault(practiceslack.Fault{Kind: practiceslack.Hang})
	other := w.ws.Fault(practiceslack.Fault{Kind: practiceslack.Hang})
	answers := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := w.api.GetUserInfoContext(t.Context(), "U1")
			answers <- err
		}()
	}
	require.Eventually(t, func() bool { return len(w.ws.Faults()) == 0 }, 5*time.Second, time.Millisecond, "both hang")
	spent.Clear()
	require.NoError(t, <-answers, "what hangs on a fault that is cleared goes on")
	require.Empty(t, answers, "and what hangs on another does not")
	other.Clear()
	require.NoError(t, <-answers)
}
