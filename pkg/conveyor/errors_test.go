package conveyor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

func grant(ctx context.Context, c *conveyor.Client) error {
	_, err := c.Authorize(ctx, conveyor.Grant{Email: "jane@c.example", ReviewerEmail: "rev@us.example"})
	return err
}

func read(ctx context.Context, c *conveyor.Client) error {
	_, err := drain(c.Requests(ctx, conveyor.RequestFilter{Email: "jane@c.example"}))
	return err
}

func TestStatusesAreToldApart(t *testing.T) {
	t.Parallel()
	sentinels := []error{
		conveyor.ErrRedirect, conveyor.ErrInvalid, conveyor.ErrUnauthorized, conveyor.ErrForbidden, conveyor.ErrNotFound,
		conveyor.ErrConflict, conveyor.ErrRateLimited, conveyor.ErrServer,
	}
	tests := []struct {
		status               int
		is                   error
		temporary, ambiguous bool
	}{
		{302, conveyor.ErrRedirect, false, false},
		{400, conveyor.ErrInvalid, false, false},
		{401, conveyor.ErrUnauthorized, false, false},
		{403, conveyor.ErrForbidden, false, false},
		{404, conveyor.ErrNotFound, false, false},
		{409, conveyor.ErrConflict, false, false},
		{418, nil, false, false},
		{422, conveyor.ErrInvalid, false, false},
		{429, conveyor.ErrRateLimited, true, false},
		{500, conveyor.ErrServer, true, true},
		{503, conveyor.ErrServer, true, true},
		{599, conveyor.ErrServer, true, true},
	}
	for _, tt := range tests {
		t.Run(strconv.Itoa(tt.status), func(t *testing.T) {
			t.Parallel()
			c := newClient(t, answering(t, tt.status, `{"message":"because"}`))

			err := grant(t.Context(), c)
			var refused *conveyor.APIError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, conveyor.APIError{
				Method: "POST", Path: "/exchange/authorizations", StatusCode: tt.status, Message: "because",
			}, *refused)
			for _, sentinel := range sentinels {
				require.Equal(t, errors.Is(tt.is, sentinel), errors.Is(err, sentinel), "%v", sentinel)
			}
			wrapped := fmt.Errorf("approve: %w", err)
			require.Equal(t, tt.temporary, conveyor.Temporary(wrapped))
			require.Equal(t, tt.ambiguous, conveyor.Ambiguous(wrapped))

			err = read(t.Context(), c)
			require.Equal(t, tt.temporary, conveyor.Temporary(err))
			require.False(t, conveyor.Ambiguous(err), "a read changes nothing")
		})
	}
	require.False(t, conveyor.Ambiguous(nil))
	require.False(t, conveyor.Temporary(nil))
	require.False(t, conveyor.Ambiguous(errors.New("other")))
	require.False(t, conveyor.Temporary(errors.New("other")))
}

