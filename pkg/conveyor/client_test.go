package conveyor_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

const key = "key-5f3a9c1e7b"

// newClient gives a client whose connections end with the test.
func newClient(t *testing.T, server *httptest.Server, opts ...conveyor.Option) *conveyor.Client {
	t.Helper()
	all := append([]conveyor.Option{conveyor.WithHTTPClient(server.Client())}, opts...)
	c, err := conveyor.New(server.URL+"/api/v2/", key, all...)
	require.NoError(t, err)
	return c
}

// answering starts a server that gives each request the same answer.
func answering(t *testing.T, status int, body string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server
}

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// canned is a client whose every request is answered by f with 200.
func canned(t *testing.T, f func(*http.Request) string) *conveyor.Client {
	t.Helper()
	c, err := conveyor.New("http://conveyor.example/api/v2", key, conveyor.WithHTTPClient(&http.Client{
		Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(f(req))), Request: req}, nil
		}),
	}))
	require.NoError(t, err)
	return c
}

// drain reads a listing up to its first error.
func drain[T any](seq func(func(T, error) bool)) ([]T, error) {
	var all []T
	for one, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		base, key string
		opt       conveyor.Option
	}{
		"no scheme":           {base: "api.conveyor.com/api/v2", key: key},
		"other scheme":        {base: "ftp://api.conveyor.com", key: key},
		"no host":             {base: "https:///api/v2", key: key},
		"port only":           {base: "https://:443", key: key},
		"user":                {base: "https://secret-5f3a@api.conveyor.com", key: key},
		"query":               {base: "https://api.conveyor.com/?key=secret-5f3a", key: key},
		"bare question mark":  {base: "https://api.conveyor.com/?", key: key},
		"fragment":            {base: "https://api.conveyor.com/#x", key: key},
		"empty fragment":      {base: "https://api.conveyor.com/#", key: key},
		"unparsable":          {base: "https://api.conveyor.com:secret-5f3a/", key: key},
		"key as address":      {base: "secret-5f3a", key: key},
		"empty key":           {base: conveyor.DefaultBaseURL},
		"key with newline":    {base: conveyor.DefaultBaseURL, key: "secret-5f3a\n"},
		"key with blank":      {base: conveyor.DefaultBaseURL, key: "Bearer secret-5f3a"},
		"key outside ASCII":   {base: conveyor.DefaultBaseURL, key: "secret-5f3aé"},
		"empty agent":         {base: conveyor.DefaultBaseURL, key: key, opt: conveyor.WithUserAgent("")},
		"agent with newline":  {base: conveyor.DefaultBaseURL, key: key, opt: conveyor.WithUserAgent("a\r\nX-Evil: 1")},
		"no body allowed":     {base: conveyor.DefaultBaseURL, key: key, opt: conveyor.WithMaxBody(0)},
		"boundless body":      {base: conveyor.DefaultBaseURL, key: key, opt: conveyor.WithMaxBody(1<<63 - 1)},
		"unknown param style": {base: conveyor.DefaultBaseURL, key: key, opt: conveyor.WithParamStyle(7)},
		"unknown auth style":  {base: conveyor.DefaultBaseURL, key: key, opt: conveyor.WithAuthStyle(7)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opts []conveyor.Option
			if tt.opt != nil {
				opts = append(opts, tt.opt)
			}
			_, err := conveyor.New(tt.base, tt.key, opts...)
			require.ErrorIs(t, err, conveyor.ErrArgument)
			require.NotContains(t, err.Error(), "secret-5f3a")
			require.NotContains(t, err.Error(), key)
			require.False(t, conveyor.Ambiguous(err))
			require.False(t, conveyor.Temporary(err))
		})
	}
}

func TestNilOptionsKeepTheDefaults(t *testing.T) {
	t.Parallel()
	_, err := conveyor.New(conveyor.DefaultBaseURL, key, conveyor.WithHTTPClient(nil), conveyor.WithClock(nil))
	require.NoError(t, err)
}

func TestGivenHTTPClientIsNotChanged(t *testing.T) {
	t.Parallel()
	own := &http.Client{}
	_, err := conveyor.New(conveyor.DefaultBaseURL, key, conveyor.WithHTTPClient(own))
	require.NoError(t, err)
	require.Nil(t, own.CheckRedirect)
}

func TestBaseURLWithAndWithoutASlash(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "/", "/api/v2", "/api/v2/", "/a%2Fb/"} {
		t.Run(suffix, func(t *testing.T) {
			t.Parallel()
			var path string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path = r.URL.EscapedPath()
				_, _ = io.WriteString(w, `{"id":"r1"}`)
			}))
			defer server.Close()
			c, err := conveyor.New(server.URL+suffix, key, conveyor.WithHTTPClient(server.Client()))
			require.NoError(t, err)
			_, err = c.Request(t.Context(), "r1")
			require.NoError(t, err)
			server.Close()
			require.Equal(t, strings.TrimRight(suffix, "/")+"/exchange/authorization_requests/r1", path)
		})
	}
}

