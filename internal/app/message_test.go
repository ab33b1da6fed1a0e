package app_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestTheMessageSaysWhoAsksForWhat(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id := w.asks("grace@northwind.example", "We need the SOC 2 report.")
		msg := w.channel.ExpectMessage(t, contains("grace@northwind.example"))
		for _, part := range []string{
			"northwind.example", "<!date^", "We need the SOC 2 report.", w.inRoom(id).Link, "Approve", "Reject",
			"None chosen means standard access",
		} {
			require.Contains(t, msg.Text(), part)
		}
		snapshot, ok := msg.Snapshot()
		require.True(t, ok)
		require.Contains(t, snapshot.Text, "grace@northwind.example")
	})
}

// TestAnyNumberOfGroups approves with the last group of a room, however many
// it has, by choosing from the menu or by typing.
func TestAnyNumberOfGroups(t *testing.T) {
	t.Parallel()
	for n, onWays := range map[int]func(*testing.T, func(onStore)){
		0: onEachWay, 1: onEachWay, 10: onEachWay, 11: onEachWay, 100: onEachWay, 101: onEachWay, 5000: onBothStores,
	} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			onWays(t, func(on onStore) {
				t, start := on.t, on.start
				w := start(withoutWebhook)
				groups := make([]practiceconveyor.Group, n)
				for i := range groups {
					groups[i].Name = fmt.Sprintf("Group %d 🔐 %s", i+1, strings.Repeat("n", 280))
				}
				w.Room.SetGroups(groups)
				id, msg := w.requestFrom("grace@northwind.example")
				var chosen string
				switch menu := msg.Select("groups"); {
				case n > 100:
					found := menu.Search(t.Context(), w.ada, fmt.Sprintf("group %d ", n))
					require.NoError(t, found.Err())
					require.Len(t, found.Options, 1)
					chosen = found.Options[0].Text
					require.NoError(t, menu.Choose(t.Context(), w.ada, chosen).Err())
				case n > 0:
					offered := menu.Options(w.ada)
					require.Len(t, offered, n)
					chosen = offered[n-1].Text
					require.NoError(t, menu.Choose(t.Context(), w.ada, chosen).Err())
				}
				require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
				msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
				require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
				granted := w.Room.Authorizations()[0].Groups
				if n == 0 {
					require.Empty(t, granted)
					require.Contains(t, msg.Text(), "tandard access")
					return
				}
				require.Len(t, granted, 1)
				number, _, _ := strings.Cut(chosen, " 🔐")
				require.True(t, strings.HasPrefix(granted[0].Name, number+" "), "%q is not %q", granted[0].Name, chosen)
			})
		})
	}
}

func TestNothingInARequestDoesHarm(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) { o.Slack.Limits.Off = true })
		long := "start " + strings.Repeat("<&>é🔐", 4000)
		for name, r := range map[string]practiceconveyor.Requester{
			"null":    {Email: "null@example.net"},
			"empty":   {Email: "empty@example.net", Message: new("")},
			"blank":   {Email: "blank@example.net", Message: new(" \n\t ")},
			"long":    {Email: "long@example.net", Message: &long},
			"mention": {Email: "mention@example.net", Message: new("<!channel> <@U0ADA> <https://evil.example|click>")},
			"odd":     {Email: "odd+<!channel>\"quoted part\"@sub.example.net", Message: new("hello")},
			"noat":    {Email: "noat", Message: new("no at sign")},
		} {
			id := w.Room.Request(r)
			email, _, _ := strings.Cut(r.Email, "<")
			msg := w.channel.ExpectMessage(t, contains(email))
			snapshot, _ := msg.Snapshot()
			for _, text := range append(mrkdwnIn(t, snapshot.Blocks), snapshot.Text) {
				require.NotContains(t, text, "<!channel", name)
				require.NotContains(t, text, "<@", name)
				require.NotContains(t, text, "evil", name)
			}
			require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err(), name)
			msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
			require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status, name)
		}
		require.Contains(t, w.channel.ExpectMessage(t, contains("long@example.net")).Text(), "cut")
	})
}

func TestAChoiceInTheMenuDecidesNothing(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		require.NoError(t, msg.Select("groups").Remove(t.Context(), w.ada, "Financials").Err())
		require.Equal(t, practiceconveyor.RequestRequested, w.inRoom(id).Status)
		require.True(t, msg.HasButton("Approve"))
		require.Empty(t, w.Slack.Calls("chat.update"))
	})
}

func TestApproveWithoutAChoiceGivesStandardAccess(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"), contains("tandard access"))
		require.Empty(t, w.Room.Authorizations()[0].Groups)
	})
}

