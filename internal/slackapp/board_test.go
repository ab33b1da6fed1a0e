package slackapp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func respond(r *http.Request, status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Header: header,
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}
}

func compose(t *testing.T, b *slackapp.Board, change func(r *approval.Request)) approval.Content {
	t.Helper()
	r := pendingRequest()
	if change != nil {
		change(&r)
	}
	content, err := b.Compose(approval.View{Request: r, Groups: []approval.Group{{ID: "g", Name: "G"}}})
	require.NoError(t, err)
	return content
}

func passing(t *testing.T, err error) *approval.PassingError {
	t.Helper()
	var p *approval.PassingError
	require.ErrorAs(t, err, &p)
	return p
}

func TestTheHashIsOfWhatIsShown(t *testing.T) {
	t.Parallel()
	b := newWorld(t).board
	first := compose(t, b, nil)
	require.NotEmpty(t, first.Hash)
	require.Equal(t, first.Hash, compose(t, b, func(r *approval.Request) {
		r.Version, r.Delivery.Wanted, r.Effect.Attempts = 9, 7, 3 // nobody sees these
	}).Hash)
	seen := map[string]string{first.Hash: "pending"}
	for name, change := range map[string]func(r *approval.Request){
		"message": func(r *approval.Request) { r.Message = "Please!" },
		"state": func(r *approval.Request) {
			r.State, r.Decision = approval.Approving, &approval.Decision{Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U1"}}
		},
		"reviewer": func(r *approval.Request) {
			r.State, r.Decision = approval.Approving, &approval.Decision{Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U2"}}
		},
		"delay": func(r *approval.Request) {
			r.State, r.Delayed = approval.Approving, true
			r.Decision = &approval.Decision{Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U1"}}
		},
	} {
		hash := compose(t, b, change).Hash
		require.Empty(t, seen[hash], "%s", name)
		seen[hash] = name
	}
}

func TestWhatSlacksErrorsMean(t *testing.T) {
	t.Parallel()
	answered := func(code string) error { return slack.SlackErrorResponse{Err: code} }
	type meaning struct {
		passing, ambiguous bool
		wait               time.Duration
		says               string
	}
	for name, c := range map[string]struct {
		err  error
		want meaning
	}{
		"rate limit":            {&slack.RateLimitedError{RetryAfter: 7 * time.Second}, meaning{true, false, 7 * time.Second, ""}},
		"rate limit of nothing": {&slack.RateLimitedError{}, meaning{true, false, time.Second, ""}},
		"rate limit, no header": {slack.StatusCodeError{Code: 429}, meaning{true, false, time.Second, ""}},
		"ratelimited":           {answered("ratelimited"), meaning{true, false, time.Second, ""}},
		"internal_error":        {answered("internal_error"), meaning{true, true, 0, ""}},
		"fatal_error":           {answered("fatal_error"), meaning{true, true, 0, ""}},
		"service_unavailable":   {answered("service_unavailable"), meaning{true, true, 0, ""}},
		"request_timeout":       {answered("request_timeout"), meaning{true, true, 0, ""}},
		"500":                   {slack.StatusCodeError{Code: 500}, meaning{true, true, 0, ""}},
		"503":                   {slack.StatusCodeError{Code: 503}, meaning{true, true, 0, ""}},
		"408":                   {slack.StatusCodeError{Code: 408}, meaning{true, true, 0, ""}},
		"404":                   {slack.StatusCodeError{Code: 404}, meaning{false, false, 0, "HTTP status 404"}},
		"no connection":         {errors.New("dial tcp: refused"), meaning{true, true, 0, ""}},
		"time-out":              {context.DeadlineExceeded, meaning{true, true, 0, ""}},
		"channel_not_found":     {answered("channel_not_found"), meaning{false, false, 0, "SLACK_CHANNEL_ID"}},
		"not_in_channel":        {answered("not_in_channel"), meaning{false, false, 0, "/invite"}},
		"is_archived":           {answered("is_archived"), meaning{false, false, 0, "unarchive"}},
		"is_inactive":           {answered("is_inactive"), meaning{false, false, 0, "unarchive"}},
		"invalid_auth":          {answered("invalid_auth"), meaning{false, false, 0, "SLACK_BOT_TOKEN"}},
		"token_revoked":         {answered("token_revoked"), meaning{false, false, 0, "SLACK_BOT_TOKEN"}},
		"account_inactive":      {answered("account_inactive"), meaning{false, false, 0, "SLACK_BOT_TOKEN"}},
		"missing_scope":         {answered("missing_scope"), meaning{false, false, 0, "a scope; add it"}},
		"missing_scope, named": {
			slack.SlackErrorResponse{Err: "missing_scope", Needed: "chat:write"}, meaning{false, false, 0, "the scope chat:write; add it"},
		},
		"invalid_blocks": {
			slack.SlackErrorResponse{Err: "invalid_blocks", ResponseMetadata: slack.ResponseMetadata{Messages: []string{"must be more than 0"}}},
			meaning{false, false, 0, "must be more than 0"},
		},
		"msg_too_long":        {answered("msg_too_long"), meaning{false, false, 0, "msg_too_long"}},
		"user_not_in_channel": {answered("user_not_in_channel"), meaning{false, false, 0, "user_not_in_channel"}},
		"something new":       {answered("from_the_future"), meaning{false, false, 0, "from_the_future"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := slackapp.SlackError(c.err)
			var p *approval.PassingError
			if c.want.passing {
				require.ErrorAs(t, err, &p)
				require.Equal(t, c.want.ambiguous, p.Ambiguous)
				require.Equal(t, c.want.wait, p.RetryAfter)
				return
			}
			require.NotErrorAs(t, err, &p)
			require.ErrorContains(t, err, c.want.says)
		})
	}
	require.NoError(t, slackapp.SlackError(nil))
	require.ErrorIs(t, slackapp.SlackError(answered("message_not_found")), approval.ErrMessageGone)
}

func TestAPostIsFoundByItsMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	since := w.clock.Now()
	content := compose(t, w.board, nil)
	_, found, err := w.board.Find(t.Context(), requestID, since)
	require.NoError(t, err)
	require.False(t, found)

	ref, err := w.board.Post(t.Context(), requestID, content)
	require.NoError(t, err)
	require.Equal(t, channelID, ref.Channel)
	// Others write a lot after it, so that it is on the third page, and say the id.
	for i := range 450 {
		_, err := w.ws.PostAsUser("U0ADA", channelID, "what of "+requestID+"? "+strconv.Itoa(i), "")
		require.NoError(t, err)
	}
	_, _, err = w.api.PostMessageContext(t.Context(), channelID, slack.MsgOptionText("of another kind", false),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "another_kind", EventPayload: map[string]any{"request_id": requestID}}))
	require.NoError(t, err)
	other, err := w.board.Post(t.Context(), "another request", content)
	require.NoError(t, err)

	before := len(w.methods())
	got, found, err := w.board.Find(t.Context(), requestID, since)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ref, got)
	require.Len(t, w.methods()[before:], 3)

	got, found, err = w.board.Find(t.Context(), "another request", since)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, other, got)
	_, found, err = w.board.Find(t.Context(), "", since)
	require.NoError(t, err)
	require.False(t, found)
}

