package conveyor_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// hookKey is what the practice webhooks are signed with.
const hookKey = "a key for practice webhooks only!"

func hookSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString([]byte(hookKey)) }

// hooked gives a connector that takes webhooks.
func hooked(tb testing.TB) *conveyor.Conveyor {
	tb.Helper()
	c, err := conveyor.New(conveyor.Settings{APIURL: "http://127.0.0.1:9", Key: "k", WebhookSecret: hookSecret()}, now, "frontdesk/test")
	require.NoError(tb, err)
	return c
}

// signed gives the headers of a webhook that is signed with a key.
func signed(prefix, key, id, stamp string, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	header := http.Header{}
	header.Set(prefix+"id", id)
	header.Set(prefix+"timestamp", stamp)
	header.Set(prefix+"signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return header
}

func stampOf(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func TestBothFamiliesOfHeadersVerify(t *testing.T) {
	t.Parallel()
	c := hooked(t)
	body := []byte(`{"type":"access.requested","data":{"id":"x1"}}`)
	for _, prefix := range []string{"svix-", "webhook-"} {
		id, err := c.ReadWebhook(signed(prefix, hookKey, "msg_1", stampOf(now()), body), body)
		require.NoError(t, err)
		require.Equal(t, "x1", id)
	}
	several := signed("svix-", hookKey, "msg_1", stampOf(now()), body)
	several.Set("svix-signature", "v1a,AAAA v1,"+strings.Repeat("A", 43)+"= "+several.Get("svix-signature"))
	_, err := c.ReadWebhook(several, body)
	require.NoError(t, err, "a secret that is being changed signs twice")
}

func TestTheWindowOfAWebhook(t *testing.T) {
	t.Parallel()
	c := hooked(t)
	body := []byte(`{}`)
	for offset, good := range map[time.Duration]bool{
		0: true, 5 * time.Minute: true, -5 * time.Minute: true,
		5*time.Minute + time.Second: false, -5*time.Minute - time.Second: false, 24 * time.Hour: false,
	} {
		_, err := c.ReadWebhook(signed("svix-", hookKey, "msg_1", stampOf(now().Add(offset)), body), body)
		if good {
			require.NoError(t, err, offset)
		} else {
			require.ErrorIs(t, err, connector.ErrNotGenuine, offset)
		}
	}
}

func TestWhatConveyorDidNotSignIsNotGenuine(t *testing.T) {
	t.Parallel()
	c := hooked(t)
	body := []byte(`{"data":{"id":"x1"}}`)
	without := func(name string) http.Header {
		h := signed("svix-", hookKey, "msg_1", stampOf(now()), body)
		h.Del(name)
		return h
	}
	with := func(name, value string) http.Header {
		h := signed("svix-", hookKey, "msg_1", stampOf(now()), body)
		h.Set(name, value)
		return h
	}
	for name, header := range map[string]http.Header{
		"nothing":            {},
		"no id":              without("svix-id"),
		"no time":            without("svix-timestamp"),
		"no signature":       without("svix-signature"),
		"another key":        signed("svix-", "another key", "msg_1", stampOf(now()), body),
		"no key":             signed("svix-", "", "msg_1", stampOf(now()), body),
		"another body":       signed("svix-", hookKey, "msg_1", stampOf(now()), []byte(`{"data":{"id":"x2"}}`)),
		"another id":         with("svix-id", "msg_2"),
		"another time":       with("svix-timestamp", stampOf(now().Add(time.Second))),
		"a word for a time":  signed("svix-", hookKey, "msg_1", "now", body),
		"the end of time":    signed("svix-", hookKey, "msg_1", "9223372036854775807", body),
		"an empty signature": with("svix-signature", "v1,"),
		"another version":    with("svix-signature", strings.Replace(without("").Get("svix-signature"), "v1,", "v2,", 1)),
	} {
		id, err := c.ReadWebhook(header, body)
		require.ErrorIs(t, err, connector.ErrNotGenuine, name)
		require.Empty(t, id, name)
		require.NotContains(t, err.Error(), hookKey, name)
	}
	off, err := conveyor.New(conveyor.Settings{APIURL: "http://127.0.0.1:9", Key: "k"}, now, "frontdesk/test")
	require.NoError(t, err)
	_, err = off.ReadWebhook(signed("svix-", "", "msg_1", stampOf(now()), body), body)
	require.ErrorIs(t, err, connector.ErrNoWebhook)
}

func TestTheRequestThatAWebhookNames(t *testing.T) {
	t.Parallel()
	c := hooked(t)
	for body, want := range map[string]string{
		`{"type":"access.requested","id":"evt","data":{"id":"x1"}}`:                               "x1",
		`{"event_type":"access.requested","event_id":"evt","data":{"id":"x1","type":"whatever"}}`: "x1",
		`{"type":"access.requested","id":"evt","data":{"id":"person","request_id":"x1"}}`:         "x1",
		`{"type":"access.requested","id":"evt","request_id":"x1"}`:                                "x1",
		`{"id":"x1","email":"g@n.example","status":"requested","_type":"AuthorizationRequest"}`:   "x1",
		`{"id":7}`:                       "7",
		`{"data":{"id":7}}`:              "7",
		`{"type":"a","id":"evt"}`:        "",
		`{"event_type":"a","id":"evt"}`:  "",
		`{"id":"evt","data":{}}`:         "",
		`{"id":"evt","data":{"id":{}}}`:  "",
		`{"id":"evt","data":{"id":[1]}}`: "",
		`{"id":"x1","data":null}`:        "x1",
		`{"id":"evt","data":"x1"}`:       "",
		`{"id":true}`:                    "",
		`{"id":null}`:                    "",
		`{}`:                             "",
		`[]`:                             "",
		`null`:                           "",
		`"x1"`:                           "",
		``:                               "",
		`{"id":"x1"`:                     "",
	} {
		id, err := c.ReadWebhook(signed("svix-", hookKey, "msg_1", stampOf(now()), []byte(body)), []byte(body))
		require.NoError(t, err, body)
		require.Equal(t, want, id, body)
	}
}

// practiceHook is a webhook as the practice room sends it.
type practiceHook struct {
	header http.Header
	body   []byte
	want   string
}

// practiceHooks gives the practice room's webhooks in every shape.
func practiceHooks(tb testing.TB) []practiceHook {
	tb.Helper()
	room := practiceconveyor.New(practiceconveyor.Options{Clock: now, Seed: 1})
	defer room.Close()
	id := room.Request(practiceconveyor.Requester{Email: requester})
	var all []practiceHook
	door := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			all = append(all, practiceHook{r.Header.Clone(), body, id})
		}
	}))
	defer door.Close()
	for _, shape := range []practiceconveyor.WebhookShape{
		practiceconveyor.ShapeEnvelope, practiceconveyor.ShapeEventEnvelope, practiceconveyor.ShapeFlat,
	} {
		for _, standard := range []bool{false, true} {
			require.NoError(tb, room.SetWebhook(practiceconveyor.Webhook{
				URL: door.URL, Secret: hookSecret(), Shape: shape, StandardHeaders: standard,
			}))
			_, err := room.SendWebhook(tb.Context(), id)
			require.NoError(tb, err)
		}
	}
	require.Len(tb, all, 6)
	return all
}

