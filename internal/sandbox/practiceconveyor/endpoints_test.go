package practiceconveyor_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

const (
	queuePath    = "/exchange/authorization_request_queue"
	requestsPath = "/exchange/authorization_requests"
	grantsPath   = "/exchange/authorizations"
	groupsPath   = "/exchange/access_groups"
	reviewer     = "rita@vendor.example"
)

func TestARequestHasTheDocumentedShape(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{Seed: 3, AppURL: "https://trust.example.com/"})
	id := c.file("ann@customer.example")
	want := map[string]any{
		"id": id, "_type": "AuthorizationRequest", "dataroom_id": "dataroom-3", "email": "ann@customer.example",
		"message": nil, "status": "requested",
		"requested_at": "2026-03-14T09:26:53.589Z", "created_at": "2026-03-14T09:26:53.589Z", "updated_at": "2026-03-14T09:26:53.589Z",
		"_links": map[string]any{"self": map[string]any{"href": "https://trust.example.com/exchange/authorization_requests/" + id}},
	}
	require.Equal(t, want, c.do("GET", requestsPath+"/"+id, "").json)
	require.Equal(t, want, c.do("GET", queuePath, "").rows(t, "authorization_requests")[0])

	id = c.room.Request(practiceconveyor.Requester{
		Email: "bob@customer.example", Message: new("<!channel> hello"), CRMLink: "https://crm.example.com/1",
		RequestedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)),
	})
	got := c.do("GET", requestsPath+"/"+id, "").json
	require.Equal(t, "<!channel> hello", got["message"])
	require.Equal(t, "https://crm.example.com/1", got["crm_link"])
	require.Equal(t, "2026-01-02T02:04:05.000Z", got["requested_at"])

	c.do("GET", requestsPath+"/nobody", "").refused(t, http.StatusNotFound, "no such")
}