func TestAnIDCannotChangeTheEndpoint(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"../x", "a/b", "../../authorizations", "a?status=x", "a#b", "a%2Fb", "é ö", "a;b", "\r\nX: y", "..."} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			seen := []string{}
			mux := http.NewServeMux()
			prefixes := []string{
				"/api/v2/exchange/authorization_requests/", "/api/v2/exchange/authorizations/", "/api/v2/interactions/connections/",
			}
			for _, prefix := range prefixes {
				mux.HandleFunc(prefix+"{id}", func(w http.ResponseWriter, r *http.Request) {
					seen = append(seen, r.PathValue("id"))
					_, _ = io.WriteString(w, `{"id":"x","interactions":[]}`)
				})
			}
			server := httptest.NewServer(mux)
			defer server.Close()
			c := newClient(t, server)

			_, err := c.Request(t.Context(), id)
			require.NoError(t, err)
			_, err = c.Ignore(t.Context(), id, "rev@us.example")
			require.NoError(t, err)
			_, err = c.Revoke(t.Context(), id)
			require.NoError(t, err)
			_, err = c.SetAccessGroups(t.Context(), id, nil)
			require.NoError(t, err)
			_, err = drain(c.ConnectionInteractions(t.Context(), id, conveyor.InteractionFilter{}))
			require.NoError(t, err)
			server.Close()
			require.Equal(t, []string{id, id, id, id, id}, seen)
		})
	}
}

func TestWrongArgumentsSendNothing(t *testing.T) {
	t.Parallel()
	grant := func(g conveyor.Grant) func(context.Context, *conveyor.Client) error {
		return func(ctx context.Context, c *conveyor.Client) error {
			_, err := c.Authorize(ctx, g)
			return err
		}
	}
	interactions := func(f conveyor.InteractionFilter) func(context.Context, *conveyor.Client) error {
		return func(ctx context.Context, c *conveyor.Client) error {
			_, err := drain(c.Interactions(ctx, f))
			return err
		}
	}
	ignore := func(id, reviewer string) func(context.Context, *conveyor.Client) error {
		return func(ctx context.Context, c *conveyor.Client) error {
			_, err := c.Ignore(ctx, id, reviewer)
			return err
		}
	}
	tests := map[string]func(context.Context, *conveyor.Client) error{
		"neither request nor e-mail": grant(conveyor.Grant{}),
		"blank e-mail":               grant(conveyor.Grant{Email: "  "}),
		"request and e-mail":         grant(conveyor.Grant{RequestID: "r1", Email: "a@c.example"}),
		"empty group":                grant(conveyor.Grant{RequestID: "r1", AccessGroupIDs: []string{"g1", ""}}),
		"impossible expiry":          grant(conveyor.Grant{RequestID: "r1", ExpiresAt: conveyor.Date{Year: 2026, Month: 2, Day: 30}}),
		"expiry in the year 0":       grant(conveyor.Grant{RequestID: "r1", ExpiresAt: conveyor.Date{Month: 2, Day: 3}}),
		"impossible first day":       interactions(conveyor.InteractionFilter{CreatedFrom: conveyor.Date{Year: 2026, Month: 13, Day: 1}}),
		"impossible last day":        interactions(conveyor.InteractionFilter{CreatedTo: conveyor.Date{Year: 10000, Month: 1, Day: 1}}),
		"no id":                      ignore("", "rev@us.example"),
		"id is a dot":                ignore(".", "rev@us.example"),
		"id is two dots":             ignore("..", "rev@us.example"),
		"no reviewer":                ignore("r1", " "),
		"read without an id": func(ctx context.Context, c *conveyor.Client) error {
			_, err := c.Request(ctx, "")
			return err
		},
		"revoke without an id": func(ctx context.Context, c *conveyor.Client) error {
			_, err := c.Revoke(ctx, "")
			return err
		},
		"set an empty group": func(ctx context.Context, c *conveyor.Client) error {
			_, err := c.SetAccessGroups(ctx, "a1", []string{""})
			return err
		},
		"connection without an id": func(ctx context.Context, c *conveyor.Client) error {
			_, err := drain(c.ConnectionInteractions(ctx, "..", conveyor.InteractionFilter{}))
			return err
		},
	}
	for name, do := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := canned(t, func(*http.Request) string {
				t.Error("something was sent")
				return `{}`
			})
			err := do(t.Context(), c)
			require.ErrorIs(t, err, conveyor.ErrArgument)
			require.False(t, conveyor.Ambiguous(err))
			require.False(t, conveyor.Temporary(err))
		})
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	require.Empty(t, conveyor.Date{}.String())
	require.Equal(t, conveyor.Date{}, conveyor.DateOf(time.Time{}))
	zone := time.FixedZone("", 14*3600)
	late := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	require.Equal(t, "2026-02-28", conveyor.DateOf(late).String())
	require.Equal(t, "2026-03-01", conveyor.DateOf(late.In(zone)).String())

	day, err := conveyor.ParseDate("2028-02-29")
	require.NoError(t, err)
	require.Equal(t, conveyor.Date{Year: 2028, Month: time.February, Day: 29}, day)
	for _, wrong := range []string{"", "2026-02-29", "2026-2-1", "01.02.2026", "2026-02-01T00:00:00Z"} {
		_, err := conveyor.ParseDate(wrong)
		require.ErrorIs(t, err, conveyor.ErrArgument, wrong)
	}
}
