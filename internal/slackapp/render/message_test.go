package render_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

// TestBlocksKeepTheirIDs: Slack keeps what was chosen in a message only while
// the ids stay.
func TestBlocksKeepTheirIDs(t *testing.T) {
	t.Parallel()
	want := map[approval.State][]string{
		approval.Pending:   {"title", "who", "message", "link", "groups:conveyor", "decide"},
		approval.Approving: {"title", "who", "message", "link", "outcome", "access"},
		approval.Rejecting: {"title", "who", "message", "link", "outcome"},
		approval.Approved:  {"title", "who", "message", "link", "outcome", "access"},
		approval.Rejected:  {"title", "who", "message", "link", "outcome", "written", "written-1"},
		approval.Handled:   {"title", "who", "message", "link", "outcome"},
	}
	require.Len(t, want, len(approval.States()))
	for _, state := range approval.States() {
		_, blocks := render.Message(approval.View{Request: request(state), Groups: groups(3)})
		var ids []string
		for _, b := range blocks {
			ids = append(ids, b.ID())
		}
		require.Equal(t, want[state], ids, state)
	}
}

func TestMessageIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	for _, state := range approval.States() {
		view := approval.View{Request: request(state), Groups: groups(101)}
		text, blocks := render.Message(view)
		again, blocksAgain := render.Message(view)
		require.Equal(t, text, again)
		require.Equal(t, encode(t, blocks), encode(t, blocksAgain))
	}
}

func TestMenuBySize(t *testing.T) {
	t.Parallel()
	for n, kind := range map[int]string{
		1: "multi_static_select", 10: "multi_static_select", 11: "multi_static_select",
		100: "multi_static_select", 101: "multi_external_select", 5000: "multi_external_select",
	} {
		_, blocks := render.Message(approval.View{Request: request(approval.Pending), Groups: groups(n)})
		menu, ok := findBlock(t, blocks, "groups:conveyor")["accessory"].(map[string]any)
		require.True(t, ok)
		require.Equal(t, kind, menu["type"], n)
		if n <= 100 {
			require.Len(t, menu["options"], n)
			continue
		}
		require.NotContains(t, menu, "options")
		require.EqualValues(t, 0, menu["min_query_length"], "a click shows the first options")
	}

	doubled := append(groups(60), groups(60)...)
	_, blocks := render.Message(approval.View{Request: request(approval.Pending), Groups: doubled})
	menu, ok := findBlock(t, blocks, "groups:conveyor")["accessory"].(map[string]any)
	require.True(t, ok)
	require.Len(t, menu["options"], 60, "the same id is one option")

	_, blocks = render.Message(approval.View{Request: request(approval.Pending), GroupsKnown: true})
	require.NotContains(t, findBlock(t, blocks, "groups:conveyor"), "accessory")
	require.Contains(t, allTexts(t, blocks), "This room has no access groups: approving gives standard access.")

	_, blocks = render.Message(approval.View{Request: request(approval.Pending)})
	require.Contains(t, allTexts(t, blocks), "did not say yet which access groups there are")
}

// TestReasonIsNeverLost: what the modal takes is shown in full, whatever it is
// made of.
func TestReasonIsNeverLost(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]string{
		"letters":   strings.Repeat("abcdefghij", 300),
		"one more":  strings.Repeat("a", 2999) + "z",
		"entities":  strings.Repeat("<&>", 1000),
		"emoji":     strings.Repeat("🎉", 3000),
		"combining": strings.Repeat("e\u0301", 1500),
		"zalgo":     "e" + strings.Repeat("\u0301", 2999),
		"lines":     strings.Repeat("line & line\n", 249) + "end",
	} {
		r := request(approval.Rejected)
		r.Decision.Note = reason
		view := approval.View{Request: r}
		require.Empty(t, problemsOfMessage(t, view, reviewer), name)
		require.Equal(t, reason, writtenIn(t, view), name)
	}
}

func TestLongerReasonSaysThatItIsCut(t *testing.T) {
	t.Parallel()
	r := request(approval.Rejected)
	r.Decision.Note = strings.Repeat("a", 3001)
	view := approval.View{Request: r}
	require.Empty(t, problemsOfMessage(t, view, reviewer))
	require.Equal(t, strings.Repeat("a", 3000)+"… (cut after 3000 characters)", writtenIn(t, view))
}