func TestTheQueueHoldsOpenRequestsOnlyAndTheListFilters(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	open := c.file("Open@customer.example")
	approved, ignored, removed := c.file("approved@x.example"), c.file("ignored@x.example"), c.file("removed@x.example")
	draft := c.room.Request(practiceconveyor.Requester{Email: "draft@x.example", Draft: true})
	require.NoError(t, c.room.DecideElsewhere(approved, practiceconveyor.Approve))
	require.NoError(t, c.room.DecideElsewhere(ignored, practiceconveyor.Ignore))
	require.True(t, c.room.Remove(removed))
	require.False(t, c.room.Remove(removed))

	tests := map[string][]string{
		queuePath:                                              {open},
		requestsPath:                                           {draft, ignored, approved, open},
		requestsPath + "?status=initial":                       {draft},
		requestsPath + "?status=requested":                     {open},
		requestsPath + "?status=approved":                      {approved},
		requestsPath + "?status=ignored":                       {ignored},
		requestsPath + query("email", "open@customer.example"): {open},
		requestsPath + query("email", "open@customer.example", "status", "ignored"): {},
		requestsPath + query("email", ""):                                           {},
	}
	for path, want := range tests {
		ids := []string{}
		for _, row := range c.do("GET", path, "").rows(t, "authorization_requests") {
			ids = append(ids, row["id"].(string))
		}
		require.Equal(t, want, ids, path)
	}
	require.Nil(t, c.do("GET", requestsPath+"/"+draft, "").json["requested_at"])
	c.do("GET", requestsPath+"/"+removed, "").refused(t, http.StatusNotFound, "no such")
	c.do("GET", requestsPath+"?status=open", "").refused(t, http.StatusUnprocessableEntity, "status must be one of")
	c.do("GET", queuePath+"?status=requested", "").refused(t, http.StatusUnprocessableEntity, `unknown parameter "status"`)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	for i := range 101 {
		c.file(fmt.Sprintf("a%d@x.example", i))
	}
	tests := []struct {
		query                  string
		page, perPage, total   float64
		rows                   int
		firstEmail, lastOfPage string
	}{
		{"", 1, 100, 2, 100, "a100@x.example", "a1@x.example"},
		{"?page=2", 2, 100, 2, 1, "a0@x.example", "a0@x.example"},
		{"?page=3", 3, 100, 2, 0, "", ""},
		{"?page=2147483647", 2147483647, 100, 2, 0, "", ""},
		{"?per_page=1&page=101", 101, 1, 101, 1, "a0@x.example", "a0@x.example"},
		{"?per_page=100", 1, 100, 2, 100, "a100@x.example", "a1@x.example"},
		{"?per_page=50&page=3", 3, 50, 3, 1, "a0@x.example", "a0@x.example"},
	}
	for _, test := range tests {
		got := c.do("GET", queuePath+test.query, "")
		rows := got.rows(t, "authorization_requests")
		require.Len(t, rows, test.rows, test.query)
		require.Equal(t, []any{test.page, test.perPage, test.total},
			[]any{got.json["page"], got.json["per_page"], got.json["total_pages"]}, test.query)
		if test.rows > 0 {
			require.Equal(t, test.firstEmail, rows[0]["email"], test.query)
			require.Equal(t, test.lastOfPage, rows[test.rows-1]["email"], test.query)
		}
	}
	for _, bad := range []string{"page=0", "page=-1", "page=x", "page=", "page=1&page=2", "per_page=0", "per_page=101", "per_page=1.5"} {
		require.Equal(t, http.StatusUnprocessableEntity, c.do("GET", queuePath+"?"+bad, "").status, bad)
	}
	require.Zero(t, c.do("GET", groupsPath, "").json["total_pages"])

	small := open(t, practiceconveyor.Options{PerPageDefault: 2})
	small.room.SetGroups([]practiceconveyor.Group{{Name: "a"}, {Name: "b"}, {ID: "given", Name: "c"}})
	got := small.do("GET", groupsPath, "")
	require.Equal(t, map[string]any{"id": "given", "name": "c"}, got.rows(t, "access_groups")[0])
	require.InDelta(t, 2, got.json["total_pages"], 0)
}

func TestIgnoring(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{ReviewerEmails: []string{"Rita@Vendor.example"}})
	byJSON, byQuery, byForm := c.file("a@x.example"), c.file("b@x.example"), c.file("c@x.example")
	good := query("status", "ignored", "reviewer_email", reviewer)
	for id, call := range map[string][2]string{
		byJSON:  {"", `{"status":"ignored","reviewer_email":"` + reviewer + `"}`},
		byQuery: {good, ""},
		byForm:  {"", good[1:]},
	} {
		c.clock.Advance(time.Second)
		got := c.do("PATCH", requestsPath+"/"+id+call[0], call[1])
		require.Equal(t, http.StatusOK, got.status, got.text)
		require.Equal(t, "ignored", got.json["status"])
		require.NotEqual(t, got.json["created_at"], got.json["updated_at"])
	}
	require.Equal(t, reviewer, c.room.Requests()[0].DecidedBy)

	id := c.file("d@x.example")
	one := requestsPath + "/" + id
	c.do("PATCH", one, `{"status":"ignored"}`).refused(t, http.StatusUnprocessableEntity, "reviewer_email is required")
	c.do("PATCH", one, `{"reviewer_email":"`+reviewer+`"}`).refused(t, http.StatusUnprocessableEntity, "status must be")
	c.do("PATCH", one, `{"status":"approved","reviewer_email":"`+reviewer+`"}`).refused(t, http.StatusUnprocessableEntity, "status must be")
	c.do("PATCH", one, `{"status":"ignored","reviewer_email":"`+reviewer+`","reason":"no"}`).
		refused(t, http.StatusUnprocessableEntity, `unknown parameter "reason"`)
	c.do("PATCH", requestsPath+"/nobody"+good, "").refused(t, http.StatusNotFound, "no such")
	stranger := c.do("PATCH", one+query("status", "ignored", "reviewer_email", "eve@vendor.example"), "")
	require.Equal(t, http.StatusForbidden, stranger.status)
	require.Empty(t, stranger.text)
	require.Equal(t, http.StatusOK, c.do("GET", one, "").status, "reads keep working")
	require.Equal(t, practiceconveyor.RequestRequested, c.statusOf(id))

	c.room.SetReviewerEmails()
	require.Equal(t, http.StatusOK, c.do("PATCH", one+query("status", "ignored", "reviewer_email", "eve@vendor.example"), "").status)
	draft := c.room.Request(practiceconveyor.Requester{Email: "e@x.example", Draft: true})
	c.do("PATCH", requestsPath+"/"+draft+good, "").refused(t, http.StatusUnprocessableEntity, "not submitted")
}

