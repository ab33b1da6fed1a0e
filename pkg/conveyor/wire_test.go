package conveyor_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

// call is one endpoint with its exact form on the wire.
type call struct {
	do     func(context.Context, *conveyor.Client) error
	method string
	path   string // escaped, after the base URL
	query  string // of a read
	json   string // of a write in JSON style
	params string // of a write in query style, decoded
	answer string
}

func listing[T any](list func(*conveyor.Client, context.Context) func(func(T, error) bool)) func(context.Context, *conveyor.Client) error {
	return func(ctx context.Context, c *conveyor.Client) error {
		_, err := drain(list(c, ctx))
		return err
	}
}

func calls() map[string]call {
	const paging = "page=1&per_page=100"
	requests := `{"authorization_requests":[{"id":"r1"}],"page":1,"per_page":100,"total_pages":1}`
	authorizations := `{"authorizations":[{"id":"a1"}],"page":1,"per_page":100,"total_pages":1}`
	interactions := `{"interactions":[{"id":"i1"}],"page":1,"per_page":100,"total_pages":1}`
	days := conveyor.InteractionFilter{
		Type:        conveyor.InteractionQA,
		CreatedFrom: conveyor.Date{Year: 2026, Month: time.March, Day: 1},
		CreatedTo:   conveyor.Date{Year: 2026, Month: time.March, Day: 31},
	}
	authorize := func(g conveyor.Grant) func(context.Context, *conveyor.Client) error {
		return func(ctx context.Context, c *conveyor.Client) error {
			_, err := c.Authorize(ctx, g)
			return err
		}
	}
	setGroups := func(ids ...string) func(context.Context, *conveyor.Client) error {
		return func(ctx context.Context, c *conveyor.Client) error {
			_, err := c.SetAccessGroups(ctx, "a1", ids)
			return err
		}
	}
	return map[string]call{
		"queue": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.Request, error) bool) {
				return c.Queue(ctx)
			}),
			method: "GET", path: "/exchange/authorization_request_queue", query: paging, answer: requests,
		},
		"requests": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.Request, error) bool) {
				return c.Requests(ctx, conveyor.RequestFilter{Status: conveyor.StatusIgnored, Email: "a+b@c.example"})
			}),
			method: "GET", path: "/exchange/authorization_requests",
			query: "email=a%2Bb%40c.example&" + paging + "&status=ignored", answer: requests,
		},
		"requests without a filter": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.Request, error) bool) {
				return c.Requests(ctx, conveyor.RequestFilter{})
			}),
			method: "GET", path: "/exchange/authorization_requests", query: paging, answer: requests,
		},
		"request": {
			do: func(ctx context.Context, c *conveyor.Client) error {
				_, err := c.Request(ctx, "r1")
				return err
			},
			method: "GET", path: "/exchange/authorization_requests/r1", answer: `{"id":"r1"}`,
		},
		"ignore": {
			do: func(ctx context.Context, c *conveyor.Client) error {
				_, err := c.Ignore(ctx, "r1", "rev@us.example")
				return err
			},
			method: "PATCH", path: "/exchange/authorization_requests/r1",
			json:   `{"status":"ignored","reviewer_email":"rev@us.example"}`,
			params: "status=ignored&reviewer_email=rev@us.example", answer: `{"id":"r1","status":"ignored"}`,
		},
		"authorize a request": {
			do: authorize(conveyor.Grant{
				RequestID: "r1", AccessGroupIDs: []string{"g1", "g2"}, NDABypass: true,
				ExpiresAt: conveyor.Date{Year: 2027, Month: time.January, Day: 5}, ReviewerEmail: "rev@us.example",
			}),
			method: "POST", path: "/exchange/authorizations",
			json: `{"request_id":"r1","access_group_ids":["g1","g2"],"nda_bypass":true,"expires_at":"2027-01-05",
				"reviewer_email":"rev@us.example"}`,
			params: "request_id=r1&access_group_ids[]=g1&access_group_ids[]=g2&nda_bypass=true&expires_at=2027-01-05" +
				"&reviewer_email=rev@us.example",
			answer: `{"id":"a1"}`,
		},
		"authorize with standard access": {
			do:     authorize(conveyor.Grant{RequestID: "r1", ReviewerEmail: "rev@us.example"}),
			method: "POST", path: "/exchange/authorizations",
			json:   `{"request_id":"r1","access_group_ids":[],"reviewer_email":"rev@us.example"}`,
			params: "request_id=r1&reviewer_email=rev@us.example", answer: `{"id":"a1"}`,
		},
		"authorize an e-mail": {
			do:     authorize(conveyor.Grant{Email: "a@c.example"}),
			method: "POST", path: "/exchange/authorizations",
			json: `{"email":"a@c.example","access_group_ids":[]}`, params: "email=a@c.example", answer: `{"id":"a1"}`,
		},
		"authorizations": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.Authorization, error) bool) {
				return c.Authorizations(ctx, conveyor.AuthorizationFilter{
					Status: conveyor.AuthorizationGated, Email: "a@c.example",
				})
			}),
			method: "GET", path: "/exchange/authorizations",
			query: "email=a%40c.example&" + paging + "&status=gated", answer: authorizations,
		},
		"revoke": {
			do: func(ctx context.Context, c *conveyor.Client) error {
				_, err := c.Revoke(ctx, "a1")
				return err
			},
			method: "PATCH", path: "/exchange/authorizations/a1",
			json: `{"status":"revoked"}`, params: "status=revoked", answer: `{"id":"a1","status":"revoked"}`,
		},
		"set groups": {
			do: setGroups("g1", "g2"), method: "PATCH", path: "/exchange/authorizations/a1",
			json:   `{"access_group_ids":["g1","g2"]}`,
			params: "access_group_ids[]=g1&access_group_ids[]=g2", answer: `{"id":"a1"}`,
		},
		"clear groups": {
			do: setGroups(), method: "PATCH", path: "/exchange/authorizations/a1",
			json: `{"access_group_ids":[]}`, params: "access_group_ids[]=", answer: `{"id":"a1"}`,
		},
		"access groups": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.AccessGroup, error) bool) {
				return c.AccessGroups(ctx)
			}),
			method: "GET", path: "/exchange/access_groups", query: paging,
			answer: `{"access_groups":[{"id":"g1","name":"SOC 2"}],"total_pages":1}`,
		},
		"connections": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.Connection, error) bool) {
				return c.Connections(ctx, conveyor.ConnectionFilter{Domain: "c.example"})
			}),
			method: "GET", path: "/exchange/connections", query: "domain=c.example&" + paging,
			answer: `{"connections":[{"id":"c1"}],"total_pages":1}`,
		},
		"interactions": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.Interaction, error) bool) {
				return c.Interactions(ctx, days)
			}),
			method: "GET", path: "/interactions",
			query:  "created_at_end=2026-03-31&created_at_start=2026-03-01&" + paging + "&type=Q+%26+A",
			answer: interactions,
		},
		"interactions of a connection": {
			do: listing(func(c *conveyor.Client, ctx context.Context) func(func(conveyor.Interaction, error) bool) {
				return c.ConnectionInteractions(ctx, "c1", conveyor.InteractionFilter{})
			}),
			method: "GET", path: "/interactions/connections/c1", query: paging, answer: interactions,
		},
	}
}

