package slackapp_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/slackapp"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// scriptedSlack answers each method with a fixed body, without a network.
type scriptedSlack map[string]string

func (s scriptedSlack) RoundTrip(r *http.Request) (*http.Response, error) {
	return respond(r, http.StatusOK, nil, s[r.URL.Path[len("/api/"):]]), nil
}

func (s scriptedSlack) client() *slack.Client {
	return slack.New("xoxb-scripted", slack.OptionHTTPClient(&http.Client{Transport: s}))
}

func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person    practiceslack.Person
		reviewers []string
		denial    approval.Denial
	}{
		"a full member":                  {practiceslack.Person{Email: "p@v.example"}, nil, approval.Allowed},
		"a bot":                          {practiceslack.Person{Email: "p@v.example", Bot: true}, nil, approval.DeniedBot},
		"a deactivated one":              {practiceslack.Person{Email: "p@v.example", Deleted: true}, nil, approval.DeniedDeactivated},
		"a guest":                        {practiceslack.Person{Email: "p@v.example", Restricted: true}, nil, approval.DeniedGuest},
		"a guest of one channel":         {practiceslack.Person{Email: "p@v.example", UltraRestricted: true}, nil, approval.DeniedGuest},
		"a stranger":                     {practiceslack.Person{Email: "p@v.example", Stranger: true}, nil, approval.DeniedStranger},
		"one of another team":            {practiceslack.Person{Email: "p@v.example", TeamID: "T0OTHER"}, nil, approval.DeniedStranger},
		"one without an address":         {practiceslack.Person{}, nil, approval.DeniedNoEmail},
		"one whose address is blank":     {practiceslack.Person{Email: "  "}, nil, approval.DeniedNoEmail},
		"one who is listed":              {practiceslack.Person{Email: "p@v.example"}, []string{"U0P"}, approval.Allowed},
		"one who is not listed":          {practiceslack.Person{Email: "p@v.example"}, []string{"U0ADA"}, approval.DeniedNotListed},
		"an address in another case":     {practiceslack.Person{Email: "P@V.Example"}, []string{"p@v.EXAMPLE"}, approval.Allowed},
		"a listed guest":                 {practiceslack.Person{Email: "p@v.example", Restricted: true}, []string{"U0P"}, approval.DeniedGuest},
		"a stranger with a listed mail":  {practiceslack.Person{Email: "p@v.example", TeamID: "T9"}, []string{"p@v.example"}, approval.DeniedStranger},
		"a member of a listed group":     {practiceslack.Person{Email: "p@v.example"}, []string{"S0OTHERS", "S0GROUP"}, approval.Allowed},
		"a member of no listed group":    {practiceslack.Person{Email: "p@v.example"}, []string{"S0OTHERS"}, approval.DeniedNotListed},
		"a listed one and an odd group":  {practiceslack.Person{Email: "p@v.example"}, []string{"S0NONE", "U0P"}, approval.Allowed},
		"a guest in a group that is odd": {practiceslack.Person{Email: "p@v.example", Restricted: true}, []string{"S0NONE"}, approval.DeniedGuest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(p *plan) { p.reviewers = c.reviewers })
			w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S0GROUP", Users: []string{"U0P"}})
			w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S0OTHERS", Users: []string{"U0ADA"}})
			c.person.ID = "U0P"
			w.ws.AddUser(c.person)
			require.Equal(t, approval.Allowed, w.directory.KnownDenial("U0P"), "nothing is known of anybody yet")
			person, denial, err := w.directory.MayDecide(t.Context(), "U0P")
			require.NoError(t, err)
			require.Equal(t, c.denial, denial)
			require.Equal(t, "U0P", person.ID)
			require.Equal(t, denial, w.directory.KnownDenial("U0P"))
			require.Equal(t, "auth.test", w.methods()[0], "without its own workspace it cannot tell a stranger")
		})
	}
}

