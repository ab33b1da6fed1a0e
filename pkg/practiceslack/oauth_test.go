package practiceslack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

const callback = "https://app.example/slack/callback"

// uninstalled is a world in which nobody has installed the app yet.
func uninstalled(t *testing.T) *world {
	t.Helper()
	opt := practiceslack.Options{
		Uninstalled: true, ClientID: "1.2", ClientSecret: "secret",
		RedirectURLs: []string{callback, "http://127.0.0.1:9/local"},
	}
	opt.Limits.Off = true
	return newWorld(t, opt)
}

// installURL is where an app sends a person to be installed.
func (w *world) installURL(change ...string) string {
	query := url.Values{"client_id": {"1.2"}, "scope": {"chat:write,users:read"}, "redirect_uri": {callback}, "state": {"st"}}
	return w.url + "/oauth/v2/authorize?" + changed(query, change).Encode()
}

// changed sets keys to values, or removes the keys whose values are empty.
func changed(query url.Values, change []string) url.Values {
	for pair := range slices.Chunk(change, 2) {
		query.Set(pair[0], pair[1])
		if pair[1] == "" {
			query.Del(pair[0])
		}
	}
	return query
}

// code lets a person allow what address asks for.
func code(t *testing.T, who *practiceslack.User, address string) string {
	t.Helper()
	next, err := who.Allow(address)
	require.NoError(t, err)
	u, err := url.Parse(next)
	require.NoError(t, err)
	require.NotEmpty(t, u.Query().Get("code"))
	return u.Query().Get("code")
}

// exchange trades a code; what is changed is sent instead of the right thing.
func (w *world) exchange(t *testing.T, method, code string, change ...string) map[string]any {
	t.Helper()
	form := url.Values{"client_id": {"1.2"}, "client_secret": {"secret"}, "redirect_uri": {callback}, "code": {code}}
	_, answer := w.post(t, w.url+"/api/"+method, "application/x-www-form-urlencoded", changed(form, change).Encode(), "")
	return answer
}

func (w *world) as(t *testing.T, token, method, args string) map[string]any {
	t.Helper()
	_, answer := w.post(t, w.url+"/api/"+method, "application/x-www-form-urlencoded", args, token)
	return answer
}

// browser follows no redirect: it shows where one leads.
func browser() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func visit(t *testing.T, method, address, form string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := browser().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body), resp.Header
}

// TestInstallInABrowser has a library that we did not write install the app,
// with the client's credentials in the header and in the form.
func TestInstallInABrowser(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]oauth2.AuthStyle{"header": oauth2.AuthStyleInHeader, "form": oauth2.AuthStyleInParams} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := uninstalled(t)
			require.False(t, w.ws.Installed())
			require.Empty(t, w.ws.BotToken())
			config := oauth2.Config{
				ClientID: w.ws.ClientID(), ClientSecret: w.ws.ClientSecret(), RedirectURL: callback,
				Scopes:   []string{"chat:write,users:read"},
				Endpoint: oauth2.Endpoint{AuthURL: w.url + "/oauth/v2/authorize", TokenURL: w.url + "/api/oauth.v2.access", AuthStyle: style},
			}
			address := config.AuthCodeURL(`st"<b>`, oauth2.SetAuthURLParam("user", "U2"))
			status, page, header := visit(t, http.MethodGet, address, "")
			require.Equal(t, http.StatusOK, status)
			require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
			for _, text := range []string{"<code>chat:write</code>", "<code>users:read</code>", "Alice Ant", `value="U2" selected`, "app.example", "Allow", "Cancel", "not Slack"} {
				require.Contains(t, page, text)
			}
			require.NotContains(t, page, w.ws.BotUserID(), "a bot installs nothing")

			status, _, header = visit(t, http.MethodPost, address, "user=U2&answer=allow")
			require.Equal(t, http.StatusFound, status)
			back, err := url.Parse(header.Get("Location"))
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(back.String(), callback+"?"), back.String())
			require.Equal(t, `st"<b>`, back.Query().Get("state"))

			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			ctx := contextWith(t, client)
			token, err := config.Exchange(ctx, back.Query().Get("code"))
			require.NoError(t, err)
			require.Equal(t, "bot", token.TokenType)
			require.True(t, strings.HasPrefix(token.AccessToken, "xoxb-"))
			require.Equal(t, map[string]any{"id": "U2"}, token.Extra("authed_user"))
			require.Equal(t, map[string]any{"id": w.ws.TeamID(), "name": "Practice workspace"}, token.Extra("team"))
			require.Equal(t, "chat:write,users:read", token.Extra("scope"))
			require.Equal(t, w.ws.BotUserID(), token.Extra("bot_user_id"))
			require.NotEmpty(t, token.Extra("app_id"))
			require.True(t, w.ws.Installed())
			require.Equal(t, token.AccessToken, w.ws.BotToken())

			status, _, header = visit(t, http.MethodPost, address, "user=U2&answer=cancel")
			require.Equal(t, http.StatusFound, status)
			back, err = url.Parse(header.Get("Location"))
			require.NoError(t, err)
			require.Equal(t, url.Values{"error": {"access_denied"}, "state": {`st"<b>`}}, back.Query())
		})
	}
}

