package practiceslack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestTokensAndSecretsAreRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{SocketMode: true})
	bot, signing, app := w.ws.BotToken(), w.ws.SigningSecret(), w.ws.AppToken()
	newBot, newSigning, newApp := w.ws.RenewBotToken(), w.ws.RenewSigningSecret(), w.ws.RenewAppToken()
	require.Equal(t, newBot, w.ws.BotToken())
	require.Equal(t, newSigning, w.ws.SigningSecret())
	require.Equal(t, newApp, w.ws.AppToken())

	says := func(method, token string) any {
		t.Helper()
		_, answer := w.post(t, w.url+"/api/"+method, "application/x-www-form-urlencoded", "channel=C1&text=hi", token)
		return answer["error"]
	}
	for token, code := range map[string]any{newBot: nil, bot: "account_inactive", app: "invalid_auth"} {
		require.Equal(t, code, says("chat.postMessage", token), "the bot keeps its scopes and its channels")
	}
	for token, code := range map[string]any{newApp: nil, app: "invalid_auth", bot: "not_allowed_token_type"} {
		require.Equal(t, code, says("apps.connections.open", token))
	}
	body := []byte("payload={}")
	d := practiceslack.Delivery{Body: body, Header: w.ws.Sign(body, w.clock.Now())}
	require.True(t, d.SignedWith(newSigning))
	require.False(t, d.SignedWith(signing))

	w.ws.Uninstall(t.Context())
	require.Empty(t, w.ws.RenewBotToken(), "nobody has a token of it now")
}