func TestOnEnterpriseGridTheOrganisationCounts(t *testing.T) {
	t.Parallel()
	const own = `{"ok":true,"team_id":"T1","enterprise_id":"E1","user_id":"U0FRONTDESK"}`
	for name, c := range map[string]struct {
		auth, user string
		denial     approval.Denial
	}{
		"another workspace of ours": {own, `"team_id":"T2","enterprise_user":{"enterprise_id":"E1","id":"U0P"}`, approval.Allowed},
		"another organisation":      {own, `"team_id":"T2","enterprise_user":{"enterprise_id":"E2"}`, approval.DeniedStranger},
		"no organisation":           {own, `"team_id":"T2"`, approval.DeniedStranger},
		"a stranger in ours":        {own, `"team_id":"T2","is_stranger":true,"enterprise_user":{"enterprise_id":"E1"}`, approval.DeniedStranger},
		"both have none":            {`{"ok":true,"team_id":"T1"}`, `"team_id":"T2","enterprise_user":{"enterprise_id":""}`, approval.DeniedStranger},
		"Slackbot":                  {own, `"id":"USLACKBOT","team_id":"T1"`, approval.DeniedBot},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := scriptedSlack{
				"auth.test":  c.auth,
				"users.info": `{"ok":true,"user":{"id":"U0P","profile":{"email":"p@v.example"},` + c.user + `}}`,
			}.client()
			d := slackapp.NewDirectory(api, approval.NewPolicy(nil), newClock().Now)
			_, denial, err := d.MayDecide(t.Context(), "U0P")
			require.NoError(t, err)
			require.Equal(t, c.denial, denial)
		})
	}
}

