package practiceslack

import (
	"maps"
	"slices"
)

// access says which kind of token opens a method.
type access int

const (
	byBot access = iota
	byBotOrUser
	bySignedIn   // the user token of Sign in with Slack
	withoutToken // the app's client id and secret instead
)

// method says what opens it (each of the scopes is needed) and what it does.
type method struct {
	access access
	scopes []string
	do     func(ws *Workspace, c *call) (object, *refusal)
}

// methods are all that the Web API answers to.
func methods() map[string]method {
	return map[string]method{
		"auth.test":               {byBotOrUser, nil, (*Workspace).authTest},
		"auth.revoke":             {byBotOrUser, nil, (*Workspace).authRevoke},
		"oauth.v2.access":         {withoutToken, nil, (*Workspace).oauthAccess},
		"openid.connect.token":    {withoutToken, nil, (*Workspace).openidToken},
		"openid.connect.userInfo": {bySignedIn, []string{"openid"}, (*Workspace).openidUserInfo},
		"chat.postMessage":        {byBot, []string{"chat:write"}, (*Workspace).chatPostMessage},
		"chat.update":             {byBot, []string{"chat:write"}, (*Workspace).chatUpdate},
		"chat.postEphemeral":      {byBot, []string{"chat:write"}, (*Workspace).chatPostEphemeral},
		"chat.delete":             {byBot, []string{"chat:write"}, (*Workspace).chatDelete},
		"views.open":              {byBot, nil, (*Workspace).viewsOpen},
		"views.update":            {byBot, nil, (*Workspace).viewsUpdate},
		"views.push":              {byBot, nil, (*Workspace).viewsPush},
		"views.publish":           {byBot, nil, (*Workspace).viewsPublish},
		"users.info":              {byBotOrUser, []string{"users:read"}, (*Workspace).usersInfo},
		"users.list":              {byBotOrUser, []string{"users:read"}, (*Workspace).usersList},
		"users.lookupByEmail":     {byBotOrUser, []string{"users:read.email"}, (*Workspace).usersLookupByEmail},
		"usergroups.list":         {byBotOrUser, []string{"usergroups:read"}, (*Workspace).usergroupsList},
		"usergroups.users.list":   {byBotOrUser, []string{"usergroups:read"}, (*Workspace).usergroupsUsersList},
		"conversations.info":      {byBot, nil, (*Workspace).conversationsInfo},
		"conversations.history":   {byBot, nil, (*Workspace).conversationsHistory},
		"conversations.replies":   {byBot, nil, (*Workspace).conversationsReplies},
	}
}

// Methods lists the methods of the Web API that the workspace models, by name.
// Any other answers unknown_method.
func Methods() []string {
	names := append(slices.Collect(maps.Keys(methods())), openMethod) // which has routes of its own
	slices.Sort(names)
	return names
}
