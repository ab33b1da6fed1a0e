// Package conveyor connects Frontdesk to Conveyor, where companies host trust
// rooms that customers ask to enter.
//
// It may import the domain, the connector contract, the keyring and
// pkg/conveyor. It promises that no text from Conveyor is longer than the bounds below or holds
// what a database refuses, and that a decision counts as carried out only if
// Conveyor showed it.
package conveyor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/keyring"
	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

// Source is the name of Conveyor among the outside systems.
const Source = "conveyor"

// Bounds, in characters, on what is kept of Conveyor's texts. They are ours:
// Conveyor documents none, and a message is cut for Slack much earlier.
const (
	maxEmail   = 1000
	maxMessage = 40_000
	maxLink    = 3000
	maxName    = 1000
)

// Bounds on one list. They are ours too, and far beyond what people can work
// through: what they keep out is a list that never ends.
const (
	maxListed      = 100_000
	maxListedBytes = 64 << 20
)

// allowance is what a list has used of these bounds.
type allowance struct{ records, bytes int }

func (a *allowance) take(texts ...string) error {
	a.records++
	for _, text := range texts {
		a.bytes += len(text)
	}
	if a.records > maxListed || a.bytes > maxListedBytes {
		return fmt.Errorf("a list of more than %d records, or %d MB: %w", maxListed, maxListedBytes>>20, conveyor.ErrTooLarge)
	}
	return nil
}

// callTimeout bounds one call to Conveyor. The calls of one attempt together may
// outlast a job's time; the job is then tried again.
const callTimeout = 8 * time.Second

// Settings is what an operator says about Conveyor.
type Settings struct {
	APIURL string
	// AppURL is the base of the link that people click; empty takes the link
	// that the API gives.
	AppURL string
	Key    string
	// QueryParams sends parameters in the query instead of a JSON body.
	QueryParams bool
	// BearerAuth sends the key as a bearer token instead of X-API-KEY.
	BearerAuth bool
	// WebhookSecret verifies webhooks; empty switches them off.
	WebhookSecret string
	// Transport carries the calls; nil means Go's default.
	Transport http.RoundTripper
}

// Conveyor is a connector.Connector.
type Conveyor struct {
	client atomic.Pointer[conveyor.Client]
	// withKey makes a client that differs in its key only.
	withKey func(key string) (*conveyor.Client, error)
	appURL  string
	clock   approval.Clock
	webhook *keyring.Ring[*webhook]

	mu     sync.Mutex
	health error
}

var _ connector.Connector = (*Conveyor)(nil)

// New makes the connector. The error says which setting is unusable, without
// its value.
func New(settings Settings, clock approval.Clock, userAgent string) (*Conveyor, error) {
	options := []conveyor.Option{
		conveyor.WithClock(clock),
		conveyor.WithUserAgent(userAgent),
		conveyor.WithHTTPClient(&http.Client{Timeout: callTimeout, Transport: settings.Transport}),
	}
	if settings.QueryParams {
		options = append(options, conveyor.WithParamStyle(conveyor.Query))
	}
	if settings.BearerAuth {
		options = append(options, conveyor.WithAuthStyle(conveyor.Bearer))
	}
	c := &Conveyor{appURL: settings.AppURL, clock: clock, health: connector.ErrUnread}
	c.withKey = func(key string) (*conveyor.Client, error) {
		client, err := conveyor.New(settings.APIURL, key, options...)
		if err != nil {
			return nil, fmt.Errorf("set up the Conveyor client: %w", err)
		}
		return client, nil
	}
	client, err := c.withKey(settings.Key)
	if err != nil {
		return nil, err
	}
	c.client.Store(client)
	hook, err := newWebhook(settings.WebhookSecret, clock)
	if err != nil {
		return nil, err
	}
	c.webhook = keyring.New(clock, hook)
	return c, nil
}

// RenewKey replaces the key, after Conveyor took it for reading requests.
// Otherwise the one before stays: the error is an *approval.RefusedError if
// Conveyor does not accept the new one, an *approval.PassingError if it did not
// say.
func (c *Conveyor) RenewKey(ctx context.Context, key string) error {
	client, err := c.withKey(key)
	if err != nil {
		return err
	}
	for _, err := range client.Queue(ctx) {
		if err != nil {
			return fmt.Errorf("read Conveyor's queue with the new key: %w", readError(err))
		}
		break // one page shows that it may be read
	}
	c.client.Store(client)
	return nil
}

// Source implements connector.Connector.
func (*Conveyor) Source() string { return Source }

