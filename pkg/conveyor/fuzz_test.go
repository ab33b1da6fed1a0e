package conveyor_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"id":"r1","_type":"AuthorizationRequest","email":"a@c.example","message":null,"status":"requested",` +
		`"requested_at":"2026-05-04T12:30:00.5+02:00","_links":{"self":{"href":"https://x.example"}}}`))
	f.Add([]byte(`{"id":-0.1e+5,"created_at":"9999-12-31T23:59:59-23:59","updated_at":"0000-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := survives[conveyor.Request](t, body)
		requireTimes(t, got.RequestedAt, got.CreatedAt, got.UpdatedAt)
		requireText(t, got.ID, got.Email, got.Message, string(got.Status), got.Link)
	})
}

func FuzzDecodeAuthorization(f *testing.F) {
	f.Add([]byte(`{"id":"a1","status":"gated","is_owner":"true","_embedded":{"access_groups":[{"id":1,"name":"x"},null]}}`))
	f.Add([]byte(`{"id":7,"access_groups":[{"id":"g1"}],"_embedded":[],"_links":{"self":7}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := survives[conveyor.Authorization](t, body)
		requireTimes(t, got.CreatedAt, got.UpdatedAt)
		requireText(t, got.ID, got.Email, string(got.Status), got.Link)
		for _, group := range got.AccessGroups {
			require.NotEmpty(t, group.ID)
		}
	})
}

func FuzzDecodeAccessGroup(f *testing.F) {
	f.Add([]byte(`{"id":1,"name":"SOC 2 \ud83d\ude00"}`))
	f.Add([]byte(`{"id":"g1","name":"\ud83d"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := survives[conveyor.AccessGroup](t, body)
		requireText(t, got.ID, got.Name)
	})
}

func FuzzDecodeConnection(f *testing.F) {
	f.Add([]byte(`{"id":1,"domain":"c.example","authorizations_count":"4","authorizations_removed_count":99999999999999999999}`))
	f.Add([]byte(`{"id":"c1","latest_activity_at":"2026-05-04T12:30:00Z","crm_id":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := survives[conveyor.Connection](t, body)
		requireTimes(t, got.LatestActivityAt, got.CreatedAt, got.UpdatedAt)
		requireText(t, got.ID, got.Domain, got.CRMID, got.CRMLink)
	})
}

func FuzzDecodeInteraction(f *testing.F) {
	f.Add([]byte(`{"id":1,"type":"Q & A","connection":{"id":3,"domain":"c.example"},"created_at":"2026-05-04T12:30:00Z"}`))
	f.Add([]byte(`{"id":"i1","connection":[{}],"content":{"a":[]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := survives[conveyor.Interaction](t, body)
		requireTimes(t, got.CreatedAt)
		requireText(t, got.ID, got.Email, got.Content)
	})
}

// FuzzDecodeList gives a listing the same answer on each page: it must end, and fail with a typed error.
func FuzzDecodeList(f *testing.F) {
	f.Add(`{"authorization_requests":[{"id":1},{"id":2}],"total_pages":2}`)
	f.Add(`{"authorization_requests":[],"total_pages":"1","per_page":0}`)
	f.Add(`{"authorization_requests":null}`)
	f.Add(`<html>`)
	f.Add(`{"authorization_requests":` + strings.Repeat("[", 20_000))
	f.Add(`{"authorization_requests":[{"id":1,"email":` + strings.Repeat(`{"a":[`, 9_000) + strings.Repeat("]}", 9_000) + `}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		c := canned(t, func(*http.Request) string { return body })
		got, err := drain(c.Queue(t.Context()))
		for _, request := range got {
			require.NotEmpty(t, request.ID)
		}
		if err == nil {
			return
		}
		_, garbled := errors.AsType[*conveyor.DecodeError](err)
		require.True(t, garbled || errors.Is(err, conveyor.ErrPaging), "%T", err)
		require.NotContains(t, err.Error(), key)
	})
}

// FuzzDecodeRefusal looks at what becomes of a refusal's body.
func FuzzDecodeRefusal(f *testing.F) {
	f.Add([]byte(`{"error":"a\u0000b\u202e ` + key + `"}`))
	f.Add([]byte(`{"errors":{"email":["x",{"y":["z"]}]},"message":7}`))
	f.Add([]byte(`{"message":"` + strings.Repeat("x", 290) + key + `"}`))
	f.Add([]byte(`{"errors":` + strings.Repeat(`{"a":[`, 5_000) + `"x"` + strings.Repeat("]}", 5_000) + `}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := conveyor.New("http://conveyor.example", key, conveyor.WithHTTPClient(&http.Client{
			Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusConflict, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
			}),
		}))
		require.NoError(t, err)
		_, err = c.Request(t.Context(), "r1")
		refused, ok := errors.AsType[*conveyor.APIError](err)
		require.True(t, ok)
		require.LessOrEqual(t, utf8.RuneCountInString(refused.Message), 300)
		require.False(t, strings.ContainsFunc(refused.Message, unicode.IsControl))
		require.NotContains(t, refused.Message, key)
		requireText(t, refused.Message)
	})
}

// survives decodes body; what was decoded must be writable, and read back the same.
func survives[T any](t *testing.T, body []byte) T {
	t.Helper()
	var first, second T
	if json.Unmarshal(body, &first) != nil {
		return first
	}
	written, err := json.Marshal(first)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(written, &second))
	require.Equal(t, first, second)
	return first
}

func requireTimes(t *testing.T, times ...time.Time) {
	t.Helper()
	for _, at := range times {
		require.Equal(t, time.UTC, at.Location())
	}
}

func requireText(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		require.True(t, utf8.ValidString(text))
	}
}