func TestFindLooksBackAsFarAsTheClocksMayDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.board.Post(t.Context(), requestID, compose(t, w.board, nil))
	require.NoError(t, err)
	for ahead, want := range map[time.Duration]bool{0: true, time.Minute: true, time.Hour: false} {
		_, found, err := w.board.Find(t.Context(), requestID, w.clock.Now().Add(ahead))
		require.NoError(t, err)
		require.Equal(t, want, found, ahead)
	}
}

func TestFindThatFailsIsNotNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.board.Post(t.Context(), requestID, compose(t, w.board, nil))
	require.NoError(t, err)
	for i := range 250 {
		_, err := w.ws.PostAsUser("U0ADA", channelID, "m"+strconv.Itoa(i), "")
		require.NoError(t, err)
	}
	w.ws.Fault(practiceslack.Fault{Method: "conversations.history", Kind: practiceslack.ServerError})
	_, found, err := w.board.Find(t.Context(), requestID, w.clock.Now())
	require.Zero(t, passing(t, err).RetryAfter)
	require.False(t, found)

	api := scriptedSlack{"conversations.history": `{}`}.client()
	_, found, err = slackapp.NewBoard(api, channelID, w.clock.Now, nil, slackapp.Pace{}).Find(t.Context(), requestID, w.clock.Now())
	require.Error(t, err, "an answer of nothing would make a second post")
	require.False(t, found)
}

