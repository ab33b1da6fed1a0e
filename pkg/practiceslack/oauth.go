package practiceslack

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLife is how long an app has to trade a code for a token.
const codeLife = 10 * time.Minute

// flow is one of the two ways in which an app asks a person for something.
type flow int

const (
	installFlow flow = iota + 1 // /oauth/v2/authorize
	signInFlow                  // /openid/connect/authorize
)

// consent is what an app asks a person for.
type consent struct {
	flow       flow
	scopes     []string // the bot's; those of the person's identity in a sign-in
	userScopes []string
	sent       string   // redirect_uri as it was sent, empty if it was not
	redirect   *url.URL // where the person is sent back to
	state      string
	nonce      string
}

// authorization is a consent that a person gave, behind the code that the app
// was told.
type authorization struct {
	consent
	person string
	made   time.Time
	spent  bool
}

// readConsent reads the query of an authorize address. What is wrong with it is
// shown to the person: the app hears nothing.
func (ws *Workspace) readConsent(f flow, query url.Values) (consent, *refusal) {
	c := consent{flow: f, sent: query.Get("redirect_uri"), state: query.Get("state"), nonce: query.Get("nonce")}
	if query.Get("client_id") != ws.opt.ClientID {
		return c, refuse("invalid_client_id")
	}
	var ok bool
	if c.redirect, ok = ws.redirectTo(c.sent); !ok {
		return c, refuse("bad_redirect_uri")
	}
	if team := query.Get("team"); team != "" && team != ws.opt.TeamID {
		return c, refuse("invalid_team_for_non_distributed_app")
	}
	for _, key := range []string{"code_challenge", "code_challenge_method", "granular_bot_scope", "single_channel"} {
		if query.Get(key) != "" {
			return c, notModelled(key)
		}
	}
	if f == signInFlow {
		return c, c.readSignIn(query)
	}
	c.scopes, c.userScopes = scopesIn(query.Get("scope")), scopesIn(query.Get("user_scope"))
	switch {
	case len(c.scopes)+len(c.userScopes) == 0:
		return c, refuse("no_scopes")
	case !allKnown(c.scopes, botScopes()), !allKnown(c.userScopes, userScopes()):
		return c, refuse("invalid_scope")
	}
	return c, nil
}

func (c *consent) readSignIn(query url.Values) *refusal {
	c.scopes = scopesIn(query.Get("scope"))
	switch {
	case query.Get("response_type") != "code":
		return refuse("unsupported_response_type")
	case query.Get("response_mode") != "":
		return notModelled("response_mode")
	case query.Get("user_scope") != "", !slices.Contains(c.scopes, "openid"), !allKnown(c.scopes, signInScopes()):
		return refuse("invalid_scope")
	}
	return nil
}

// scopesIn splits a list of scopes: commas are Slack's, spaces are OAuth's.
func scopesIn(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func allKnown(scopes, known []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(known, s) })
}

// redirectTo finds where a person is sent back to: the address that was sent,
// if it is a registered one or below one, or else the first registered one.
func (ws *Workspace) redirectTo(sent string) (*url.URL, bool) {
	registered := ws.opt.RedirectURLs
	if sent == "" && len(registered) > 0 {
		sent = registered[0]
	}
	to, ok := redirectURL(sent)
	if !ok {
		return nil, false
	}
	return to, slices.ContainsFunc(registered, func(address string) bool {
		at, ok := redirectURL(address)
		return ok && to.Scheme == at.Scheme && to.Host == at.Host &&
			(to.Path == at.Path || strings.HasPrefix(to.Path, strings.TrimSuffix(at.Path, "/")+"/"))
	})
}

// redirectURL parses an address to send people back to: https, or http on this
// machine, without a fragment and without steps upwards.
func redirectURL(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || strings.Contains(address, "#") ||
		slices.Contains(strings.Split(u.Path, "/"), "..") {
		return nil, false
	}
	local := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	return u, u.Scheme == "https" || (u.Scheme == "http" && local)
}