func TestGatedApprovalSaysThatTheNDAIsNotSigned(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) { o.Room.NDARequired = true })
		_, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("NDA not signed yet"))
	})
}

func TestWhileItIsUnderWayThereAreNoLiveButtons(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		_, msg := w.requestFrom("grace@northwind.example")
		w.Room.Fault(practiceconveyor.Fault{Method: "POST", Kind: practiceconveyor.Hang(), Times: 1})
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("Approving"), contains("<@"+sandbox.Ada+">"))
		require.False(t, msg.HasControls())
		w.Room.ClearFaults()
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
	})
}

func TestQueryParametersAndBearerAuth(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) {
			o.Room.Auth, o.Room.Params = practiceconveyor.AuthBearer, practiceconveyor.ParamsQuery
			o.Configure = func(c *config.Config) { c.ConveyorAuth, c.ConveyorParams = config.AuthBearer, config.ParamsQuery }
		})
		_, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"), contains("Financials"))
	})
}

func TestApproveWithOptions(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start(func(o *sandbox.Options) { o.Room.NDARequired = true })
		_, msg := w.requestFrom("grace@northwind.example")
		require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
		require.NoError(t, msg.Overflow().Choose(t.Context(), w.ada, "Approve with options…").Err())
		modal := w.ada.ExpectModal(t, "Approve with options")
		require.Contains(t, modal.Text(), "grace@northwind.example")
		require.Equal(t, []string{"Financials"}, modal.Chosen("groups"), "the choice in the message is taken along")

		past := clock().AddDate(0, 0, -3).Format("2006-01-02")
		result := modal.PickDate("expiry", past).Submit(t.Context())
		require.False(t, result.Closed)
		require.NotEmpty(t, result.ErrorOf("expiry"))

		day := clock().AddDate(0, 1, 0).Format("2006-01-02")
		modal.PickDate("expiry", day).ChooseOptions("groups", "Financials", "Product roadmap").Fill("note", "Renewal customer")
		modal.Check("nda", checkboxText(t, modal))
		require.True(t, modal.Submit(t.Context()).Closed)
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"), contains("Product roadmap"), contains("Renewal customer"))

		got := w.Room.Authorizations()[0]
		require.Equal(t, day, got.ExpiresAt)
		require.True(t, got.NDABypass)
		require.Equal(t, practiceconveyor.AuthorizationAuthorized, got.Status)
		require.Len(t, got.Groups, 2)
	})
}

func checkboxText(t *testing.T, modal *practiceslack.Modal) string {
	t.Helper()
	options := modal.Options("nda")
	require.Len(t, options, 1)
	return options[0].Text
}

// mrkdwnIn gives every text that Slack would interpret.
func mrkdwnIn(t *testing.T, blocks []byte) []string {
	t.Helper()
	var texts []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, each := range v {
				walk(each)
			}
		case map[string]any:
			if v["type"] == "mrkdwn" {
				texts = append(texts, fmt.Sprint(v["text"]))
			}
			for _, each := range v {
				walk(each)
			}
		}
	}
	var tree any
	require.NoError(t, json.Unmarshal(blocks, &tree))
	walk(tree)
	require.NotEmpty(t, texts)
	return texts
}

// TestAMessageOfAnOlderVersionWorks clicks in a message with nothing but the
// ids that every version keeps: no menu, other words, other blocks.
func TestAMessageOfAnOlderVersionWorks(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t, start := on.t, on.start
		w := start()
		id, msg := w.requestFrom("grace@northwind.example")
		snapshot, _ := msg.Snapshot()
		var metadata slack.SlackMetadata
		require.NoError(t, json.Unmarshal(snapshot.Metadata, &metadata))
		requestID := fmt.Sprint(metadata.EventPayload["request_id"])

		api := slack.New(w.Slack.BotToken(), slack.OptionAPIURL(w.URL()+"/api/"))
		button := func(action, text string) *slack.ButtonBlockElement {
			return slack.NewButtonBlockElement(action, requestID, slack.NewTextBlockObject(slack.PlainTextType, text, false, false))
		}
		_, _, _, err := api.UpdateMessageContext(t.Context(), sandbox.ChannelID, msg.TS(), slack.MsgOptionText("Old", false),
			slack.MsgOptionBlocks(slack.NewActionBlock("old", button("approve", "Let in"), button("reject", "Keep out"))))
		require.NoError(t, err)
		require.NoError(t, msg.Button("Keep out").Click(t.Context(), w.ada).Err())
		require.NoError(t, w.ada.ExpectModal(t, rejectTitle).Close(t.Context()).Err())
		require.NoError(t, msg.Button("Let in").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.Equal(t, practiceconveyor.RequestApproved, w.inRoom(id).Status)
	})
}
