package practiceslack

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// idTokenLife is how long an id_token may be trusted.
const idTokenLife = 5 * time.Minute

const (
	userClaim = "https://slack.com/user_"
	teamClaim = "https://slack.com/team_"
)

// openidToken ends a sign-in: the code becomes a token, and the id_token that
// says who the person is.
func (ws *Workspace) openidToken(c *call) (object, *refusal) {
	a, refused := ws.exchange(c, signInFlow)
	if refused != nil {
		return nil, refused
	}
	g := ws.grantTo(a.person, signInGrant, a.scopes)
	now := ws.now()
	claims := object{
		"iss": ws.baseURL, "aud": ws.opt.ClientID, "exp": now.Add(idTokenLife).Unix(), "iat": now.Unix(),
		"auth_time": a.made.Unix(), "at_hash": tokenHash(g.token),
	}
	if a.nonce != "" {
		claims["nonce"] = a.nonce
	}
	maps.Copy(claims, ws.identity(a.person, a.scopes))
	return object{"access_token": g.token, "token_type": "Bearer", "id_token": ws.signingKey().sign(claims)}, nil
}

// tokenHash is OpenID's at_hash: the left half of the token's hash.
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

func (ws *Workspace) openidUserInfo(c *call) (object, *refusal) {
	answer := ws.identity(c.grant.person, c.grant.scopes)
	if c.grant.allows("profile") {
		answer[teamClaim+"name"], answer[teamClaim+"domain"] = ws.opt.TeamName, ws.opt.TeamDomain
	}
	return answer, nil
}

// identity is what the scopes let an app know of a person.
func (ws *Workspace) identity(person string, scopes []string) object {
	p := ws.users[person]
	claims := object{"sub": p.ID, userClaim + "id": p.ID, teamClaim + "id": p.TeamID}
	if slices.Contains(scopes, "email") && p.Email != "" {
		claims["email"], claims["email_verified"] = p.Email, true
	}
	if !slices.Contains(scopes, "profile") {
		return claims
	}
	given, family, _ := strings.Cut(p.RealName, " ")
	claims["name"], claims["given_name"], claims["family_name"] = p.RealName, given, family
	claims["locale"], claims["picture"] = "en-US", ws.picture(p.ID, 512)
	for _, size := range userPictures() {
		claims[fmt.Sprintf("%simage_%d", userClaim, size)] = ws.picture(p.ID, size)
	}
	for _, size := range teamPictures() {
		claims[fmt.Sprintf("%simage_%d", teamClaim, size)] = ws.picture(ws.opt.TeamID, size)
	}
	claims[teamClaim+"image_default"] = true
	return claims
}
