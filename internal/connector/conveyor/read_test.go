package conveyor_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

const queue = "/exchange/authorization_request_queue"

func TestOpenReadsEveryPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	empty, err := w.Open(t.Context())
	require.NoError(t, err)
	require.Empty(t, empty)
	for i := range 250 {
		w.room.Request(practiceconveyor.Requester{Email: fmt.Sprintf("c%d@northwind.example", i)})
	}
	w.room.Request(practiceconveyor.Requester{Email: "draft@northwind.example", Draft: true})
	got, err := w.Open(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 250)
	ids := map[string]bool{}
	for _, a := range got {
		ids[a.ExternalID] = true
		require.Equal(t, "conveyor", a.Source)
		require.Equal(t, now(), a.RequestedAt)
		require.Empty(t, a.Message)
	}
	require.Len(t, ids, 250)
	require.Equal(t, 4, w.room.CallsTo(http.MethodGet, queue), "one for nothing, three for 250")
}

func TestAReadThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   practiceconveyor.Kind
		reason approval.RefusalReason
		wait   time.Duration
	}{
		"dead key":          {practiceconveyor.Status(403, 0), approval.RefusedKey, 0},
		"no key":            {practiceconveyor.Status(401, 0), approval.RefusedKey, 0},
		"limited":           {practiceconveyor.Status(429, 7*time.Second), "", 7 * time.Second},
		"limited, no time":  {practiceconveyor.Status(429, 0), "", 0},
		"down":              {practiceconveyor.Status(503, 0), "", 0},
		"broken":            {practiceconveyor.Status(500, 0), "", 0},
		"odd":               {practiceconveyor.Status(418, 0), "", 0},
		"a page of a proxy": {practiceconveyor.HTML(), "", 0},
		"cut":               {practiceconveyor.TruncatedJSON(), "", 0},
		"dropped":           {practiceconveyor.DropBefore(), "", 0},
		"endless":           {practiceconveyor.SamePageForever(), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.asks()
			w.group("A")
			for call, read := range map[string]func() error{
				"Open":   func() error { _, err := w.Open(t.Context()); return err },
				"Read":   func() error { _, _, err := w.Read(t.Context(), r.ExternalID); return err },
				"Groups": func() error { _, err := w.Groups(t.Context()); return err },
			} {
				if name == "endless" && call == "Read" {
					continue // it is no list
				}
				require.NoError(t, read())
				require.NoError(t, w.Health())
				w.fault("", "", c.kind, 0)
				err := read()
				require.Error(t, err, call)
				require.Error(t, w.Health(), call)
				require.NotContains(t, err.Error(), w.room.Key())
				require.NotContains(t, w.Health().Error(), w.room.Key())
				if c.reason != "" {
					require.Equal(t, c.reason, refusal(t, err).Reason)
					require.ErrorContains(t, w.Health(), "key")
				} else {
					require.Equal(t, c.wait, passing(t, err).RetryAfter)
					require.False(t, passing(t, err).Ambiguous, "a read changes nothing")
				}
				w.room.ClearFaults()
				require.NoError(t, read())
				require.NoError(t, w.Health())
			}
		})
	}
}

func TestHealthBeforeTheFirstReadSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.ErrorIs(t, w.Health(), connector.ErrUnread)
	_, err := w.Open(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.Health())
}

func TestAReadThatItsCallerBreaksOffSaysNothingAboutHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Open(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.Open(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.Health())

	w.fault("", "", practiceconveyor.Hang(), 0)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = w.Open(ctx)
	require.False(t, passing(t, err).Ambiguous)
	require.Error(t, w.Health(), "no answer in time is trouble")
}

func TestHowARequestStands(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]approval.Standing{
		`"requested"`: approval.StandingOpen, `"initial"`: approval.StandingDraft, `"approved"`: approval.StandingApproved,
		`"ignored"`: approval.StandingIgnored, `"escalated"`: approval.StandingOpen, `""`: approval.StandingOpen,
		`"Approved"`: approval.StandingOpen, `null`: approval.StandingOpen, `7`: approval.StandingOpen,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, script{"GET " + requests + "/x1": `{"id":"x1","email":"g@n.example","status":` + status + `}`})
			arrival, got, err := c.Read(t.Context(), "x1")
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, "x1", arrival.ExternalID)
		})
	}
}

func TestWhatIsNotThereIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{"nothing-such", "a/b", "../authorizations", "\x00", " x ", "é", "", ".", "..", " "} {
		_, standing, err := w.Read(t.Context(), id)
		require.NoError(t, err, "%q", id)
		require.Equal(t, approval.StandingGone, standing, "%q", id)
	}
	require.NoError(t, w.Health())
	require.Zero(t, w.room.CallsTo(http.MethodGet, authorizations))
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	none, err := w.Groups(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)
	for i := range 230 {
		w.group(fmt.Sprintf("Group %d", i))
	}
	w.room.AddGroup(strings.Repeat("é", 1000))
	got, err := w.Groups(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 231)
	for _, g := range got {
		require.NotEmpty(t, g.ID)
		require.NotEmpty(t, g.Name)
	}
}

