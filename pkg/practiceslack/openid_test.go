package practiceslack_test

import (
	"context"
	"image/png"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func (w *world) signInURL(change ...string) string {
	query := url.Values{
		"client_id": {"1.2"}, "response_type": {"code"}, "scope": {"openid email profile"}, "redirect_uri": {callback},
		"state": {"st"}, "nonce": {"n"},
	}
	return w.url + "/openid/connect/authorize?" + changed(query, change).Encode()
}

func contextWith(t *testing.T, client *http.Client) context.Context {
	t.Helper()
	return context.WithValue(t.Context(), oauth2.HTTPClient, client)
}

// relyingParty is an app that people sign in to, made of libraries that we did
// not write.
type relyingParty struct {
	ctx      context.Context //nolint:containedctx // both libraries take their HTTP client from a context
	provider *oidc.Provider
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
}

func newRelyingParty(t *testing.T, w *world, scopes ...string) relyingParty {
	t.Helper()
	ctx := contextWith(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}})
	provider, err := oidc.NewProvider(ctx, w.url)
	require.NoError(t, err)
	return relyingParty{
		ctx: ctx, provider: provider,
		config: oauth2.Config{
			ClientID: w.ws.ClientID(), ClientSecret: w.ws.ClientSecret(), RedirectURL: callback,
			Endpoint: provider.Endpoint(), Scopes: scopes,
		},
		verifier: provider.Verifier(&oidc.Config{ClientID: w.ws.ClientID(), Now: w.clock.Now}),
	}
}

func (rp relyingParty) signIn(t *testing.T, who *practiceslack.User, nonce string) (*oauth2.Token, *oidc.IDToken) {
	t.Helper()
	back, err := who.Allow(rp.config.AuthCodeURL("st", oidc.Nonce(nonce)))
	require.NoError(t, err)
	u, err := url.Parse(back)
	require.NoError(t, err)
	require.Equal(t, "st", u.Query().Get("state"))
	token, err := rp.config.Exchange(rp.ctx, u.Query().Get("code"))
	require.NoError(t, err)
	raw, _ := token.Extra("id_token").(string)
	id, err := rp.verifier.Verify(rp.ctx, raw)
	require.NoError(t, err)
	return token, id
}

// TestSignIn walks through the whole of Sign in with Slack.
func TestSignIn(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	rp := newRelyingParty(t, w, "openid", "email", "profile")
	status, page, _ := visit(t, http.MethodGet, rp.config.AuthCodeURL("st"), "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Sign in to frontdesk with Practice workspace")

	token, id := rp.signIn(t, w.alice, "abcd")
	require.Equal(t, "abcd", id.Nonce)
	require.Equal(t, "U1", id.Subject)
	require.Equal(t, w.url, id.Issuer)
	require.Equal(t, []string{"1.2"}, id.Audience)
	require.NoError(t, id.VerifyAccessToken(token.AccessToken), "at_hash")
	require.Error(t, id.VerifyAccessToken(token.AccessToken+"x"))
	require.Equal(t, w.clock.Now().Add(5*time.Minute), id.Expiry.UTC())
	var claims map[string]any
	require.NoError(t, id.Claims(&claims))
	require.InDelta(t, float64(w.clock.Now().Unix()), claims["auth_time"], 0)
	want := map[string]any{
		"https://slack.com/user_id": "U1", "https://slack.com/team_id": w.ws.TeamID(),
		"email": "alice@corp.example", "email_verified": true, "name": "Alice Ant", "given_name": "Alice", "family_name": "Ant",
		"locale": "en-US", "picture": w.url + "/avatars/U1/512.png", "https://slack.com/team_image_default": true,
	}
	for key, value := range want {
		require.Equal(t, value, claims[key], key)
	}
	require.False(t, w.ws.Installed(), "to sign in installs nothing")

	info, err := rp.provider.UserInfo(rp.ctx, oauth2.StaticTokenSource(token))
	require.NoError(t, err)
	require.Equal(t, "U1", info.Subject)
	require.Equal(t, "alice@corp.example", info.Email)
	require.True(t, info.EmailVerified)
	identity, err := slack.New(token.AccessToken, slack.OptionAPIURL(w.url+"/api/")).GetOpenIDConnectUserInfoContext(t.Context())
	require.NoError(t, err)
	require.Equal(t, "practice", identity.TeamDomain)
	require.Equal(t, w.ws.TeamID(), identity.TeamID)

	again, later := rp.signIn(t, w.alice, "efgh")
	require.Equal(t, "efgh", later.Nonce)
	require.Equal(t, token.AccessToken, again.AccessToken)
	_, bob := rp.signIn(t, w.bob, "")
	require.Equal(t, "U2", bob.Subject)
	require.Empty(t, bob.Nonce)
}

