package practiceslack

import (
	"slices"
	"strings"
)

func (ws *Workspace) authTest(c *call) (object, *refusal) {
	answer := object{
		"url": "https://" + ws.opt.TeamDomain + ".slack.com/", "team": ws.opt.TeamName, "team_id": ws.opt.TeamID,
		"user": ws.users[c.grant.person].Name, "user_id": c.grant.person, "is_enterprise_install": false,
	}
	if c.grant.kind == botGrant {
		answer["bot_id"] = ws.opt.BotID
	}
	return answer, nil
}

// wirePerson is a user object as the call's scopes let it be seen.
func (ws *Workspace) wirePerson(c *call, p Person) object {
	profile := object{
		"real_name": p.RealName, "real_name_normalized": p.RealName, "display_name": p.Name,
		"display_name_normalized": p.Name, "team": p.TeamID,
	}
	if p.Email != "" && !p.Bot && c.grant.allows("users:read.email") {
		profile["email"] = p.Email
	}
	o := object{
		"id": p.ID, "team_id": p.TeamID, "name": p.Name, "deleted": p.Deleted, "real_name": p.RealName,
		"profile": profile, "is_bot": p.Bot, "is_app_user": false, "updated": ws.now().Unix(),
	}
	if p.Deleted {
		return o
	}
	o["tz"] = p.TZ
	o["is_admin"], o["is_owner"], o["is_primary_owner"] = false, false, false
	o["is_restricted"], o["is_ultra_restricted"] = p.Restricted, p.UltraRestricted
	if p.Stranger {
		o["is_stranger"] = true
	}
	return o
}

func (ws *Workspace) usersInfo(c *call) (object, *refusal) {
	p, ok := ws.users[c.args.str("user")]
	if !ok {
		return nil, refuse("user_not_found")
	}
	return object{"user": ws.wirePerson(c, p)}, nil
}

func (ws *Workspace) usersList(c *call) (object, *refusal) {
	ids, next, refused := paged(ws.userOrder, c.args, len(ws.userOrder))
	if refused != nil {
		return nil, refused
	}
	members := make([]any, 0, len(ids))
	for _, id := range ids {
		members = append(members, ws.wirePerson(c, ws.users[id]))
	}
	return object{"members": members, "cache_ts": ws.now().Unix(), "response_metadata": object{"next_cursor": next}}, nil
}

func (ws *Workspace) usersLookupByEmail(c *call) (object, *refusal) {
	email := c.args.str("email")
	if email == "" {
		return nil, refuse("users_not_found")
	}
	for _, id := range ws.userOrder {
		p := ws.users[id]
		if strings.EqualFold(p.Email, email) && !p.Deleted && !p.Bot && !p.Stranger {
			return object{"user": ws.wirePerson(c, p)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func (ws *Workspace) usergroupsList(c *call) (object, *refusal) {
	groups := make([]any, 0, len(ws.groupOrder))
	for _, id := range ws.groupOrder {
		g := ws.groups[id]
		if g.Disabled && !c.args.flag("include_disabled") {
			continue
		}
		o := object{
			"id": g.ID, "team_id": ws.opt.TeamID, "is_usergroup": true, "name": g.Name, "handle": g.Handle,
			"description": "", "is_external": false, "date_delete": 0,
		}
		if g.Disabled {
			o["date_delete"] = ws.now().Unix()
		}
		if c.args.flag("include_users") {
			o["users"] = append([]string{}, g.Users...)
		}
		if c.args.flag("include_count") {
			o["user_count"] = len(g.Users)
		}
		groups = append(groups, o)
	}
	return object{"usergroups": groups}, nil
}

func (ws *Workspace) usergroupsUsersList(c *call) (object, *refusal) {
	g, ok := ws.groups[c.args.str("usergroup")]
	if !ok || (g.Disabled && !c.args.flag("include_disabled")) {
		return nil, refuse("no_such_subteam")
	}
	return object{"users": append([]string{}, g.Users...)}, nil
}

// readable finds a channel that the app may look at. scope is the part of the
// scope's name after the colon: read or history.
func (ws *Workspace) readable(c *call, id, scope string) (*channel, *refusal) {
	ch, ok := ws.channels[id]
	if !ok {
		return nil, refuse("channel_not_found")
	}
	family := "channels"
	switch {
	case ch.Direct:
		family = "im"
	case ch.Private:
		family = "groups"
	}
	if needed := family + ":" + scope; !c.grant.allows(needed) {
		return nil, missingScope(needed, c.grant.scopes)
	}
	if ch.Private && !ch.has(ws.opt.BotUserID) {
		return nil, refuse("channel_not_found")
	}
	return ch, nil
}

func (ws *Workspace) conversationsInfo(c *call) (object, *refusal) {
	ch, refused := ws.readable(c, c.args.str("channel"), "read")
	if refused != nil {
		return nil, refused
	}
	o := object{
		"id": ch.ID, "name": ch.Name, "name_normalized": ch.Name, "is_channel": !ch.Private, "is_im": ch.Direct,
		"is_group": ch.Private && !ch.Direct, "is_mpim": false, "is_private": ch.Private, "is_archived": ch.Archived,
		"is_member": ch.has(ws.opt.BotUserID), "is_general": false, "is_shared": false, "is_ext_shared": false,
		"context_team_id": ws.opt.TeamID, "created": 0, "creator": ws.opt.BotUserID,
	}
	if ch.Direct {
		i := slices.IndexFunc(ch.Members, func(id string) bool { return id != ws.opt.BotUserID })
		if i >= 0 {
			o["user"] = ch.Members[i]
		}
	}
	if c.args.flag("include_num_members") {
		o["num_members"] = len(ch.Members)
	}
	return object{"channel": o}, nil
}