func TestApproving(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	reports, policies := c.room.AddGroup("Reports"), c.room.AddGroup("Policies")
	id := c.file("ann@customer.example")
	got := c.do("POST", grantsPath, `{"request_id":"`+id+`","access_group_ids":["`+reports+`","`+reports+
		`"],"nda_bypass":false,"expires_at":"2026-12-31","reviewer_email":"`+reviewer+`"}`)
	require.Equal(t, http.StatusCreated, got.status, got.text)
	authorization := c.room.Authorizations()[0]
	require.Equal(t, map[string]any{
		"id": authorization.ID, "_type": "Authorization", "email": "ann@customer.example", "status": "authorized",
		"dataroom_id": "dataroom-0", "connection_id": authorization.ConnectionID, "is_owner": false, "subscribed": false,
		"gate_document_signature_id": nil,
		"_embedded":                  map[string]any{"access_groups": []any{map[string]any{"id": reports, "name": "Reports"}}},
		"_links":                     map[string]any{"self": map[string]any{"href": "https://room.example.com/exchange/authorizations/" + authorization.ID}},
		"created_at":                 "2026-03-14T09:26:53.589Z", "updated_at": "2026-03-14T09:26:53.589Z",
	}, got.json)
	require.Equal(t, "2026-12-31", authorization.ExpiresAt)
	request := c.room.Requests()[0]
	require.Equal(t, practiceconveyor.RequestApproved, request.Status)
	require.Equal(t, reviewer, request.DecidedBy)
	require.Equal(t, authorization.ID, request.AuthorizationID)
	require.Empty(t, c.do("GET", queuePath, "").rows(t, "authorization_requests"))

	again := c.file("Ann@customer.example")
	got = c.do("POST", grantsPath+query("request_id", again, "access_group_ids[]", policies, "nda_bypass", "true"), "")
	require.Equal(t, http.StatusOK, got.status, "extended, not created: %s", got.text)
	require.Len(t, c.room.Authorizations(), 1)
	require.Equal(t, []practiceconveyor.Group{{ID: reports, Name: "Reports"}, {ID: policies, Name: "Policies"}}, c.room.Authorizations()[0].Groups)
	require.True(t, c.room.Authorizations()[0].NDABypass)

	got = c.do("POST", grantsPath, `{"email":"nobody-with-a-domain"}`)
	require.Equal(t, http.StatusCreated, got.status)
	require.Nil(t, got.json["connection_id"])
	require.Empty(t, got.json["_embedded"].(map[string]any)["access_groups"])
}