// Health implements connector.Connector.
func (c *Conveyor) Health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, refused := errors.AsType[*approval.RefusedError](c.health)
	_, unreadable := errors.AsType[*conveyor.DecodeError](c.health)
	switch {
	case c.health == nil, errors.Is(c.health, connector.ErrUnread):
		return c.health
	case refused:
		return errors.New("Conveyor does not accept the key; give a CONVEYOR_KEY that is active and may read requests")
	case errors.Is(c.health, conveyor.ErrTooLarge):
		return errors.New("Conveyor answers with more than Frontdesk reads; see whether CONVEYOR_API_URL is right, and ask Conveyor")
	case errors.Is(c.health, conveyor.ErrPaging):
		return errors.New("Conveyor's list does not end; ask Conveyor") //nolint:staticcheck // Conveyor is a name
	case unreadable:
		return errors.New("Conveyor's answers cannot be read; see whether CONVEYOR_API_URL is right, or a proxy answers in its place") //nolint:staticcheck // Conveyor is a name
	}
	return errors.New("Conveyor could not be read the last time; the log says why")
}

// noted keeps what a read says about Conveyor's health, and gives it back. A
// read that its caller broke off says nothing.
func (c *Conveyor) noted(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health = err
	return err
}

// Open implements approval.System.
func (c *Conveyor) Open(ctx context.Context) ([]approval.Arrival, error) {
	var arrivals []approval.Arrival
	var kept allowance
	for request, err := range c.client.Load().Queue(ctx) {
		arrival := c.arrival(request)
		if err == nil {
			err = kept.take(arrival.ExternalID, arrival.Requester, arrival.Message, arrival.Link)
		}
		if err != nil {
			return nil, fmt.Errorf("read Conveyor's queue: %w", c.noted(readError(err)))
		}
		arrivals = append(arrivals, arrival)
	}
	_ = c.noted(nil)
	return arrivals, nil
}

// Read implements approval.System.
func (c *Conveyor) Read(ctx context.Context, externalID string) (approval.Arrival, approval.Standing, error) {
	request, err := c.client.Load().Request(ctx, externalID)
	if errors.Is(err, conveyor.ErrArgument) {
		return approval.Arrival{}, approval.StandingGone, nil // nothing can have such an id
	}
	if errors.Is(err, conveyor.ErrNotFound) {
		_ = c.noted(nil)
		return approval.Arrival{}, approval.StandingGone, nil
	}
	if err != nil {
		return approval.Arrival{}, "", fmt.Errorf("read a request in Conveyor: %w", c.noted(readError(err)))
	}
	_ = c.noted(nil)
	return c.arrival(request), standing(request.Status), nil
}

// Groups implements approval.System.
func (c *Conveyor) Groups(ctx context.Context) ([]approval.Group, error) {
	var groups []approval.Group
	var kept allowance
	for group, err := range c.client.Load().AccessGroups(ctx) {
		if err == nil {
			err = kept.take(group.ID, group.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("read Conveyor's access groups: %w", c.noted(readError(err)))
		}
		groups = append(groups, approval.Group{ID: group.ID, Name: clean(group.Name, maxName)})
	}
	_ = c.noted(nil)
	// Conveyor documents no order. One that never changes keeps the menus as
	// they are, and people find a name faster.
	slices.SortFunc(groups, func(a, b approval.Group) int {
		return cmp.Or(
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
			strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID),
		)
	})
	return groups, nil
}

func standing(status conveyor.Status) approval.Standing {
	switch status {
	case conveyor.StatusApproved:
		return approval.StandingApproved
	case conveyor.StatusIgnored:
		return approval.StandingIgnored
	case conveyor.StatusRequested:
		return approval.StandingOpen
	case conveyor.StatusInitial:
		return approval.StandingDraft
	default:
		// A status that we do not know is no proof that anybody decided.
		return approval.StandingOpen
	}
}

func (c *Conveyor) arrival(r conveyor.Request) approval.Arrival {
	at := r.RequestedAt
	if at.IsZero() {
		at = r.CreatedAt
	}
	return approval.Arrival{
		Source: Source, ExternalID: r.ID, Requester: clean(r.Email, maxEmail), Message: clean(r.Message, maxMessage),
		Link: c.link(r), RequestedAt: at,
	}
}

// link gives where a person can look at the request. Conveyor's own link may
// be an address of the API, so its base can be replaced.
func (c *Conveyor) link(r conveyor.Request) string {
	link := r.Link
	if c.appURL != "" {
		own, err := url.Parse(r.Link)
		if err != nil {
			return ""
		}
		// The slash keeps a path from becoming a part of the host.
		link = strings.TrimSuffix(c.appURL, "/") + "/" + strings.TrimPrefix(own.EscapedPath(), "/")
	}
	parsed, err := url.Parse(link)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || len(link) > maxLink {
		return ""
	}
	return parsed.String()
}

// clean makes a text fit for a database and bounds it. What it looks like on a
// screen is for whoever draws it.
func clean(text string, bound int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	count := 0
	for i := range text {
		if count == bound {
			return text[:i]
		}
		count++
	}
	return text
}
