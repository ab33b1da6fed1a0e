package conveyor_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

func TestDecodeRequest(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	full := conveyor.Request{
		ID: "r1", Type: "AuthorizationRequest", DataroomID: "d1", Email: "jane@c.example", Message: "Hi",
		Status: conveyor.StatusRequested, RequestedAt: at, CreatedAt: at.Add(123 * time.Millisecond), UpdatedAt: at,
		Link: "https://app.conveyor.example/r1", CRMLink: "https://crm.example/1",
	}
	tests := map[string]struct {
		body string
		want conveyor.Request
	}{
		"as documented": {`{"id":"r1","_type":"AuthorizationRequest","dataroom_id":"d1","email":"jane@c.example","message":"Hi",
			"status":"requested","requested_at":"2026-05-04T12:30:00Z","created_at":"2026-05-04T12:30:00.123Z",
			"updated_at":"2026-05-04T14:30:00+02:00","_links":{"self":{"href":"https://app.conveyor.example/r1"}},
			"crm_link":"https://crm.example/1"}`, full},
		"wrapped":        {`{"authorization_request":{"id":"r1","status":"approved"}}`, conveyor.Request{ID: "r1", Status: "approved"}},
		"id wins":        {`{"id":"r1","authorization_request":{"id":"r2"}}`, conveyor.Request{ID: "r1"}},
		"numbers as ids": {`{"id":12345678901234567890,"dataroom_id":7}`, conveyor.Request{ID: "12345678901234567890", DataroomID: "7"}},
		"nulls": {`{"id":"r1","_type":null,"dataroom_id":null,"email":null,"message":null,"status":null,"requested_at":null,
			"created_at":null,"updated_at":null,"_links":null,"crm_link":null}`, conveyor.Request{ID: "r1"}},
		"empty times":      {`{"id":"r1","requested_at":"","created_at":" ","updated_at":"yesterday"}`, conveyor.Request{ID: "r1"}},
		"times at the rim": {`{"id":"r1","created_at":"9999-12-31T23:59:59-10:00","updated_at":"0001-01-01T00:00:00+10:00"}`, conveyor.Request{ID: "r1"}},
		"unknown status":   {`{"id":"r1","status":"snoozed"}`, conveyor.Request{ID: "r1", Status: "snoozed"}},
		"unknown fields":   {`{"id":"r1","score":[1,{"a":2}]}`, conveyor.Request{ID: "r1"}},
		"odd kinds": {`{"id":"r1","email":["x"],"message":{"text":"x"},"status":true,"created_at":1714824000,"_links":[1],
			"crm_link":false}`, conveyor.Request{ID: "r1"}},
		"odd self": {`{"id":"r1","_links":{"self":"https://x.example"}}`, conveyor.Request{ID: "r1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := canned(t, func(*http.Request) string { return tt.body })
			got, err := c.Request(t.Context(), "r1")
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			if name != "wrapped" {
				listed := canned(t, func(*http.Request) string { return `{"authorization_requests":[` + tt.body + `]}` })
				all, err := drain(listed.Queue(t.Context()))
				require.NoError(t, err)
				require.Equal(t, []conveyor.Request{tt.want}, all)
			}
		})
	}
}

