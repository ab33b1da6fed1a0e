package practiceslack

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
)

// grantKind is whose token it is.
type grantKind int

const (
	botGrant    grantKind = iota + 1
	userGrant             // a person's, from user_scope of an install
	signInGrant           // a person's, from Sign in with Slack
)

// grant is what a token stands for.
type grant struct {
	token   string
	kind    grantKind
	person  string // the app's bot user, or the person whose token it is
	scopes  []string
	revoked bool
}

func (g *grant) allows(scope string) bool { return slices.Contains(g.scopes, scope) }

func (g *grant) scopeList() string { return strings.Join(g.scopes, ",") }

func missingScope(needed string, provided []string) *refusal {
	return &refusal{code: "missing_scope", extra: object{"needed": needed, "provided": strings.Join(provided, ",")}}
}

// authenticate finds what a token stands for, if it opens methods of that kind.
func (ws *Workspace) authenticate(token string, needed access) (*grant, *refusal) {
	if token == "" {
		return nil, refuse("not_authed")
	}
	g, known := ws.grants[token]
	switch {
	case token == ws.appToken:
		return nil, refuse("not_allowed_token_type")
	case !known:
		return nil, refuse("invalid_auth")
	case g.kind == botGrant && g.revoked:
		return nil, refuse("account_inactive")
	case g.revoked, ws.users[g.person].Deleted:
		return nil, refuse("token_revoked")
	case needed == byBot && g.kind != botGrant, needed == bySignedIn && g.kind == botGrant:
		return nil, refuse("not_allowed_token_type")
	}
	return g, nil
}

// install gives the app's bot its token. A second install keeps the token and
// adds its scopes: nothing but revoking it takes scopes away.
func (ws *Workspace) install(token string, scopes []string) *grant {
	if ws.bot == nil {
		ws.bot = ws.newGrant(grant{token: token, kind: botGrant, person: ws.opt.BotUserID})
		ws.setBotDeleted(false)
	}
	ws.bot.add(scopes)
	ws.touch(keptKey{kind: keptGrants})
	return ws.bot
}

// grantTo gives a person's token of a kind: the one that they have, with more
// scopes, or a new one.
func (ws *Workspace) grantTo(person string, kind grantKind, scopes []string) *grant {
	ws.touch(keptKey{kind: keptGrants})
	for _, g := range ws.grants {
		if g.kind == kind && g.person == person && !g.revoked {
			g.add(scopes)
			return g
		}
	}
	g := ws.newGrant(grant{token: "xoxp-" + rand.Text(), kind: kind, person: person})
	g.add(scopes)
	return g
}

// newGrant keeps a grant, and forgets revoked ones when there are too many.
func (ws *Workspace) newGrant(g grant) *grant {
	if len(ws.grants) >= ws.opt.MaxRecords {
		maps.DeleteFunc(ws.grants, func(_ string, g *grant) bool { return g.revoked })
	}
	ws.grants[g.token] = &g
	return &g
}

func (g *grant) add(scopes []string) {
	g.scopes = slices.Clone(g.scopes) // a call may still hold the old list
	for _, scope := range scopes {
		if !slices.Contains(g.scopes, scope) {
			g.scopes = append(g.scopes, scope)
		}
	}
}

// revoke ends a grant. Without its bot token the app has no bot user, no place
// in any channel, no Home tab and no open modal.
func (ws *Workspace) revoke(g *grant) {
	g.revoked = true
	ws.touch(keptKey{kind: keptGrants})
	if g.kind != botGrant {
		return
	}
	ws.bot = nil
	ws.setBotDeleted(true)
	for _, ch := range ws.channels {
		if ch.Direct || !ch.has(ws.opt.BotUserID) {
			continue
		}
		ch.Members = slices.DeleteFunc(slices.Clone(ch.Members), func(id string) bool { return id == ws.opt.BotUserID })
		ws.announce(Event{Kind: ChannelChanged, Channel: ch.ID})
	}
	clear(ws.triggers)
	for id := range ws.responses {
		ws.touch(keptKey{kind: keptResponses, id: id})
	}
	clear(ws.responses)
	seen := slices.AppendSeq(slices.Collect(maps.Keys(ws.homes)), maps.Keys(ws.stacks))
	clear(ws.homes)
	clear(ws.stacks)
	for _, person := range seen {
		ws.announce(Event{Kind: ViewsChanged, User: person})
	}
}

func (ws *Workspace) setBotDeleted(deleted bool) {
	bot := ws.users[ws.opt.BotUserID]
	bot.Deleted = deleted
	ws.users[bot.ID] = bot
	ws.announce(Event{Kind: UserChanged, User: bot.ID})
}

func (ws *Workspace) authRevoke(c *call) (object, *refusal) {
	if c.args.flag("test") {
		return object{"revoked": false}, nil
	}
	ws.revoke(ws.grants[c.grant.token])
	return object{"revoked": true}, nil
}

// Installed says whether the app is installed in the workspace.
func (ws *Workspace) Installed() bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.bot != nil
}

// Uninstall removes the app from the workspace, as a person would in its
// settings: all its tokens end, its bot leaves every channel, and the app is
// told with the events tokens_revoked and app_uninstalled. The outcome is the
// app's answer to the first of them that it did not take, or to the last. A new
// install has to ask for everything anew, and its bot has to be invited with
// Join.
func (ws *Workspace) Uninstall(ctx context.Context) Outcome {
	revoked, problem := ws.uninstall()
	if problem != "" {
		return failed("%s", problem)
	}
	out := ws.sendEvent(ctx, object{"type": "tokens_revoked", "tokens": revoked})
	last := ws.sendEvent(ctx, object{"type": "app_uninstalled"})
	if !out.OK {
		return out
	}
	return last
}

// notInstalled is what a person reads when they use something of an app that
// has been removed.
const notInstalled = "This app is not installed in this workspace."

func (ws *Workspace) uninstall() (revoked object, problem string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	people, bots := []string{}, []string{}
	for _, g := range ws.grants {
		switch {
		case g.revoked:
			continue
		case g.kind == botGrant:
			bots = append(bots, g.person)
		case !slices.Contains(people, g.person):
			people = append(people, g.person)
		}
		ws.revoke(g)
	}
	if len(people)+len(bots) == 0 {
		return nil, notInstalled
	}
	slices.Sort(people)
	return object{"oauth": people, "bot": bots}, ""
}

// withoutTokens gives an answer as it may be recorded: without what opens
// anything.
func withoutTokens(answer object) object {
	for _, key := range []string{"access_token", "id_token"} {
		if _, present := answer[key]; present {
			answer = with(answer, key, "(not recorded)")
		}
	}
	if user := objectOf(answer, "authed_user"); user != nil {
		answer = with(answer, "authed_user", withoutTokens(user))
	}
	return answer
}
