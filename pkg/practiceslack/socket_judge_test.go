package practiceslack_test

import (
	"context"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// judge is slack-go's client of Socket Mode. Nobody here wrote it, so what it
// understands was not made to fit.
type judge struct {
	*socketmode.Client

	hellos  chan int // num_connections of each hello
	invalid chan error
}

// judge connects a client that answers each payload by answer; nil means a plain
// acknowledgement, and silent no acknowledgement at all.
func (w *world) judge(t *testing.T, answer func(e socketmode.Event) any, options ...socketmode.Option) *judge {
	t.Helper()
	api := slack.New(w.ws.BotToken(), slack.OptionAppLevelToken(w.ws.AppToken()), slack.OptionAPIURL(w.url+"/api/"))
	options = append(options, socketmode.OptionLog(quiet{}))
	j := &judge{Client: socketmode.New(api, options...), hellos: make(chan int, 100), invalid: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	go func() {
		j.invalid <- j.RunContext(ctx)
		done <- struct{}{}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-j.Events:
				j.handle(ctx, t, e, answer)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		<-done
	})
	return j
}

// silent stands for no acknowledgement.
type silent struct{}

// quiet is a log that keeps nothing.
type quiet struct{}

func (quiet) Output(int, string) error { return nil }

func (j *judge) handle(ctx context.Context, t *testing.T, e socketmode.Event, answer func(socketmode.Event) any) {
	t.Helper()
	switch e.Type { //nolint:exhaustive // of the rest nothing needs an answer
	case socketmode.EventTypeHello:
		j.hellos <- e.Request.NumConnections
	case socketmode.EventTypeErrorBadMessage, socketmode.EventTypeErrorWriteFailed:
		t.Errorf("slack-go did not understand: %v", e.Data)
	case socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand, socketmode.EventTypeEventsAPI:
		var payload any
		if answer != nil {
			payload = answer(e)
		}
		if payload != (silent{}) {
			_ = j.AckCtx(ctx, e.Request.EnvelopeID, payload) // the context may have ended
		}
	}
}

// awaitHello waits until the client is connected, or connected again.
func (j *judge) awaitHello(t *testing.T) int {
	t.Helper()
	select {
	case n := <-j.hellos:
		return n
	case err := <-j.invalid:
		t.Fatalf("slack-go gave up: %v", err)
	case <-time.NewTimer(20 * time.Second).C:
		t.Fatal("slack-go did not connect")
	}
	return 0
}

func TestJudgeInteracts(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	seen := make(chan slack.InteractionCallback, 10)
	submitted := 0
	j := w.judge(t, func(e socketmode.Event) any {
		switch data := e.Data.(type) {
		case slack.InteractionCallback:
			seen <- data
			switch data.Type { //nolint:exhaustive // the rest gets a plain acknowledgement
			case slack.InteractionTypeBlockSuggestion:
				return slack.OptionsResponse{Options: []*slack.OptionBlockObject{
					slack.NewOptionBlockObject("a", slack.NewTextBlockObject("plain_text", "Group A for "+data.Value, false, false), nil),
				}}
			case slack.InteractionTypeViewSubmission:
				if submitted++; submitted == 1 {
					return slack.NewErrorsViewSubmissionResponse(map[string]string{"reason": "Say more."})
				}
			}
		case slack.SlashCommand:
			return map[string]string{"response_type": "in_channel", "text": data.UserName + " asked for " + data.Text}
		}
		return nil
	})
	require.Equal(t, 1, j.awaitHello(t))

	msg := w.postBlocks(t, request)
	require.NoError(t, msg.Button("Reject").Click(t.Context(), w.alice).Err())
	click := <-seen
	require.Equal(t, slack.InteractionTypeBlockActions, click.Type)
	require.Equal(t, "reject", click.ActionCallback.BlockActions[0].ActionID)
	_, answer := w.call(t, "views.open", map[string]string{"trigger_id": click.TriggerID, "view": form})
	require.Equal(t, true, answer["ok"], "%v", answer)
	modal := w.alice.ExpectModal(t, "Reject").Fill("Reason", "no")
	result := modal.Submit(t.Context())
	require.Equal(t, "Say more.", result.ErrorOf("Reason"))
	require.Equal(t, "no", (<-seen).View.State.Values["reason"]["text"].Value)
	require.True(t, modal.Fill("Reason", "no room").Submit(t.Context()).Closed)
	<-seen

	menu := w.postBlocks(t, search)
	found := w.ws.LoadOptions(t.Context(), "U1", "C1", menu.TS(), "find", "group", "x")
	require.Equal(t, []practiceslack.Option{{Text: "Group A for x", Value: "a"}}, found.Options)

	require.NoError(t, w.alice.Command(t.Context(), "C1", "/requests", "open").Err())
	w.ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("alice asked for open"))
	require.Empty(t, w.ws.Violations())
}