func TestDecodeAuthorization(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	groups := []conveyor.AccessGroup{{ID: "g1", Name: "SOC 2"}, {ID: "2", Name: "Pentest"}}
	tests := map[string]struct {
		body string
		want conveyor.Authorization
	}{
		"as documented": {
			`{"id":"a1","_type":"Authorization","email":"jane@c.example","status":"gated","dataroom_id":"d1",
			"connection_id":"c1","is_owner":true,"subscribed":true,"gate_document_signature_id":"s1",
			"_embedded":{"access_groups":[{"id":"g1","name":"SOC 2"},{"id":2,"name":"Pentest"}]},
			"_links":{"self":{"href":"https://x.example"}},"created_at":"2026-05-04T12:30:00Z","updated_at":"2026-05-04T12:30:00Z"}`,
			conveyor.Authorization{
				ID: "a1", Type: "Authorization", Email: "jane@c.example", Status: conveyor.AuthorizationGated, DataroomID: "d1",
				ConnectionID: "c1", IsOwner: true, Subscribed: true, GateDocumentSignatureID: "s1", AccessGroups: groups,
				Link: "https://x.example", CreatedAt: at, UpdatedAt: at,
			},
		},
		"wrapped":     {`{"authorization":{"id":1}}`, conveyor.Authorization{ID: "1"}},
		"flat groups": {`{"id":"a1","access_groups":[{"id":"g1","name":"SOC 2"},{"id":2,"name":"Pentest"}]}`, conveyor.Authorization{ID: "a1", AccessGroups: groups}},
		"embedded wins": {
			`{"id":"a1","access_groups":[{"id":"g9"}],"_embedded":{"access_groups":[{"id":"g1"}]}}`,
			conveyor.Authorization{ID: "a1", AccessGroups: []conveyor.AccessGroup{{ID: "g1"}}},
		},
		"no groups":         {`{"id":"a1","_embedded":{"access_groups":[]}}`, conveyor.Authorization{ID: "a1"}},
		"null groups":       {`{"id":"a1","_embedded":{"access_groups":null},"access_groups":null}`, conveyor.Authorization{ID: "a1"}},
		"null embedded":     {`{"id":"a1","_embedded":null,"connection_id":null}`, conveyor.Authorization{ID: "a1"}},
		"odd embedded":      {`{"id":"a1","_embedded":"none","access_groups":7}`, conveyor.Authorization{ID: "a1"}},
		"groups without id": {`{"id":"a1","access_groups":[null,{"name":"x"},{"id":"g1","name":null}]}`, conveyor.Authorization{ID: "a1", AccessGroups: []conveyor.AccessGroup{{ID: "g1"}}}},
		"odd flags":         {`{"id":"a1","is_owner":"true","subscribed":1}`, conveyor.Authorization{ID: "a1", IsOwner: true, Subscribed: true}},
		"no flags":          {`{"id":"a1","is_owner":null,"subscribed":"no"}`, conveyor.Authorization{ID: "a1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := canned(t, func(*http.Request) string { return tt.body })
			got, err := c.Authorize(t.Context(), conveyor.Grant{RequestID: "r1"})
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestDecodeConnectionAndInteraction(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	c := canned(t, func(r *http.Request) string {
		if r.URL.Path == "/api/v2/exchange/connections" {
			return `{"connections":[{"id":3,"_type":"Connection","domain":"c.example","crm_id":9,"crm_link":null,
				"authorizations_count":"4","authorizations_with_access_count":3,"authorizations_removed_count":null,
				"latest_activity_at":"2026-05-04T12:30:00Z","created_at":"","updated_at":null}]}`
		}
		return `{"interactions":[{"id":"i1","created_at":"2026-05-04T12:30:00Z","type":"Q & A","email":"jane@c.example",
			"content":null,"connection":{"id":3,"domain":"c.example","crm_link":"https://crm.example/9","crm_id":"9"}},
			{"id":"i2","connection":null},{"id":"i3","connection":"c.example"}]}`
	})
	connections, err := drain(c.Connections(t.Context(), conveyor.ConnectionFilter{}))
	require.NoError(t, err)
	require.Equal(t, []conveyor.Connection{{
		ID: "3", Type: "Connection", Domain: "c.example", CRMID: "9", AuthorizationsCount: 4,
		AuthorizationsWithAccessCount: 3, LatestActivityAt: at,
	}}, connections)

	interactions, err := drain(c.Interactions(t.Context(), conveyor.InteractionFilter{}))
	require.NoError(t, err)
	require.Equal(t, []conveyor.Interaction{
		{
			ID: "i1", Type: conveyor.InteractionQA, Email: "jane@c.example", CreatedAt: at,
			Connection: conveyor.Connection{ID: "3", Domain: "c.example", CRMID: "9", CRMLink: "https://crm.example/9"},
		},
		{ID: "i2"},
		{ID: "i3"},
	}, interactions)
}

func TestRecordsFailOnOtherKinds(t *testing.T) {
	t.Parallel()
	for name, record := range map[string]json.Unmarshaler{
		"request": &conveyor.Request{}, "authorization": &conveyor.Authorization{}, "access group": &conveyor.AccessGroup{},
		"connection": &conveyor.Connection{}, "interaction": &conveyor.Interaction{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, body := range []string{`"jane@c.example"`, `7`, `["r1"]`, `true`, `{`, ``} {
				err := record.UnmarshalJSON([]byte(body))
				require.Error(t, err, body)
				require.NotContains(t, err.Error(), "jane")
			}
		})
	}
}
