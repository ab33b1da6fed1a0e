package approval_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	member := approval.Person{ID: "U1", Email: "Ann@us.example"}
	with := func(change func(*approval.Person)) approval.Person {
		p := member
		change(&p)
		return p
	}
	people := []struct {
		name   string
		person approval.Person
		// always is why this person may never decide.
		always approval.Denial
	}{
		{"member", member, approval.Allowed},
		{"bot", with(func(p *approval.Person) { p.Bot = true }), approval.DeniedBot},
		{"deactivated", with(func(p *approval.Person) { p.Deactivated = true }), approval.DeniedDeactivated},
		{"guest", with(func(p *approval.Person) { p.Guest = true }), approval.DeniedGuest},
		{"stranger", with(func(p *approval.Person) { p.Stranger = true }), approval.DeniedStranger},
		{"guest of another organisation", with(func(p *approval.Person) { p.Guest, p.Stranger = true, true }), approval.DeniedStranger},
		{"no e-mail", with(func(p *approval.Person) { p.Email = "" }), approval.DeniedNoEmail},
		{"blank e-mail", with(func(p *approval.Person) { p.Email = " \t" }), approval.DeniedNoEmail},
	}
	lists := []struct {
		name      string
		reviewers []string
		// groups are those the person is in.
		groups []string
		want   approval.Denial
		// asked are the groups whose members have to be looked up for a member.
		asked []string
	}{
		{name: "empty", want: approval.Allowed},
		{name: "star", reviewers: []string{"*"}, want: approval.Allowed},
		{name: "star among others", reviewers: []string{"U9", "S9", "*"}, want: approval.Allowed},
		{name: "own id", reviewers: []string{"U9", "U1"}, want: approval.Allowed},
		{name: "own id with a group before it", reviewers: []string{"S9", "U1"}, want: approval.Allowed},
		{name: "another id", reviewers: []string{"U9"}, want: approval.DeniedNotListed},
		{name: "id in another case", reviewers: []string{"u1"}, want: approval.DeniedNotListed},
		{name: "own e-mail", reviewers: []string{"Ann@us.example"}, want: approval.Allowed},
		{name: "own e-mail in another case", reviewers: []string{"aNN@US.example"}, want: approval.Allowed},
		{name: "own e-mail with a group before it", reviewers: []string{"S9", "ann@us.example"}, want: approval.Allowed},
		{name: "another e-mail", reviewers: []string{"bob@us.example"}, want: approval.DeniedNotListed},
		{name: "an e-mail that begins like a group", reviewers: []string{"Sue@us.example"}, want: approval.DeniedNotListed},
		{name: "own group", reviewers: []string{"S1"}, groups: []string{"S1"}, want: approval.Allowed, asked: []string{"S1"}},
		{name: "second group", reviewers: []string{"S1", "S2", "S3"}, groups: []string{"S2"}, want: approval.Allowed, asked: []string{"S1", "S2"}},
		{name: "other groups", reviewers: []string{"S1", "S2"}, want: approval.DeniedNotListed, asked: []string{"S1", "S2"}},
	}
	for _, list := range lists {
		for _, who := range people {
			t.Run(list.name+"/"+who.name, func(t *testing.T) {
				t.Parallel()
				want, wantAsked := list.want, list.asked
				if who.always != approval.Allowed {
					want, wantAsked = who.always, nil
				}
				var asked []string
				got := approval.NewPolicy(list.reviewers).Judge(who.person, func(group string) bool {
					asked = append(asked, group)
					return slices.Contains(list.groups, group)
				})
				require.Equal(t, want, got)
				require.Equal(t, wantAsked, asked, "groups whose members were looked up")
			})
		}
	}
}

func TestEveryone(t *testing.T) {
	t.Parallel()
	require.True(t, approval.Policy{}.Everyone())
	require.True(t, approval.NewPolicy(nil).Everyone())
	require.True(t, approval.NewPolicy([]string{"U1", "*"}).Everyone())
	for _, entry := range []string{"U1", "S1", "a@us.example"} {
		require.False(t, approval.NewPolicy([]string{entry}).Everyone(), entry)
	}
}
