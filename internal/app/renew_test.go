package app_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/web/webtest"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// renewing is a Frontdesk whose settings can be changed while it runs.
type renewing struct {
	*world
	desk    *app.App
	hangups chan os.Signal

	mu       sync.Mutex
	settings config.Config
	err      error
}

// startRenewing starts a Frontdesk in the place of the one that runs. every is
// how often it looks at its settings; zero is never,
// but when it is asked to.
func startRenewing(t *testing.T, w *world, every time.Duration, change func(c *config.Config)) *renewing {
	t.Helper()
	require.NoError(t, w.StopFrontdesk(t.Context()))
	r := &renewing{world: w, hangups: make(chan os.Signal, 1), settings: w.Settings()}
	if change != nil {
		change(&r.settings)
	}
	if every == 0 {
		every = time.Hour
	}
	log := logrus.New()
	log.SetOutput(w.log)
	var err error
	r.desk, err = app.Start(t.Context(), app.Options{
		Config: r.settings, Listen: "127.0.0.1:0", Version: "test", Clock: w.clock, Log: log, Timing: quick(),
		Hangups: r.hangups, RenewEvery: every,
		Reload: func() (config.Config, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.settings, r.err
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.desk.Stop(ctx))
	})
	w.Slack.SetRequestURL(r.desk.URL() + slackDoor)
	w.connected()
	return r
}

// becomes changes what the settings are, as somebody who writes files does.
func (r *renewing) becomes(change func(c *config.Config)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.settings)
}

// said counts how often something was logged.
func (r *renewing) said(text string) int { return strings.Count(r.log.String(), text) }

// TestSecretsAreTakenUpFromFilesWithoutASignal: it is enough to write the file.
// What cannot be tried now is tried again, what is refused is not, and neither
// is said again and again.
func TestSecretsAreTakenUpFromFilesWithoutASignal(t *testing.T) {
	t.Parallel()
	onEachWay(t, func(on onStore) {
		t := on.t
		w := on.start()
		r := startRenewing(t, w, 20*time.Millisecond, nil)
		_, msg := w.requestFrom("grace@northwind.example")

		old, token := w.Slack.BotToken(), w.Slack.RenewBotToken()
		w.Slack.Fault(practiceslack.Fault{Method: "auth.test", Kind: practiceslack.ServerError, Times: 5})
		r.becomes(func(c *config.Config) { c.SlackBotToken = config.Secret(token) })
		w.expectLog("SLACK_BOT_TOKEN was renewed")
		require.LessOrEqual(t, r.said("the new SLACK_BOT_TOKEN cannot be tried now"), 1)
		require.NoError(t, msg.Button("Approve").Click(t.Context(), w.ada).Err())
		msg.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))

		r.becomes(func(c *config.Config) { c.SlackBotToken = config.Secret(old) })
		w.expectLog("the new SLACK_BOT_TOKEN is refused")
		calls := len(w.Slack.Calls("auth.test"))
		r.becomes(func(c *config.Config) { c.ConveyorKey = "nobody" })
		w.expectLog("the new CONVEYOR_KEY is refused")
		r.becomes(func(c *config.Config) { c.FrontdeskAPIToken = "" })
		w.expectLog("FRONTDESK_API_TOKEN is gone from the settings; the one in use stays")
		r.becomes(func(c *config.Config) { c.ConveyorWebhookSecret = "whsec_cmVuZXdlZA==" })
		w.expectLog("CONVEYOR_WEBHOOK_SECRET was renewed")
		for _, once := range []string{"the new SLACK_BOT_TOKEN is refused", "the new CONVEYOR_KEY is refused", "FRONTDESK_API_TOKEN is gone"} {
			require.Equal(t, 1, r.said(once), once)
		}
		require.LessOrEqual(t, len(w.Slack.Calls("auth.test")), calls+2, "what is refused is not tried again and again")
		_, second := w.requestFrom("ada@lovelace.example")
		require.NoError(t, second.Button("Approve").Click(t.Context(), w.ada).Err())
		second.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ada+">"))
		require.NotContains(t, w.log.String(), token)
	})
}