// writtenIn gives the reason or note that a message shows.
func writtenIn(t *testing.T, view approval.View) string {
	t.Helper()
	_, blocks := render.Message(view)
	var b strings.Builder
	for _, block := range blocks {
		if !strings.HasPrefix(block.ID(), "written-") {
			continue
		}
		text, ok := findBlock(t, blocks, block.ID())["text"].(map[string]any)
		require.True(t, ok)
		require.Equal(t, "plain_text", text["type"])
		s, ok := text["text"].(string)
		require.True(t, ok)
		b.WriteString(s)
	}
	return b.String()
}

func TestLongMessageSaysThatItIsCut(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string]string{"letters": "abc ", "entities": "&<>", "emoji": "👩🏽‍🚀", "accents": "e\u0301"} {
		r := request(approval.Pending)
		r.Message = strings.Repeat(piece, 20_000/utf8.RuneCountInString(piece))
		_, blocks := render.Message(approval.View{Request: r})
		text, ok := findBlock(t, blocks, "message")["text"].(map[string]any)
		require.True(t, ok)
		shown, ok := text["text"].(string)
		require.True(t, ok)
		kept, marked := strings.CutSuffix(shown, "… (cut; the whole message is in Conveyor)")
		require.True(t, marked, name)
		require.Less(t, utf8.RuneCountInString(shown), 2801, name)
		require.True(t, strings.HasPrefix(r.Message, kept), name)
		if name != "entities" {
			require.Empty(t, strings.Trim(strings.ReplaceAll(kept, piece, ""), "abc "), "%s: cut inside a character", name)
		}
	}
	r := request(approval.Pending)
	r.Message = strings.Repeat("a", 2800)
	_, blocks := render.Message(approval.View{Request: r})
	require.Contains(t, allTexts(t, blocks), r.Message+"\n", "what fits is not cut")
}

func TestCutsCountWholeEntities(t *testing.T) {
	t.Parallel()
	r := request(approval.Pending)
	r.Requester = strings.Repeat("&<>", 400) + "@x.example"
	_, blocks := render.Message(approval.View{Request: r})
	require.Contains(t, allTexts(t, blocks), "*Requester*\n"+strings.Repeat("&amp;&lt;&gt;", 24)+"&amp;…\n")
	require.Empty(t, problemsOfMessage(t, approval.View{Request: r}))
}

func TestManyGroupsAreCounted(t *testing.T) {
	t.Parallel()
	r := request(approval.Approved)
	r.Confirmation.Groups = groups(5000)
	_, blocks := render.Message(approval.View{Request: r})
	text := allTexts(t, blocks)
	listed := strings.Count(text, "• ")
	require.Greater(t, listed, 100)
	require.Contains(t, text, "• Group 1\n• Group 2\n")
	require.Regexp(t, `\nand 4\d\d\d more\n`, text)

	r.Confirmation.Groups = groups(100)
	_, blocks = render.Message(approval.View{Request: r})
	require.Equal(t, 100, strings.Count(allTexts(t, blocks), "• "))
	require.NotContains(t, allTexts(t, blocks), " more\n")
}

func TestOneLongNameHidesNoOther(t *testing.T) {
	t.Parallel()
	r := request(approval.Approved)
	r.Confirmation.Groups = []approval.Group{{ID: "1", Name: strings.Repeat("long ", 2000)}, {ID: "2", Name: "Short"}}
	_, blocks := render.Message(approval.View{Request: r})
	require.Contains(t, allTexts(t, blocks), "long…\n• Short\n")
}

func TestOutcomeTellsOnlyWhatIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, state := range approval.States() {
		r := request(state)
		text, blocks := render.Message(approval.View{Request: r})
		all := text + "\n" + allTexts(t, blocks)
		require.Equal(t, state == approval.Approved, strings.Contains(all, "Approved by <@U0ANN> on <!date^"), state)
		require.Equal(t, state == approval.Rejected, strings.Contains(all, "Rejected by <@U0ANN> on <!date^"), state)
		require.NotContains(t, all, "NDA not signed yet")
	}

	// What Conveyor confirmed counts, not what was chosen.
	r := request(approval.Approved)
	r.Confirmation = &approval.Confirmation{Groups: []approval.Group{{ID: "g-9", Name: "Only this"}}, Gated: true}
	_, blocks := render.Message(approval.View{Request: r})
	all := allTexts(t, blocks)
	require.Contains(t, all, "• Only this\n")
	require.NotContains(t, all, "Group 1")
	require.Contains(t, all, "NDA not signed yet")
}