func TestAPostWhoseAnswerIsLostIsAmbiguous(t *testing.T) {
	t.Parallel()
	for kind, posted := range map[practiceslack.FaultKind]int{
		practiceslack.LostAnswer: 1, practiceslack.DropBefore: 0, practiceslack.ServerError: 0, practiceslack.Hang: 0,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(p *plan) { p.callTimeout = 150 * time.Millisecond })
			w.ws.Fault(practiceslack.Fault{Method: "chat.postMessage", Kind: kind})
			_, err := w.board.Post(t.Context(), requestID, compose(t, w.board, nil))
			require.True(t, passing(t, err).Ambiguous)
			require.Zero(t, passing(t, err).RetryAfter)
			require.Equal(t, posted, w.channel.Count())
			_, found, err := w.board.Find(t.Context(), requestID, w.clock.Now())
			require.NoError(t, err)
			require.Equal(t, posted == 1, found)
		})
	}
}

func TestAnAnswerOfNothingIsNoSuccess(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"ok":true}`, `<html>`, ``, `null`} {
		api := scriptedSlack{"chat.postMessage": body, "chat.update": body}.client()
		b := slackapp.NewBoard(api, channelID, newClock().Now, nil, slackapp.Pace{})
		_, err := b.Post(t.Context(), requestID, compose(t, b, nil))
		require.True(t, passing(t, err).Ambiguous, body)
		err = b.Update(t.Context(), approval.MessageRef{Channel: channelID, TS: "1.2"}, requestID, compose(t, b, nil))
		require.True(t, passing(t, err).Ambiguous, body)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ref, err := w.board.Post(t.Context(), requestID, compose(t, w.board, nil))
	require.NoError(t, err)
	msg := w.channel.ExpectMessage(t, practiceslack.Contains("grace@northwind.example"))
	approving := compose(t, w.board, func(r *approval.Request) {
		r.State, r.Decision = approval.Approving, &approval.Decision{Verb: approval.Approve, Reviewer: approval.Reviewer{ID: "U0ADA"}}
	})
	require.NoError(t, w.board.Update(t.Context(), ref, requestID, approving))
	require.Contains(t, msg.Text(), "<@U0ADA>")
	require.False(t, msg.HasControls())
	_, found, err := w.board.Find(t.Context(), requestID, w.clock.Now())
	require.NoError(t, err)
	require.True(t, found, "an update keeps the metadata")

	require.NoError(t, w.ws.DeleteMessage(channelID, ref.TS))
	require.ErrorIs(t, w.board.Update(t.Context(), ref, requestID, approving), approval.ErrMessageGone)
}

// TestAChannelThatIsLeftBehind: SLACK_CHANNEL_ID names another channel now, and
// the one of before cannot be written to. The message is posted anew in ours.
func TestAChannelThatIsLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := compose(t, w.board, nil)
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C0OLD", Name: "old", Archived: true})
	for _, old := range []string{"C0GONE", "C0OLD"} {
		err := w.board.Update(t.Context(), approval.MessageRef{Channel: old, TS: "1.2"}, requestID, content)
		require.ErrorIs(t, err, approval.ErrMessageGone, old)
	}
	w.ws.Fault(practiceslack.Fault{Method: "chat.update", Kind: practiceslack.SlackError, Code: "not_in_channel"})
	err := w.board.Update(t.Context(), approval.MessageRef{Channel: channelID, TS: "1.2"}, requestID, content)
	require.NotErrorIs(t, err, approval.ErrMessageGone, "our own channel is for the operator to mend")
	require.ErrorContains(t, err, "SLACK_CHANNEL_ID")
}

func TestNothingOfAMethodIsSentBeforeRetryAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := compose(t, w.board, nil)
	ref, err := w.board.Post(t.Context(), requestID, content)
	require.NoError(t, err)
	update := func() error { return w.board.Update(t.Context(), ref, requestID, content) }

	w.ws.Fault(practiceslack.Fault{Method: "chat.update", Kind: practiceslack.RateLimited, RetryAfter: 30 * time.Second})
	require.Equal(t, 30*time.Second, passing(t, update()).RetryAfter)
	require.False(t, passing(t, update()).Ambiguous)
	w.clock.Advance(29 * time.Second)
	require.Equal(t, time.Second, passing(t, update()).RetryAfter, "it says how long is left")
	require.Len(t, w.ws.Calls("chat.update"), 1)

	_, err = w.board.Post(t.Context(), "r2", content)
	require.NoError(t, err, "other methods go on")
	w.clock.Advance(time.Second)
	require.NoError(t, update())
	require.Len(t, w.ws.Calls("chat.update"), 2)

	// A clock that is put back by a day does not make the wait a day longer.
	w.ws.Fault(practiceslack.Fault{Method: "chat.update", Kind: practiceslack.RateLimited, RetryAfter: 30 * time.Second})
	require.Equal(t, 30*time.Second, passing(t, update()).RetryAfter)
	w.clock.Advance(-24 * time.Hour)
	require.NoError(t, update())
}

func TestTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ws.AddUser(practiceslack.Person{ID: "U0AWAY", Email: "away@vendor.example"})
	notice := approval.Notice{
		To: "U0ADA", Code: approval.NoticeTaken, NoticeDetails: approval.NoticeDetails{By: "U0BEN", Verb: approval.Approve},
	}
	r := pendingRequest()
	require.NoError(t, w.board.Tell(t.Context(), notice, r))
	w.ada.ExpectEphemeral(t, practiceslack.Contains("<@U0BEN>"))
	w.ben.NoEphemeral(t, practiceslack.Contains("<@U0BEN>"))

	notice.To = "U0AWAY"
	err := w.board.Tell(t.Context(), notice, r)
	require.ErrorContains(t, err, "user_not_in_channel")
	var p *approval.PassingError
	require.NotErrorAs(t, err, &p, "trying again helps nobody")

	// The message may be in a channel that was set before.
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C0OLD", Members: []string{"U0AWAY"}})
	r.Delivery.Channel = "C0OLD"
	require.NoError(t, w.board.Tell(t.Context(), notice, r))

	w.ws.Fault(practiceslack.Fault{Method: "chat.postEphemeral", Kind: practiceslack.RateLimited, RetryAfter: 5 * time.Second})
	require.Equal(t, 5*time.Second, passing(t, w.board.Tell(t.Context(), notice, r)).RetryAfter)
}

func TestNoErrorHasTheToken(t *testing.T) {
	t.Parallel()
	const given = "xoxb-very-secret"
	for _, fault := range []practiceslack.Fault{
		{Kind: practiceslack.ServerError},
		{Kind: practiceslack.DropBefore},
		{Kind: practiceslack.LostAnswer},
		{Kind: practiceslack.Hang},
		{Kind: practiceslack.RateLimited},
		{Kind: practiceslack.SlackError, Code: "invalid_auth"},
		{Kind: practiceslack.SlackError, Code: "missing_scope"},
		{Kind: practiceslack.SlackError, Code: "invalid_blocks"},
	} {
		t.Run(fault.Kind.String()+fault.Code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(p *plan) {
				p.slack.BotToken, p.reviewers, p.callTimeout = given, []string{"S0GROUP"}, 100*time.Millisecond
			})
			content := compose(t, w.board, nil)
			fault.Times = -1
			w.ws.Fault(fault)
			_, postErr := w.board.Post(t.Context(), requestID, content)
			_, _, findErr := w.board.Find(t.Context(), requestID, w.clock.Now())
			_, _, whoErr := w.directory.MayDecide(t.Context(), "U0ADA")
			errs := []error{
				postErr, findErr, whoErr, w.directory.CheckIn(t.Context()),
				w.board.Update(t.Context(), approval.MessageRef{Channel: channelID, TS: "1.2"}, requestID, content),
				w.board.Tell(t.Context(), approval.Notice{To: "U0ADA"}, pendingRequest()),
			}
			for _, err := range w.directory.Unresolved(t.Context(), []string{"U0ADA", "ada@vendor.example", "S0GROUP"}) {
				errs = append(errs, err)
			}
			require.Len(t, errs, 9)
			for _, err := range errs {
				require.Error(t, err)
				require.NotContains(t, err.Error(), "very-secret")
			}
		})
	}
}
