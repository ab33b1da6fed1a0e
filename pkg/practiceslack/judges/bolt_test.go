package judges_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// TestBolt works with an ordinary Bolt app as people do, over each of the ways
// in which Bolt can be reached.
func TestBolt(t *testing.T) {
	t.Parallel()
	for _, receiver := range []string{"http", "express", "socket"} {
		t.Run(receiver, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, practiceslack.Options{})
			app := w.startBolt(t, m{"receiver": receiver})
			t.Run("", w.stories)
			require.Empty(t, w.ws.Violations())
			require.Empty(t, app.log.String(), "Bolt complains")
		})
	}
}

// startBolt starts the app and tells the workspace how to reach it.
func (w *world) startBolt(t *testing.T, settings m) *program {
	t.Helper()
	overSocket := settings["receiver"] == "socket"
	settings["apiURL"], settings["token"] = w.apiURL, w.ws.BotToken()
	if overSocket {
		settings["appToken"] = w.ws.AppToken()
	} else {
		settings["signingSecret"] = w.ws.SigningSecret()
	}
	w.ws.SetSocketMode(overSocket)
	app, port := start(t, "app.mjs", settings)
	if overSocket {
		w.ws.ExpectSockets(t, 1)
		return app
	}
	w.ws.SetRequestURL("http://127.0.0.1:" + port + "/slack/events")
	require.NoError(t, w.ws.VerifyEventsURL(t.Context()).Err())
	return app
}

// TestBoltReconnects ends Bolt's connection in each way that Slack or a network
// does; the app must be there again each time.
func TestBoltReconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	ch := w.channel("C1")
	w.startBolt(t, m{"receiver": "socket", "clientPingTimeout": 1000})
	for _, end := range []struct {
		name string
		how  func(*practiceslack.Socket)
	}{
		{"refresh", func(s *practiceslack.Socket) { s.Disconnect(practiceslack.RefreshRequested) }},
		{"warning", func(s *practiceslack.Socket) { s.Disconnect(practiceslack.Warning) }},
		{"cut", (*practiceslack.Socket).Cut},
	} {
		old := w.ws.ExpectSockets(t, 1)[0]
		end.how(old)
		w.expectNewSocket(t, old, end.name)
		w.asks(t, ch, end.name+"@x.com")
	}
	require.Empty(t, w.ws.Violations())
}

// expectNewSocket waits until one connection is open, and it is another one.
func (w *world) expectNewSocket(t *testing.T, old *practiceslack.Socket, after string) {
	t.Helper()
	changes, cancel := w.ws.Subscribe()
	defer cancel()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		if open := w.ws.Sockets(); len(open) == 1 && open[0].ID() != old.ID() {
			return
		}
		select {
		case <-changes:
		case <-limit.C:
			require.FailNow(t, "no new connection", "after %s", after)
		}
	}
}

// stories are what the people do, each in a channel of its own and with a person
// of its own where modals are open.
func (w *world) stories(t *testing.T) {
	t.Run("approve", w.approve)
	t.Run("menus", w.menus)
	t.Run("respond", w.respond)
	t.Run("reject", w.reject)
	t.Run("modals", w.modals)
	t.Run("commands", w.commands)
	t.Run("ask", w.ask)
	t.Run("shortcuts", w.shortcuts)
	t.Run("home", w.home)
}

// asks lets alice ask for access by a slash command, and gives the message that
// the app posts.
func (w *world) asks(t *testing.T, ch *practiceslack.Channel, who string) *practiceslack.MessageHandle {
	t.Helper()
	require.NoError(t, w.alice.Command(t.Context(), ch.ID(), "/request", who).Err())
	return ch.ExpectMessage(t, practiceslack.Contains("*"+who+"* asks for access"))
}

func (w *world) approve(t *testing.T) {
	t.Parallel()
	ch := w.channel("Capprove")
	msg := w.asks(t, ch, "ada@x.com")
	reply := ch.ExpectMessage(t, practiceslack.Contains("No NDA"))
	threaded, _ := reply.Snapshot()
	require.Equal(t, msg.TS(), threaded.ThreadTS)
	posted, _ := msg.Snapshot()
	require.JSONEq(t, `{"event_type":"access_request","event_payload":{"who":"ada@x.com"}}`, string(posted.Metadata))

	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.bob).Err())
	msg.ExpectUpdate(t, practiceslack.Contains("ada@x.com was approved by <@U2> for nothing"))
	require.False(t, msg.HasControls())
	updated, _ := msg.Snapshot()
	require.JSONEq(t, `{"event_type":"access_decided","event_payload":{"who":"ada@x.com","approved":true}}`, string(updated.Metadata))
}

