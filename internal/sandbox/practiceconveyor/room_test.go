package practiceconveyor_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type manualClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// caller calls a room over HTTP.
type caller struct {
	t      *testing.T
	clock  *manualClock
	room   *practiceconveyor.Room
	server *httptest.Server
	header http.Header
}

func open(t *testing.T, o practiceconveyor.Options) *caller {
	t.Helper()
	clock := &manualClock{now: time.Date(2026, 3, 14, 9, 26, 53, 589_000_000, time.UTC)}
	o.Clock = clock.Now
	room := practiceconveyor.New(o)
	server := httptest.NewServer(room.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(room.Close)
	return &caller{t: t, clock: clock, room: room, server: server, header: http.Header{"X-Api-Key": {room.Key()}}}
}

type reply struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

// request builds a call; a body that begins with { is JSON, another one is a form.
func (c *caller) request(ctx context.Context, method, path, body string) *http.Request {
	c.t.Helper()
	q, err := http.NewRequestWithContext(ctx, method,
		c.server.URL+practiceconveyor.BasePath+path, strings.NewReader(body))
	require.NoError(c.t, err)
	q.Header = c.header.Clone()
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		q.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return q
}

func (c *caller) try(method, path, body string) (reply, error) {
	c.t.Helper()
	response, err := c.server.Client().Do(c.request(c.t.Context(), method, path, body))
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	got := reply{status: response.StatusCode, header: response.Header, text: string(raw)}
	_ = json.Unmarshal(raw, &got.json)
	return got, nil
}

func (c *caller) do(method, path, body string) reply {
	c.t.Helper()
	got, err := c.try(method, path, body)
	require.NoError(c.t, err)
	return got
}

// refused checks the status and that the refusal says why.
func (r reply) refused(t *testing.T, status int, why string) {
	t.Helper()
	require.Equal(t, status, r.status, r.text)
	message, _ := r.json["message"].(string)
	require.Contains(t, message, why)
}

func (r reply) rows(t *testing.T, name string) []map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, r.text)
	list, ok := r.json[name].([]any)
	require.True(t, ok, "%s is a list in %s", name, r.text)
	rows := make([]map[string]any, 0, len(list))
	for _, row := range list {
		rows = append(rows, row.(map[string]any))
	}
	return rows
}

func (c *caller) file(email string) string {
	return c.room.Request(practiceconveyor.Requester{Email: email})
}

func (c *caller) statusOf(id string) practiceconveyor.RequestStatus {
	c.t.Helper()
	for _, request := range c.room.Requests() {
		if request.ID == id {
			return request.Status
		}
	}
	require.Fail(c.t, "no request "+id)
	return ""
}

func query(pairs ...string) string {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Add(pair[0], pair[1])
	}
	return "?" + values.Encode()
}

func TestTheKeyOpensInTheStylesThatTheRoomTakes(t *testing.T) {
	t.Parallel()
	const key = "room-key"
	headers := map[string]http.Header{
		"api key":       {"X-Api-Key": {key}},
		"bearer":        {"Authorization": {"Bearer " + key}},
		"wrong api key": {"X-Api-Key": {key + "x"}},
		"wrong bearer":  {"Authorization": {"Bearer x"}},
		"bare":          {"Authorization": {key}},
		"none":          {},
	}
	tests := map[string]struct {
		style practiceconveyor.AuthStyle
		opens []string
	}{
		"any":     {practiceconveyor.AuthAny, []string{"api key", "bearer"}},
		"api key": {practiceconveyor.AuthAPIKey, []string{"api key"}},
		"bearer":  {practiceconveyor.AuthBearer, []string{"bearer"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, practiceconveyor.Options{Key: key, Auth: test.style})
			for carried, header := range headers {
				c.header = header
				got := c.do("GET", "/exchange/access_groups", "")
				want := http.StatusForbidden
				for _, opens := range test.opens {
					if opens == carried {
						want = http.StatusOK
					}
				}
				require.Equal(t, want, got.status, carried)
				if want == http.StatusForbidden {
					require.Empty(t, got.text, carried)
				}
			}
		})
	}
}

