package slackapp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/internal/web"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// send gives a handler a request and returns its answer.
func send(ctx context.Context, to http.Handler, header http.Header, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/slack/events", strings.NewReader(string(body)))
	r.Header = header.Clone()
	answer := httptest.NewRecorder()
	to.ServeHTTP(answer, r)
	return answer
}

// form is the body of an interaction.
func form(payload string) []byte { return []byte(url.Values{"payload": {payload}}.Encode()) }

// approveBy is a click on Approve as Slack sends it, told apart by its trigger.
func approveBy(person, trigger string) []byte {
	return form(`{"type":"block_actions","user":{"id":"` + person + `"},"trigger_id":"` + trigger + `","channel":{"id":"` + channelID + `"},
		"actions":[{"type":"button","action_id":"approve","block_id":"decide","value":"` + requestID + `"}],"state":{"values":{}}}`)
}

// The vector that Slack documents.
const (
	slackSecret    = "8f742231b10e8888abcd99yyyzzz85a5"
	slackTimestamp = 1531420618
	slackBody      = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
		"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
		"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	slackSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
)

func TestSlacksOwnVectorVerifiesInsideTheWindowOnly(t *testing.T) {
	t.Parallel()
	for offset, status := range map[time.Duration]int{
		0: 200, 300 * time.Second: 200, -300 * time.Second: 200,
		300*time.Second + 1: 401, -300*time.Second - 1: 401, 24 * time.Hour: 401, -24 * time.Hour: 401,
	} {
		t.Run(offset.String(), func(t *testing.T) {
			t.Parallel()
			clock := func() time.Time { return time.Unix(slackTimestamp, 0).Add(offset) }
			door := slackapp.NewDoor(slackSecret, newWorld(t).reception, web.NewStrangers(clock), &watch{}, clock)
			header := http.Header{"X-Slack-Request-Timestamp": {strconv.Itoa(slackTimestamp)}, "X-Slack-Signature": {slackSignature}}
			require.Equal(t, status, send(t.Context(), door, header, []byte(slackBody)).Code)
		})
	}
}

func TestWhatIsNotSignedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := approveBy("U0ADA", "t1")
	good := w.ws.Sign(body, w.clock.Now())
	signature, stamp := good.Get("X-Slack-Signature"), good.Get("X-Slack-Request-Timestamp")
	for name, c := range map[string]struct{ stamp, signature string }{
		"nothing":                  {},
		"no signature":             {stamp: stamp},
		"no timestamp":             {signature: signature},
		"empty signature":          {stamp, "v0="},
		"no version":               {stamp, strings.TrimPrefix(signature, "v0=")},
		"another version":          {stamp, "v1=" + strings.TrimPrefix(signature, "v0=")},
		"upper-case version":       {stamp, "V0=" + strings.TrimPrefix(signature, "v0=")},
		"cut signature":            {stamp, signature[:len(signature)-2]},
		"half a byte":              {stamp, signature[:len(signature)-1]},
		"longer signature":         {stamp, signature + "00"},
		"no hex":                   {stamp, "v0=" + strings.Repeat("zz", 32)},
		"zeros":                    {stamp, "v0=" + strings.Repeat("00", 32)},
		"a blank behind":           {stamp, signature + " "},
		"another time":             {strconv.FormatInt(w.clock.Now().Unix()+1, 10), signature},
		"the same time in another": {"0" + stamp, signature},
		"a fraction of time":       {stamp + ".0", signature},
		"a word for the time":      {"now", signature},
		"the end of time":          {"9223372036854775807", signature},
		"before time":              {"-9223372036854775808", signature},
		"a time that is too long":  {strings.Repeat("9", 40), signature},
	} {
		header := http.Header{}
		if c.stamp != "" {
			header.Set("X-Slack-Request-Timestamp", c.stamp)
		}
		if c.signature != "" {
			header.Set("X-Slack-Signature", c.signature)
		}
		door := slackapp.NewDoor(w.ws.SigningSecret(), w.reception, web.NewStrangers(w.clock.Now), w.watch, w.clock.Now)
		require.Equal(t, http.StatusUnauthorized, send(t.Context(), door, header, body).Code, name)
	}
	for name, header := range map[string]http.Header{
		"another secret": practiceslack.SignWith("wrong", body, w.clock.Now()),
		"no secret":      practiceslack.SignWith("", body, w.clock.Now()),
		"another body":   w.ws.Sign(approveBy("U0BEN", "t1"), w.clock.Now()),
		"an old time": {
			"X-Slack-Request-Timestamp": {"1"}, "X-Slack-Signature": w.ws.Sign(body, time.Unix(1, 0))["X-Slack-Signature"],
		},
	} {
		require.Equal(t, http.StatusUnauthorized, w.send(header, body).Code, name)
	}
	require.Zero(t, w.desk.callCount())
	require.Equal(t, 24, w.watch.unverifiedCount())
}

func TestASignatureInUpperCaseIsTheSameSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := approveBy("U0ADA", "t1")
	header := w.ws.Sign(body, w.clock.Now())
	require.Equal(t, http.StatusOK, w.send(header, body).Code)
	header.Set("X-Slack-Signature", "v0="+strings.ToUpper(strings.TrimPrefix(header.Get("X-Slack-Signature"), "v0=")))
	require.Equal(t, http.StatusOK, w.send(header, body).Code)
	require.Len(t, w.desk.decisions(), 1, "the same signature in other letters is a replay")
}

func TestADoorWithoutASecretIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	door := slackapp.NewDoor("", w.reception, web.NewStrangers(w.clock.Now), w.watch, w.clock.Now)
	body := approveBy("U0ADA", "t1")
	require.Equal(t, http.StatusNotFound, send(t.Context(), door, practiceslack.SignWith("", body, w.clock.Now()), body).Code)
	require.Zero(t, w.desk.callCount())
}

func TestABodyMayHaveOneMegabyteAndNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := []byte("payload=" + strings.Repeat("x", 1<<20-len("payload=")))
	require.Equal(t, http.StatusOK, w.send(w.ws.Sign(body, w.clock.Now()), body).Code)
	body = append(body, 'x')
	require.Equal(t, http.StatusRequestEntityTooLarge, w.send(w.ws.Sign(body, w.clock.Now()), body).Code)
	require.Zero(t, w.watch.unverifiedCount())
}

func TestABodyThatBreaksOffIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := approveBy("U0ADA", "t1")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.MultiReader(strings.NewReader(string(body)), broken{}))
	r.Header = w.ws.Sign(body, w.clock.Now())
	answer := httptest.NewRecorder()
	w.door.ServeHTTP(answer, r)
	require.GreaterOrEqual(t, answer.Code, 400)
	require.Zero(t, w.desk.callCount())
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the connection broke") }

func TestAReplayHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := approveBy("U0ADA", "t1")
	// The widest span in which one signature is accepted.
	header := w.ws.Sign(body, w.clock.Now().Add(300*time.Second))
	for _, later := range []time.Duration{0, time.Second, 299 * time.Second, 300 * time.Second} {
		w.clock.Advance(later)
		require.Equal(t, http.StatusOK, w.send(header, body).Code)
		require.Len(t, w.desk.decisions(), 1)
	}
	w.clock.Advance(time.Second)
	require.Equal(t, http.StatusUnauthorized, w.send(header, body).Code)
	// The same words at another time are another click.
	require.Equal(t, http.StatusOK, w.send(w.ws.Sign(body, w.clock.Now()), body).Code)
	require.Len(t, w.desk.decisions(), 2)
	require.NotEqual(t, w.desk.decisions()[0].decision.ID, w.desk.decisions()[1].decision.ID)
}

func TestAReplayIsKnownForAsLongAsItsSignatureIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	click := func(trigger string, ahead time.Duration) (http.Header, []byte) {
		body := approveBy("U0ADA", trigger)
		return w.ws.Sign(body, w.clock.Now().Add(ahead)), body
	}
	header, body := click("t1", 0)
	require.Equal(t, http.StatusOK, w.send(header, body).Code)
	w.clock.Advance(250 * time.Second)
	header, body = click("t2", 300*time.Second)
	require.Equal(t, http.StatusOK, w.send(header, body).Code)
	w.clock.Advance(351 * time.Second) // what is too old is forgotten now, and this is not
	require.Equal(t, http.StatusOK, w.send(header, body).Code)
	require.Len(t, w.desk.decisions(), 2)
}

