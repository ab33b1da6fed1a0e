package slackapp_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
	"github.com/frontdesk-hq/frontdesk/internal/web"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// anySlack answers every call of Slack without a network: everybody exists and
// is a full member of the team.
type anySlack struct{}

func (anySlack) RoundTrip(r *http.Request) (*http.Response, error) {
	user := ""
	if err := r.ParseForm(); err == nil {
		user = r.PostForm.Get("user")
	}
	body, err := json.Marshal(map[string]any{
		"ok": true, "team_id": "T1", "user": map[string]any{"id": user, "team_id": "T1", "profile": map[string]string{"email": "p@vendor.example"}},
	})
	if strings.HasSuffix(r.URL.Path, "auth.test") {
		body, err = []byte(`{"ok":true,"team_id":"T1","user":"frontdesk"}`), nil
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(body))), Request: r,
	}, err
}

// openDesk has a pending request of every id, the empty one too, so that only
// the reception can keep a nameless one from being decided.
type openDesk struct{ *desk }

func (d openDesk) Request(ctx context.Context, id string) (approval.Request, error) {
	r := pendingRequest()
	r.ID = id
	return r, d.enter(ctx, "Request")
}

// fuzzed is a door on an open desk, without a network.
type fuzzed struct {
	desk      *desk
	watch     *watch
	reception *slackapp.Reception
	door      *slackapp.Door
	now       time.Time
}

const fuzzSecret = "a signing secret"

func newFuzzed() *fuzzed {
	f := &fuzzed{desk: newDesk(), watch: &watch{}, now: time.Unix(slackTimestamp, 0)}
	clock := func() time.Time { return f.now }
	api := slack.New("xoxb-fuzz", slack.OptionHTTPClient(&http.Client{Transport: anySlack{}}))
	f.reception = slackapp.NewReception(openDesk{f.desk}, api, slackapp.NewBoard(api, channelID, clock, nil, slackapp.Pace{}),
		slackapp.NewDirectory(api, approval.NewPolicy(nil), clock), f.watch, clock)
	f.door = slackapp.NewDoor(fuzzSecret, f.reception, web.NewStrangers(clock), f.watch, clock)
	return f
}

// realPayloads are payloads as the practice Slack sends them: every button,
// menu and form there is.
func realPayloads(tb testing.TB) [][]byte {
	tb.Helper()
	w := newWorld(tb)
	msg := w.post()
	w.choose(msg, "Financials")
	require.NoError(tb, msg.Button("Approve").Click(tb.Context(), w.ada).Err())
	require.NoError(tb, msg.Button("Reject").Click(tb.Context(), w.ada).Err())
	modal := w.ada.ExpectModal(tb, "Reject request").Fill("reason", "We do not know them.")
	require.True(tb, modal.Submit(tb.Context()).Closed)
	require.NoError(tb, msg.Overflow().Choose(tb.Context(), w.ada, "Approve with options…").Err())
	options := w.ada.ExpectModal(tb, "Approve with options").PickDate("expiry", "2027-01-01").Fill("note", "For the audit.")
	require.True(tb, options.Submit(tb.Context()).Closed)
	var all [][]byte
	for _, d := range w.ws.Deliveries() {
		all = append(all, d.Payload)
	}
	require.Len(tb, all, 6)
	return all
}

// oddPayloads are some that Slack does not send.
func oddPayloads() [][]byte {
	return [][]byte{
		[]byte(`{"type":"block_suggestion","user":{"id":"U0ADA"},"action_id":"groups","block_id":"groups:conveyor","value":"fin"}`),
		[]byte(`{"type":"view_closed","user":{"id":"U0ADA"},"view":{"callback_id":"reject"}}`),
		[]byte(`{"type":"view_submission","user":{"id":""},"view":{"callback_id":"reject","private_metadata":"{\"request\":\"\"}"}}`),
		[]byte(`{"type":"block_actions","user":{"id":"U0ADA"},"actions":[{"action_id":"approve","value":""},` +
			`{"action_id":"more","selected_option":{"value":"options:"}},{"action_id":"reject","value":""}]}`),
		[]byte(`{"type":"block_actions","user":{},"actions":[{"action_id":"approve","value":"1"}]}`),
	}
}

// TestRealPayloadsAreUnderstood keeps the fuzz tests' seeds honest: what the
// practice Slack sends is read, and decides what it says.
func TestRealPayloadsAreUnderstood(t *testing.T) {
	t.Parallel()
	verbs := map[approval.Action]int{}
	for _, payload := range realPayloads(t) {
		f := newFuzzed()
		body := form(string(payload))
		answer := send(t.Context(), f.door, practiceslack.SignWith(fuzzSecret, body, f.now), body)
		f.reception.Close()
		require.Equal(t, http.StatusOK, answer.Code)
		require.Empty(t, f.watch.unknownKinds(), "%s", payload)
		for _, got := range f.desk.decisions() {
			verbs[got.decision.Verb]++
			require.Equal(t, requestID, got.request)
		}
	}
	require.Equal(t, map[approval.Action]int{approval.Approve: 2, approval.Reject: 1}, verbs)
}

