package page_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestWhatAPersonWritesIsSentAsSlacksClientsSendIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	for text, want := range map[string]string{
		"hello":                         "hello",
		"  *bold* & <b> ":               "*bold* &amp; &lt;b&gt;",
		"@bob, see #access":             "<@U2>, see <#C1>",
		"@bobby #nothing @here a@b.com": "@bobby #nothing <!here> a@b.com",
		"<@U1> <!channel>":              "&lt;@U1&gt; &lt;!channel&gt;",
	} {
		require.Equal(t, fine(), w.does("say", `{"as":"U1","channel":"C1","thread":"","text":%q}`, text))
		newest := w.slack.User("U1").Newest("C1", 1).Messages[0]
		require.Equal(t, want, newest.Text)
		require.Equal(t, "U1", newest.User)
	}
	first := w.slack.User("U1").Newest("C1", 1).Messages[0].TS
	require.Equal(t, fine(), w.does("say", `{"as":"U2","channel":"C1","thread":%q,"text":"a reply"}`, first))
	require.Equal(t, "a reply", w.messages("thread", "as=U1&channel=C1&ts="+first).Messages[1].Text)
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	w.slack.AddCommand(practiceslack.Command{Name: "/requests"})
	for name, body := range map[string]string{
		"nothing":             `{"as":"U1","channel":"C1","text":" \n "}`,
		"too long":            `{"as":"U1","channel":"C1","text":"` + strings.Repeat("ü", 12001) + `"}`,
		"not a member":        `{"as":"U1","channel":"C2","text":"hello"}`,
		"nobody":              `{"as":"U9","channel":"C1","text":"hello"}`,
		"no such thread":      `{"as":"U1","channel":"C1","thread":"1.000001","text":"hello"}`,
		"unknown command":     `{"as":"U1","channel":"C1","text":"/nothing"}`,
		"command in a thread": `{"as":"U1","channel":"C1","thread":"1.000001","text":"/requests"}`,
		"command elsewhere":   `{"as":"U1","channel":"C2","text":"/requests"}`,
	} {
		out := w.does("say", "%s", body)
		require.False(t, out.OK, name)
		require.NotEmpty(t, out.Error, name)
	}
	require.Empty(t, w.slack.Channel("C1").Messages())
	require.Empty(t, w.slack.Deliveries())
}

func TestACommandIsSentAndItsAnswerShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	w.slack.AddCommand(practiceslack.Command{Name: "/requests", Description: "Shows what is open", Hint: "[open]"})
	require.Equal(t, []seenCommand{{Name: "/requests", Description: "Shows what is open", Hint: "[open]"}}, w.sees("U1", "C1").Commands)
	require.Equal(t, fine(), w.does("say", `{"as":"U1","channel":"C1","text":"/requests  open now "}`))
	own := w.sees("U1", "C1").Messages
	require.Len(t, own, 1)
	require.Equal(t, "U1 says /requests open now", own[0].Text)
	require.Empty(t, w.sees("U2", "C1").Messages)

	require.False(t, w.does("dismiss", `{"as":"U2","channel":"C1","ts":%q}`, own[0].TS).OK)
	require.Equal(t, fine(), w.does("dismiss", `{"as":"U1","channel":"C1","ts":%q}`, own[0].TS))
	require.Empty(t, w.sees("U1", "C1").Messages)
	require.False(t, w.does("dismiss", `{"as":"U1","channel":"C1","ts":%q}`, own[0].TS).OK)
}

func TestHomeIsOpenedForOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	require.Nil(t, w.sees("U1", "C1").Home)
	w.app.failAtEvents(true)
	require.Contains(t, w.does("home", `{"as":"U1"}`).Error, "500")
	w.app.failAtEvents(false)
	require.Equal(t, fine(), w.does("home", `{"as":"U1"}`))
	home := w.sees("U1", "C1").Home
	require.NotNil(t, home)
	require.Len(t, home.Blocks, 3)
	require.Nil(t, w.sees("U2", "C1").Home)
	require.False(t, w.does("home", `{"as":"U4"}`).OK, "who is gone has none")
}

func TestTheRoomShowsWhoHasAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	group := w.room.AddGroup("Financials")
	id := w.room.Request(practiceconveyor.Requester{Email: "a@x.example"})
	require.Equal(t, fine(), w.does("decide", `{"request":%q,"decision":"approve","groups":[%q]}`, id, group))
	require.Equal(t, []seenAccess{{Email: "a@x.example", Status: "gated", Groups: []string{"Financials"}}}, w.sees("U1", "C1").Access)
	require.Equal(t, fine(), w.does("sign", `{"email":"a@x.example"}`))
	require.Equal(t, "authorized", w.sees("U1", "C1").Access[0].Status)
}

func TestTheBodiesOfTheWireAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noon)
	w.slack.AddCommand(practiceslack.Command{Name: "/requests"})
	require.Equal(t, fine(), w.does("say", `{"as":"U1","channel":"C1","text":"/requests open"}`))
	w.sends(http.MethodPatch, "/api/v2/exchange/authorization_requests/nobody?status=ignored", "", map[string]string{"X-Api-Key": w.room.Key()})
	lines := w.sees("U1", "C1").Wire
	require.Len(t, lines, 2)
	bodies := func(id string) (request, response string) {
		t.Helper()
		var out struct {
			OK                bool
			Request, Response string
		}
		require.NoError(t, json.Unmarshal(w.sends(http.MethodGet, "/practice/exchange?id="+id, "", nil).body, &out))
		require.True(t, out.OK)
		return out.Request, out.Response
	}
	for _, l := range lines {
		request, response := bodies(l.ID)
		if l.To == "Conveyor" {
			require.JSONEq(t, `{"query":{"status":"ignored"},"body":""}`, request)
			require.Contains(t, response, `"message": `)
			continue
		}
		require.Equal(t, "valid", l.Signature)
		require.Contains(t, request, `"command": "/requests"`)
		require.Contains(t, request, `"response_url": "(not shown)"`)
		require.Contains(t, response, `"text": "U1 says /requests open"`)
	}
	for _, id := range []string{"", "s0", "d999", "x1", "%00"} {
		require.Contains(t, string(w.sends(http.MethodGet, "/practice/exchange?id="+id, "", nil).body), `"ok":false`, id)
	}
}
