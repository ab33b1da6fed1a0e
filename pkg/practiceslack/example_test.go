package practiceslack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// exampleTB stands in for the *testing.T of your test, which an example does not have.
type exampleTB struct{}

func (exampleTB) Helper()                    {}
func (exampleTB) Errorf(s string, a ...any)  { fmt.Printf(s+"\n", a...) }
func (exampleTB) Fatalf(s string, a ...any)  { panic(fmt.Sprintf(s, a...)) }
func noon() time.Time                        { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
func respond(w http.ResponseWriter, msg any) { _ = json.NewEncoder(w).Encode(msg) }

// approvals is a small app: it asks for a decision, and shows it when somebody
// clicked.
func approvals(api *slack.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var click slack.InteractionCallback
		if err := json.Unmarshal([]byte(r.PostFormValue("payload")), &click); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		text := fmt.Sprintf("Approved by <@%s>", click.User.ID)
		_, _, _, err := api.UpdateMessageContext(r.Context(), click.Channel.ID, click.Message.Timestamp, slack.MsgOptionText(text, false))
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
}

func ask(ctx context.Context, api *slack.Client) error {
	_, _, err := api.PostMessageContext(ctx, "C1", slack.MsgOptionText("A request", false), slack.MsgOptionBlocks(
		slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "*Ada* asks for access", false, false), nil, nil),
		slack.NewActionBlock("decide", slack.NewButtonBlockElement("approve", "1", slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false))),
	))
	if err != nil {
		return fmt.Errorf("ask for a decision: %w", err)
	}
	return nil
}

// An app asks, Alice clicks, and the message shows what became of it.
func Example() {
	t, ctx := exampleTB{}, context.Background()
	ws := practiceslack.New(practiceslack.Options{})
	server := httptest.NewServer(ws.Handler())
	defer server.Close()
	defer ws.Close()
	ws.SetBaseURL(server.URL)
	alice := ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice"})
	ws.AddChannel(practiceslack.ChannelInfo{ID: "C1", Name: "requests", Members: []string{"U1"}})

	api := slack.New(ws.BotToken(), slack.OptionAPIURL(server.URL+"/api/"), slack.OptionHTTPClient(server.Client()))
	app := httptest.NewServer(approvals(api))
	defer app.Close()
	ws.SetRequestURL(app.URL)
	if err := ask(ctx, api); err != nil {
		t.Fatalf("%v", err)
	}

	msg := ws.Channel("C1").ExpectMessage(t, practiceslack.Contains("asks for access"))
	fmt.Println(msg.Text())
	if err := msg.Button("Approve").Click(ctx, alice).Err(); err != nil {
		t.Fatalf("%v", err)
	}
	msg.ExpectUpdate(t, practiceslack.Contains("Approved"))
	fmt.Println(msg.Text())
	fmt.Println("violations:", len(ws.Violations()))
	// Output:
	// *Ada* asks for access
	// Approve
	// Approved by <@U1>
	// violations: 0
}

// A form opens from a slash command, and shows the app's own error under the
// input until what is typed is good.
func ExampleModal() {
	t, ctx := exampleTB{}, context.Background()
	ws := practiceslack.New(practiceslack.Options{})
	server := httptest.NewServer(ws.Handler())
	defer server.Close()
	defer ws.Close()
	ws.SetBaseURL(server.URL)
	alice := ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice"})
	ws.AddChannel(practiceslack.ChannelInfo{ID: "C1", Members: []string{"U1"}})

	plain := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
	}
	reason := slack.NewPlainTextInputBlockElement(nil, "text")
	view := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Reject"), Submit: plain("Send"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewInputBlock("reason", plain("Reason"), nil, reason)}},
	}
	api := slack.New(ws.BotToken(), slack.OptionAPIURL(server.URL+"/api/"), slack.OptionHTTPClient(server.Client()))
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("command") == "/reject" {
			_, _ = api.OpenViewContext(r.Context(), r.PostFormValue("trigger_id"), view)
			return
		}
		var sent slack.InteractionCallback
		_ = json.Unmarshal([]byte(r.PostFormValue("payload")), &sent)
		if sent.View.State.Values["reason"]["text"].Value == "no" {
			w.Header().Set("Content-Type", "application/json")
			respond(w, slack.NewErrorsViewSubmissionResponse(map[string]string{"reason": "Please say why."}))
		}
	}))
	defer app.Close()
	ws.SetRequestURL(app.URL)

	alice.Command(ctx, "C1", "/reject", "")
	form := alice.ExpectModal(t, "Reject")
	fmt.Println(form.Fill("Reason", "no").Submit(ctx).ErrorOf("Reason"))
	fmt.Println("closed:", form.Fill("Reason", "no contract").Submit(ctx).Closed)
	// Output:
	// Please say why.
	// closed: true
}

// Slack says "slow down", twice; the app has to wait as long as it was told.
func ExampleWorkspace_Fault() {
	ctx := context.Background()
	ws := practiceslack.New(practiceslack.Options{})
	server := httptest.NewServer(ws.Handler())
	defer server.Close()
	defer ws.Close()
	ws.AddChannel(practiceslack.ChannelInfo{ID: "C1"})
	api := slack.New(ws.BotToken(), slack.OptionAPIURL(server.URL+"/api/"), slack.OptionHTTPClient(server.Client()))

	ws.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: practiceslack.RateLimited, RetryAfter: 30 * time.Second, Times: 2})
	for range 3 {
		_, _, err := api.PostMessageContext(ctx, "C1", slack.MsgOptionText("hello", false))
		fmt.Println(err)
	}
	// Output:
	// slack rate limit exceeded, retry after 30s
	// slack rate limit exceeded, retry after 30s
	// <nil>
}

// Nobody has installed the app yet. Alice allows it, and the app trades the code
// that she brings for its token.
func ExampleUser_Allow() {
	t, ctx := exampleTB{}, context.Background()
	ws := practiceslack.New(practiceslack.Options{
		Uninstalled: true, RedirectURLs: []string{"https://app.example/installed"}, Clock: noon,
	})
	server := httptest.NewServer(ws.Handler())
	defer server.Close()
	defer ws.Close()
	ws.SetBaseURL(server.URL)
	alice := ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice"})

	link := server.URL + "/oauth/v2/authorize?" + url.Values{"client_id": {ws.ClientID()}, "scope": {"chat:write,commands"}, "state": {"7"}}.Encode()
	next, err := alice.Allow(link)
	if err != nil {
		t.Fatalf("%v", err)
	}
	back, err := url.Parse(next)
	if err != nil {
		t.Fatalf("%v", err)
	}
	fmt.Println(back.Host+back.Path, back.Query().Get("state"))

	got, err := slack.GetOAuthV2ResponseContext(ctx, server.Client(), ws.ClientID(), ws.ClientSecret(), back.Query().Get("code"), "",
		slack.OAuthOptionAPIURL(server.URL+"/api/"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	fmt.Println(got.Scope, got.AuthedUser.ID, got.AccessToken == ws.BotToken())
	// Output:
	// app.example/installed 7
	// chat:write,commands U1 true
}

// What Slack would refuse can be seen without sending it.
func ExampleValidateBlocks() {
	blocks := `[{"type":"divider"},{"type":"actions","elements":[{"type":"button","text":{"type":"mrkdwn","text":"*Go*"}}]}]`
	for _, problem := range practiceslack.ValidateBlocks(practiceslack.MessageSurface, []byte(blocks)) {
		fmt.Println(problem)
	}
	// Output:
	// [ERROR] must be plain_text [json-pointer:/blocks/1/elements/0/text/type]
}
