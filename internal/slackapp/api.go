package slackapp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
)

// API is the part of Slack's Web API that Frontdesk calls. A *slack.Client is
// one, and so is a *Line.
type API interface {
	AuthTestContext(ctx context.Context) (*slack.AuthTestResponse, error)
	StartSocketModeContext(ctx context.Context) (*slack.SocketModeConnection, string, error)
	OpenViewContext(ctx context.Context, triggerID string, view slack.ModalViewRequest) (*slack.ViewResponse, error)
	PostMessageContext(ctx context.Context, channelID string, options ...slack.MsgOption) (string, string, error)
	PostEphemeralContext(ctx context.Context, channelID, userID string, options ...slack.MsgOption) (string, error)
	UpdateMessageContext(ctx context.Context, channelID, timestamp string, options ...slack.MsgOption) (string, string, string, error)
	GetConversationHistoryContext(ctx context.Context, params *slack.GetConversationHistoryParameters) (*slack.GetConversationHistoryResponse, error)
	GetUserInfoContext(ctx context.Context, user string, options ...slack.GetUserInfoOption) (*slack.User, error)
	GetUserByEmailContext(ctx context.Context, email string) (*slack.User, error)
	GetUserGroupMembersContext(ctx context.Context, userGroup string, options ...slack.GetUserGroupMembersOption) ([]string, error)
}

// maxAnswer bounds an answer of Slack's, in bytes. It is ours: Slack documents
// none, and the largest that Frontdesk asks for, a page of a channel's history,
// is far smaller.
const maxAnswer = 16 << 20

// errLongAnswer is of an answer beyond that.
var errLongAnswer = errors.New("Slack answers with more than Frontdesk reads") //nolint:staticcheck // Slack is a name

// NewHTTPClient makes the client for calls to Slack: each is bounded in time and
// its answer in size, and none follows a redirect, because the token is in the
// body of a call and would go along to wherever it leads.
func NewHTTPClient(transport http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout, Transport: bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded bounds the answers that a transport gives.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil && answer.Body != nil {
		answer.Body = &boundedBody{ReadCloser: answer.Body, left: maxAnswer}
	}
	return answer, err //nolint:wrapcheck // the client looks at what it is
}

// CloseIdleConnections lets http.Client find those of the transport below.
func (b bounded) CloseIdleConnections() {
	if closer, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

type boundedBody struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongAnswer
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err //nolint:wrapcheck // the reader looks at what it is
}

// ErrOtherApp says that a token is of another workspace, or of another app in it.
var ErrOtherApp = errors.New("it is the token of another app or of another workspace; restart Frontdesk if that is meant")

// Line is an API whose tokens can be replaced while it is used.
type Line struct {
	client atomic.Pointer[slack.Client]
	// app is who Slack takes the token for, as far as it was ever asked.
	app atomic.Pointer[app]
}

var _ API = (*Line)(nil)

// app is one app's bot in one workspace.
type app struct{ team, bot string }

// NewLine makes a line from a client with the tokens to begin with.
func NewLine(client *slack.Client) *Line {
	l := &Line{}
	l.client.Store(client)
	return l
}

// RenewBot replaces the client by one with another bot token, after Slack took
// it for the same app. Otherwise all stays as it is: the error is
// an *approval.PassingError if Slack could not be asked, ErrOtherApp, or says
// why Slack does not accept the token.
func (l *Line) RenewBot(ctx context.Context, client *slack.Client) error {
	me, err := client.AuthTestContext(ctx)
	if err = orEmpty(err, me == nil || me.TeamID == ""); err != nil {
		return fmt.Errorf("ask Slack whose token it is: %w", slackError(err))
	}
	if known := l.app.Load(); known != nil && *known != (app{me.TeamID, me.UserID}) {
		return ErrOtherApp
	}
	l.client.Store(client)
	return nil
}

// RenewApp replaces the client by one with another app-level token, after Slack
// gave a Socket Mode connection for it. The error is as that of RenewBot.
// Connections that are open stay.
func (l *Line) RenewApp(ctx context.Context, client *slack.Client) error {
	if err := TrySocket(ctx, client); err != nil {
		return fmt.Errorf("ask Slack for a Socket Mode connection: %w", err)
	}
	l.client.Store(client)
	return nil
}

// AuthTestContext implements API.
func (l *Line) AuthTestContext(ctx context.Context) (*slack.AuthTestResponse, error) {
	me, err := l.client.Load().AuthTestContext(ctx)
	if err == nil && me.TeamID != "" {
		l.app.Store(&app{me.TeamID, me.UserID})
	}
	return me, err //nolint:wrapcheck // explained by the caller, as below
}

// StartSocketModeContext implements API.
func (l *Line) StartSocketModeContext(ctx context.Context) (*slack.SocketModeConnection, string, error) {
	return l.client.Load().StartSocketModeContext(ctx) //nolint:wrapcheck // explained by the caller
}

// OpenViewContext implements API.
func (l *Line) OpenViewContext(ctx context.Context, triggerID string, view slack.ModalViewRequest) (*slack.ViewResponse, error) {
	return l.client.Load().OpenViewContext(ctx, triggerID, view) //nolint:wrapcheck // explained by the caller
}

// PostMessageContext implements API.
func (l *Line) PostMessageContext(ctx context.Context, channelID string, options ...slack.MsgOption) (channel, ts string, err error) {
	return l.client.Load().PostMessageContext(ctx, channelID, options...) //nolint:wrapcheck // explained by the caller
}

// PostEphemeralContext implements API.
func (l *Line) PostEphemeralContext(ctx context.Context, channelID, userID string, options ...slack.MsgOption) (string, error) {
	return l.client.Load().PostEphemeralContext(ctx, channelID, userID, options...) //nolint:wrapcheck // explained by the caller
}

// UpdateMessageContext implements API.
func (l *Line) UpdateMessageContext(ctx context.Context, channelID, timestamp string, options ...slack.MsgOption) (channel, ts, text string, err error) {
	return l.client.Load().UpdateMessageContext(ctx, channelID, timestamp, options...) //nolint:wrapcheck // explained by the caller
}

// GetConversationHistoryContext implements API.
func (l *Line) GetConversationHistoryContext(ctx context.Context, params *slack.GetConversationHistoryParameters) (*slack.GetConversationHistoryResponse, error) {
	return l.client.Load().GetConversationHistoryContext(ctx, params) //nolint:wrapcheck // explained by the caller
}

// GetUserInfoContext implements API.
func (l *Line) GetUserInfoContext(ctx context.Context, user string, options ...slack.GetUserInfoOption) (*slack.User, error) {
	return l.client.Load().GetUserInfoContext(ctx, user, options...) //nolint:wrapcheck // explained by the caller
}

// GetUserByEmailContext implements API.
func (l *Line) GetUserByEmailContext(ctx context.Context, email string) (*slack.User, error) {
	return l.client.Load().GetUserByEmailContext(ctx, email) //nolint:wrapcheck // explained by the caller
}

// GetUserGroupMembersContext implements API.
func (l *Line) GetUserGroupMembersContext(ctx context.Context, userGroup string, options ...slack.GetUserGroupMembersOption) ([]string, error) {
	return l.client.Load().GetUserGroupMembersContext(ctx, userGroup, options...) //nolint:wrapcheck // explained by the caller
}
