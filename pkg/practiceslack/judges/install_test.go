package judges_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// front is the app's public address, which is known before the app runs.
func front(t *testing.T) (address string, leadTo func(port string)) {
	t.Helper()
	var app atomic.Pointer[url.URL]
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(app.Load()) },
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL, func(port string) { app.Store(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port}) }
}

// visit is what a browser does that shows where a redirect leads.
func visit(t *testing.T, browser *http.Client, address string) (status int, location string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := browser.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, resp.Header.Get("Location")
}

// TestBoltInstalls lets a person install the app with Bolt's own installer, and
// works with it under the token that it got by that.
func TestBoltInstalls(t *testing.T) {
	t.Parallel()
	for _, receiver := range []string{"http", "express"} {
		t.Run(receiver, func(t *testing.T) {
			t.Parallel()
			address, leadTo := front(t)
			redirect := address + "/slack/oauth_redirect"
			w := newWorld(t, practiceslack.Options{Uninstalled: true, RedirectURLs: []string{redirect}})
			app, port := start(t, "app.mjs", m{
				"receiver": receiver, "apiURL": w.apiURL, "signingSecret": w.ws.SigningSecret(), "install": m{
					"clientId": w.ws.ClientID(), "clientSecret": w.ws.ClientSecret(), "redirectUri": redirect,
					"scopes":           practiceslack.DefaultScopes(),
					"authorizationUrl": strings.TrimSuffix(w.apiURL, "api/") + "oauth/v2/authorize",
				},
			})
			leadTo(port)
			w.ws.SetRequestURL(address + "/slack/events")
			require.False(t, w.alice.Command(t.Context(), w.channel("C1").ID(), "/requests", "help").OK, "nobody has installed the app")

			jar, err := cookiejar.New(nil)
			require.NoError(t, err)
			browser := &http.Client{
				Jar: jar, Transport: &http.Transport{DisableKeepAlives: true},
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}
			status, consent := visit(t, browser, address+"/slack/install")
			require.Equal(t, http.StatusFound, status)
			back, err := w.alice.Allow(consent)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(back, redirect), "%s", back)
			status, _ = visit(t, browser, back)
			require.Equal(t, http.StatusOK, status, "%s", app.log)
			require.True(t, w.ws.Installed())
			require.Len(t, w.ws.Calls("oauth.v2.access"), 1)
			t.Run("", w.stories)
			require.Empty(t, w.ws.Violations())
		})
	}
}
