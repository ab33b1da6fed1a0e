package conveyor

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is the address in Conveyor's documentation.
const DefaultBaseURL = "https://api.conveyor.com/api/v2"

const (
	// DefaultTimeout bounds one HTTP exchange, answer's body included, of the default HTTP client. It is this
	// package's choice; Conveyor documents none.
	DefaultTimeout = 10 * time.Second

	// DefaultMaxBody bounds an answer's body, in bytes. It is this package's choice: a page of 100 records is
	// far smaller.
	DefaultMaxBody int64 = 8 << 20

	defaultUserAgent = "go-conveyor/1"
	maxRedirects     = 10
)

// ParamStyle says where the parameters of a POST or PATCH go. Those of a GET are always in the query string.
type ParamStyle int

const (
	// JSON sends them as a JSON object in the body. Not documented, but known to work.
	JSON ParamStyle = iota
	// Query sends them in the query string, arrays as name[]=value, with no body. The documented way.
	Query
)

// AuthStyle says how the key is sent.
type AuthStyle int

const (
	// APIKey sends "X-API-KEY: key".
	APIKey AuthStyle = iota
	// Bearer sends "Authorization: Bearer key".
	Bearer
)

// Client talks to one Conveyor account. Make it with [New]; the zero value is of no use.
type Client struct {
	base      string // no trailing slash
	key       string
	http      *http.Client
	userAgent string
	params    ParamStyle
	auth      AuthStyle
	maxBody   int64
	clock     func() time.Time
}

// Option changes a default of [New].
type Option func(*Client)

// WithHTTPClient replaces the default HTTP client. It is copied: its own CheckRedirect is asked after this
// package's rule, its Timeout is taken as it is (0 means none, so pass contexts with a deadline). Nil is
// ignored. Its RoundTripper must not repeat writes by itself: Conveyor has no idempotency key.
func WithHTTPClient(client *http.Client) Option {
	return func(c *Client) {
		if client != nil {
			own := *client
			c.http = &own
		}
	}
}

// WithUserAgent sets the User-Agent header.
func WithUserAgent(agent string) Option {
	return func(c *Client) { c.userAgent = agent }
}

// WithParamStyle says where parameters of writes go. The default is [JSON].
func WithParamStyle(style ParamStyle) Option {
	return func(c *Client) { c.params = style }
}

// WithAuthStyle says how the key is sent. The default is [APIKey].
func WithAuthStyle(style AuthStyle) Option {
	return func(c *Client) { c.auth = style }
}

// WithMaxBody bounds an answer's body, in bytes, after decompression; a longer one is a [*DecodeError] that
// is [ErrTooLarge]. The default is [DefaultMaxBody].
func WithMaxBody(bytes int64) Option {
	return func(c *Client) { c.maxBody = bytes }
}

// WithClock sets the clock that turns a Retry-After date into a duration. The default is the system's. Nil is
// ignored.
func WithClock(now func() time.Time) Option {
	return func(c *Client) {
		if now != nil {
			c.clock = now
		}
	}
}

// New makes a client for the API at baseURL ([DefaultBaseURL], with or without a trailing slash) with an API
// key. It sends nothing. The error is [ErrArgument], and quotes neither the address nor the key: the address
// must be http or https with a host and without user, query or fragment; the key must not be empty and must
// fit in a header.
func New(baseURL, key string, opts ...Option) (*Client, error) {
	base, err := checkBase(baseURL)
	if err != nil {
		return nil, err
	}
	if !fitsHeader(key) || strings.ContainsAny(key, " \t") {
		return nil, argument("the API key is empty, or has a blank, a control character or one outside ASCII")
	}
	c := &Client{
		base:      base,
		key:       key,
		http:      &http.Client{Timeout: DefaultTimeout},
		userAgent: defaultUserAgent,
		maxBody:   DefaultMaxBody,
		clock:     time.Now, //nolint:forbidigo // the default of an injected clock; WithClock replaces it
	}
	for _, opt := range opts {
		opt(c)
	}
	switch {
	case !fitsHeader(c.userAgent):
		return nil, argument("the user agent is empty, or has a control character or one outside ASCII")
	case c.maxBody <= 0 || c.maxBody == math.MaxInt64:
		return nil, argument("the bound on an answer's body must be positive, and a bound")
	case c.params != JSON && c.params != Query:
		return nil, argument("unknown parameter style %d", c.params)
	case c.auth != APIKey && c.auth != Bearer:
		return nil, argument("unknown auth style %d", c.auth)
	}
	c.http.CheckRedirect = sameHostReads(c.http.CheckRedirect)
	return c, nil
}

func checkBase(baseURL string) (string, error) {
	u, err := url.Parse(baseURL)
	switch {
	case err != nil:
		// The parser's text quotes what it was given, which may be a key in the wrong place.
		return "", argument("the base URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", argument("the base URL must begin with https:// or http://")
	case u.Hostname() == "":
		return "", argument("the base URL has no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(baseURL, "#"):
		return "", argument("the base URL must have no user, query or fragment")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// fitsHeader reports whether s is visible ASCII, with blanks inside at most.
func fitsHeader(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return strings.TrimSpace(s) != ""
}

// sameHostReads stops at a redirect that would carry the key to another scheme or host, because net/http
// forwards a header of our own anywhere. It stops at each redirected write too: 301 to 303 would turn it into
// a read, and a read's 200 would look like a write's success.
func sameHostReads(next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		first := via[0]
		if first.Method != http.MethodGet ||
			req.URL.Scheme != first.URL.Scheme || !strings.EqualFold(req.URL.Host, first.URL.Host) {
			return http.ErrUseLastResponse
		}
		if len(via) >= maxRedirects {
			return errors.New("too many redirects")
		}
		if next != nil {
			return next(req, via)
		}
		return nil
	}
}

// segment escapes one path parameter. The dot segments are refused because escaping does not change them and
// every server resolves them.
func segment(what, id string) (string, error) {
	switch strings.TrimSpace(id) {
	case "":
		return "", argument("the %s is empty", what)
	case ".", "..":
		return "", argument("the %s is not an id", what)
	}
	return url.PathEscape(id), nil
}

func argument(format string, args ...any) error {
	return fmt.Errorf("conveyor: %s: %w", fmt.Sprintf(format, args...), ErrArgument)
}