func TestTextsAreBoundedAndFitForADatabase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":             {"", ""},
		"just as long":        {"abcde", "abcde"},
		"too long":            {"abcdef", "abcde"},
		"characters":          {"äöü€😀!", "äöü€😀"},
		"a NUL":               {"a\x00b", "a\uFFFDb"},
		"bytes that are none": {"a\xff\xfeb", "a\uFFFDb"},
		"cut inside of one":   {"abc\xe2\x82", "abc\uFFFD"},
		"NULs only":           {strings.Repeat("\x00", 9), strings.Repeat("\uFFFD", 5)},
	} {
		require.Equal(t, c.want, conveyor.Clean(c.text, 5), name)
	}
	require.Empty(t, conveyor.Clean("abc", 0))

	long := strings.Repeat("é", 50_000)
	c, _ := scripted(t, script{
		"GET " + queue: page("authorization_requests",
			`{"id":"x1","email":"`+long+`","message":"\u0000`+long+`","status":"requested"}`,
			`{"id":"x2","email":null,"message":null,"created_at":"2026-02-01T10:00:00Z"}`),
		"GET /exchange/access_groups": page("access_groups", `{"id":"g","name":"`+long+`"}`),
	})
	got, err := c.Open(t.Context())
	require.NoError(t, err)
	require.Equal(t, conveyor.MaxEmail, utf8.RuneCountInString(got[0].Requester))
	require.Equal(t, conveyor.MaxMessage, utf8.RuneCountInString(got[0].Message))
	require.True(t, strings.HasPrefix(got[0].Message, "\uFFFDé"))
	require.True(t, got[0].RequestedAt.IsZero())
	require.Empty(t, got[1].Requester+got[1].Message)
	require.Equal(t, time.Date(2026, 2, 1, 10, 0, 0, 0, time.UTC), got[1].RequestedAt, "when it was made, if nothing says when it was sent")
	groups, err := c.Groups(t.Context())
	require.NoError(t, err)
	require.Equal(t, conveyor.MaxName, utf8.RuneCountInString(groups[0].Name))
}

func TestTheLinkLeadsWhereItShould(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ base, href, want string }{
		"as it comes":              {"", "https://room.example.com/exchange/x1?tab=1", "https://room.example.com/exchange/x1?tab=1"},
		"another base":             {"https://app.example.com", "https://api.example.com/exchange/x1", "https://app.example.com/exchange/x1"},
		"another base with a path": {"https://app.example.com/room/", "https://api.example.com/x%2F1", "https://app.example.com/room/x%2F1"},
		"no host":                  {"", "/exchange/x1", ""},
		"no host, another base":    {"https://app.example.com", "/exchange/x1", "https://app.example.com/exchange/x1"},
		"no slash, another base":   {"https://app.example.com", "exchange/x1", "https://app.example.com/exchange/x1"},
		"a path that looks like a host's end": {
			"https://app.example.com", ".evil.example/x", "https://app.example.com/.evil.example/x",
		},
		"a path that makes the base a user": {
			"https://app.example.com", "@evil.example/x", "https://app.example.com/@evil.example/x",
		},
		"a script":               {"", "javascript:alert(1)", ""},
		"a script, another base": {"https://app.example.com", "javascript:alert(1)", "https://app.example.com/"},
		"a file":                 {"", "file:///etc/passwd", ""},
		"another scheme":         {"", "ftp://room.example.com/x1", ""},
		"nothing":                {"", "", ""},
		"not to be read":         {"https://app.example.com", "https://a b/%zz", ""},
		"too long":               {"", "https://room.example.com/" + strings.Repeat("x", 3000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conv, _ := scripted(t, script{"GET " + requests + "/x1": `{"id":"x1","_links":{"self":{"href":"` + c.href + `"}}}`},
				func(s *conveyor.Settings) { s.AppURL = c.base })
			arrival, _, err := conv.Read(t.Context(), "x1")
			require.NoError(t, err)
			require.Equal(t, c.want, arrival.Link)
		})
	}
}

func TestAnUnusableSettingIsNamedAndNotQuoted(t *testing.T) {
	const secret = "very-hidden"
	t.Parallel()
	for name, s := range map[string]conveyor.Settings{
		"address":      {APIURL: "ftp://" + secret, Key: "k"},
		"key":          {APIURL: "https://api.example.com", Key: secret + " key"},
		"no base64":    {APIURL: "https://api.example.com", Key: "k", WebhookSecret: "whsec_" + secret},
		"empty secret": {APIURL: "https://api.example.com", Key: "k", WebhookSecret: "whsec_"},
		"blank secret": {APIURL: "https://api.example.com", Key: "k", WebhookSecret: "whsec_\n"},
	} {
		_, err := conveyor.New(s, now, "frontdesk/test")
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), secret, name)
	}
}