func TestAReplayWhileTheFirstIsWorkedOnHasNoEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.knows(w.ada)
	entered, release := make(chan struct{}), make(chan struct{})
	w.desk.script("Decide", func(context.Context) error {
		close(entered)
		<-release
		return nil
	})
	body := approveBy("U0ADA", "t1")
	header := w.ws.Sign(body, w.clock.Now())
	first := make(chan int)
	go func() { first <- w.send(header, body).Code }()
	<-entered
	require.Equal(t, http.StatusOK, w.send(header, body).Code) // a second Decide would close a closed channel
	close(release)
	require.Equal(t, http.StatusOK, <-first)
	require.Len(t, w.desk.decisions(), 1)
}

func TestWhatFailedMayBeSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.knows(w.ada)
	w.desk.script("Decide", func(context.Context) error { return errors.New("the disk is full") })
	body := approveBy("U0ADA", "t1")
	header := w.ws.Sign(body, w.clock.Now())
	answer := w.send(header, body)
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.NotContains(t, answer.Body.String(), "disk", "what went wrong is for the operator")
	require.Equal(t, []string{"click"}, w.watch.unansweredWhat())
	w.ada.ExpectEphemeral(t, practiceslack.Contains("could not be recorded in time"))

	w.desk.script("Decide", nil)
	require.Equal(t, http.StatusOK, w.send(header, body).Code)
	require.Equal(t, http.StatusOK, w.send(header, body).Code)
	require.Len(t, w.desk.decisions(), 1)
}

func TestFailedVerificationsAreLimitedAndGoodOnesAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.knows(w.ada)
	codes := map[int]int{}
	for i := range 100 {
		codes[w.send(practiceslack.SignWith("wrong", nil, w.clock.Now()), nil).Code]++
		if i%10 == 0 {
			body := approveBy("U0ADA", "t"+strconv.Itoa(i))
			require.Equal(t, http.StatusOK, w.send(w.ws.Sign(body, w.clock.Now()), body).Code)
		}
	}
	require.Equal(t, map[int]int{http.StatusUnauthorized: 10, http.StatusTooManyRequests: 90}, codes)
	require.Equal(t, 10, w.watch.unverifiedCount(), "the log is not flooded")
	require.Len(t, w.desk.decisions(), 10)

	w.clock.Advance(time.Second)
	require.Equal(t, http.StatusUnauthorized, w.send(http.Header{}, nil).Code, "a mistake later is looked at again")
}

func TestWhatIsUnknownIsAnsweredAndCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, body, counted string }{
		"empty":              {"", "", "form"},
		"a command":          {"", "command=%2Ffrontdesk&text=help", "form"},
		"a broken form":      {"", "payload=%zz", "form"},
		"no JSON":            {"", "payload=not+json", "unreadable"},
		"JSON cut short":     {"", "payload=" + url.QueryEscape(`{"type":"block_actions"`), "unreadable"},
		"another shape":      {"", "payload=" + url.QueryEscape(`[1,2]`), "unreadable"},
		"a user of a number": {"", "payload=" + url.QueryEscape(`{"type":"block_actions","user":{"id":5}}`), "unreadable"},
		"null":               {"", "payload=null", "interaction"},
		"a shortcut":         {"", "payload=" + url.QueryEscape(`{"type":"shortcut","user":{"id":"U1"},"callback_id":"x"}`), "interaction"},
		"a newer button": {"", "payload=" + url.QueryEscape(`{"type":"block_actions","user":{"id":"U1"},
			"actions":[{"action_id":"from_a_newer_version"}]}`), "action"},
		"a newer entry of the menu": {"", "payload=" + url.QueryEscape(`{"type":"block_actions","user":{"id":"U1"},
			"actions":[{"action_id":"more","selected_option":{"value":"new:1"}}]}`), "overflow"},
		"a newer form": {"", "payload=" + url.QueryEscape(`{"type":"view_submission","user":{"id":"U1"},
			"view":{"callback_id":"newer","private_metadata":"{\"request\":\"`+requestID+`\"}"}}`), "form"},
		"a form of nothing": {"", "payload=" + url.QueryEscape(`{"type":"view_submission","user":{"id":"U1"},
			"view":{"callback_id":"reject","private_metadata":""}}`), "form"},
		"an event":        {"application/json", `{"type":"event_callback","event":{"type":"app_home_opened"}}`, "event"},
		"an event, cut":   {"application/json; charset=utf-8", `{"type":"url_verif`, "event"},
		"an event of [1]": {"application/json", `[1]`, "event"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			header := w.ws.Sign([]byte(c.body), w.clock.Now())
			if c.kind != "" {
				header.Set("Content-Type", c.kind)
			}
			answer := w.send(header, []byte(c.body))
			require.Equal(t, http.StatusOK, answer.Code)
			require.Empty(t, answer.Body.String())
			require.Equal(t, []string{c.counted}, w.watch.unknownKinds())
			require.Zero(t, w.desk.callCount())
			require.Empty(t, w.methods())
		})
	}
}