func TestApprovingIsRefused(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{ReviewerEmails: []string{reviewer}})
	id := c.file("ann@customer.example")
	tests := map[string]struct {
		body, why string
	}{
		"nobody named":        {`{}`, "either request_id or email"},
		"both named":          {`{"request_id":"` + id + `","email":"a@x.example"}`, "not both"},
		"unknown group":       {`{"request_id":"` + id + `","access_group_ids":["nope"]}`, `access group "nope"`},
		"null groups":         {`{"request_id":"` + id + `","access_group_ids":null}`, "must be an array"},
		"null group":          {`{"request_id":"` + id + `","access_group_ids":[null]}`, "array of strings"},
		"groups as text":      {`{"request_id":"` + id + `","access_group_ids":"a"}`, "must be an array"},
		"brackets in JSON":    {`{"request_id":"` + id + `","access_group_ids[]":[]}`, "unknown parameter"},
		"null id":             {`{"request_id":null}`, "must be a string"},
		"id as number":        {`{"request_id":7}`, "must be a string"},
		"bypass as text":      {`{"request_id":"` + id + `","nda_bypass":"true"}`, "must be true or false"},
		"expiry with a time":  {`{"request_id":"` + id + `","expires_at":"2026-12-31T00:00:00Z"}`, "YYYY-MM-DD"},
		"no such day":         {`{"request_id":"` + id + `","expires_at":"2026-02-30"}`, "YYYY-MM-DD"},
		"empty expiry":        {`{"request_id":"` + id + `","expires_at":""}`, "YYYY-MM-DD"},
		"expired":             {`{"request_id":"` + id + `","expires_at":"2026-03-12"}`, "in the past"},
		"unknown parameter":   {`{"request_id":"` + id + `","note":"x"}`, `unknown parameter "note"`},
		"no object":           {`[]`, "JSON object"},
		"broken JSON":         {`{`, "JSON object"},
		"list without []":     {`request_id=` + id + `&access_group_ids=a`, "unknown parameter"},
		"text with []":        {`request_id[]=` + id, "unknown parameter"},
		"twice":               {`request_id=` + id + `&request_id=` + id, "more than once"},
		"flag that is no one": {`request_id=` + id + `&nda_bypass=yes`, "true or false"},
		"broken form":         {`request_id=%zz`, "cannot be read"},
	}
	for name, test := range tests {
		c.do("POST", grantsPath, test.body).refused(t, http.StatusUnprocessableEntity, test.why)
		require.Equal(t, practiceconveyor.RequestRequested, c.statusOf(id), name)
	}
	c.do("POST", grantsPath+"?request_id="+id, `{"request_id":"`+id+`"}`).refused(t, http.StatusUnprocessableEntity, "more than once")
	c.do("POST", grantsPath, `{"request_id":"nobody"}`).refused(t, http.StatusNotFound, "no such")
	stranger := c.do("POST", grantsPath, `{"request_id":"`+id+`","reviewer_email":"eve@vendor.example"}`)
	require.Equal(t, http.StatusForbidden, stranger.status)
	require.Empty(t, stranger.text)
	require.Empty(t, c.room.Authorizations())

	// Yesterday may still be today where the reviewer lives.
	require.Equal(t, http.StatusCreated, c.do("POST", grantsPath, `{"request_id":"`+id+`","expires_at":"2026-03-13"}`).status)
}

func TestParametersInOneStyleOnly(t *testing.T) {
	t.Parallel()
	inQuery := open(t, practiceconveyor.Options{Params: practiceconveyor.ParamsQuery})
	id := inQuery.file("a@x.example")
	inQuery.do("POST", grantsPath, `{"request_id":"`+id+`"}`).refused(t, http.StatusUnprocessableEntity, "query parameters only")
	require.Equal(t, http.StatusCreated, inQuery.do("POST", grantsPath+"?request_id="+id, "").status)

	inJSON := open(t, practiceconveyor.Options{Params: practiceconveyor.ParamsJSON})
	id = inJSON.file("a@x.example")
	inJSON.do("POST", grantsPath+"?request_id="+id, "").refused(t, http.StatusUnprocessableEntity, "JSON body only")
	inJSON.do("POST", grantsPath, "request_id="+id).refused(t, http.StatusUnprocessableEntity, "application/json")
	require.Equal(t, http.StatusOK, inJSON.do("GET", queuePath+"?page=1", "").status, "a GET always has query parameters")
	inJSON.do("GET", queuePath, `{"page":"1"}`).refused(t, http.StatusUnprocessableEntity, "not from a body")
	require.Equal(t, http.StatusCreated, inJSON.do("POST", grantsPath, `{"request_id":"`+id+`"}`).status)
}