func TestLinksLeadOnlyWhereABrowserShouldGo(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://app.conveyor.com/r/1?a=1&b=2":          "<https://app.conveyor.com/r/1?a=1&amp;b=2|Open in Conveyor>",
		"http://localhost:8080/r/1":                     "<http://localhost:8080/r/1|Open in Conveyor>",
		"https://app.conveyor.com/a|b>c<d e":            "<https://app.conveyor.com/a%7Cb%3Ec%3Cd%20e|Open in Conveyor>",
		"https://app.conveyor.com/?q=a|b>c<!channel>":   "<https://app.conveyor.com/?q=a%7Cb%3Ec%3C!channel%3E|Open in Conveyor>",
		"https://app.conveyor.com/é":                    "<https://app.conveyor.com/%C3%A9|Open in Conveyor>",
		"":                                              "",
		"javascript:alert(1)":                           "",
		"slack://open":                                  "",
		"/r/1":                                          "",
		"https://":                                      "",
		"https://app.conveyor.com@evil.example/":        "",
		"https://app.conveyor.com/\n<!channel>":         "",
		"https://x.example/" + strings.Repeat("a", 3e3): "",
	} {
		r := request(approval.Pending)
		r.Link = raw
		_, blocks := render.Message(approval.View{Request: r})
		require.Empty(t, problemsOfMessage(t, approval.View{Request: r}), raw)
		block := findBlock(t, blocks, "link")
		if want == "" {
			require.Nil(t, block, raw)
			continue
		}
		require.Contains(t, allTexts(t, block), want+"\n", raw)
	}
}

func TestTimesAreEachReadersOwn(t *testing.T) {
	t.Parallel()
	for want, at := range map[string]time.Time{
		"<!date^1767344645^{date_short_pretty} at {time}|2026-01-02 09:04 UTC>": at(9).In(time.FixedZone("far east", 14*3600)),
		"*Requested*\n1969-12-31 23:00 UTC\n":                                   time.Unix(-3600, 0),
	} {
		r := request(approval.Pending)
		r.RequestedAt = at
		_, blocks := render.Message(approval.View{Request: r})
		require.Contains(t, allTexts(t, blocks), want)
	}
}

func TestWhatShowsNothingIsReplacedOrLeftOut(t *testing.T) {
	t.Parallel()
	r := request(approval.Rejected)
	r.Requester = "a\ufffe\u200b\u3164\u00ad\t@x.example"
	r.Message = "a\ufffeb\r\nc\u2028d\te"
	r.Decision.Note = strings.Repeat("&", 600) + strings.Repeat("\u3164", 2399) + "."
	_, blocks := render.Message(approval.View{Request: r})
	all := allTexts(t, blocks)
	require.Contains(t, all, "*Requester*\na\ufffd\ufffd\ufffd\ufffd @x.example\n")
	require.Contains(t, all, "\na\ufffdb\nc\nd e\n")

	r.Decision.Note = strings.Repeat("&", 600) + strings.Repeat("\u3164", 2400)
	_, blocks = render.Message(approval.View{Request: r})
	require.NotContains(t, allTexts(t, blocks), "\u3164", "Slack may refuse a block that shows nothing")
}

func TestMentionsOnlyOfSlackUsers(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"U0ANN":                "Approved by <@U0ANN> on",
		"":                     "Approved by somebody on",
		"U1> <!channel":        "Approved by U1&gt; &lt;!channel on",
		"U1|x":                 "Approved by U1|x on",
		"ann@customer.example": "Approved by ann@customer.example on",
	} {
		r := request(approval.Approved)
		r.Decision.Reviewer.ID = id
		_, blocks := render.Message(approval.View{Request: r})
		require.Contains(t, allTexts(t, blocks), want)
		require.Empty(t, problemsOfMessage(t, approval.View{Request: r}, reviewer))
	}
}

func TestWhatTheDomainNeverSendsStillShows(t *testing.T) {
	t.Parallel()
	for _, state := range append(approval.States(), "something new") {
		r := approval.Request{ID: "1", State: state}
		require.Empty(t, problemsOfMessage(t, approval.View{Request: r}), state)
	}
}
