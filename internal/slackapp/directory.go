package slackapp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// How long what Slack says about people is believed. Somebody who loses the
// right to decide keeps it here no longer than this.
const believedFor = 5 * time.Minute

// maxPeople bounds the cache; more people than this do not decide.
const maxPeople = 10_000

// Directory knows who somebody in Slack is and who may decide.
type Directory struct {
	api    API
	policy approval.Policy
	clock  approval.Clock

	mu      sync.Mutex
	home    home
	people  map[string]known[approval.Person]
	members map[string]known[[]string]
}

// home names our own workspace and, on Enterprise Grid, our organisation.
type home struct{ team, enterprise string }

// has reports whether a user is one of our own people.
func (h home) has(user *slack.User) bool {
	if user.TeamID == "" || user.TeamID == h.team {
		return true
	}
	return h.enterprise != "" && user.Enterprise.EnterpriseID == h.enterprise
}

type known[T any] struct {
	value T
	since time.Time
}

// NewDirectory makes a directory.
func NewDirectory(api API, policy approval.Policy, clock approval.Clock) *Directory {
	return &Directory{
		api: api, policy: policy, clock: clock,
		people: map[string]known[approval.Person]{}, members: map[string]known[[]string]{},
	}
}

// CheckIn asks Slack whether the token is good, and learns which workspace and
// organisation are our own: people from others are strangers.
func (d *Directory) CheckIn(ctx context.Context) error {
	me, err := d.api.AuthTestContext(ctx)
	if err = orEmpty(err, me == nil || me.TeamID == ""); err != nil {
		return fmt.Errorf("ask Slack who Frontdesk is: %w", slackError(err))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.home = home{team: me.TeamID, enterprise: me.EnterpriseID}
	return nil
}

// ownHome gives our own workspace, asking for it if it is not known yet: as
// long as it is not, nobody can be told from a stranger.
func (d *Directory) ownHome(ctx context.Context) (home, error) {
	d.mu.Lock()
	own := d.home
	d.mu.Unlock()
	if own.team != "" {
		return own, nil
	}
	if err := d.CheckIn(ctx); err != nil {
		return home{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.home, nil
}

// MayDecide gives a person and whether they may decide, asking Slack for what
// is not known.
func (d *Directory) MayDecide(ctx context.Context, userID string) (approval.Person, approval.Denial, error) {
	person, err := d.person(ctx, userID)
	if err != nil {
		return person, "", err
	}
	var groupErr error
	denial := d.policy.Judge(person, func(group string) bool {
		members, err := d.groupMembers(ctx, group)
		if err != nil {
			groupErr = err
		}
		return slices.Contains(members, userID)
	})
	if denial == approval.DeniedNotListed && groupErr != nil {
		return person, "", groupErr // who is in the group is not known: that is no denial
	}
	return person, denial, nil
}

// KnownDenial gives why a person may not decide, if that is known without
// asking Slack; Allowed also means that it is not known.
func (d *Directory) KnownDenial(userID string) approval.Denial {
	d.mu.Lock()
	defer d.mu.Unlock()
	person, ok := d.people[userID]
	if !ok || !d.fresh(person.since) {
		return approval.Allowed
	}
	unknown := false
	denial := d.policy.Judge(person.value, func(group string) bool {
		members, ok := d.members[group]
		if !ok || !d.fresh(members.since) {
			unknown = true
		}
		return slices.Contains(members.value, userID)
	})
	if unknown {
		return approval.Allowed
	}
	return denial
}

// fresh reports whether what was learnt at a time is still believed. A time
// ahead of us is of before the clock was put back, and may be long ago.
func (d *Directory) fresh(since time.Time) bool {
	return d.clock().Sub(since).Abs() <= believedFor
}

func (d *Directory) person(ctx context.Context, userID string) (approval.Person, error) {
	d.mu.Lock()
	cached, ok := d.people[userID]
	d.mu.Unlock()
	if ok && d.fresh(cached.since) {
		return cached.value, nil
	}
	own, err := d.ownHome(ctx)
	if err != nil {
		return approval.Person{}, err
	}
	user, err := d.api.GetUserInfoContext(ctx, userID)
	if err = orEmpty(err, user == nil || user.ID == ""); err != nil {
		return approval.Person{}, fmt.Errorf("ask Slack who %s is: %w", userID, slackError(err))
	}
	person := approval.Person{
		ID: user.ID, Email: strings.TrimSpace(user.Profile.Email),
		Bot: user.IsBot || user.ID == "USLACKBOT", Deactivated: user.Deleted,
		Guest:    user.IsRestricted || user.IsUltraRestricted,
		Stranger: user.IsStranger || !own.has(user),
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.people) >= maxPeople {
		clear(d.people)
	}
	d.people[userID] = known[approval.Person]{value: person, since: d.clock()}
	return person, nil
}

func (d *Directory) groupMembers(ctx context.Context, group string) ([]string, error) {
	d.mu.Lock()
	cached, ok := d.members[group]
	d.mu.Unlock()
	if ok && d.fresh(cached.since) {
		return cached.value, nil
	}
	members, err := d.api.GetUserGroupMembersContext(ctx, group)
	if err = orEmpty(err, members == nil); err != nil {
		return nil, fmt.Errorf("ask Slack who is in the user group %s: %w", group, slackError(err))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[group] = known[[]string]{value: members, since: d.clock()}
	return members, nil
}

// Unresolved gives the entries of a REVIEWERS list that Slack does not know,
// each with what Slack said. It fills the caches on the way.
func (d *Directory) Unresolved(ctx context.Context, reviewers []string) map[string]error {
	unresolved := map[string]error{}
	for _, entry := range reviewers {
		var err error
		switch {
		case entry == "*":
		case strings.Contains(entry, "@"):
			_, err = d.api.GetUserByEmailContext(ctx, entry)
			err = slackError(err)
		case strings.HasPrefix(entry, "S"):
			_, err = d.groupMembers(ctx, entry)
		default:
			_, err = d.person(ctx, entry)
		}
		if err != nil {
			unresolved[entry] = err
		}
	}
	return unresolved
}
