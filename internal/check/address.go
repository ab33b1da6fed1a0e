package check

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

func (t *trial) webhook(context.Context) {
	const part = "webhook"
	if !t.Config.ConveyorWebhookSecret.IsSet() {
		t.skipped(part, "CONVEYOR_WEBHOOK_SECRET is not set; polling finds everything, a little later")
		return
	}
	t.ok(part, "the secret has the right form; send a test event from Conveyor to see that it is the right one")
}

// address calls Frontdesk as Slack would: at its public address, signed. If
// nothing listens on the port, it answers itself while it asks.
func (t *trial) address(ctx context.Context) {
	const part = "public address"
	switch {
	case t.Config.SlackAppToken.IsSet():
		t.skipped(part, "Socket Mode needs none")
		return
	case t.Config.FrontdeskURL == "":
		t.skipped(part, "FRONTDESK_URL is not set, so it is not known where Slack would call")
		return
	}
	stop, err := t.answer(ctx)
	if err != nil {
		t.failed(part, err.Error(), "free the port, or choose another with PORT")
		return
	}
	defer stop()
	if err := t.call(ctx, t.Config.FrontdeskURL+"/slack/events"); err != nil {
		t.failed(part, err.Error(), "let "+t.Config.FrontdeskURL+" lead to this machine's port "+strconv.Itoa(t.Config.Port)+
			", and use the same SLACK_SIGNING_SECRET there")
		return
	}
	t.ok(part, t.Config.FrontdeskURL+" leads to Frontdesk, which takes a signed call")
}

// answer serves the door on the port, unless something listens there already.
func (t *trial) answer(ctx context.Context) (stop func(), err error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", ":"+strconv.Itoa(t.Config.Port))
	if err != nil {
		var dialer net.Dialer
		conn, dialErr := dialer.DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(t.Config.Port))
		if dialErr != nil {
			return nil, fmt.Errorf("port %d can neither be listened on nor called: %w", t.Config.Port, err)
		}
		return func() {}, conn.Close() //nolint:wrapcheck // it says all
	}
	desk := slackapp.NewReception(nil, t.api, nil, nil, nobody{}, t.Clock) // a handshake asks it nothing
	mux := http.NewServeMux()
	mux.Handle("/slack/events", slackapp.NewDoor(t.Config.SlackSigningSecret.Reveal(), desk, web.NewStrangers(t.Clock), nobody{}, t.Clock))
	server := web.Server(mux)
	if t.certificate != nil {
		listener = tls.NewListener(listener, t.certificate.Config())
	}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }, nil
}

// call makes the handshake of the Events API, which changes nothing.
func (t *trial) call(ctx context.Context, address string) error {
	challenge := rand.Text()
	body, err := json.Marshal(map[string]string{"type": "url_verification", "challenge": challenge})
	if err != nil {
		return fmt.Errorf("write a call: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("call %s: %w", address, err)
	}
	stamp := strconv.FormatInt(t.Clock().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(t.Config.SlackSigningSecret.Reveal()))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s could not be called: %w", address, err)
	}
	defer func() { _ = res.Body.Close() }()
	var said struct {
		Challenge string `json:"challenge"`
	}
	err = json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&said)
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		return errors.New("a Frontdesk answers there, but refuses the signature")
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers with HTTP status %d", address, res.StatusCode)
	case err != nil || said.Challenge != challenge:
		return fmt.Errorf("%s answers, but it is not Frontdesk", address)
	}
	return nil
}

// nobody watches a door that is only tried.
type nobody struct{}

func (nobody) Unverified(context.Context, error)         {}
func (nobody) Unknown(string)                            {}
func (nobody) Unanswered(context.Context, string, error) {}