func TestWhatNobodyDidAndWhatIsAboutNothingIsAnsweredAndDecidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	about := func(person, request string) [][]byte {
		return [][]byte{
			form(`{"type":"block_actions","user":{"id":"` + person + `"},"channel":{"id":"` + channelID + `"},"trigger_id":"t",
				"actions":[{"action_id":"approve","value":"` + request + `"}]}`),
			form(`{"type":"block_actions","user":{"id":"` + person + `"},"trigger_id":"t","actions":[{"action_id":"reject","value":"` + request + `"}]}`),
			form(`{"type":"view_submission","user":{"id":"` + person + `"},"view":{"callback_id":"options",
				"private_metadata":"{\"request\":\"` + request + `\"}"}}`),
		}
	}
	for _, body := range append(about("", requestID), about("U0ADA", "")...) {
		require.Equal(t, http.StatusOK, w.send(w.ws.Sign(body, w.clock.Now()), body).Code)
	}
	w.ada.ExpectEphemeral(t, practiceslack.Contains("does not know this request"))
	w.reception.Close() // what goes on beside the answers is over, and recorded
	require.Zero(t, w.desk.callCount())
	require.Equal(t, []string{"chat.postEphemeral"}, w.methods())
}

func TestTheEventsHandshakeIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := []byte(`{"token":"x","challenge":"3eZbrw1aB\"10","type":"url_verification"}`)
	header := w.ws.Sign(body, w.clock.Now())
	header.Set("Content-Type", "application/json")
	for range 2 { // Slack asks again when an operator presses Retry
		answer := w.send(header, body)
		require.Equal(t, http.StatusOK, answer.Code)
		require.JSONEq(t, `{"challenge":"3eZbrw1aB\"10"}`, answer.Body.String())
	}
	require.Equal(t, http.StatusUnauthorized, w.send(http.Header{"Content-Type": {"application/json"}}, body).Code)
}

// search is an options load as Slack sends it. It has no trigger.
func search(block, typed string) []byte {
	return form(`{"type":"block_suggestion","user":{"id":"U0ADA"},"action_id":"groups","block_id":"` + block + `","value":"` + typed + `"}`)
}

func TestAnOptionsLoadIsAnsweredWithAListEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		block, typed string
		found        int
	}{
		{"groups:conveyor", "", 2}, {"groups:conveyor", "fin", 1}, {"groups:conveyor", "nothing such", 0}, {"groups:", "", 0}, {"other", "", 0},
	} {
		body := search(c.block, c.typed)
		for range 2 { // the same within a second has the same signature, and is not a replay
			answer := w.send(w.ws.Sign(body, w.clock.Now()), body)
			require.Equal(t, http.StatusOK, answer.Code)
			var got map[string][]any
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &got))
			require.Contains(t, got, "options")
			require.NotNil(t, got["options"])
			require.Len(t, got["options"], c.found)
		}
	}
	w.desk.groups = nil
	body := search("groups:conveyor", "")
	require.JSONEq(t, `{"options":[]}`, w.send(w.ws.Sign(body, w.clock.Now()), body).Body.String())

	w.desk.script("Groups", hang)
	w.reception.SetBounds(20*time.Millisecond, time.Second, time.Second)
	require.Equal(t, http.StatusServiceUnavailable, w.send(w.ws.Sign(body, w.clock.Now()), body).Code)
	require.Contains(t, w.watch.unansweredWhat(), "options")
}

func TestTheClickNamesTheDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := approveBy("U0ADA", "t1")
	require.Equal(t, http.StatusOK, w.send(w.ws.Sign(body, w.clock.Now()), body).Code)
	got := w.desk.decisions()
	require.Len(t, got, 1)
	require.Equal(t, requestID, got[0].request)
	require.Equal(t, approval.Approve, got[0].decision.Verb)
	require.Equal(t, approval.Reviewer{ID: "U0ADA", Email: "ada@vendor.example"}, got[0].decision.Reviewer)
	require.True(t, strings.HasPrefix(got[0].decision.ID, "slack:"))
	require.True(t, got[0].tell)
}
