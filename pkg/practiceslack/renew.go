package practiceslack

import "crypto/rand"

// RenewBotToken gives the app's bot a new token and ends the old one at once.
// The bot keeps its scopes and its channels; only Uninstall takes them away.
// Whether Slack lets the old token live on for a while is not modelled: an app
// that needs that would be caught. It is empty while the app is not installed.
func (ws *Workspace) RenewBotToken() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.bot == nil {
		return ""
	}
	scopes := ws.bot.scopes
	ws.bot.revoked = true
	ws.bot = ws.newGrant(grant{token: "xoxb-" + rand.Text(), kind: botGrant, person: ws.opt.BotUserID})
	ws.bot.add(scopes)
	ws.touch(keptKey{kind: keptGrants})
	return ws.bot.token
}

// RenewSigningSecret is Regenerate on the app's page: from then on deliveries
// are signed with the new secret, and with the old one no more. A keeper does
// not keep it.
func (ws *Workspace) RenewSigningSecret() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.signing = rand.Text()
	return ws.signing
}

// RenewAppToken revokes the app-level token and makes a new one. Connections of
// Socket Mode that are open stay; none is opened with the old token any more. A
// keeper does not keep it.
func (ws *Workspace) RenewAppToken() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.appToken = "xapp-" + rand.Text()
	return ws.appToken
}