func TestADeadKeyOpensNothingUntilItLivesAgain(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	c.room.SetKeyDead(true)
	for _, path := range []string{"/exchange/access_groups", "/nowhere"} {
		got := c.do("GET", path, "")
		require.Equal(t, http.StatusForbidden, got.status)
		require.Empty(t, got.text)
	}
	c.room.SetKeyDead(false)
	require.Equal(t, http.StatusOK, c.do("GET", "/exchange/access_groups", "").status)
}

func TestAnotherKeyTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	c.room.SetKey("another-key")
	require.Equal(t, "another-key", c.room.Key())
	c.header = http.Header{"X-Api-Key": {practiceconveyor.DefaultKey}}
	require.Equal(t, http.StatusForbidden, c.do("GET", "/exchange/access_groups", "").status)
	c.header = http.Header{"X-Api-Key": {"another-key"}}
	require.Equal(t, http.StatusOK, c.do("GET", "/exchange/access_groups", "").status)
}

func TestUnknownPathsAndMethodsAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	for _, path := range []string{
		"/", "/exchange", "/exchange/authorizations/", "/exchange/authorization_requests/a/b",
		"/exchange/access_groups/x", "/exchange/authorization_request_queue/",
	} {
		require.Equal(t, http.StatusNotFound, c.do("GET", path, "").status, path)
	}
	require.Equal(t, http.StatusMethodNotAllowed, c.do("DELETE", "/exchange/access_groups", "").status)
	require.Equal(t, http.StatusMethodNotAllowed, c.do("GET", "/exchange/authorizations/x", "").status)
	got, err := c.try("POST", "/exchange/authorizations", strings.Repeat("x", 1<<20+1))
	if err == nil { // The connection may be cut while the client still sends.
		require.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	}
}

func TestTheSameSeedAndStepsGiveTheSameIDs(t *testing.T) {
	t.Parallel()
	steps := func(seed uint64) []string {
		c := open(t, practiceconveyor.Options{Seed: seed})
		return []string{c.file("a@example.com"), c.room.AddGroup("Reports"), c.file("b@example.com")}
	}
	ids, again := steps(7), steps(7)
	require.Equal(t, ids, again)
	require.NotEqual(t, ids, steps(8))
	for _, id := range ids {
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
	}
}

func TestWhatTheRoomHandsOutCannotChangeIt(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	group := c.room.AddGroup("Reports")
	message := "please"
	id := c.room.Request(practiceconveyor.Requester{Email: "a@example.com", Message: &message})
	message = "changed by the caller"
	require.NoError(t, c.room.DecideElsewhere(id, practiceconveyor.Approve, group))

	*c.room.Requests()[0].Message = "changed"
	c.room.Authorizations()[0].Groups[0].Name = "changed"
	c.room.Groups()[0].Name = "changed"

	require.Equal(t, "please", *c.room.Requests()[0].Message)
	require.Equal(t, "Reports", c.room.Authorizations()[0].Groups[0].Name)
	require.Equal(t, "Reports", c.room.Groups()[0].Name)
}

func TestARoomWithoutAClockDoesNotOpen(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { practiceconveyor.New(practiceconveyor.Options{}) })
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	first := c.room.Request(practiceconveyor.Requester{Email: strings.Repeat("é", 2000), Message: new(strings.Repeat("é", 70000))})
	require.Len(t, []rune(c.room.Requests()[0].Email), 1000)
	require.Len(t, []rune(*c.room.Requests()[0].Message), 65536)
	groups := make([]practiceconveyor.Group, 10001)
	c.room.SetGroups(groups)
	require.Len(t, c.room.Groups(), 10000)
	require.Equal(t, http.StatusOK, c.do("GET", "/exchange/authorization_requests/"+first, "").status)
}
