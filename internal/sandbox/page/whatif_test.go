package page_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// desk is a Frontdesk that does what it is told, or fails with err.
type desk struct {
	mu      sync.Mutex
	running bool
	err     error
	bounded bool // the last stop had to end at some time
}

func (d *desk) FrontdeskRunning() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.running
}

func (d *desk) StopFrontdesk(ctx context.Context) error {
	_, bounded := ctx.Deadline()
	return d.turn(false, bounded)
}

func (d *desk) StartFrontdesk(context.Context) error { return d.turn(true, false) }

func (d *desk) set(running bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = running
}

func (d *desk) turn(running, bounded bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bounded = bounded
	if d.err == nil {
		d.running = running
	}
	return d.err
}

func (w *world) turns(fault string, on bool) {
	w.t.Helper()
	require.Equal(w.t, fine(), w.does("fault", `{"as":"U1","fault":%q,"on":%t}`, fault, on))
}

// on lists the switches that are on, as a person sees them.
func (w *world) on(person string) []string {
	w.t.Helper()
	names := []string{}
	for _, f := range w.sees(person, "C1").Faults {
		require.NotEmpty(w.t, f.Hint, f.Name)
		if f.On {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestConveyorGoesWrongOnCommand(t *testing.T) {
	t.Parallel()
	slow, lost := practiceconveyor.Slow(3*time.Second), practiceconveyor.LostAnswer()
	for name, want := range map[string][]practiceconveyor.Fault{
		"conveyor_slow": {{Method: http.MethodPost, Kind: slow}, {Method: http.MethodPatch, Kind: slow}},
		"conveyor_429":  {{Kind: practiceconveyor.Status(429, 5*time.Second)}},
		"conveyor_500":  {{Kind: practiceconveyor.Status(500, 0)}},
		"conveyor_lost": {{Method: http.MethodPost, Kind: lost}, {Method: http.MethodPatch, Kind: lost}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, noon)
			require.Empty(t, w.on("U1"))
			w.turns(name, true)
			w.turns(name, true)
			require.Equal(t, want, w.room.Faults(), "twice on is on")
			require.Len(t, w.on("U2"), 1, "everybody sees it")
			w.turns(name, false)
			require.Empty(t, w.room.Faults())
			require.Empty(t, w.on("U1"))
		})
	}
}

func TestOneSwitchLeavesTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	theirs := w.slack.Fault(practiceslack.Fault{Method: "users.list", Kind: practiceslack.ServerError, Times: -1})
	defer theirs.Clear()
	own := w.room.Fault(practiceconveyor.Fault{Method: http.MethodDelete, Kind: practiceconveyor.HTML()})
	w.turns("slack_limited", true)
	w.turns("conveyor_429", true)
	w.turns("conveyor_500", true)
	w.turns("conveyor_500", true)
	require.Equal(t, []string{"Conveyor answers 429", "Conveyor answers 500", "Slack limits updates"}, w.on("U1"))
	require.Len(t, w.room.Faults(), 3)
	w.turns("conveyor_429", false)
	w.turns("conveyor_slow", false)
	require.Equal(t, []string{"Conveyor answers 500", "Slack limits updates"}, w.on("U1"))
	require.Equal(t, practiceconveyor.Status(500, 0), w.room.Faults()[1].Kind)
	own.Clear()
	require.Len(t, w.room.Faults(), 1)
	w.turns("slack_limited", false)
	require.Len(t, w.slack.Faults(), 1, "what a test switched on stays")
}

func TestSlackGoesWrongOnCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	ts := w.post(ask)
	update := func() int {
		return w.sends(http.MethodPost, "/api/chat.update", `{"channel":"C1","ts":"`+ts+`","text":"new"}`, w.bearer()).StatusCode
	}
	w.turns("slack_limited", true)
	w.turns("slack_lost", true)
	w.turns("slack_lost", false)
	for range 3 {
		require.Equal(t, http.StatusTooManyRequests, update(), "it lasts, whatever else is switched")
	}
	w.turns("slack_limited", false)
	require.Equal(t, http.StatusOK, update())

	w.turns("slack_lost", true)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.front.URL+"/api/chat.postMessage",
		http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+w.slack.BotToken())
	req.URL.RawQuery = "channel=C1&text=lost"
	resp, err := w.front.Client().Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err, "the connection is cut")
	require.Equal(t, []string{"Slack’s answer to a post is lost"}, w.on("U1"))
}

func (w *world) bearer() map[string]string {
	return map[string]string{"Authorization": "Bearer " + w.slack.BotToken(), "Content-Type": "application/json"}
}

func TestConveyorRefusesOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	decides := func(email string) int {
		id := w.room.Request(practiceconveyor.Requester{Email: "a@x.example"})
		return w.sends(http.MethodPatch, "/api/v2/exchange/authorization_requests/"+id+"?status=ignored&reviewer_email="+email, "",
			map[string]string{"X-API-Key": w.room.Key()}).StatusCode
	}
	require.Equal(t, http.StatusOK, decides("alice@vendor.example"))
	w.turns("conveyor_refuses", true)
	require.Equal(t, http.StatusForbidden, decides("alice@vendor.example"))
	require.Equal(t, http.StatusOK, decides("bob@vendor.example"))
	require.Equal(t, []string{"Conveyor refuses Alice Ant"}, w.on("U2"), "it stays the person who was refused")
	w.turns("conveyor_refuses", false)
	require.Equal(t, http.StatusOK, decides("alice@vendor.example"))
	require.Empty(t, w.on("U1"))
}

func TestASwitchThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	for _, body := range []string{`{}`, `{"as":"U1","fault":"meteor","on":true}`, `{"as":"U9","fault":"conveyor_refuses","on":true}`} {
		out := w.does("fault", "%s", body)
		require.False(t, out.OK, body)
		require.NotEmpty(t, out.Error, body)
	}
	require.Empty(t, w.on("U1"))
}

func TestFrontdeskIsStoppedAndStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	require.True(t, w.sees("U1", "C1").Running)
	require.Equal(t, fine(), w.does("desk", `{"run":false}`))
	require.True(t, w.desk.bounded, "a stop that hangs ends")
	require.False(t, w.sees("U1", "C1").Running)
	require.Equal(t, fine(), w.does("desk", `{"run":true}`))
	require.True(t, w.sees("U1", "C1").Running)

	w.desk.err = errors.New("it is busy")
	require.Equal(t, "Frontdesk did not stop well: it is busy.", w.does("desk", `{"run":false}`).Error)
	require.Equal(t, "Frontdesk was not started: it is busy.", w.does("desk", `{"run":true}`).Error)
}