func FuzzDoor(f *testing.F) {
	stamp := strconv.Itoa(slackTimestamp)
	for _, payload := range append(realPayloads(f), oddPayloads()...) {
		f.Add(stamp, "v0=00", "application/x-www-form-urlencoded", form(string(payload)), true)
		f.Add(stamp, practiceslack.SignWith("", form(string(payload)), time.Unix(slackTimestamp, 0)).Get("X-Slack-Signature"), "", form(string(payload)), false)
	}
	f.Add(stamp, slackSignature, "application/x-www-form-urlencoded", []byte(slackBody), false)
	f.Add("1531420000", "v0="+strings.Repeat("ab", 32), "application/json", []byte(`{"type":"url_verification","challenge":"c"}`), true)
	f.Add("99999999999999999999", "", "multipart/form-data", []byte("payload="), true)
	f.Fuzz(func(t *testing.T, stamp, signature, kind string, body []byte, sign bool) {
		world := newFuzzed()
		mac := hmac.New(sha256.New, []byte(fuzzSecret))
		mac.Write([]byte("v0:" + stamp + ":"))
		mac.Write(body)
		right := mac.Sum(nil)
		if sign {
			signature = "v0=" + hex.EncodeToString(right)
		}
		header := http.Header{
			"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {signature}, "Content-Type": {kind},
		}
		answer := send(t.Context(), world.door, header, body)
		world.reception.Close()

		at, err := strconv.ParseInt(stamp, 10, 64)
		inTime := err == nil && at >= slackTimestamp-300 && at <= slackTimestamp+300
		genuine := inTime && strings.EqualFold(signature, "v0="+hex.EncodeToString(right)) && strings.HasPrefix(signature, "v0=")
		if genuine {
			require.NotEqual(t, http.StatusUnauthorized, answer.Code)
			require.Zero(t, world.watch.unverifiedCount())
			return
		}
		require.Equal(t, http.StatusUnauthorized, answer.Code)
		require.Zero(t, world.desk.callCount())
		require.Equal(t, 1, world.watch.unverifiedCount())
	})
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte(`{"type":"block_actions","actions":` + strings.Repeat("[", 20_000)))
	f.Add([]byte(`{"type":"block_actions","state":` + strings.Repeat(`{"values":`, 9_000) + "1" + strings.Repeat("}", 9_000) + `}`))
	for _, payload := range append(realPayloads(f), oddPayloads()...) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		world := newFuzzed()
		body := []byte(url.Values{"payload": {string(payload)}}.Encode())
		answer := send(t.Context(), world.door, practiceslack.SignWith(fuzzSecret, body, world.now), body)
		world.reception.Close()
		if len(body) > 1<<20 {
			return
		}
		require.Equal(t, http.StatusOK, answer.Code, "this desk never fails")
		mustBeAnswer(t, payload, answer)
		for _, got := range world.desk.decisions() {
			require.NotEmpty(t, got.request)
			require.NotEmpty(t, got.decision.ID)
			require.NotEmpty(t, got.decision.Reviewer.ID)
			require.NotEmpty(t, got.decision.Reviewer.Email)
			require.Contains(t, []approval.Action{approval.Approve, approval.Reject}, got.decision.Verb)
			if got.decision.Verb == approval.Reject {
				require.Empty(t, render.ReasonProblem(got.decision.Note))
			}
			require.Empty(t, render.ExpiryProblem(got.decision.Expires, world.now))
		}
		for _, got := range world.desk.denials() {
			require.NotEmpty(t, got.request)
			require.NotEmpty(t, got.click)
			require.NotEmpty(t, got.person)
		}
	})
}

// mustBeAnswer fails unless a 200 is one that Slack takes for the payload.
func mustBeAnswer(t *testing.T, payload []byte, answer *httptest.ResponseRecorder) {
	t.Helper()
	var asked struct {
		Type string `json:"type"`
	}
	readable := slackapp.Readable(payload) && json.Unmarshal(payload, &asked) == nil
	if answer.Body.Len() == 0 {
		require.False(t, readable && asked.Type == "block_suggestion", "an options load needs a list")
		return
	}
	var got map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &got))
	switch asked.Type {
	case "block_suggestion":
		require.Contains(t, got, "options")
		require.NotEqual(t, "null", string(got["options"]))
	case "view_submission":
		require.Contains(t, []string{`"errors"`, `"update"`, `"clear"`}, string(got["response_action"]))
	default:
		t.Fatalf("an answer with a body to %q: %s", asked.Type, answer.Body)
	}
}