func TestWhatSlackDoesNotSayIsNoDenialAndNoPermission(t *testing.T) {
	t.Parallel()
	const user = `{"ok":true,"user":{"id":"U0P","team_id":"T1","profile":{"email":"p@v.example"}}}`
	const own = `{"ok":true,"team_id":"T1"}`
	for name, slack := range map[string]scriptedSlack{
		"nobody knows the workspace":  {"auth.test": `{"ok":false,"error":"invalid_auth"}`, "users.info": user},
		"an empty workspace":          {"auth.test": `{"ok":true}`, "users.info": user},
		"an empty answer for us":      {"auth.test": `{}`, "users.info": user},
		"an unknown person":           {"auth.test": own, "users.info": `{"ok":false,"error":"user_not_found"}`},
		"an empty answer":             {"auth.test": own, "users.info": `{}`},
		"an empty person":             {"auth.test": own, "users.info": `{"ok":true,"user":{}}`},
		"a page of a proxy":           {"auth.test": own, "users.info": `<html>`},
		"a group that is not known":   {"auth.test": own, "users.info": user, "usergroups.users.list": `{"ok":false,"error":"no_such_subteam"}`},
		"a group without an answer":   {"auth.test": own, "users.info": user, "usergroups.users.list": `{}`},
		"a group that is not allowed": {"auth.test": own, "users.info": user, "usergroups.users.list": `{"ok":false,"error":"missing_scope"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := slackapp.NewDirectory(slack.client(), approval.NewPolicy([]string{"S0GROUP"}), newClock().Now)
			for range 2 {
				_, denial, err := d.MayDecide(t.Context(), "U0P")
				require.Error(t, err)
				require.Empty(t, denial)
				require.Equal(t, approval.Allowed, d.KnownDenial("U0P"))
			}
		})
	}
}

func TestWhatIsKnownIsBelievedForFiveMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *plan) { p.reviewers = []string{"S0GROUP"} })
	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S0GROUP", Users: []string{"U0ADA"}})
	may := func() approval.Denial {
		_, denial, err := w.directory.MayDecide(t.Context(), "U0ADA")
		require.NoError(t, err)
		return denial
	}
	require.Equal(t, approval.Allowed, may())
	asked := len(w.methods())
	require.Equal(t, 3, asked)

	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S0GROUP"})
	w.clock.Advance(5 * time.Minute)
	require.Equal(t, approval.Allowed, may())
	require.Len(t, w.methods(), asked, "what is known is not asked again")

	w.clock.Advance(time.Second)
	require.Equal(t, approval.Allowed, w.directory.KnownDenial("U0ADA"), "what is too old says nothing")
	require.Equal(t, approval.DeniedNotListed, may())
	require.Equal(t, approval.DeniedNotListed, w.directory.KnownDenial("U0ADA"))
	require.Equal(t, []string{"users.info", "usergroups.users.list"}, w.methods()[asked:])

	w.ws.AddUser(practiceslack.Person{ID: "U0ADA", Email: "ada@vendor.example", Deleted: true})
	w.clock.Advance(5*time.Minute + time.Second)
	require.Equal(t, approval.DeniedDeactivated, may())

	// What was learnt by a clock that is put back may be old.
	w.clock.Advance(-24 * time.Hour)
	require.Equal(t, approval.Allowed, w.directory.KnownDenial("U0ADA"))
	asked = len(w.methods())
	require.Equal(t, approval.DeniedDeactivated, may())
	require.Greater(t, len(w.methods()), asked)
}

func TestAGroupIsAskedForOnlyIfNothingElseSettlesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *plan) { p.reviewers = []string{"S0GROUP", "U0ADA"} })
	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S0GROUP", Users: []string{"U0BEN"}})
	w.knows(w.ada)
	require.NotContains(t, w.methods(), "usergroups.users.list")
	w.knows(w.ben)
	w.ws.AddUser(practiceslack.Person{ID: "U0CLEO", Email: "cleo@vendor.example"})
	_, denial, err := w.directory.MayDecide(t.Context(), "U0CLEO")
	require.NoError(t, err)
	require.Equal(t, approval.DeniedNotListed, denial)
	require.Equal(t, []string{"auth.test", "users.info", "users.info", "usergroups.users.list", "users.info"}, w.methods())
}

func TestFailureIsNotRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ws.Fault(practiceslack.Fault{Method: "auth.test", Kind: practiceslack.ServerError})
	w.ws.Fault(practiceslack.Fault{Method: "users.info", Kind: practiceslack.RateLimited})
	for range 2 {
		_, _, err := w.directory.MayDecide(t.Context(), "U0ADA")
		var passing *approval.PassingError
		require.ErrorAs(t, err, &passing)
	}
	w.knows(w.ada)
}

func TestCheckInLearnsOurWorkspaceOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.directory.CheckIn(t.Context()))
	w.knows(w.ada, w.ben)
	require.Equal(t, []string{"auth.test", "users.info", "users.info"}, w.methods())

	w.ws.Fault(practiceslack.Fault{Method: "auth.test", Kind: practiceslack.SlackError, Code: "token_revoked"})
	require.ErrorContains(t, w.directory.CheckIn(t.Context()), "SLACK_BOT_TOKEN is not accepted")
	w.clock.Advance(time.Hour)
	w.knows(w.ada)
	require.Len(t, w.methods(), 5, "a failed look does not forget what is known")
}

func TestUnresolvedNamesWhatSlackDoesNotKnow(t *testing.T) {
	t.Parallel()
	list := []string{"*", "U0ADA", "ADA@vendor.example", "S0GROUP", "U0NOBODY", "nobody@vendor.example", "S0NONE", "S0OFF"}
	w := newWorld(t, func(p *plan) { p.reviewers = list[1:] })
	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S0GROUP", Users: []string{"U0ADA"}})
	w.ws.AddUserGroup(practiceslack.UserGroup{ID: "S0OFF", Disabled: true})
	got := w.directory.Unresolved(t.Context(), list)
	require.Len(t, got, 4)
	require.ErrorContains(t, got["U0NOBODY"], "user_not_found")
	require.ErrorContains(t, got["nobody@vendor.example"], "users_not_found")
	require.ErrorContains(t, got["S0NONE"], "no_such_subteam")
	require.Error(t, got["S0OFF"])
	require.Empty(t, w.directory.Unresolved(t.Context(), nil))
}
