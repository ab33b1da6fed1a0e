package slackapp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/keyring"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// clientOf gives a client of a workspace with any tokens.
func clientOf(t *testing.T, url, bot, app string) *slack.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return slack.New(bot, slack.OptionAPIURL(url+"/api/"), slack.OptionAppLevelToken(app),
		slack.OptionHTTPClient(slackapp.NewHTTPClient(transport, 5*time.Second)))
}

func workspace(t *testing.T, o practiceslack.Options) (ws *practiceslack.Workspace, url string) {
	t.Helper()
	ws = practiceslack.New(o)
	server := httptest.NewServer(ws.Handler())
	t.Cleanup(func() {
		ws.Close()
		server.Close()
	})
	return ws, server.URL
}

// TestATokenIsTakenUpOnlyIfSlackTakesIt: every other one leaves the line as it
// was.
func TestATokenIsTakenUpOnlyIfSlackTakesIt(t *testing.T) {
	t.Parallel()
	ws, url := workspace(t, practiceslack.Options{})
	_, elsewhere := workspace(t, practiceslack.Options{TeamID: "T0OTHER", BotToken: "xoxb-elsewhere"})
	otherApp, sameTeam := workspace(t, practiceslack.Options{BotUserID: "U0OTHERBOT", BotToken: "xoxb-other-app"}) //nolint:gosec // made up
	before := ws.BotToken()
	line := slackapp.NewLine(clientOf(t, url, before, ""))
	works := func() error { _, err := line.AuthTestContext(t.Context()); return err }
	require.NoError(t, works())

	require.ErrorContains(t, line.RenewBot(t.Context(), clientOf(t, url, "xoxb-nobody", "")), "invalid_auth")
	require.ErrorIs(t, line.RenewBot(t.Context(), clientOf(t, elsewhere, "xoxb-elsewhere", "")), slackapp.ErrOtherApp)
	require.ErrorIs(t, line.RenewBot(t.Context(), clientOf(t, sameTeam, otherApp.BotToken(), "")), slackapp.ErrOtherApp)
	var passing *approval.PassingError
	require.ErrorAs(t, line.RenewBot(t.Context(), clientOf(t, "http://127.0.0.1:1", "xoxb-1", "")), &passing)
	require.NoError(t, works(), "the token before is still used")

	fresh := ws.RenewBotToken()
	require.Error(t, works())
	require.NoError(t, line.RenewBot(t.Context(), clientOf(t, url, fresh, "")))
	require.NoError(t, works())
}

func TestAnAppTokenIsTakenUpOnlyIfSlackTakesIt(t *testing.T) {
	t.Parallel()
	ws, url := workspace(t, practiceslack.Options{SocketMode: true})
	line := slackapp.NewLine(clientOf(t, url, ws.BotToken(), ws.AppToken()))
	works := func() error { _, _, err := line.StartSocketModeContext(t.Context()); return err }
	require.NoError(t, works())
	require.Error(t, line.RenewApp(t.Context(), clientOf(t, url, ws.BotToken(), "xapp-nobody")))
	require.NoError(t, works())
	fresh := ws.RenewAppToken()
	require.Error(t, works())
	require.NoError(t, line.RenewApp(t.Context(), clientOf(t, url, ws.BotToken(), fresh)))
	require.NoError(t, works())
}

// TestATokenFollowsNoRedirect: whoever can make Slack's address redirect gets no
// token by that.
func TestATokenFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				t.Errorf("it was sent on to %s", r.URL)
			}))
			defer thief.Close()
			door := httptest.NewServer(http.RedirectHandler(thief.URL, status))
			defer door.Close()
			_, err := slackapp.Identify(t.Context(), clientOf(t, door.URL, "xoxb-secret", ""))
			require.ErrorContains(t, err, "HTTP status "+strconv.Itoa(status))
			require.NotContains(t, err.Error(), "xoxb-secret")
		})
	}
}

// TestAnEndlessAnswerIsGivenUp: what is read of an answer is bounded.
func TestAnEndlessAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	wrote := make(chan int, 1)
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 0
		defer func() { wrote <- n }()
		_, _ = io.WriteString(w, `{"ok":true,"team_id":"`)
		for r.Context().Err() == nil {
			more, err := io.WriteString(w, strings.Repeat("x", 1<<16))
			if n += more; err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	api := slack.New("xoxb-1", slack.OptionAPIURL(endless.URL+"/"), slack.OptionHTTPClient(slackapp.NewHTTPClient(transport, time.Minute)))
	_, err := slackapp.Identify(ctx, api)
	require.ErrorContains(t, err, "more than Frontdesk reads")
	require.Less(t, <-wrote, 64<<20)
}

// TestTheSigningSecretIsRenewed: both are accepted until the new one has proven
// to be right, then the new one alone; with an empty one the door is closed.
func TestTheSigningSecretIsRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.knows(w.ada)
	click := func(trigger, secret string) int {
		t.Helper()
		body := approveBy("U0ADA", trigger)
		return w.send(practiceslack.SignWith(secret, body, w.clock.Now()), body).Code
	}
	old := w.ws.SigningSecret()
	require.Equal(t, http.StatusOK, click("t1", old))
	w.door.Renew("renewed")
	require.Equal(t, http.StatusOK, click("t2", old))
	require.Equal(t, http.StatusUnauthorized, click("t3", "another"))
	require.Equal(t, http.StatusUnauthorized, click("t4", ""))
	require.Equal(t, http.StatusOK, click("t5", "renewed"))
	require.Equal(t, http.StatusOK, click("t6", old), "what was signed before may be on its way")
	w.clock.Advance(keyring.Afterglow + time.Second)
	require.Equal(t, http.StatusUnauthorized, click("t7", old))
	require.Equal(t, http.StatusOK, click("t8", "renewed"))
	require.Len(t, w.desk.decisions(), 5)

	w.door.Renew("")
	require.Equal(t, http.StatusNotFound, click("t9", "renewed"))
	w.door.Renew("again")
	require.Equal(t, http.StatusUnauthorized, click("t10", ""), "nothing is signed with an empty secret")
	require.Equal(t, http.StatusOK, click("t11", "again"))
}