func TestMessageOfARefusal(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 400)
	tests := map[string]struct{ body, want string }{
		"empty":            {``, ""},
		"html":             {`<html><body>Bad gateway</body></html>`, ""},
		"plain":            {`busy`, ""},
		"list":             {`["busy"]`, ""},
		"error":            {`{"error":"busy"}`, "busy"},
		"message":          {`{"message":"busy"}`, "busy"},
		"errors":           {`{"errors":["one","two"]}`, "one; two"},
		"errors by field":  {`{"errors":{"status":["is done"],"email":["is odd"]}}`, "email: is odd; status: is done"},
		"errors as list":   {`{"errors":[{"detail":"is odd"}]}`, "detail: is odd"},
		"error as object":  {`{"error":{"message":"busy","code":7}}`, "message: busy"},
		"null first":       {`{"error":null,"message":"busy"}`, "busy"},
		"error wins":       {`{"message":"second","error":"first"}`, "first"},
		"html inside":      {`{"error":" <!DOCTYPE html><p>x"}`, ""},
		"controls":         {`{"error":"a\u0000b\nc\u001b[31m\u0085d"}`, "a b c [31m d"},
		"turned around":    {`{"error":"a\u202eb\u200bc"}`, "abc"},
		"cut":              {`{"error":"` + long + `"}`, long[:299*2] + "…"},
		"not cut":          {`{"error":"` + long[:600] + `"}`, long[:600]},
		"key":              {`{"error":"bad key ` + key + `!"}`, "bad key [redacted]!"},
		"key in disguise":  {`{"error":"bad key ` + key[:5] + `\u200b` + key[5:] + `"}`, "bad key [redacted]"},
		"too long to read": {`{"error":"busy","x":"` + strings.Repeat("x", 70<<10) + `"}`, ""},
		"too deep":         {`{"error":[[[[["busy"]]]]]}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, answering(t, http.StatusForbidden, tt.body)).Request(t.Context(), "r1")
			var refused *conveyor.APIError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tt.want, refused.Message)
			require.ErrorIs(t, err, conveyor.ErrForbidden)
			require.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl))
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		header string
		want   time.Duration
	}{
		"absent":   {"", 0},
		"seconds":  {"30", 30 * time.Second},
		"fraction": {"1.5", 1500 * time.Millisecond},
		"negative": {"-5", 0},
		"date":     {"Mon, 04 May 2026 12:01:30 GMT", 90 * time.Second},
		"past":     {"Mon, 04 May 2026 11:00:00 GMT", 0},
		"far":      {"Mon, 04 May 2099 11:00:00 GMT", 24 * time.Hour},
		"huge":     {"99999999999999999999999", 24 * time.Hour},
		"infinite": {"inf", 24 * time.Hour},
		"no one":   {"NaN", 0},
		"garbage":  {"soon", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}))
			defer server.Close()
			c := newClient(t, server, conveyor.WithClock(func() time.Time { return now }))
			err := read(t.Context(), c)
			var refused *conveyor.APIError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tt.want, refused.RetryAfter)
		})
	}
}

func TestUnreadableSuccessIsAmbiguousForAWrite(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing": "", "html": "<html>jane@c.example</html>", "cut": `{"id":"a1","email":"jane@c.`, "no id": `{"email":"jane@c.example"}`,
		"number": `12345678901`, "list": `[{"id":"a1"}]`, "odd wrapper": `{"authorization":["jane@c.example"]}`,
		"empty wrapper": `{"authorization":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, answering(t, http.StatusOK, body))
			err := grant(t.Context(), c)
			var garbled *conveyor.DecodeError
			require.ErrorAs(t, err, &garbled)
			require.Equal(t, "POST", garbled.Method)
			require.Equal(t, "/exchange/authorizations", garbled.Path)
			require.True(t, conveyor.Ambiguous(err))
			require.False(t, conveyor.Temporary(err))
			require.NotContains(t, err.Error(), "jane")
			require.NotContains(t, err.Error(), "12345")

			require.False(t, conveyor.Ambiguous(read(t.Context(), c)))
		})
	}
}

func TestTooLargeAnswer(t *testing.T) {
	t.Parallel()
	body := `{"id":"a1","email":"` + strings.Repeat("x", 1000) + `"}`
	server := answering(t, http.StatusOK, body)

	require.NoError(t, grant(t.Context(), newClient(t, server, conveyor.WithMaxBody(int64(len(body))))))

	err := grant(t.Context(), newClient(t, server, conveyor.WithMaxBody(int64(len(body)-1))))
	require.ErrorIs(t, err, conveyor.ErrTooLarge)
	var garbled *conveyor.DecodeError
	require.ErrorAs(t, err, &garbled)
	require.True(t, conveyor.Ambiguous(err))
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("the redirect was followed to another host")
		_, _ = io.WriteString(w, `{"id":"r1"}`)
	}))
	t.Cleanup(stranger.Close)
	mux := http.NewServeMux()
	const requests = "/api/v2/exchange/authorization_requests/"
	var keys []string
	mux.HandleFunc("GET "+requests+"away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, stranger.URL, http.StatusFound)
	})
	mux.HandleFunc("GET "+requests+"moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, requests+"r1", http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET "+requests+"round", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, requests+"round", http.StatusFound)
	})
	mux.HandleFunc("GET "+requests+"r1", func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("X-Api-Key"))
		_, _ = io.WriteString(w, `{"id":"r1"}`)
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		mux.HandleFunc(fmt.Sprintf("PATCH %s%d", requests, status), func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, requests+"r1", status)
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c := newClient(t, server)

	_, err := c.Request(t.Context(), "away")
	require.ErrorIs(t, err, conveyor.ErrRedirect)

	got, err := c.Request(t.Context(), "moved")
	require.NoError(t, err)
	require.Equal(t, "r1", got.ID)
	require.Equal(t, []string{key}, keys)

	_, err = c.Request(t.Context(), "round")
	var failed *conveyor.TransportError
	require.ErrorAs(t, err, &failed)

	for _, status := range []int{301, 302, 303, 307, 308} {
		_, err = c.Ignore(t.Context(), strconv.Itoa(status), "rev@us.example")
		require.ErrorIs(t, err, conveyor.ErrRedirect, "a redirected write must not look done")
	}

	own := server.Client()
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("asked") }
	_, err = newClient(t, server, conveyor.WithHTTPClient(own)).Request(t.Context(), "moved")
	require.ErrorContains(t, err, "asked")
}
