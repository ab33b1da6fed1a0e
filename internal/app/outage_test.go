package app_test

import (
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/config"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/internal/store/postgrestest"
)

// outage is how long PostgreSQL stays away.
var outage = flag.Duration("outage", 8*time.Second, "how long PostgreSQL is gone in TestPostgresIsGone")

// TestPostgresIsGone: the server is stopped, or its cable unplugged, while one
// decision is on its way and another is tried.
func TestPostgresIsGone(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		line line
		says string
	}{
		"refused": {isCut, "the database does not answer"},
		"silent":  {isSilent, "the database takes too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, between := behindProxy(t, postgrestest.URL(t))
			w := startWorld(t, url, func(o *sandbox.Options) {
				o.Slack.Patience = 3 * time.Minute
				o.Configure = func(c *config.Config) { c.ConveyorWebhookSecret = "" }
			})
			_, decided := w.requestFrom("alan@contoso.example")
			id, msg := w.requestFrom("grace@northwind.example")
			require.NoError(t, msg.Select("groups").Choose(t.Context(), w.ada, "Financials").Err())
			w.Room.Fault(practiceconveyor.Fault{
				Method: http.MethodPost, PathPrefix: authorizations, Kind: practiceconveyor.Slow(time.Second), Times: 1,
			})
			require.NoError(t, decided.Button("Approve").Click(t.Context(), w.ben).Err())
			require.Eventually(t, func() bool { return w.Room.CallsTo(http.MethodPost, authorizations) == 1 }, 10*time.Second, time.Millisecond)

			began := clock()
			noise := w.listen()
			between.turn(how.line)
			w.clickFailsInTime(msg)
			w.asks("edith@fabrikam.example", "")
			w.expectStore(how.says)
			require.Eventually(t, func() bool { return clock().Sub(began) >= *outage }, *outage+time.Second, 50*time.Millisecond)
			noise.expectLines(t, 1, "Until then clicks are answered as errors")
			noise.expectLittle(t)
			_, body := w.get("/readyz")
			require.NotContains(t, body, "127.0.0.1", "anybody may read it")

			back := clock()
			between.turn(isWhole)
			w.expectStore("ok")
			noise.expectLines(t, 1, "the database can be written again")
			w.clickWorksAgain(id, msg)
			w.channel.ExpectMessage(t, contains("edith@fabrikam.example"))
			t.Logf("the click and the new request went through %s after it was back", clock().Sub(back).Round(time.Millisecond))
			decided.ExpectUpdate(t, contains("pproved by <@"+sandbox.Ben+">"))
			t.Logf("the decision that was under way was done %s after it was back", clock().Sub(back).Round(time.Millisecond))
			require.Equal(t, 2, w.Room.CallsTo(http.MethodPost, authorizations))
			require.Len(t, w.Room.Authorizations(), 2)
			require.Equal(t, 3, w.posts())
		})
	}
}
