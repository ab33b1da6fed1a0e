package slackapp_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
)

func TestCallsHaveNamesOutOfAClosedSet(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://slack.com/api/chat.update":              "chat.update",
		"http://proxy.example/slack/api/users.info?x=1":  "users.info",
		"https://slack.com/api/users.info/":              "users.info",
		"https://slack.com/api/files.upload":             "other",
		"https://hooks.slack.com/actions/T1/2/chat":      "other",
		"https://slack.com/":                             "other",
		"https://slack.com/api/chat.update%22%7Dx%3D%22": "other",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
		require.NoError(t, err)
		require.Equal(t, want, slackapp.CallOf(req), address)
	}
}

func TestRefusalsAreReadAndTheAnswerStaysWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for body, want := range map[string]string{
		`{"ok":true,"ts":"1"}`: "", `{"error":"missing_scope","needed":"chat:write","ok":false}`: "missing_scope",
		`{"ok":false,"error":"a_code_of_tomorrow"}`: slackapp.OtherRefusal, `{"ok":false}`: slackapp.OtherRefusal,
		`{"ok":true,"text":"\"ok\":false,\"error\":\"missing_scope\""}`: "",
		`{"ok":true,"text":"` + long + `"}`:                             "", "": "", "<html>": "",
	} {
		res := &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}
		require.Equal(t, want, slackapp.RefusalOf(res), "%.60s", body)
		got, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, body, string(got))
	}
	limited := &http.Response{StatusCode: http.StatusTooManyRequests, Body: io.NopCloser(strings.NewReader(`{"ok":false,"error":"ratelimited"}`))}
	require.Empty(t, slackapp.RefusalOf(limited), "its status says it")
}

// An answer that breaks off is found so by whoever reads it.
func TestAnAnswerThatBreaksOffStaysOne(t *testing.T) {
	t.Parallel()
	cut := errors.New("the line is cut")
	res := &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"ok"`), iotest.ErrReader(cut)))}
	require.Empty(t, slackapp.RefusalOf(res))
	got, err := io.ReadAll(res.Body)
	require.ErrorIs(t, err, cut)
	require.Equal(t, `{"ok"`, string(got))
}
