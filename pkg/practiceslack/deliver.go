package practiceslack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The sentences that a person reads when an app fails them.
const (
	timedOut        = "Operation timed out. Apps need to respond within 3 seconds."
	unreachable     = "The app could not be reached."
	noBaseURL       = "the practice workspace does not know its own address: SetBaseURL was not called"
	noAddress       = "This app is not configured to handle interactive responses."
	troubleInView   = "We had some trouble connecting. Try again?"
	maxReplyBytes   = 1 << 20
	signatureHeader = "X-Slack-Signature"
	timestampHeader = "X-Slack-Request-Timestamp"
	// verificationToken is what Slack used before it signed. Apps should not look at it.
	verificationToken = "practice-verification-token"
)

// Sign gives the headers with which Slack would deliver body at a time.
func (ws *Workspace) Sign(body []byte, at time.Time) http.Header {
	return SignWith(ws.SigningSecret(), body, at)
}

// SignWith is Sign with any secret.
func SignWith(secret string, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	header := http.Header{}
	header.Set(timestampHeader, stamp)
	header.Set(signatureHeader, "v0="+hex.EncodeToString(mac.Sum(nil)))
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	return header
}

// Outcome is what a person sees after they acted.
type Outcome struct {
	OK        bool
	Error     string // the sentence that they read when it failed
	Delivered bool   // the app was asked, whatever it answered
	Status    int    // the app's HTTP status, 0 when it gave none; 200 for an acknowledgement over Socket Mode
	Reply     []byte // the app's answer

	overSocket bool
}

func failed(format string, args ...any) Outcome { return Outcome{Error: fmt.Sprintf(format, args...)} }

// Err is nil when all went well.
func (o Outcome) Err() error {
	if o.OK {
		return nil
	}
	return fmt.Errorf("practice Slack: %s", o.Error)
}

// deliver sends one form to the app and waits for its answer. The lock is not
// held.
func (ws *Workspace) deliver(ctx context.Context, kind, address string, form url.Values) Outcome {
	if !ws.Installed() {
		return failed(notInstalled)
	}
	body := []byte(form.Encode())
	out, _ := ws.dispatch(ctx, Delivery{Kind: kind, URL: address, Body: body, Payload: []byte(form.Get("payload"))}, nil)
	return out
}

// dispatch sends a delivery on the way that the app's settings say, and records
// it. Over HTTP it is signed, has the given headers besides, and the headers of
// the app's answer are given back. The lock is not held.
func (ws *Workspace) dispatch(ctx context.Context, d Delivery, header http.Header) (Outcome, http.Header) {
	if ws.SocketMode() {
		return ws.dispatchOverSocket(ctx, d, header), nil
	}
	if d.URL == "" {
		return failed("%s", noAddressFor(d.Kind)), nil
	}
	began := ws.now()
	d.Time, d.Transport, d.Header = began, OverHTTP, ws.Sign(d.Body, began)
	maps.Copy(d.Header, header)
	ctx, cancel := context.WithTimeout(ctx, ws.Pace().DeliveryTimeout)
	defer cancel()
	status, answered, reply, err := ws.send(ctx, d)
	out := Outcome{Delivered: true, Status: status, Reply: reply}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		out.Error = timedOut
	case err != nil:
		out.Error = unreachable
	case status < 200 || status > 299:
		out.Error = fmt.Sprintf("This app responded with Status Code %d.", status)
	default:
		out.OK = true
	}
	d.Status, d.Response, d.Error, d.Duration = status, reply, out.Error, ws.now().Sub(began)
	ws.recordDelivery(d)
	return out, answered
}

// noAddressFor is what a person reads when the app's settings name no address.
func noAddressFor(kind string) string {
	if kind == "event" || kind == "url_verification" {
		return "This app is not configured to take events."
	}
	return noAddress
}

func (ws *Workspace) send(ctx context.Context, d Delivery) (status int, answered http.Header, reply []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("make delivery: %w", err)
	}
	req.Header = d.Header.Clone()
	resp, err := ws.client.Do(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("deliver: %w", err)
	}
	defer resp.Body.Close()
	reply, err = io.ReadAll(io.LimitReader(resp.Body, maxReplyBytes))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("read the app's answer: %w", err)
	}
	return resp.StatusCode, resp.Header, reply, nil
}

// envelope is what all payloads share.
func (ws *Workspace) envelope(kind, person string) object {
	p := ws.users[person]
	return object{
		"type": kind, "token": verificationToken, "api_app_id": ws.opt.AppID,
		"team":       object{"id": ws.opt.TeamID, "domain": ws.opt.TeamDomain},
		"user":       object{"id": p.ID, "username": p.Name, "name": p.Name, "team_id": p.TeamID},
		"enterprise": nil, "is_enterprise_install": false,
	}
}

func payloadForm(payload object) url.Values {
	return url.Values{"payload": {string(encode(payload))}}
}
