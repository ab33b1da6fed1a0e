package faulttest_test

import (
	"context"
	"slices"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const customer = "grace@northwind.example"

// scenario is one way that a request goes. People in it insist as people do:
// when something fails before their eyes, they do it again.
type scenario struct {
	name string
	// before is what happened before Frontdesk starts; nil for nothing.
	before func(w *world) string
	// until brings the request to where the way begins.
	until func(w *world) string
	// way is what is walked from there. It returns what people chose, when it
	// can be seen to have happened.
	way func(w *world, id string) chosen
	// calm is a way that is walked without faults only: after one, the same
	// decision made elsewhere cannot be told from our own.
	calm bool
	// socket lets Slack send over Socket Mode.
	socket bool
	// settings beside the usual ones.
	settings map[string]string
	// loses is the call whose first answer is lost in any case: the way goes on
	// from there, and the faults come in addition.
	loses string
}

func scenarios() []scenario {
	return []scenario{
		{name: "found by the first poll", before: file, way: appears},
		{name: "found by a poll", until: nothing, way: func(w *world, _ string) chosen { return appears(w, arrive(w)) }},
		{name: "announced by a webhook", until: nothing, way: announced},
		{name: "approved with two groups", until: arrive, way: approved},
		{name: "rejected with a reason", until: arrive, way: rejected},
		{name: "decided elsewhere", until: arrive, way: decidedElsewhere},
		{name: "approved with options", settings: map[string]string{"REVIEWERS": team + ",ben@vendor.example"}, until: arrive, way: approvedWithOptions},
		{name: "approved with options over a socket", socket: true, until: arrive, way: approvedWithOptions},
		{name: "rejected over a socket", socket: true, until: arrive, way: rejected},
		{name: "refused", until: arrive, way: refused},
		{name: "a flood", settings: map[string]string{"SLACK_FLOOD_LIMIT": "1"}, until: nothing, way: flood},
		{name: "the menu changes", until: arrive, way: menuChanges},
		{name: "the message is deleted", until: arrive, way: messageDeleted},
		{name: "the answer to the post is lost", loses: "chat.postMessage", until: nothing, way: func(w *world, _ string) chosen { return appears(w, arrive(w)) }},
		{name: "Conveyor's answer is lost", loses: "POST " + practiceconveyor.BasePath + "/exchange/authorizations", until: arrive, way: approved},
		{name: "old requests are removed", settings: map[string]string{"RETENTION_DAYS": "30"}, before: history, way: forgotten},
		{name: "somebody is told", until: arrive, way: func(w *world, id string) chosen { return tooLate(w, id, practiceconveyor.Ignore) }},
		{name: "the same decided elsewhere", calm: true, until: arrive, way: func(w *world, id string) chosen {
			c := tooLate(w, id, practiceconveyor.Approve)
			c.status, c.groups = practiceconveyor.RequestApproved, []string{}
			return c
		}},
	}
}

func nothing(*world) string { return "" }

// file lets a customer ask, without a webhook.
func file(w *world) string {
	message := "Please let us in."
	_ = w.room.SetWebhook(practiceconveyor.Webhook{})
	return w.room.Request(practiceconveyor.Requester{Email: customer, Message: &message})
}

// arrive lets a customer ask, and Frontdesk find it.
func arrive(w *world) string {
	id := file(w)
	w.insist("a poll is made", func(ctx context.Context) bool { return w.pollNow(ctx) })
	w.insist("the message appears", func(context.Context) bool { return w.channel.Count(practiceslack.Contains(customer)) > 0 })
	return id
}

func appears(w *world, id string) chosen {
	// The next poll finds what this one did not; it need not wait for its minute.
	next := clock().Add(3 * time.Second)
	w.insist("the message appears", func(ctx context.Context) bool {
		if !w.calm && clock().After(next) {
			next = clock().Add(3 * time.Second)
			w.pollNow(ctx)
		}
		return w.channel.Count(practiceslack.Contains(customer), practiceslack.Contains("None chosen")) > 0
	})
	return chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive},
		status: practiceconveyor.RequestRequested, reads: []string{"Please let us in."},
	}
}

// announced leaves it to the webhook alone; it is sent until it is taken.
func announced(w *world, _ string) chosen {
	id := w.room.Request(practiceconveyor.Requester{Email: customer, Message: new("Please let us in.")})
	w.insist("the webhook is taken", func(ctx context.Context) bool {
		for _, d := range w.room.Deliveries() {
			if d.Status >= 200 && d.Status < 300 {
				return true
			}
		}
		if len(w.room.Deliveries()) == 0 {
			return false // the first is still under way
		}
		d, err := w.room.SendWebhook(ctx, id)
		return err == nil && d.Status >= 200 && d.Status < 300
	})
	return appears(w, id)
}

