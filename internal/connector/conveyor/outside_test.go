package conveyor_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
)

func TestCallsHaveNamesOutOfAClosedSet(t *testing.T) {
	t.Parallel()
	const base = "https://api.conveyor.example/api/v2"
	for call, want := range map[[2]string]string{
		{http.MethodGet, "/exchange/authorization_request_queue?page=2"}: "GET authorization_request_queue",
		{http.MethodGet, "/exchange/authorization_requests/4711"}:        "GET authorization_requests/{id}",
		{http.MethodGet, "/exchange/authorization_requests/a%2Fb"}:       "GET authorization_requests/{id}",
		{http.MethodPatch, "/exchange/authorization_requests/4711"}:      "PATCH authorization_requests/{id}",
		{http.MethodPost, "/exchange/authorizations"}:                    "POST authorizations",
		{http.MethodGet, "/exchange/access_groups"}:                      "GET access_groups",
		{http.MethodDelete, "/exchange/authorizations"}:                  conveyor.OtherCall,
		{http.MethodGet, "/exchange/4711"}:                               conveyor.OtherCall,
		{http.MethodGet, "/interactions"}:                                conveyor.OtherCall,
		{http.MethodGet, ""}:                                             conveyor.OtherCall,
	} {
		req, err := http.NewRequestWithContext(t.Context(), call[0], base+call[1], nil)
		require.NoError(t, err)
		require.Equal(t, want, conveyor.CallOf(req), call)
	}
}
