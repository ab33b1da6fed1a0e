package practiceslack_test

import (
	"testing"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

func TestPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.ws.AddUser(practiceslack.Person{ID: "U3", Email: "gone@corp.example", Deleted: true})
	w.ws.AddUser(practiceslack.Person{ID: "U4", Email: "guest@corp.example", Restricted: true})
	w.ws.AddUser(practiceslack.Person{ID: "U5", Email: "x@other.example", Stranger: true, TeamID: "T9"})
	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S1", Handle: "sec", Name: "Security", Users: []string{"U1"}})
	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S2", Disabled: true})

	u, err := w.api.GetUserInfoContext(t.Context(), "U1")
	require.NoError(t, err)
	require.Equal(t, "alice@corp.example", u.Profile.Email)
	require.Equal(t, "Alice Ant", u.RealName)
	u, err = w.api.GetUserInfoContext(t.Context(), "U5")
	require.NoError(t, err)
	require.True(t, u.IsStranger)
	require.Equal(t, "T9", u.TeamID)
	u, err = w.api.GetUserInfoContext(t.Context(), "U4")
	require.NoError(t, err)
	require.True(t, u.IsRestricted)
	u, err = w.api.GetUserInfoContext(t.Context(), "U3")
	require.NoError(t, err)
	require.True(t, u.Deleted)
	u, err = w.api.GetUserInfoContext(t.Context(), w.ws.BotUserID())
	require.NoError(t, err)
	require.True(t, u.IsBot)
	_, err = w.api.GetUserInfoContext(t.Context(), "U9")
	require.EqualError(t, err, "user_not_found")

	u, err = w.api.GetUserByEmailContext(t.Context(), "BOB@corp.example")
	require.NoError(t, err)
	require.Equal(t, "U2", u.ID)
	for _, email := range []string{"nobody@x", "gone@corp.example", "x@other.example"} {
		_, err = w.api.GetUserByEmailContext(t.Context(), email)
		require.EqualError(t, err, "users_not_found", email)
	}
	everyone, err := w.api.GetUsersContext(t.Context())
	require.NoError(t, err)
	require.Len(t, everyone, 6)

	members, err := w.api.GetUserGroupMembersContext(t.Context(), "S1")
	require.NoError(t, err)
	require.Equal(t, []string{"U1"}, members)
	for _, id := range []string{"S2", "S9"} {
		_, err = w.api.GetUserGroupMembersContext(t.Context(), id)
		require.EqualError(t, err, "no_such_subteam", id)
	}
	groups, err := w.api.GetUserGroupsContext(t.Context(), slack.GetUserGroupsOptionIncludeUsers(true))
	require.NoError(t, err)
	require.Len(t, groups, 1)
	require.Equal(t, []string{"U1"}, groups[0].Users)
}

func TestConversationInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, practiceslack.Options{})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "C2", Name: "other", WithoutApp: true})
	w.ws.AddChannel(practiceslack.ChannelInfo{ID: "G2", Private: true, WithoutApp: true})
	info, err := w.api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: "C1", IncludeNumMembers: true})
	require.NoError(t, err)
	require.Equal(t, "access", info.Name)
	require.True(t, info.IsMember)
	require.Equal(t, 3, info.NumMembers)
	info, err = w.api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: "C2"})
	require.NoError(t, err)
	require.False(t, info.IsMember)
	_, err = w.api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: "G2"})
	require.EqualError(t, err, "channel_not_found")
	_, err = w.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: "C2"})
	require.EqualError(t, err, "not_in_channel")
}
