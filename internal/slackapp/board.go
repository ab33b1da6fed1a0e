package slackapp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

// metadataType marks our messages, so that one whose posting was not answered
// can be found again.
const metadataType = "frontdesk_access_request"

// Slack takes about one new message a second a channel, and lets short bursts
// pass (docs.slack.dev, rate limits).
const (
	postsPerSecond = 1
	postBurst      = 3
)

// historyPage is how many messages one look into the channel reads; Slack
// allows 999 and recommends at most 200.
const historyPage = 200

// clockSkew is how far Slack's clock may be from ours when we look for a
// message that was posted since a time. It is more than the door accepts:
// beyond that nobody can click at all.
const clockSkew = signatureWindow + time.Minute

// Board is an approval.Board: one Slack channel.
type Board struct {
	api     *slack.Client
	channel string
	clock   approval.Clock
	posts   *rate.Limiter
	pause   pause
}

var _ approval.Board = (*Board)(nil)

// NewBoard makes the board of a channel.
func NewBoard(api *slack.Client, channel string, clock approval.Clock) *Board {
	return &Board{
		api: api, channel: channel, clock: clock,
		posts: rate.NewLimiter(postsPerSecond, postBurst),
		pause: pause{until: map[string]time.Time{}},
	}
}

type rendered struct {
	text   string
	blocks []slack.Block
}

// Compose implements approval.Board.
func (b *Board) Compose(v approval.View) (approval.Content, error) {
	text, blocks := render.Message(v)
	encoded, err := json.Marshal(blocks)
	if err != nil {
		return approval.Content{}, fmt.Errorf("encode the message: %w", err)
	}
	sum := sha256.New()
	sum.Write([]byte(text))
	sum.Write([]byte{0})
	sum.Write(encoded)
	return approval.Content{Body: rendered{text: text, blocks: blocks}, Hash: hex.EncodeToString(sum.Sum(nil))}, nil
}

// Find implements approval.Board.
func (b *Board) Find(ctx context.Context, requestID string, since time.Time) (approval.MessageRef, bool, error) {
	params := &slack.GetConversationHistoryParameters{
		ChannelID: b.channel, IncludeAllMetadata: true, Limit: historyPage,
		Oldest: fmt.Sprintf("%d.000000", since.Add(-clockSkew).Unix()),
	}
	for {
		var page *slack.GetConversationHistoryResponse
		err := b.call("conversations.history", func() error {
			var err error
			page, err = b.api.GetConversationHistoryContext(ctx, params)
			return orEmpty(err, page == nil || !page.Ok)
		})
		if err != nil {
			return approval.MessageRef{}, false, fmt.Errorf("read the channel's history: %w", err)
		}
		for _, m := range page.Messages {
			if m.Metadata.EventType == metadataType && m.Metadata.EventPayload["request_id"] == requestID {
				return approval.MessageRef{Channel: b.channel, TS: m.Timestamp}, true, nil
			}
		}
		params.Cursor = page.ResponseMetaData.NextCursor
		if params.Cursor == "" {
			return approval.MessageRef{}, false, nil
		}
	}
}

// Post implements approval.Board. It waits for its turn under Slack's rate.
func (b *Board) Post(ctx context.Context, requestID string, c approval.Content) (approval.MessageRef, error) {
	if err := b.posts.Wait(ctx); err != nil {
		return approval.MessageRef{}, &approval.PassingError{RetryAfter: time.Second, Err: fmt.Errorf("wait to post: %w", err)}
	}
	var ref approval.MessageRef
	err := b.call("chat.postMessage", func() error {
		var err error
		ref.Channel, ref.TS, err = b.api.PostMessageContext(ctx, b.channel, message(requestID, c)...)
		return orEmpty(err, ref.TS == "")
	})
	if err != nil {
		return approval.MessageRef{}, fmt.Errorf("post to the channel: %w", err)
	}
	return ref, nil
}

// Update implements approval.Board.
func (b *Board) Update(ctx context.Context, ref approval.MessageRef, requestID string, c approval.Content) error {
	err := b.call("chat.update", func() error {
		_, ts, _, err := b.api.UpdateMessageContext(ctx, ref.Channel, ref.TS, message(requestID, c)...)
		return orEmpty(err, ts == "")
	})
	if err != nil && ref.Channel != b.channel && outOfReach(err) {
		// The channel of before is left behind; ours is another one now.
		return fmt.Errorf("update the message: %w: %w", approval.ErrMessageGone, err)
	}
	if err != nil {
		return fmt.Errorf("update the message: %w", err)
	}
	return nil
}

// outOfReach reports whether a channel cannot be written to any more.
func outOfReach(err error) bool {
	answered, ok := errors.AsType[slack.SlackErrorResponse](err)
	return ok && slices.Contains([]string{"channel_not_found", "not_in_channel", "is_archived"}, answered.Err)
}

func message(requestID string, c approval.Content) []slack.MsgOption {
	r, _ := c.Body.(rendered)
	return []slack.MsgOption{
		slack.MsgOptionText(r.text, false),
		slack.MsgOptionBlocks(r.blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{
			EventType: metadataType, EventPayload: map[string]any{"request_id": requestID},
		}),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
}

// Tell implements approval.Board.
func (b *Board) Tell(ctx context.Context, n approval.Notice, r approval.Request) error {
	channel := r.Delivery.Channel
	if channel == "" {
		channel = b.channel
	}
	return b.whisper(ctx, channel, n.To, render.Notice(n, r))
}

// whisper shows a sentence to one person in a channel.
func (b *Board) whisper(ctx context.Context, channel, person, mrkdwn string) error {
	err := b.call("chat.postEphemeral", func() error {
		_, err := b.api.PostEphemeralContext(ctx, channel, person, slack.MsgOptionText(mrkdwn, false))
		return err //nolint:wrapcheck // explained by call
	})
	if err != nil {
		return fmt.Errorf("tell somebody in the channel: %w", err)
	}
	return nil
}

// orEmpty gives the error of a call, or that its answer was empty.
func orEmpty(err error, empty bool) error {
	if err == nil && empty {
		return errNoContent
	}
	return err
}

// call makes one call of a method, unless Slack has said that it wants none of
// that method for now, and explains its error.
func (b *Board) call(method string, do func() error) error {
	if wait := b.pause.left(method, b.clock()); wait > 0 {
		return &approval.PassingError{RetryAfter: wait, Err: fmt.Errorf("Slack takes no %s at the moment", method)} //nolint:staticcheck // Slack is a name
	}
	err := slackError(do())
	var passing *approval.PassingError
	if errors.As(err, &passing) && passing.RetryAfter > 0 {
		b.pause.set(method, b.clock().Add(passing.RetryAfter))
	}
	return err
}

// pause keeps until when Slack wants no calls, by method.
type pause struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (p *pause) left(method string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until[method].Sub(now)
}

func (p *pause) set(method string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until[method]) {
		p.until[method] = until
	}
}