func (w *world) menus(t *testing.T) {
	t.Parallel()
	ch := w.channel("Cmenus")
	msg := w.asks(t, ch, "grace@x.com")
	menu := msg.Select("groups")
	require.False(t, menu.Search(t.Context(), w.alice, "").OK, "one character is needed")
	found := menu.Search(t.Context(), w.alice, "a")
	require.NoError(t, found.Err())
	require.Equal(t, []practiceslack.Option{{Text: "Auditors", Value: "auditors"}}, found.Options)
	require.Empty(t, menu.Search(t.Context(), w.alice, "x").Options)
	require.NoError(t, menu.Search(t.Context(), w.alice, "P").Err())
	require.NoError(t, menu.Choose(t.Context(), w.alice, "Auditors", "Partners").Err())
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.alice).Err())
	msg.ExpectUpdate(t, practiceslack.Contains("grace@x.com was approved by <@U1> for Auditors and Partners"))
}

func (w *world) respond(t *testing.T) {
	t.Parallel()
	ch := w.channel("Crespond")
	msg := w.asks(t, ch, "edsger@x.com")
	require.Equal(t, []string{"Ask a colleague", "Delete"}, msg.Overflow().Entries(w.bob))
	ask := func() *practiceslack.MessageHandle {
		require.NoError(t, msg.Overflow().Choose(t.Context(), w.bob, "Ask a colleague").Err())
		return w.bob.ExpectEphemeral(t, inChannel(ch), practiceslack.Contains("Whom do you want to ask?"))
	}
	question := ask()
	require.NoError(t, question.Button("Nobody").Click(t.Context(), w.bob).Err())
	question.ExpectDeleted(t)

	question = ask()
	require.NoError(t, question.Button("Everybody").Click(t.Context(), w.bob).Err())
	question.ExpectUpdate(t, practiceslack.Contains("All were asked."))
	ch.ExpectMessage(t, practiceslack.Contains("Does anybody know this person?"))
	w.alice.NoEphemeral(t, inChannel(ch))

	require.NoError(t, msg.Overflow().Choose(t.Context(), w.bob, "Delete").Err())
	msg.ExpectDeleted(t)
}

// inChannel matches what is shown in a channel.
func inChannel(ch *practiceslack.Channel) practiceslack.Matcher {
	return practiceslack.Where("is in "+ch.ID(), func(m practiceslack.Message) bool { return m.Channel == ch.ID() })
}

func (w *world) reject(t *testing.T) {
	t.Parallel()
	ch := w.channel("Creject")
	carol := w.person(ch, "U3")
	msg := w.asks(t, ch, "alan@x.com")
	require.NoError(t, msg.Button("Reject").Click(t.Context(), carol).Err())
	modal := carol.ExpectModal(t, "Reject")
	result := modal.Submit(t.Context())
	require.Equal(t, "Give a note or a reason.", result.ErrorOf("Note"))
	require.Equal(t, result.Errors, modal.Errors())

	require.NoError(t, modal.Close(t.Context()).Err())
	carol.ExpectEphemeral(t, inChannel(ch), practiceslack.Contains("Nothing was rejected."))
	require.True(t, msg.HasButton("Reject"))

	require.NoError(t, msg.Button("Reject").Click(t.Context(), carol).Err())
	modal = carol.ExpectModal(t, "Reject")
	found := modal.Search(t.Context(), "Reason", "")
	require.Equal(t, []practiceslack.Option{
		{Text: "Not now", Value: "not_now", Group: "Short"},
		{Text: "Not without a contract", Value: "no_contract", Group: "Long"},
	}, found.Options)
	modal.ChooseOptions("Reason", "Not without a contract")
	require.True(t, modal.Submit(t.Context()).Closed)
	msg.ExpectUpdate(t, practiceslack.Contains("alan@x.com was rejected by <@U3>: no_contract"))
	require.False(t, msg.HasControls())
}

// person adds someone to the workspace and to a channel.
func (w *world) person(ch *practiceslack.Channel, id string) *practiceslack.User {
	person := w.ws.AddUser(practiceslack.Person{ID: id})
	w.ws.Join(ch.ID(), id)
	return person
}