// TestInstalledToken is about what the token is good for.
// What an app's or a person's name holds is shown and does nothing.
func TestTheConsentPageShowsNamesAsTheyAre(t *testing.T) {
	t.Parallel()
	const name = `"><script>alert('{host}')</script>&amp;`
	const shown = `&#34;&gt;&lt;script&gt;alert(&#39;{host}&#39;)&lt;/script&gt;&amp;amp;`
	opt := practiceslack.Options{
		Uninstalled: true, ClientID: "1.2", ClientSecret: "secret", RedirectURLs: []string{callback}, BotName: name, TeamName: name,
	}
	w := newWorld(t, opt)
	w.ws.AddUser(practiceslack.Person{ID: "U9", Name: "odd", RealName: name})
	status, page, _ := visit(t, http.MethodGet, w.installURL(), "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "<h1>"+shown+" asks to be installed in "+shown+"</h1>")
	require.Contains(t, page, `">`+shown+"</option>")
	require.NotContains(t, page, "<script")
}

func TestInstalledToken(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := slack.GetOAuthV2ResponseContext(t.Context(), client, "1.2", "secret", code(t, w.alice, w.installURL()), callback, slack.OAuthOptionAPIURL(w.url+"/api/"))
	require.NoError(t, err)
	require.Equal(t, "U1", got.AuthedUser.ID)
	require.Empty(t, got.AuthedUser.AccessToken)

	api := slack.New(got.AccessToken, slack.OptionAPIURL(w.url+"/api/"), slack.OptionHTTPClient(client))
	who, err := api.AuthTestContext(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.ws.BotUserID(), who.UserID)
	_, _, err = api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("hello", false))
	require.EqualError(t, err, "not_in_channel", "the bot has to be invited")
	w.ws.Join("C1", w.ws.BotUserID())
	_, _, err = api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("hello", false))
	require.NoError(t, err)
	answer := w.as(t, got.AccessToken, "usergroups.list", "")
	require.Equal(t, "missing_scope", answer["error"])
	require.Equal(t, "chat:write,users:read", answer["provided"])
	resp, _ := w.post(t, w.url+"/api/auth.test", "application/x-www-form-urlencoded", "", got.AccessToken)
	require.Equal(t, "chat:write,users:read", resp.Header.Get("X-Oauth-Scopes"))

	again := w.exchange(t, "oauth.v2.access", code(t, w.bob, w.installURL("scope", "usergroups:read")))
	require.Equal(t, got.AccessToken, again["access_token"], "one token an install")
	require.Equal(t, "chat:write,users:read,usergroups:read", again["scope"], "scopes add up")
	require.Equal(t, true, w.as(t, got.AccessToken, "usergroups.list", "")["ok"])
}

