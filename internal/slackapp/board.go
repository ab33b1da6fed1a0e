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

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp/render"
)

// metadataType marks our messages, so that one whose posting was not answered
// can be found again.
const metadataType = "frontdesk_access_request"

// Slack takes about one new message a second a channel, some 50 rewritten ones
// a minute (tier 3), and lets short bursts pass (docs.slack.dev, rate limits).
const (
	postBurst   = 3
	updateBurst = 20
	// keptForNews is how many rewritten messages of a burst are kept for those
	// that show something that happened to the request.
	keptForNews = 10
	// postTurn, newsTurn and refreshTurn are how long a turn may be waited for.
	// A refresh gives way soon: news of the same request waits for it.
	postTurn    = 12 * time.Second
	newsTurn    = 10 * time.Second
	refreshTurn = 2 * time.Second
)

// Turns gives turns at what all replicas do at a common pace: one every so
// often, after a burst. It gives how long to wait for the turn that it took; it
// takes none if that would be longer than within.
type Turns interface {
	Turn(ctx context.Context, name string, every time.Duration, burst int, within time.Duration) (wait time.Duration, taken bool, err error)
}

// Pace is how fast Slack takes calls; it depends on what Slack grants the app.
type Pace struct {
	// PostEvery is the time between two new messages, UpdateEvery between two
	// rewritten ones. Zero means as fast as they come.
	PostEvery, UpdateEvery time.Duration
}

// historyPage is how many messages one look into the channel reads; Slack
// allows 999 and recommends at most 200.
const historyPage = 200

// clockSkew is how far Slack's clock may be from ours when we look for a
// message that was posted since a time. It is more than the door accepts:
// beyond that nobody can click at all.
const clockSkew = signatureWindow + time.Minute

// Board is an approval.Board: one Slack channel.
type Board struct {
	api     API
	channel string
	clock   approval.Clock
	turns   Turns
	pace    Pace
	pause   pause
}

var _ approval.Board = (*Board)(nil)

// NewBoard makes the board of a channel.
func NewBoard(api API, channel string, clock approval.Clock, turns Turns, pace Pace) *Board {
	return &Board{
		api: api, channel: channel, clock: clock, turns: turns, pace: pace,
		pause: pause{asked: map[string]asked{}},
	}
}

type rendered struct {
	text   string
	blocks []slack.Block
	// news reports that something happened to the request that is not shown.
	news bool
}

// Compose implements approval.Board.
func (b *Board) Compose(v approval.View) (approval.Content, error) {
	text, blocks := render.Message(v)
	return content(rendered{text: text, blocks: blocks, news: v.Request.HasNews()})
}

// ComposeOverview implements approval.Board.
func (b *Board) ComposeOverview(o approval.Overview) (approval.Content, error) {
	text, blocks := render.Overview(o)
	return content(rendered{text: text, blocks: blocks})
}

func content(r rendered) (approval.Content, error) {
	encoded, err := json.Marshal(r.blocks)
	if err != nil {
		return approval.Content{}, fmt.Errorf("encode the message: %w", err)
	}
	sum := sha256.New()
	sum.Write([]byte(r.text))
	sum.Write([]byte{0})
	sum.Write(encoded)
	return approval.Content{Body: r, Hash: hex.EncodeToString(sum.Sum(nil))}, nil
}

// Find implements approval.Board.
func (b *Board) Find(ctx context.Context, messageID string, since time.Time) (approval.MessageRef, bool, error) {
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
			if m.Metadata.EventType == metadataType && m.Metadata.EventPayload["request_id"] == messageID {
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
func (b *Board) Post(ctx context.Context, messageID string, c approval.Content) (approval.MessageRef, error) {
	if err := b.awaitTurn(ctx, "chat.postMessage "+b.channel, b.pace.PostEvery, postBurst, postTurn); err != nil {
		return approval.MessageRef{}, fmt.Errorf("wait to post: %w", err)
	}
	var ref approval.MessageRef
	err := b.call("chat.postMessage", func() error {
		var err error
		ref.Channel, ref.TS, err = b.api.PostMessageContext(ctx, b.channel, message(messageID, c)...)
		return orEmpty(err, ref.TS == "")
	})
	if err != nil {
		return approval.MessageRef{}, fmt.Errorf("post to the channel: %w", err)
	}
	return ref, nil
}

// awaitTurn waits for a turn at something. If it would take too long, or the
// caller's time is up, nothing was sent and it is to be tried again.
func (b *Board) awaitTurn(ctx context.Context, name string, every time.Duration, burst int, within time.Duration) error {
	if every <= 0 {
		return nil
	}
	wait, taken, err := b.turns.Turn(ctx, name, every, burst, within)
	if err != nil {
		return err
	}
	if !taken {
		return &approval.PassingError{RetryAfter: wait, Err: errors.New("many messages wait before it")}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &approval.PassingError{RetryAfter: time.Second, Err: ctx.Err()}
	}
}

// Update implements approval.Board. It waits for its turn under Slack's rate;
// what only refreshes a menu leaves a part of a burst to what has news.
func (b *Board) Update(ctx context.Context, ref approval.MessageRef, messageID string, c approval.Content) error {
	burst, within := updateBurst, newsTurn
	if r, _ := c.Body.(rendered); !r.news {
		burst, within = updateBurst-keptForNews, refreshTurn
	}
	if err := b.awaitTurn(ctx, "chat.update", b.pace.UpdateEvery, burst, within); err != nil {
		return fmt.Errorf("wait to rewrite: %w", err)
	}
	err := b.call("chat.update", func() error {
		_, ts, _, err := b.api.UpdateMessageContext(ctx, ref.Channel, ref.TS, message(messageID, c)...)
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
	return ok && slices.Contains([]string{"channel_not_found", "not_in_channel", "is_archived", "is_inactive"}, answered.Err)
}

func message(messageID string, c approval.Content) []slack.MsgOption {
	r, _ := c.Body.(rendered)
	return []slack.MsgOption{
		slack.MsgOptionText(r.text, false),
		slack.MsgOptionBlocks(r.blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{
			EventType: metadataType, EventPayload: map[string]any{"request_id": messageID},
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
		return err
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
		b.pause.set(method, b.clock(), passing.RetryAfter)
	}
	return err
}

// pause keeps until when Slack wants no calls, by method.
type pause struct {
	mu    sync.Mutex
	asked map[string]asked
}

// asked is for how long Slack asked for patience, and when.
type asked struct {
	at   time.Time
	wait time.Duration
}

func (p *pause) left(method string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[method].left(now)
}

// left is nothing before it was asked, which is so when the clock is put back.
func (a asked) left(now time.Time) time.Duration {
	if now.Before(a.at) {
		return 0
	}
	return max(a.at.Add(a.wait).Sub(now), 0)
}

func (p *pause) set(method string, now time.Time, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait > p.asked[method].left(now) {
		p.asked[method] = asked{at: now, wait: wait}
	}
}
