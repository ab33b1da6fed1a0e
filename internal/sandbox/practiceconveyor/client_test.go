package practiceconveyor_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

func collect[T any](t *testing.T, rows iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for row, err := range rows {
		require.NoError(t, err)
		all = append(all, row)
	}
	return all
}

// The client and the room were written apart from each other; here they meet, in every style.
func TestOurClientAndTheRoomUnderstandEachOther(t *testing.T) {
	t.Parallel()
	styles := map[string]struct {
		room   practiceconveyor.Options
		client []conveyor.Option
	}{
		"json, api key": {
			practiceconveyor.Options{Params: practiceconveyor.ParamsJSON, Auth: practiceconveyor.AuthAPIKey},
			[]conveyor.Option{conveyor.WithParamStyle(conveyor.JSON), conveyor.WithAuthStyle(conveyor.APIKey)},
		},
		"query, bearer": {
			practiceconveyor.Options{Params: practiceconveyor.ParamsQuery, Auth: practiceconveyor.AuthBearer},
			[]conveyor.Option{conveyor.WithParamStyle(conveyor.Query), conveyor.WithAuthStyle(conveyor.Bearer)},
		},
	}
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, style.room)
			options := slices.Concat(style.client,
				[]conveyor.Option{conveyor.WithHTTPClient(c.server.Client()), conveyor.WithClock(c.clock.Now)})
			client, err := conveyor.New(c.server.URL+practiceconveyor.BasePath, c.room.Key(), options...)
			require.NoError(t, err)
			driveEveryEndpoint(t.Context(), t, c, client)
		})
	}
}

func driveEveryEndpoint(ctx context.Context, t *testing.T, c *caller, client *conveyor.Client) {
	t.Helper()
	reports, policies := c.room.AddGroup("Reports"), c.room.AddGroup("Policies & more")
	for i := range 101 {
		c.file(fmt.Sprintf("a%d@x.example", i))
	}
	id := c.room.Request(practiceconveyor.Requester{Email: "ann+1@customer.example", Message: new("hello")})
	ignored := c.file("bob@customer.example")

	require.Len(t, collect(t, client.Queue(ctx)), 103)
	require.Equal(t, 2, c.room.CallsTo("GET", queuePath))
	require.Len(t, collect(t, client.AccessGroups(ctx)), 2)
	request, err := client.Request(ctx, id)
	require.NoError(t, err)
	require.Equal(t, "hello", request.Message)
	require.Equal(t, c.room.Requests()[101].Link, request.Link)
	require.True(t, c.clock.Now().Equal(request.RequestedAt))

	expires, err := conveyor.ParseDate("2026-12-31")
	require.NoError(t, err)
	authorization, err := client.Authorize(ctx, conveyor.Grant{
		RequestID: id, AccessGroupIDs: []string{reports, policies}, NDABypass: true, ExpiresAt: expires, ReviewerEmail: reviewer,
	})
	require.NoError(t, err)
	require.Len(t, authorization.AccessGroups, 2)
	kept := c.room.Authorizations()[0]
	require.True(t, kept.NDABypass)
	require.Equal(t, "2026-12-31", kept.ExpiresAt)
	require.Equal(t, reviewer, c.room.Requests()[101].DecidedBy)

	_, err = client.Authorize(ctx, conveyor.Grant{RequestID: id})
	var refused *conveyor.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusConflict, refused.StatusCode)
	require.Contains(t, refused.Message, "already approved")

	request, err = client.Ignore(ctx, ignored, reviewer)
	require.NoError(t, err)
	require.Equal(t, conveyor.StatusIgnored, request.Status)
	require.Len(t, collect(t, client.Requests(ctx, conveyor.RequestFilter{Status: conveyor.StatusIgnored})), 1)
	require.Len(t, collect(t, client.Requests(ctx, conveyor.RequestFilter{Email: "ann+1@customer.example"})), 1)
	authorization, err = client.Authorize(ctx, conveyor.Grant{Email: "bob@customer.example"})
	require.NoError(t, err)
	require.Empty(t, authorization.AccessGroups)

	authorization, err = client.SetAccessGroups(ctx, kept.ID, []string{policies})
	require.NoError(t, err)
	require.Len(t, authorization.AccessGroups, 1)
	authorization, err = client.SetAccessGroups(ctx, kept.ID, nil)
	require.NoError(t, err)
	require.Empty(t, authorization.AccessGroups)
	authorization, err = client.Revoke(ctx, kept.ID)
	require.NoError(t, err)
	require.Equal(t, conveyor.AuthorizationRevoked, authorization.Status)
	require.Len(t, collect(t, client.Authorizations(ctx, conveyor.AuthorizationFilter{Status: conveyor.AuthorizationRevoked})), 1)
	connections := collect(t, client.Connections(ctx, conveyor.ConnectionFilter{Domain: "customer.example"}))
	require.Len(t, connections, 1)
	require.Equal(t, 2, connections[0].AuthorizationsCount)

	for _, kind := range []practiceconveyor.Kind{
		practiceconveyor.HTML(), practiceconveyor.TruncatedJSON(), practiceconveyor.SamePageForever(),
	} {
		c.room.Fault(practiceconveyor.Fault{PathPrefix: queuePath, Kind: kind})
		var last error
		for _, err := range client.Queue(ctx) {
			last = err
		}
		require.Error(t, last, kind)
		c.room.ClearFaults()
	}
}