func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	for _, c := range []struct{ name, code, key, value string }{
		{"another client", "invalid_client_id", "client_id", "9.9"},
		{"no client", "invalid_client_id", "client_id", ""},
		{"another host", "bad_redirect_uri", "redirect_uri", "https://evil.example/slack/callback"},
		{"another scheme", "bad_redirect_uri", "redirect_uri", "http://app.example/slack/callback"},
		{"another port", "bad_redirect_uri", "redirect_uri", "https://app.example:444/slack/callback"},
		{"beside it", "bad_redirect_uri", "redirect_uri", "https://app.example/slack/callbacks"},
		{"above it", "bad_redirect_uri", "redirect_uri", "https://app.example/slack"},
		{"out of it", "bad_redirect_uri", "redirect_uri", callback + "/../../evil"},
		{"out of it, escaped", "bad_redirect_uri", "redirect_uri", callback + "/%2e%2e/evil"},
		{"an anchor", "bad_redirect_uri", "redirect_uri", callback + "#x"},
		{"another host behind a user", "bad_redirect_uri", "redirect_uri", "https://app.example@evil.example/slack/callback"},
		{"a user in it", "bad_redirect_uri", "redirect_uri", "https://me@app.example/slack/callback"},
		{"another team", "invalid_team_for_non_distributed_app", "team", "T9"},
		{"no scope", "no_scopes", "scope", ""},
		{"unknown scope", "invalid_scope", "scope", "chat:write,chat:shout"},
		{"a scope of signing in", "invalid_scope", "scope", "openid"},
		{"a person's scope for the bot", "invalid_scope", "scope", "search:read"},
		{"a scope of signing in for a person", "invalid_scope", "user_scope", "openid"},
		{"PKCE", "invalid_arguments", "code_challenge", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := w.installURL(c.key, c.value)
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				status, page, header := visit(t, method, address, "user=U1&answer=allow")
				require.Equal(t, http.StatusBadRequest, status)
				require.Contains(t, page, c.code)
				require.Empty(t, header.Get("Location"), "the app hears nothing")
			}
			_, err := w.alice.Allow(address)
			require.ErrorContains(t, err, c.code)
			_, err = w.alice.Cancel(address)
			require.ErrorContains(t, err, c.code)
		})
	}
	for _, good := range []string{callback + "/sub/dir", callback + "?tenant=1", "http://127.0.0.1:9/local", ""} {
		_, err := w.alice.Allow(w.installURL("redirect_uri", good))
		require.NoError(t, err, good)
	}
	next, err := w.alice.Allow(w.installURL("redirect_uri", callback+"?tenant=1", "team", w.ws.TeamID()))
	require.NoError(t, err)
	require.Contains(t, next, "tenant=1")
	next, err = w.alice.Cancel(w.installURL())
	require.NoError(t, err)
	require.Equal(t, callback+"?error=access_denied&state=st", next)
	_, err = w.alice.Allow(strings.Replace(w.installURL(), w.url, "https://slack.com", 1))
	require.Error(t, err, "the real Slack is not asked")
	_, err = w.alice.Allow(w.url + "/elsewhere")
	require.Error(t, err)
	status, _, _ := visit(t, http.MethodPost, w.installURL(), "user=U1&answer=perhaps")
	require.Equal(t, http.StatusBadRequest, status)
}

func TestWhoMayInstall(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	for _, p := range []practiceslack.Person{
		{ID: "U3", Deleted: true},
		{ID: "U4", Restricted: true},
		{ID: "U5", UltraRestricted: true},
		{ID: "U6", Stranger: true, TeamID: "T9"},
		{ID: "U7", Bot: true},
	} {
		_, err := w.ws.AddUser(p).Allow(w.installURL())
		require.ErrorContains(t, err, "user_is_restricted", p.ID)
		_, page, _ := visit(t, http.MethodGet, w.installURL(), "")
		require.NotContains(t, page, `value="`+p.ID+`"`)
	}
	status, page, _ := visit(t, http.MethodPost, w.installURL(), "user=U9&answer=allow")
	require.Equal(t, http.StatusBadRequest, status, "nobody")
	require.Contains(t, page, "user_is_restricted")
}

