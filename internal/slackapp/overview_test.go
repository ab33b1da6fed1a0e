package slackapp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// overview posts the message that stands for what the desk holds back.
func (w *world) overview() *practiceslack.MessageHandle {
	w.t.Helper()
	content, err := w.board.ComposeOverview(approval.Overview{Source: "conveyor", Held: 12, Oldest: w.clock.Now()})
	require.NoError(w.t, err)
	_, err = w.board.Post(w.t.Context(), "overview:conveyor", content)
	require.NoError(w.t, err)
	_, found, err := w.board.Find(w.t.Context(), "overview:conveyor", w.clock.Now())
	require.NoError(w.t, err)
	require.True(w.t, found)
	return w.channel.ExpectMessage(w.t, practiceslack.Contains("12 more access requests"))
}

func TestARequestIsFoundAndOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *plan) { p.reviewers = []string{"U0ADA"} })
	msg := w.overview()
	menu := msg.Select(render.ActionOpen)
	found := menu.Search(t.Context(), w.ada, "NORTH")
	require.NoError(t, found.Err())
	require.Len(t, found.Options, 1)
	require.Equal(t, "grace@northwind.example", found.Options[0].Text)
	require.Empty(t, menu.Search(t.Context(), w.ada, "nobody").Options)

	require.NoError(t, menu.Choose(t.Context(), w.ada, "grace@northwind.example").Err())
	require.Equal(t, []string{requestID}, w.desk.openedIDs())

	require.NoError(t, msg.Button("Open the next 10").Click(t.Context(), w.ada).Err())
	require.Equal(t, []string{requestID, "the oldest 10 of conveyor"}, w.desk.openedIDs())

	require.NoError(t, msg.Button("Open the next 10").Click(t.Context(), w.ben).Err())
	w.ben.ExpectEphemeral(t, practiceslack.Contains("You cannot decide this"))
	require.Len(t, w.desk.openedIDs(), 2)
}

func TestWhatCannotBeOpenedIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(r *approval.Request)
		fails  error
		says   string
	}{
		"decided meanwhile": {change: func(r *approval.Request) {
			r.State, r.Closing = approval.Handled, &approval.Closing{Standing: approval.StandingApproved}
		}, says: "Conveyor"},
		"posted already": {change: func(r *approval.Request) { r.Delivery.TS = "1.2" }, says: "in the channel already"},
		"unknown":        {fails: approval.ErrUnknown, says: "does not know this request"},
		"not recorded":   {fails: errors.New("no database"), says: "could not be recorded in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			msg := w.overview()
			if c.change != nil {
				w.desk.stands(c.change)
			}
			w.desk.script("Open", func(context.Context) error { return c.fails })
			menu := msg.Select(render.ActionOpen)
			require.NoError(t, menu.Search(t.Context(), w.ada, "").Err())
			_ = menu.Choose(t.Context(), w.ada, "grace@northwind.example") // the answer may be an error, too
			w.ada.ExpectEphemeral(t, practiceslack.Contains(c.says))
		})
	}
}

func TestOpeningEndsInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	msg := w.overview()
	w.desk.script("OpenOldest", hang)
	began := time.Now() //nolint:forbidigo // how long it really takes
	_ = msg.Button("Open the next 10").Click(t.Context(), w.ada)
	require.Less(t, time.Since(began), 2900*time.Millisecond) //nolint:forbidigo // as above
	w.ada.ExpectEphemeral(t, practiceslack.Contains("could not be recorded in time"))
}