func TestJudgeGetsEventsAgain(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{Pace: practiceslack.Pace{DeliveryTimeout: time.Second}})
	type taken struct {
		attempt int
		reason  string
		tab     string
	}
	seen := make(chan taken, 10)
	w.judge(t, func(e socketmode.Event) any {
		event, _ := e.Data.(slackevents.EventsAPIEvent)
		opened, _ := event.InnerEvent.Data.(*slackevents.AppHomeOpenedEvent)
		seen <- taken{e.Request.RetryAttempt, e.Request.RetryReason, opened.Tab}
		if e.Request.RetryAttempt == 0 {
			return silent{}
		}
		return nil
	}).awaitHello(t)
	require.Equal(t, "Operation timed out. Apps need to respond within 3 seconds.", w.alice.OpenHome(t.Context()).Error)
	require.Equal(t, taken{0, "", "home"}, <-seen)
	require.Equal(t, 1, w.ws.RetryEvents(t.Context()))
	require.Equal(t, taken{1, "timeout", "home"}, <-seen)
	_, waits := w.ws.NextRetry()
	require.False(t, waits)
}

// TestJudgeConnectsAgain lets the client lose its connection in every way.
func TestJudgeConnectsAgain(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world){
		"warning":           func(w *world) { w.ws.Sockets()[0].Disconnect(practiceslack.Warning) },
		"refresh requested": func(w *world) { w.ws.Sockets()[0].Disconnect(practiceslack.RefreshRequested) },
		"refreshed by age":  func(w *world) { w.clock.Advance(time.Hour) },
		"cut":               func(w *world) { w.ws.Sockets()[0].Cut() },
		"dead": func(w *world) {
			w.ws.Sockets()[0].Freeze()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The client must see a ping within two seconds, or it connects again.
			w := socketWorld(t, practiceslack.Options{Pace: practiceslack.Pace{PingEvery: 100 * time.Millisecond}})
			j := w.judge(t, nil, socketmode.OptionPingInterval(2*time.Second))
			j.awaitHello(t)
			first := w.ws.ExpectSockets(t, 1)[0].ID()
			lose(w)
			j.awaitHello(t)
			require.NotEqual(t, first, w.ws.ExpectSockets(t, 1)[0].ID())
			require.NoError(t, w.postBlocks(t, request).Button("Approve").Click(t.Context(), w.alice).Err())
			require.Empty(t, w.ws.Violations())
		})
	}
}

func TestJudgeSharesWithOthers(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	served := make(chan int, 10)
	for i := range 3 {
		j := w.judge(t, func(socketmode.Event) any { served <- i; return nil })
		require.Equal(t, i+1, j.awaitHello(t))
	}
	msg := w.postBlocks(t, request)
	by := map[int]int{}
	for range 9 {
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
		by[<-served]++
	}
	require.Equal(t, map[int]int{0: 3, 1: 3, 2: 3}, by)
}

// TestJudgeIsRefused lets the client come with a token that is not good.
func TestJudgeIsRefused(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, practiceslack.Options{})
	api := slack.New(w.ws.BotToken(), slack.OptionAppLevelToken("xapp-other"), slack.OptionAPIURL(w.url+"/api/"))
	client := socketmode.New(api, socketmode.OptionLog(quiet{}))
	require.EqualError(t, client.RunContext(t.Context()), "invalid_auth")
}