func TestAccessRefusals(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	ok := code(t, w.alice, w.installURL())
	for _, c := range []struct{ name, code, key, value string }{
		{"another client", "invalid_client_id", "client_id", "9.9"},
		{"no client", "invalid_client_id", "client_id", ""},
		{"another secret", "bad_client_secret", "client_secret", "guess"},
		{"no secret", "bad_client_secret", "client_secret", ""},
		{"another code", "invalid_code", "code", "guess"},
		{"no code", "invalid_code", "code", ""},
		{"another redirect", "bad_redirect_uri", "redirect_uri", callback + "/sub"},
		{"no redirect", "bad_redirect_uri", "redirect_uri", ""},
		{"another grant", "invalid_grant_type", "grant_type", "password"},
		{"a refresh", "invalid_refresh_token", "grant_type", "refresh_token"},
		{"PKCE", "invalid_arguments", "code_verifier", "x"},
	} {
		require.Equal(t, c.code, w.exchange(t, "oauth.v2.access", ok, c.key, c.value)["error"], c.name)
	}
	require.Equal(t, "oauth_authorization_url_mismatch", w.exchange(t, "openid.connect.token", ok)["error"])
	require.Equal(t, true, w.exchange(t, "oauth.v2.access", ok, "grant_type", "authorization_code")["ok"], "a refusal does not use the code up")
	require.Equal(t, "code_already_used", w.exchange(t, "oauth.v2.access", ok)["error"])

	late := code(t, w.alice, w.installURL())
	w.clock.Advance(10*time.Minute + time.Second)
	require.Equal(t, "invalid_code", w.exchange(t, "oauth.v2.access", late)["error"])
	unsent := code(t, w.alice, w.installURL("redirect_uri", ""))
	require.Equal(t, "bad_redirect_uri", w.exchange(t, "oauth.v2.access", unsent)["error"], "none was sent before")
	require.Equal(t, true, w.exchange(t, "oauth.v2.access", unsent, "redirect_uri", "")["ok"])
	gone := code(t, w.alice, w.installURL())
	w.ws.AddUser(practiceslack.Person{ID: "U1", Deleted: true})
	require.Equal(t, "account_inactive", w.exchange(t, "oauth.v2.access", gone)["error"])
}