func TestIDTokenIsNotForged(t *testing.T) {
	t.Parallel()
	w, other := uninstalled(t), uninstalled(t)
	rp, stranger := newRelyingParty(t, w, "openid"), newRelyingParty(t, other, "openid")
	token, _ := rp.signIn(t, w.alice, "")
	raw, _ := token.Extra("id_token").(string)
	_, err := stranger.verifier.Verify(stranger.ctx, raw)
	require.Error(t, err, "another issuer")
	_, err = oidc.NewVerifier(w.url, oidc.NewRemoteKeySet(stranger.ctx, other.url+"/openid/connect/keys"), &oidc.Config{ClientID: "1.2", Now: w.clock.Now}).Verify(stranger.ctx, raw)
	require.ErrorContains(t, err, "signature", "another workspace's key")
	_, err = rp.provider.Verifier(&oidc.Config{ClientID: "9.9", Now: w.clock.Now}).Verify(rp.ctx, raw)
	require.ErrorContains(t, err, "audience")
	w.clock.Advance(5*time.Minute + time.Second)
	_, err = rp.verifier.Verify(rp.ctx, raw)
	var expired *oidc.TokenExpiredError
	require.ErrorAs(t, err, &expired)
}

func TestSignInScopes(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	rp := newRelyingParty(t, w, "openid")
	token, id := rp.signIn(t, w.alice, "")
	var claims map[string]any
	require.NoError(t, id.Claims(&claims))
	require.Equal(t, "U1", claims["https://slack.com/user_id"])
	for _, key := range []string{"email", "name", "picture", "nonce"} {
		require.NotContains(t, claims, key)
	}
	answer := w.as(t, token.AccessToken, "openid.connect.userInfo", "")
	require.Equal(t, "U1", answer["sub"])
	require.NotContains(t, answer, "email")
	require.NotContains(t, answer, "https://slack.com/team_domain")
	require.Equal(t, "not_allowed_token_type", w.as(t, token.AccessToken, "chat.postMessage", "channel=C1&text=x")["error"])
	require.Equal(t, "missing_scope", w.as(t, token.AccessToken, "users.info", "user=U1")["error"])
	bot := w.exchange(t, "oauth.v2.access", code(t, w.alice, w.installURL()))["access_token"].(string)
	require.Equal(t, "not_allowed_token_type", w.as(t, bot, "openid.connect.userInfo", "")["error"])

	require.Equal(t, true, w.as(t, token.AccessToken, "auth.revoke", "")["revoked"])
	require.Equal(t, "token_revoked", w.as(t, token.AccessToken, "openid.connect.userInfo", "")["error"])
	require.True(t, w.ws.Installed(), "a person signed out, nothing else")
}

func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	for _, c := range []struct{ name, code, key, value string }{
		{"no response type", "unsupported_response_type", "response_type", ""},
		{"implicit", "unsupported_response_type", "response_type", "id_token"},
		{"no openid", "invalid_scope", "scope", "email profile"},
		{"an app's scope", "invalid_scope", "scope", "openid chat:write"},
		{"a user scope besides", "invalid_scope", "user_scope", "users:read"},
		{"another team", "invalid_team_for_non_distributed_app", "team", "T9"},
		{"another redirect", "bad_redirect_uri", "redirect_uri", "https://evil.example/"},
		{"response mode", "invalid_arguments", "response_mode", "form_post"},
	} {
		_, err := w.alice.Allow(w.signInURL(c.key, c.value))
		require.ErrorContains(t, err, c.code, c.name)
	}
	for _, p := range []practiceslack.Person{{ID: "U3", Deleted: true}, {ID: "U6", Stranger: true, TeamID: "T9"}, {ID: "U7", TeamID: "T9"}, {ID: "U8", Bot: true}} {
		_, err := w.ws.AddUser(p).Allow(w.signInURL())
		require.ErrorContains(t, err, "user_is_restricted", p.ID)
	}
	guest := w.ws.AddUser(practiceslack.Person{ID: "U4", Restricted: true})
	once := code(t, guest, w.signInURL("team", w.ws.TeamID()))
	require.Equal(t, "oauth_authorization_url_mismatch", w.exchange(t, "oauth.v2.access", once)["error"])
	answer := w.exchange(t, "openid.connect.token", once)
	require.Equal(t, "Bearer", answer["token_type"], "guests sign in too")
	require.Equal(t, "code_already_used", w.exchange(t, "openid.connect.token", once)["error"])

	gone := code(t, guest, w.signInURL())
	w.ws.AddUser(practiceslack.Person{ID: "U4", Deleted: true})
	require.Equal(t, "account_inactive", w.exchange(t, "openid.connect.token", gone)["error"])
	token, _ := answer["access_token"].(string)
	require.Equal(t, "token_revoked", w.as(t, token, "openid.connect.userInfo", "")["error"])
}

func TestPictures(t *testing.T) {
	t.Parallel()
	w := uninstalled(t)
	for path, size := range map[string]int{"/avatars/U1/48.png": 48, "/avatars/" + w.ws.TeamID() + "/230.png": 230} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		require.NoError(t, err)
		resp, err := browser().Do(req)
		require.NoError(t, err)
		picture, err := png.Decode(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, size, picture.Bounds().Dx())
	}
	for _, path := range []string{"/avatars/U9/48.png", "/avatars/U1/49.png", "/avatars/U1/x"} {
		status, _, _ := visit(t, http.MethodGet, w.url+path, "")
		require.Equal(t, http.StatusNotFound, status, path)
	}
}