// answer is the address that takes a person back to the app.
func (c *consent) answer(key, value string) string {
	to := *c.redirect
	query := to.Query()
	query.Set(key, value)
	query.Set("state", c.state)
	to.RawQuery = query.Encode()
	return to.String()
}

// mayConsent says whether a person can give what an app asks for: members
// install apps, and guests too may sign in.
func (ws *Workspace) mayConsent(f flow, p Person) bool {
	if p.Bot || p.Deleted || p.Stranger || p.TeamID != ws.opt.TeamID {
		return false
	}
	return f == signInFlow || (!p.Restricted && !p.UltraRestricted)
}

// allow records a person's consent, and gives where they go with its code.
func (ws *Workspace) allow(person string, c consent) (string, *refusal) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if !ws.mayConsent(c.flow, ws.users[person]) {
		return "", refuse("user_is_restricted")
	}
	now := ws.now()
	for code, a := range ws.codes {
		if now.Sub(a.made) > time.Hour {
			delete(ws.codes, code)
		}
	}
	code := rand.Text() + rand.Text()
	ws.codes[code] = &authorization{consent: c, person: person, made: now}
	return c.answer("code", code), nil
}

// clientCredentials are how an app shows who it is when it has no token.
type clientCredentials struct{ id, secret string }

// readClient reads them from the header of HTTP's Basic authentication, or else
// from the arguments.
func readClient(r *http.Request, args arguments) clientCredentials {
	if id, secret, ok := r.BasicAuth(); ok {
		return clientCredentials{id, secret}
	}
	return clientCredentials{args.str("client_id"), args.str("client_secret")}
}

// exchange trades a code for the consent behind it.
func (ws *Workspace) exchange(c *call, f flow) (*authorization, *refusal) {
	a, known := ws.codes[c.args.str("code")]
	switch {
	case c.client.id != ws.opt.ClientID:
		return nil, refuse("invalid_client_id")
	case subtle.ConstantTimeCompare([]byte(c.client.secret), []byte(ws.opt.ClientSecret)) != 1:
		return nil, refuse("bad_client_secret")
	case c.args.str("grant_type") == "refresh_token":
		return nil, refuse("invalid_refresh_token") // none was ever given out
	case c.args.str("grant_type") != "" && c.args.str("grant_type") != "authorization_code":
		return nil, refuse("invalid_grant_type")
	case c.args.str("code_verifier") != "":
		return nil, notModelled("code_verifier")
	case !known, ws.now().Sub(a.made) > codeLife:
		return nil, refuse("invalid_code")
	case a.flow != f:
		return nil, refuse("oauth_authorization_url_mismatch")
	case a.spent:
		return nil, refuse("code_already_used")
	case c.args.str("redirect_uri") != a.sent:
		return nil, refuse("bad_redirect_uri")
	case !ws.mayConsent(f, ws.users[a.person]):
		return nil, refuse("account_inactive")
	}
	a.spent = true
	return a, nil
}

func (ws *Workspace) oauthAccess(c *call) (object, *refusal) {
	a, refused := ws.exchange(c, installFlow)
	if refused != nil {
		return nil, refused
	}
	person := object{"id": a.person}
	answer := object{
		"app_id": ws.opt.AppID, "authed_user": person, "enterprise": nil, "is_enterprise_install": false,
		"team": object{"id": ws.opt.TeamID, "name": ws.opt.TeamName},
	}
	if len(a.scopes) > 0 {
		g := ws.install("xoxb-"+rand.Text(), a.scopes)
		answer["access_token"], answer["token_type"] = g.token, "bot"
		answer["scope"], answer["bot_user_id"] = g.scopeList(), ws.opt.BotUserID
	}
	if len(a.userScopes) > 0 {
		g := ws.grantTo(a.person, userGrant, a.userScopes)
		person["access_token"], person["token_type"], person["scope"] = g.token, "user", g.scopeList()
	}
	return answer, nil
}