func TestThePracticeRoomsWebhooksAreUnderstood(t *testing.T) {
	t.Parallel()
	c := hooked(t)
	for _, hook := range practiceHooks(t) {
		id, err := c.ReadWebhook(hook.header, hook.body)
		require.NoError(t, err)
		require.Equal(t, hook.want, id, "%s", hook.body)
	}
}

func FuzzWebhook(f *testing.F) {
	for _, hook := range practiceHooks(f) {
		f.Add("msg_1", stampOf(now()), "", hook.body, true)
		f.Add(hook.header.Get("svix-id"), hook.header.Get("svix-timestamp"), hook.header.Get("svix-signature"), hook.body, false)
	}
	f.Add("msg_1", stampOf(now()), "", []byte(strings.Repeat(`{"data":[`, 9_000)), true)
	f.Add("msg_1", stampOf(now()), "", []byte(`{"data":{"id":`+strings.Repeat(`{"id":`, 9_000)+"1"+strings.Repeat("}", 9_000)+"}}"), true)
	f.Add("msg_1", "99999999999999999999", "v1,", []byte(`{"data":{"data":{}}}`), true)
	c := hooked(f)
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte, sign bool) {
		genuine := signed("svix-", hookKey, id, stamp, body)
		header := genuine.Clone()
		if !sign {
			header.Set("svix-signature", signature)
		}
		got, err := c.ReadWebhook(header, body)
		if err != nil {
			require.ErrorIs(t, err, connector.ErrNotGenuine)
			require.Empty(t, got)
			return
		}
		at, parseErr := strconv.ParseInt(stamp, 10, 64)
		require.NoError(t, parseErr)
		require.LessOrEqual(t, now().Sub(time.Unix(at, 0)).Abs(), 5*time.Minute)
		require.NotEmpty(t, id)
		right := signed("svix-", hookKey, id, strconv.FormatInt(at, 10), body).Get("svix-signature")
		require.Contains(t, header.Get("svix-signature"), strings.TrimPrefix(right, "v1,"))
		require.True(t, utf8.ValidString(got))
	})
}