func TestDecidingWhatIsDecided(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, http.StatusOK, http.StatusConflict, http.StatusUnprocessableEntity} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			c := open(t, practiceconveyor.Options{DecidedAnswer: status})
			want := status
			if status == 0 {
				want = http.StatusConflict
			}
			approved, ignored := c.file("a@x.example"), c.file("b@x.example")
			require.NoError(t, c.room.DecideElsewhere(approved, practiceconveyor.Approve))
			require.NoError(t, c.room.DecideElsewhere(ignored, practiceconveyor.Ignore))
			before := c.room.Requests()
			require.True(t, before[0].Elsewhere)

			got := c.do("PATCH", requestsPath+"/"+approved+query("status", "ignored", "reviewer_email", reviewer), "")
			require.Equal(t, want, got.status, got.text)
			got = c.do("POST", grantsPath, `{"request_id":"`+approved+`"}`)
			require.Equal(t, want, got.status, got.text)
			got = c.do("PATCH", requestsPath+"/"+ignored+query("status", "ignored", "reviewer_email", reviewer), "")
			require.Equal(t, want, got.status, got.text)
			if status == http.StatusOK {
				want = http.StatusConflict // There is no authorization to answer with.
			}
			c.do("POST", grantsPath, `{"request_id":"`+ignored+`"}`).refused(t, want, "already ignored")
			require.Equal(t, before, c.room.Requests(), "nothing changed")

			require.Equal(t, http.StatusCreated, c.do("POST", grantsPath, `{"email":"b@x.example"}`).status, "granting by e-mail works")
		})
	}
}

func TestTheNDAGates(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{NDARequired: true})
	grant := func(email, more string) any {
		return c.do("POST", grantsPath, `{"email":"`+email+`"`+more+`}`).json["status"]
	}
	require.Equal(t, "gated", grant("a@x.example", ""))
	require.Equal(t, "authorized", grant("b@x.example", `,"nda_bypass":true`))
	require.Equal(t, "authorized", grant("b@x.example", ""), "who is in stays in")
	c.room.SignNDA("C@x.example")
	require.Equal(t, "authorized", grant("c@x.example", ""))

	c.room.SignNDA("a@x.example")
	gated := c.do("GET", grantsPath+"?status=gated", "").rows(t, "authorizations")
	require.Empty(t, gated)
	signed := c.do("GET", grantsPath+query("email", "A@x.example"), "").rows(t, "authorizations")
	require.Len(t, signed, 1)
	require.NotEmpty(t, signed[0]["gate_document_signature_id"])

	c.room.SetNDARequired(false)
	require.Equal(t, "authorized", grant("d@x.example", ""))
}