func TestEachCallOnTheWire(t *testing.T) {
	t.Parallel()
	params := map[string]conveyor.ParamStyle{"json": conveyor.JSON, "query": conveyor.Query}
	auths := map[string]conveyor.AuthStyle{"api key": conveyor.APIKey, "bearer": conveyor.Bearer}
	for name, want := range calls() {
		for paramName, param := range params {
			for authName, auth := range auths {
				t.Run(name+"/"+paramName+"/"+authName, func(t *testing.T) {
					t.Parallel()
					requests := 0
					var got *http.Request
					var body []byte
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						requests++
						got = r
						body, _ = io.ReadAll(r.Body)
						_, _ = io.WriteString(w, want.answer)
					}))
					defer server.Close()
					c := newClient(t, server, conveyor.WithParamStyle(param), conveyor.WithAuthStyle(auth),
						conveyor.WithUserAgent("tests/1"))

					require.NoError(t, want.do(t.Context(), c))

					server.Close()
					require.Equal(t, 1, requests, "a single page must cost a single request")
					require.Equal(t, want.method, got.Method)
					require.Equal(t, "/api/v2"+want.path, got.URL.EscapedPath())
					require.Equal(t, "application/json", got.Header.Get("Accept"))
					require.Equal(t, "tests/1", got.Header.Get("User-Agent"))
					if auth == conveyor.Bearer {
						require.Equal(t, "Bearer "+key, got.Header.Get("Authorization"))
						require.NotContains(t, got.Header, "X-Api-Key")
					} else {
						require.Equal(t, key, got.Header.Get("X-API-KEY"))
						require.NotContains(t, got.Header, "Authorization")
					}
					switch {
					case want.method == http.MethodGet:
						require.Equal(t, want.query, got.URL.RawQuery)
						requireNoBody(t, got, body)
					case param == conveyor.JSON:
						require.Empty(t, got.URL.RawQuery)
						require.Equal(t, "application/json", got.Header.Get("Content-Type"))
						require.True(t, json.Valid(body))
						require.JSONEq(t, want.json, string(body))
					default:
						expected, err := url.ParseQuery(want.params)
						require.NoError(t, err)
						require.Equal(t, expected, got.URL.Query())
						requireNoBody(t, got, body)
					}
				})
			}
		}
	}
}

func requireNoBody(t *testing.T, got *http.Request, body []byte) {
	t.Helper()
	require.Empty(t, body)
	require.NotContains(t, got.Header, "Content-Type")
}
