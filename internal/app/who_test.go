package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// reviewersAre sets REVIEWERS.
func reviewersAre(r config.Reviewers) func(*sandbox.Options) {
	return func(o *sandbox.Options) { o.Configure = func(c *config.Config) { c.Reviewers = r } }
}

func TestWhoMayNotDecideReadsWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person practiceslack.Person
		says   string
	}{
		"guest":       {practiceslack.Person{Email: "g@vendor.example", Restricted: true}, "guest"},
		"ultra guest": {practiceslack.Person{Email: "g@vendor.example", UltraRestricted: true}, "guest"},
		"no e-mail":   {practiceslack.Person{}, "e-mail"},
		"bot":         {practiceslack.Person{Email: "b@vendor.example", Bot: true}, "bots"},
		"stranger":    {practiceslack.Person{Email: "s@other.example", Stranger: true, TeamID: "T0OTHER"}, "organisation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachWay(t, func(on onStore) {
				t, start := on.t, on.start
				w := start(reviewersAre(config.Reviewers{}))
				person := c.person // each way of it has its own
				person.ID, person.Name = "U0OTHER", "other"
				other := w.Slack.AddUser(person)
				w.Slack.Join(sandbox.ChannelID, "U0OTHER")
				id, msg := w.requestFrom("grace@northwind.example")
				require.NoError(t, msg.Button("Approve").Click(t.Context(), other).Err())
				other.ExpectEphemeral(t, contains(c.says))

				// By now it is known from the cache, so the form does not open.
				require.NoError(t, msg.Button("Reject").Click(t.Context(), other).Err())
				other.NoModal(t)
				require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
				require.True(t, msg.HasButton("Approve"))
			})
		})
	}
}

func TestOnlyListedReviewersDecide(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]config.Reviewers{
		"by id":         {Users: []string{sandbox.Ada}},
		"by e-mail":     {Emails: []string{"ada@vendor.example"}},
		"by user group": {Groups: []string{"S0REVIEW"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachWay(t, func(on onStore) {
				t, start := on.t, on.start
				w := start(reviewersAre(r))
				w.Slack.AddUserGroup(practiceslack.UserGroup{ID: "S0REVIEW", Handle: "reviewers", Name: "Reviewers", Users: []string{sandbox.Ada}})
				id, msg := w.requestFrom("grace@northwind.example")
				require.NoError(t, msg.Button("Approve").Click(t.Context(), w.cleo).Err())
				w.cleo.ExpectEphemeral(t, contains("grace@northwind.example"))
				require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
				require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
				msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
			})
		})
	}
}

func TestTheFormIsEnforcedOnSubmit(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		// Nothing is known of Cleo yet, so the form opens at once …
		require.NoError(t, msg.Button("Reject").Click(t.Context(), w.cleo).Err())
		result := w.cleo.ExpectModal(t, rejectTitle).Fill("reason", "because").Submit(t.Context())
		// … but what counts is who submits it.
		require.False(t, result.Closed)
		require.NotEmpty(t, result.ErrorOf("reason"))
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
	})
}

func TestUnknownReviewersAreNamedAtStart(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(reviewersAre(config.Reviewers{
			Users: []string{sandbox.Ada, "U0NOBODY"}, Groups: []string{"S0NOGROUP"}, Emails: []string{"nobody@vendor.example"},
		}))
		for _, entry := range []string{"U0NOBODY", "S0NOGROUP", "nobody@vendor.example"} {
			w.expectLog("REVIEWERS: Slack does not know " + entry)
		}
		require.NotContains(t, w.log.String(), "does not know "+sandbox.Ada)
	})
}

func TestAnOpenDoorIsSaidAtStart(t *testing.T) {
	t.Parallel()
	const warning = "every full member who sees the channel can let customers in"
	w := startWorld(t, "", reviewersAre(config.Reviewers{}))
	require.Contains(t, w.log.String(), "level=warning msg=\"reviewers: REVIEWERS is not set, so "+warning)
	w = startWorld(t, "", reviewersAre(config.Reviewers{Everyone: true}))
	require.NotContains(t, w.log.String(), "level=warning")
	require.Contains(t, w.log.String(), "as REVIEWERS=* says")
	_, msg := w.requestFrom("grace@northwind.example")
	require.NoError(t, msg.Button("Approve").Click(t.Context(), w.cleo).Err())
	msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Cleo+">"))
}

func TestStartSaysEachCapability(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	for _, line := range []string{"store: sqlite:", "transport: ", "reviewers: only those listed", "webhook: on", "channel: "} {
		require.Contains(t, w.log.String(), line)
	}
}