// TestWhoAsksHearsWhatIsNotTakenUp: other settings, another way to Slack, and
// settings that cannot be read.
func TestWhoAsksHearsWhatIsNotTakenUp(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	r := startRenewing(t, w, 0, nil)
	r.becomes(func(c *config.Config) {
		c.Port, c.SlackChannelID, c.SlackAppToken, c.FrontdeskAPIToken = 1, "C0OTHER", "xapp-1", ""
	})
	r.hangups <- syscall.SIGHUP
	w.expectLog("these settings have changed, and count from the next start on: SLACK_CHANNEL_ID, PORT")
	require.Contains(t, w.log.String(), "it changes how Slack reaches Frontdesk")
	require.Contains(t, w.log.String(), "FRONTDESK_API_TOKEN was renewed", "who asks may also close a door")
	status, _ := w.postTo(r.desk.URL()+"/conveyor/poll", http.Header{"Authorization": {"Bearer " + sandbox.OperatorToken}}, nil)
	require.Equal(t, http.StatusNotFound, status)

	r.mu.Lock()
	r.err = &config.Problems{List: []config.Problem{{Name: "PORT", What: "is wrong", Remedy: "mend it"}}}
	r.mu.Unlock()
	r.hangups <- syscall.SIGHUP
	w.expectLog("the settings cannot be read again, and all secrets stay as they are: PORT: is wrong; mend it")
}

// TestFrontdeskSpeaksTLS: with a certificate it does, and takes a renewed one up
// while connections are open; the log says nothing of clients that cannot.
func TestFrontdeskSpeaksTLS(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	authority, folder := webtest.NewAuthority(t, clock()), t.TempDir()
	pair := authority.Issue(t, folder, clock().Add(24*time.Hour), "desk.example.com")
	r := startRenewing(t, w, 20*time.Millisecond, func(c *config.Config) { c.TLSCertFile, c.TLSKeyFile = pair.CertFile, pair.KeyFile })
	require.True(t, strings.HasPrefix(r.desk.URL(), "https://"))
	w.expectLog("TLS: the certificate ends on")

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12}, MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	click := func() *tls.ConnectionState {
		t.Helper()
		body := "payload={}"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.desk.URL()+slackDoor, strings.NewReader(body))
		require.NoError(t, err)
		req.Header = w.signed([]byte(body))
		answer, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode)
		return answer.TLS
	}
	require.Equal(t, pair.Serial, click().PeerCertificates[0].SerialNumber)

	renewed := authority.Issue(t, folder, clock().AddDate(0, 3, 0), "desk.example.com")
	w.expectLog("TLS: the certificate was renewed")
	require.Equal(t, pair.Serial, click().PeerCertificates[0].SerialNumber, "the connection is the one of before")
	transport.CloseIdleConnections()
	require.Equal(t, renewed.Serial, click().PeerCertificates[0].SerialNumber)

	require.NoError(t, os.WriteFile(pair.KeyFile, []byte("half a k"), 0o600))
	w.expectLog("the certificate cannot be read again, and the one before is still shown")
	transport.CloseIdleConnections()
	require.Equal(t, renewed.Serial, click().PeerCertificates[0].SerialNumber)
	for range 20 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.desk.URL(), "https://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "no TLS at all\r\n\r\n")
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, conn)
		require.NoError(t, conn.Close())
	}
	require.NotContains(t, w.log.String(), "handshake")
	require.LessOrEqual(t, r.said("the certificate cannot be read again"), 2, "it may have been half written twice")
}

func TestACertificateThatIsNoGoodKeepsFrontdeskFromStarting(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	require.NoError(t, w.StopFrontdesk(t.Context()))
	pair := webtest.NewAuthority(t, clock()).Issue(t, t.TempDir(), clock().Add(time.Hour), "desk.example.com")
	other := webtest.NewAuthority(t, clock()).Issue(t, t.TempDir(), clock().Add(time.Hour), "desk.example.com")
	c := w.Settings()
	c.TLSCertFile, c.TLSKeyFile = pair.CertFile, other.KeyFile
	log := logrus.New()
	log.SetOutput(w.log)
	_, err := app.Start(t.Context(), app.Options{Config: c, Listen: "127.0.0.1:0", Version: "test", Clock: clock, Log: log})
	require.ErrorContains(t, err, "TLS_CERT_FILE")
	require.ErrorContains(t, err, "private key does not match public key")
}

// TestTheLogNamesTheClient: by its own address, or by what a trusted proxy says.
func TestTheLogNamesTheClient(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	claims := func(url, client string) {
		t.Helper()
		header := practiceslack.SignWith("wrong", nil, clock())
		header.Set("X-Forwarded-For", client)
		status, _ := w.postTo(url+slackDoor, header, nil)
		require.Equal(t, http.StatusUnauthorized, status)
	}
	claims(w.FrontdeskURL(), "203.0.113.5")
	w.expectLog("client=127.0.0.1")
	require.NotContains(t, w.log.String(), "203.0.113.5")
	r := startRenewing(t, w, 0, func(c *config.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	claims(r.desk.URL(), "198.51.100.9, 203.0.113.5")
	w.expectLog("client=203.0.113.5")
}