func TestUserToken(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	answer := w.exchange(t, "oauth.v2.access", code(t, w.alice, w.installURL("scope", "", "user_scope", "users:read,chat:write")))
	require.NotContains(t, answer, "access_token", "no scope for a bot")
	require.False(t, w.ws.Installed())
	user, _ := answer["authed_user"].(map[string]any)
	require.Equal(t, "user", user["token_type"])
	require.Equal(t, "users:read,chat:write", user["scope"])
	token, _ := user["access_token"].(string)
	require.True(t, strings.HasPrefix(token, "xoxp-"))

	who := w.as(t, token, "auth.test", "")
	require.Equal(t, "U1", who["user_id"])
	require.NotContains(t, who, "bot_id")
	require.Equal(t, true, w.as(t, token, "users.info", "user=U2")["ok"])
	require.Equal(t, "missing_scope", w.as(t, token, "usergroups.list", "")["error"])
	require.Equal(t, "not_allowed_token_type", w.as(t, token, "chat.postMessage", "channel=C1&text=x")["error"])
	require.Equal(t, "missing_scope", w.as(t, token, "openid.connect.userInfo", "")["error"])

	w.ws.AddUser(practiceslack.Person{ID: "U1", Name: "alice", Deleted: true})
	require.Equal(t, "token_revoked", w.as(t, token, "auth.test", "")["error"])
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	token := w.ws.BotToken()
	msg := w.postBlocks(t, request)
	require.Equal(t, false, w.as(t, token, "auth.revoke", "test=1")["revoked"])
	require.Equal(t, true, w.as(t, token, "auth.test", "")["ok"])
	require.Equal(t, true, w.as(t, token, "auth.revoke", "")["revoked"])
	require.Equal(t, "account_inactive", w.as(t, token, "auth.test", "")["error"])
	require.False(t, w.ws.Installed())
	require.NotContains(t, w.ws.Channel("C1").Info().Members, w.ws.BotUserID())
	require.True(t, w.ws.User(w.ws.BotUserID()).Info().Deleted)
	out := msg.Button("Approve").Click(t.Context(), w.alice)
	require.False(t, out.OK)
	require.False(t, out.Delivered)
	require.Zero(t, w.app.count())
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	require.False(t, w.ws.Uninstall(t.Context()).OK, "it is not installed")
	answer := w.exchange(t, "oauth.v2.access", code(t, w.alice, w.installURL("user_scope", "users:read")))
	user, _ := answer["authed_user"].(map[string]any)
	token, userToken := w.ws.BotToken(), user["access_token"].(string)
	w.ws.Join("C1", w.ws.BotUserID())
	w.openForm(t, form)
	w.alice.ExpectModal(t, "Reject")
	_, published := w.call(t, "views.publish", map[string]string{"user_id": "U1", "view": `{"type":"home","blocks":[]}`})
	require.Equal(t, true, published["ok"])
	responseURL, _ := w.app.last()["response_url"].(string)

	require.NoError(t, w.ws.Uninstall(t.Context()).Err())
	require.Equal(t, "account_inactive", w.as(t, token, "auth.test", "")["error"])
	require.Equal(t, "token_revoked", w.as(t, userToken, "auth.test", "")["error"])
	w.alice.NoModal(t)
	_, shown := w.alice.Home()
	require.False(t, shown)
	require.False(t, w.alice.OpenHome(t.Context()).OK)
	_, refused := w.post(t, responseURL, "application/json", `{"text":"late"}`, "")
	require.Equal(t, false, refused["ok"])
	require.Equal(t, "app_uninstalled", at(t, w.app.last(), "event", "type"))
	told := w.ws.Deliveries()
	var revoked map[string]any
	require.NoError(t, json.Unmarshal(told[len(told)-2].Payload, &revoked))
	require.Equal(t, "tokens_revoked", at(t, revoked, "event", "type"))
	require.Equal(t, []any{"U1"}, at(t, revoked, "event", "tokens", "oauth"))
	require.Equal(t, []any{w.ws.BotUserID()}, at(t, revoked, "event", "tokens", "bot"))

	anew := w.exchange(t, "oauth.v2.access", code(t, w.bob, w.installURL("scope", "commands")))
	require.NotEqual(t, token, anew["access_token"])
	require.Equal(t, "commands", anew["scope"], "the old scopes are gone")
	require.False(t, w.ws.User(w.ws.BotUserID()).Info().Deleted)
}

func TestSecretsAreNotRecorded(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	answer := w.exchange(t, "oauth.v2.access", code(t, w.alice, w.installURL("user_scope", "users:read")))
	user, _ := answer["authed_user"].(map[string]any)
	signIn := w.exchange(t, "openid.connect.token", code(t, w.alice, w.signInURL()))
	calls := w.ws.Calls("")
	require.Len(t, calls, 2)
	kept, err := json.Marshal(calls)
	require.NoError(t, err)
	for _, secret := range []any{answer["access_token"], user["access_token"], signIn["access_token"], signIn["id_token"], `"secret"`} {
		require.NotContains(t, string(kept), secret)
	}
	require.Contains(t, string(calls[0].Response), `"app_id"`)
}

// TestBearer holds the form of the header.
func TestBearer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	for header, want := range map[string]any{
		"Bearer " + w.ws.BotToken(): nil,
		w.ws.BotToken():             "not_authed",
		"bearer " + w.ws.BotToken(): "not_authed",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/api/auth.test", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", header)
		resp, err := browser().Do(req)
		require.NoError(t, err)
		var answer map[string]any
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, answer["error"], header)
	}
}
