package faulttest_test

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/store/storetest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// approvedWithOptions approves with the form that has more to choose.
func approvedWithOptions(w *world, id string) chosen {
	msg, who := w.handle(customer), w.slack.User(ada)
	w.insist("Ada approves with options", func(ctx context.Context) bool {
		if !msg.HasButton("Approve") {
			return true // an answer was lost, but not the submission
		}
		if len(who.Views()) == 0 && msg.Overflow().Choose(ctx, who, "Approve with options…").Err() != nil {
			return false
		}
		if len(who.Views()) == 0 {
			return false
		}
		form := who.ExpectModal(w.t, "Approve with options").ChooseOptions("groups", "Financials").Fill("note", "Renewal customer") //nolint:contextcheck // filling a form in asks nobody
		return form.Submit(ctx).Closed
	})
	w.reads(msg, "pproved by <@"+ada+">")
	return chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive, approval.Approve, approval.Confirm},
		status: practiceconveyor.RequestApproved, decidedBy: "ada@vendor.example", groups: []string{"Financials"},
		reads: []string{"pproved by <@" + ada + ">", "Financials", "Renewal customer"},
	}
}

// refused approves as somebody whom Conveyor does not let decide.
func refused(w *world, id string) chosen {
	w.room.SetReviewerEmails("ben@vendor.example")
	msg, who := w.handle(customer), w.slack.User(ada)
	w.insist("Ada approves, and is refused", func(ctx context.Context) bool {
		if len(w.actions(ctx, id)) == 1 && msg.HasButton("Approve") {
			_ = msg.Button("Approve").Click(ctx, who) // however it is answered, the events say what came of it
		}
		return slices.Contains(w.actions(ctx, id), approval.Refuse)
	})
	w.reads(msg, "None chosen")
	w.insist("Ada is told", func(context.Context) bool { return w.ephemerals(ada, customer) > 0 })
	return chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive, approval.Approve, approval.Refuse},
		status: practiceconveyor.RequestRequested, told: ada, reads: []string{"None chosen"},
	}
}

// actions gives what has happened to a request so far.
func (w *world) actions(ctx context.Context, id string) []approval.Action {
	rows, err := w.database().QueryContext(ctx,
		`SELECT e.action FROM events e JOIN requests r ON r.id = e.request_id WHERE r.external_id = $1 ORDER BY e.seq`, id)
	if err != nil {
		return nil // it is locked for a moment
	}
	defer func() { _ = rows.Close() }()
	var all []approval.Action
	for rows.Next() {
		var a approval.Action
		require.NoError(w.t, rows.Scan(&a))
		all = append(all, a)
	}
	if rows.Err() != nil {
		return nil
	}
	return all
}

const overviewText = "more access request"

var waitingBehind = regexp.MustCompile(`(\d+) more access request`)

// flood lets more come at once than may wait to be posted; people open the
// others from the overview.
func flood(w *world, _ string) chosen {
	emails := []string{customer, "alan@northwind.example", "edsger@northwind.example"}
	var all []chosen
	_ = w.room.SetWebhook(practiceconveyor.Webhook{})
	for _, email := range emails {
		id := w.room.Request(practiceconveyor.Requester{Email: email, Message: new("Please let us in.")})
		all = append(all, chosen{
			id: id, email: email, life: []approval.Action{approval.Receive},
			status: practiceconveyor.RequestRequested, reads: []string{"Please let us in."},
		})
	}
	posted := func() int { return w.channel.Count(practiceslack.Contains("Please let us in.")) }
	poll := w.polling()
	w.insist("all are known", func(ctx context.Context) bool {
		poll(ctx)
		waiting := 0
		for _, m := range w.channel.Messages() {
			if found := waitingBehind.FindStringSubmatch(m.Visible()); found != nil {
				n, err := strconv.Atoi(found[1])
				require.NoError(w.t, err)
				waiting += n
			}
		}
		return posted()+waiting == len(emails)
	})
	who := w.slack.User(ada)
	w.insist("all are opened", func(ctx context.Context) bool {
		if posted() == len(emails) {
			return true
		}
		if w.channel.Count(practiceslack.Contains(overviewText)) == 0 {
			poll(ctx)
			return false
		}
		overview := w.channel.ExpectMessage(w.t, practiceslack.Contains(overviewText))
		if menu := overview.Select("open"); posted() == 1 && len(menu.Search(ctx, who, "edsger").Options) == 1 {
			_ = menu.Choose(ctx, who, emails[2])
		} else if buttons := overview.Buttons(); len(buttons) > 0 {
			_ = overview.Button(buttons[0]).Click(ctx, who)
		}
		poll(ctx)
		return false
	})
	w.insist("the overview says that nothing waits", func(ctx context.Context) bool {
		poll(ctx)
		return w.channel.Count(practiceslack.Contains(overviewText)) == w.channel.Count(practiceslack.Contains("No "+overviewText+"s wait here"))
	})
	first := all[0]
	first.also = all[1:]
	first.further = func() {
		require.LessOrEqual(w.t, w.channel.Count(practiceslack.Contains(overviewText)), 1, "one overview")
	}
	return first
}

// polling gives what makes a poll now and then: the next poll finds what the one
// before did not, and need not be waited for.
func (w *world) polling() func(ctx context.Context) {
	var next time.Time
	return func(ctx context.Context) {
		if now := clock(); now.After(next) && (next.IsZero() || !w.calm) {
			next = now.Add(3 * time.Second)
			w.pollNow(ctx)
		}
	}
}

// menuChanges adds an access group, which the next poll with news finds.
func menuChanges(w *world, id string) chosen {
	w.room.AddGroup("Roadmap")
	other := "alan@northwind.example"
	second := w.room.Request(practiceconveyor.Requester{Email: other, Message: new("We too.")})
	poll := w.polling()
	w.insist("the menu has the new group", func(ctx context.Context) bool {
		poll(ctx)
		if w.channel.Count(practiceslack.Contains(other)) == 0 || w.channel.Count(practiceslack.Contains(customer)) == 0 {
			return false
		}
		menu := w.handle(customer).Select("groups")
		return slices.ContainsFunc(menu.Options(w.slack.User(ada)), func(o practiceslack.Option) bool { return o.Text == "Roadmap" })
	})
	return chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive}, status: practiceconveyor.RequestRequested,
		also: []chosen{{
			id: second, email: other, life: []approval.Action{approval.Receive}, status: practiceconveyor.RequestRequested, reads: []string{"We too."},
		}},
	}
}

// messageDeleted deletes the message of an open request, which has news then.
func messageDeleted(w *world, id string) chosen {
	require.NoError(w.t, w.slack.DeleteMessage(channelID, w.handle(customer).TS()))
	return menuChanges(w, id)
}

// history leaves requests that were decided long ago.
func history(w *world) string {
	kept, err := store.Open(w.t.Context(), w.settings["DATABASE_URL"])
	require.NoError(w.t, err)
	require.NoError(w.t, kept.Close())
	db := w.open("")
	for _, statement := range storetest.History(source, 20, clock().AddDate(-1, 0, 0).UnixMilli()) {
		_, err := db.ExecContext(w.t.Context(), statement)
		require.NoError(w.t, err)
	}
	require.NoError(w.t, db.Close())
	return ""
}

// forgotten waits until nothing is left of them.
func forgotten(w *world, _ string) chosen {
	db := w.database()
	w.insist("what is old is gone", func(ctx context.Context) bool {
		rows := -1
		err := db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM requests) + (SELECT count(*) FROM events) + (SELECT count(*) FROM notices)`).Scan(&rows)
		return err == nil && rows == 0
	})
	return chosen{}
}