func approved(w *world, id string) chosen {
	msg, who := w.handle(customer), w.slack.User(ada)
	w.insist("Ada chooses and approves", func(ctx context.Context) bool {
		if !msg.HasButton("Approve") {
			return true // an answer was lost, but not the click
		}
		menu := msg.Select("groups")
		for _, group := range []string{"Financials", "Security documents"} {
			// What is chosen stays in the person's client, whoever answered.
			if !slices.Contains(menu.Chosen(who), group) && menu.Choose(ctx, who, group).Err() != nil {
				return false
			}
		}
		return msg.Button("Approve").Click(ctx, who).Err() == nil
	})
	w.reads(msg, "pproved by <@"+ada+">")
	return chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive, approval.Approve, approval.Confirm},
		status: practiceconveyor.RequestApproved, decidedBy: "ada@vendor.example",
		groups: []string{"Financials", "Security documents"},
		reads:  []string{"pproved by <@" + ada + ">", "Financials", "Security documents"},
	}
}

func rejected(w *world, id string) chosen {
	msg, who := w.handle(customer), w.slack.User(ada)
	w.insist("Ada rejects", func(ctx context.Context) bool {
		if !msg.HasButton("Reject") {
			return true
		}
		if len(who.Views()) == 0 && msg.Button("Reject").Click(ctx, who).Err() != nil {
			return false
		}
		if len(who.Views()) == 0 {
			return false
		}
		return who.ExpectModal(w.t, "Reject request").Fill("reason", "Not a customer.").Submit(ctx).Closed //nolint:contextcheck // filling a form in asks nobody
	})
	w.reads(msg, "ejected by <@"+ada+">")
	return chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive, approval.Reject, approval.Confirm},
		status: practiceconveyor.RequestIgnored, decidedBy: "ada@vendor.example",
		reads: []string{"ejected by <@" + ada + ">", "Not a customer."},
	}
}

func decidedElsewhere(w *world, id string) chosen {
	if err := w.room.DecideElsewhere(id, practiceconveyor.Approve); err != nil {
		w.t.Fatal(err)
	}
	w.insist("a poll is made", func(ctx context.Context) bool { return w.pollNow(ctx) })
	w.reads(w.handle(customer), "handled in Conveyor")
	return chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive, approval.Close},
		status: practiceconveyor.RequestApproved, groups: []string{}, reads: []string{"handled in Conveyor"},
	}
}

// tooLate approves what was just decided elsewhere: Ada is told so.
func tooLate(w *world, id string, decision practiceconveyor.Decision) chosen {
	if err := w.room.DecideElsewhere(id, decision); err != nil {
		w.t.Fatal(err)
	}
	msg, who := w.handle(customer), w.slack.User(ada)
	taken, again := false, false
	w.insist("Ada approves", func(ctx context.Context) bool {
		if !msg.HasButton("Approve") {
			return true
		}
		taken = msg.Button("Approve").Click(ctx, who).Err() == nil
		again = again || !taken
		return taken
	})
	w.reads(msg, "handled in Conveyor")
	c := chosen{
		id: id, email: customer, life: []approval.Action{approval.Receive, approval.Approve, approval.Close},
		status: practiceconveyor.RequestIgnored, reads: []string{"handled in Conveyor"},
	}
	if again {
		// The click died with the process, or only its answer did. If it died, the
		// poll of the next process may have come before the next click.
		c.orLife = []approval.Action{approval.Receive, approval.Close}
	}
	if taken {
		w.insist("Ada is told", func(context.Context) bool { return w.ephemerals(ada, customer) > 0 })
		c.told = ada
	}
	return c
}

// patience is how long people and this test wait for anything.
const patience = 100 * time.Second

// insist does something again until it succeeds. Meanwhile somebody looks
// after the processes.
func (w *world) insist(what string, do func(ctx context.Context) bool) {
	w.t.Helper()
	eventually(w.t, patience, what, func() bool {
		w.tend()
		return do(w.t.Context())
	})
}

func (w *world) reads(msg *practiceslack.MessageHandle, text string) {
	w.t.Helper()
	w.insist("the message reads "+text, func(context.Context) bool {
		_, there := msg.Snapshot()
		return there && w.channel.Count(practiceslack.Contains(customer), practiceslack.Contains(text)) > 0
	})
}