func TestChangingAnAuthorization(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	a, b := c.room.AddGroup("A"), c.room.AddGroup("B")
	c.do("POST", grantsPath, `{"email":"a@x.example","access_group_ids":["`+a+`"]}`)
	one := grantsPath + "/" + c.room.Authorizations()[0].ID
	groups := func() []practiceconveyor.Group { return c.room.Authorizations()[0].Groups }

	require.Equal(t, http.StatusOK, c.do("PATCH", one, `{"access_group_ids":["`+b+`"]}`).status)
	require.Equal(t, []practiceconveyor.Group{{ID: b, Name: "B"}}, groups(), "the set is replaced")
	require.Equal(t, http.StatusOK, c.do("PATCH", one, `{"access_group_ids":[]}`).status)
	require.Empty(t, groups())
	require.Equal(t, http.StatusOK, c.do("PATCH", one+query("access_group_ids[]", a, "access_group_ids[]", b), "").status)
	require.Len(t, groups(), 2)
	require.True(t, c.room.RemoveGroup(a))
	require.False(t, c.room.RemoveGroup(a))
	require.Equal(t, []practiceconveyor.Group{{ID: b, Name: "B"}}, groups())
	require.Equal(t, http.StatusOK, c.do("PATCH", one+query("access_group_ids[]", ""), "").status)
	require.Empty(t, groups(), "an empty element clears in a query")

	c.do("PATCH", one, `{"access_group_ids":["`+a+`"]}`).refused(t, http.StatusUnprocessableEntity, "access group")
	c.do("PATCH", one, `{"status":"gated"}`).refused(t, http.StatusUnprocessableEntity, "must be")
	c.do("PATCH", one, `{}`).refused(t, http.StatusUnprocessableEntity, "either")
	c.do("PATCH", one, `{"status":"revoked","access_group_ids":[]}`).refused(t, http.StatusUnprocessableEntity, "not both")
	c.do("PATCH", one, `{"status":"revoked","reviewer_email":"x"}`).refused(t, http.StatusUnprocessableEntity, "unknown parameter")
	c.do("PATCH", grantsPath+"/nobody", `{"status":"revoked"}`).refused(t, http.StatusNotFound, "no such")
	require.Equal(t, "revoked", c.do("PATCH", one, `{"status":"revoked"}`).json["status"])
	require.Len(t, c.do("GET", grantsPath+"?status=revoked", "").rows(t, "authorizations"), 1)
	c.do("GET", grantsPath+"?status=requested", "").refused(t, http.StatusUnprocessableEntity, "status must be one of")
	require.Equal(t, "authorized", c.do("POST", grantsPath, `{"email":"a@x.example"}`).json["status"], "granted again")
}

func TestConnectionsCountByDomain(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	c.room.Request(practiceconveyor.Requester{Email: "a@Customer.example", CRMLink: "https://crm.example.com/7"})
	c.do("POST", grantsPath, `{"email":"b@customer.example"}`)
	c.do("POST", grantsPath, `{"email":"c@customer.example"}`)
	c.do("POST", grantsPath, `{"email":"d@other.example"}`)
	c.do("PATCH", grantsPath+"/"+c.room.Authorizations()[0].ID, `{"status":"revoked"}`)

	require.Len(t, c.do("GET", "/exchange/connections", "").rows(t, "connections"), 2)
	rows := c.do("GET", "/exchange/connections?domain=CUSTOMER.example", "").rows(t, "connections")
	require.Len(t, rows, 1)
	const at = "2026-03-14T09:26:53.589Z"
	require.Equal(t, map[string]any{
		"id": c.room.Authorizations()[0].ConnectionID, "_type": "Connection", "domain": "customer.example",
		"crm_id": nil, "crm_link": "https://crm.example.com/7", "authorizations_count": 2.0,
		"authorizations_with_access_count": 1.0, "authorizations_removed_count": 1.0,
		"latest_activity_at": at, "created_at": at, "updated_at": at,
	}, rows[0])
}

func TestDecidingElsewhereIsChecked(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	id := c.file("a@x.example")
	require.ErrorIs(t, c.room.DecideElsewhere("nobody", practiceconveyor.Approve), practiceconveyor.ErrUnknown)
	require.ErrorIs(t, c.room.DecideElsewhere(id, practiceconveyor.Approve, "no group"), practiceconveyor.ErrUnknown)
	require.Error(t, c.room.DecideElsewhere(id, "maybe"))
	require.Equal(t, practiceconveyor.RequestRequested, c.statusOf(id))
	require.False(t, c.room.Requests()[0].Elsewhere)
	require.NoError(t, c.room.DecideElsewhere(id, practiceconveyor.Ignore))
	require.ErrorIs(t, c.room.DecideElsewhere(id, practiceconveyor.Ignore), practiceconveyor.ErrDecided)
}