func (w *world) modals(t *testing.T) {
	t.Parallel()
	ch := w.channel("Cmodals")
	dave := w.person(ch, "U4")
	msg := w.asks(t, ch, "barbara@x.com")
	require.NoError(t, msg.Button("Reject").Click(t.Context(), dave).Err())
	modal := dave.ExpectModal(t, "Reject")

	require.NoError(t, modal.Fill("Note", "update").Click(t.Context(), "Help").Err())
	help := dave.ExpectModal(t, "Help").Expect(practiceslack.Contains("Be kind."))
	require.NoError(t, help.Close(t.Context()).Err())
	require.NoError(t, modal.Click(t.Context(), "Look up").Err())
	modal = dave.ExpectModal(t, "Reject barbara@x.com")
	require.Equal(t, "update", modal.Value("Note"), "what was typed stays")

	result := modal.Submit(t.Context())
	require.NoError(t, result.Err())
	require.True(t, result.Updated)
	modal = dave.ExpectModal(t, "Once more").Fill("Note", "push")
	require.True(t, modal.Submit(t.Context()).Pushed)
	sure := dave.ExpectModal(t, "Are you sure?")
	require.Len(t, dave.Views(), 2)
	require.True(t, sure.Submit(t.Context()).Cleared)
	dave.NoModal(t)
	msg.ExpectUpdate(t, practiceslack.Contains("barbara@x.com was rejected by <@U4>, surely"))
}

func (w *world) commands(t *testing.T) {
	t.Parallel()
	ch := w.channel("Ccommands")
	require.NoError(t, w.alice.Command(t.Context(), ch.ID(), "/requests", "help").Err())
	w.alice.ExpectEphemeral(t, inChannel(ch), practiceslack.Contains("Try `/requests open`."))
	require.NoError(t, w.alice.Command(t.Context(), ch.ID(), "/requests", "open").Err())
	ch.ExpectMessage(t, practiceslack.Contains("None is open."))
	require.NoError(t, w.bob.Command(t.Context(), ch.ID(), "/requests", "ada").Err())
	w.bob.ExpectEphemeral(t, inChannel(ch), practiceslack.Contains("There is no request ada."))
	ch.ExpectMessage(t, practiceslack.Contains("Who knows ada?"))
	w.alice.NoEphemeral(t, inChannel(ch), practiceslack.Contains("ada"))
}

func (w *world) ask(t *testing.T) {
	t.Parallel()
	ch := w.channel("Cask")
	w.asks(t, ch, "ada@x.com")
	ch.ExpectMessage(t, practiceslack.Contains("No NDA"))
	require.NoError(t, w.alice.Command(t.Context(), ch.ID(), "/ask", "").Err())
	answer := w.alice.ExpectEphemeral(t, inChannel(ch)).Text()
	for _, line := range []string{
		"you are Alice Ant <alice@corp.example> of " + w.ws.TeamID(),
		"people frontdesk,alice | bob",
		"found U1",
		"groups @reviewers=U1,U2(2)",
		"members U1,U2",
		"channel #cask of 3",
		"asked in #cask by alice with /ask",
		"request of ada@x.com with 1 reply",
		"thread ada@x.com asks for access / No NDA has been signed.",
	} {
		require.Contains(t, answer, line)
	}
}

func (w *world) shortcuts(t *testing.T) {
	t.Parallel()
	ch := w.channel("Cshortcuts")
	frank := w.person(ch, "U6")
	require.NoError(t, frank.Shortcut(t.Context(), "new_request").Err())
	modal := frank.ExpectModal(t, "New request").Fill("Who", "donald@x.com")
	where := practiceslack.Input{Values: []string{ch.ID()}}
	require.NoError(t, w.ws.SetViewInput(t.Context(), frank.ID(), modal.ID(), "where", "channel", where).Err())
	require.True(t, modal.Submit(t.Context()).Closed)
	ch.ExpectMessage(t, practiceslack.Contains("*donald@x.com* asks for access"))

	_, err := w.ws.PostAsUser("U1", ch.ID(), "Who is donald?", "")
	require.NoError(t, err)
	question := ch.ExpectMessage(t, practiceslack.Contains("Who is donald?"))
	require.NoError(t, question.Shortcut(t.Context(), frank, "look_up").Err())
	frank.ExpectEphemeral(t, inChannel(ch), practiceslack.Contains("U1 wrote in #cshortcuts: Who is donald?"))
}

func (w *world) home(t *testing.T) {
	t.Parallel()
	ch := w.channel("Chome")
	erin := w.person(ch, "U5")
	require.NoError(t, erin.OpenHome(t.Context()).Err())
	erin.ExpectHome(t, practiceslack.Contains("Counted 0"))
	for _, count := range []string{"Counted 1", "Counted 2"} {
		require.NoError(t, erin.ClickHome(t.Context(), "Count").Err())
		erin.ExpectHome(t, practiceslack.Contains(count))
	}
	require.NoError(t, erin.OpenHome(t.Context()).Err())
	erin.ExpectHome(t, practiceslack.Contains("Back at 2"))
}
