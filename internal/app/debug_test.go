package app_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/config"
)

func TestProfilesAreOnAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "")
	settings := w.Settings()
	settings.DatabaseURL = config.DatabaseURL("sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db"))
	settings.FrontdeskDebugAddr = "127.0.0.1:0"
	start := func() (*app.App, error) {
		return app.Start(t.Context(), app.Options{Config: settings, Listen: "127.0.0.1:0", Version: "test", Clock: clock, Log: w.logger})
	}
	desk, err := start()
	require.NoError(t, err)
	ask := func(address, host string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		if host != "" {
			req.Host = host
		}
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	for _, path := range []string{"", "cmdline", "symbol", "heap?debug=1", "goroutine?debug=1", "profile?seconds=1", "trace?seconds=0.1"} {
		status, body := ask(desk.DebugURL()+path, "")
		require.Equal(t, http.StatusOK, status, "%s: %s", path, body)
		for _, public := range []string{w.FrontdeskURL(), desk.URL()} {
			status, body = ask(public+"/debug/pprof/"+path, "")
			require.Equal(t, http.StatusNotFound, status, "%s: %s", path, body)
		}
	}
	_, body := ask(desk.DebugURL()+"goroutine?debug=1", "")
	require.Contains(t, body, "goroutine profile")
	status, _ := ask(desk.DebugURL(), "evil.example.com")
	require.Equal(t, http.StatusForbidden, status, "under a name that a page gave it")
	status, _ = ask(strings.TrimSuffix(desk.DebugURL(), "debug/pprof/")+"metrics", "")
	require.Equal(t, http.StatusNotFound, status)
	require.NoError(t, desk.Stop(t.Context()))

	// One that would be reached from elsewhere, or is taken, keeps Frontdesk from starting.
	settings.FrontdeskDebugAddr = "0.0.0.0:0"
	_, err = start()
	require.ErrorContains(t, err, "which other machines may reach")
	settings.FrontdeskDebugAddr = strings.TrimPrefix(w.FrontdeskURL(), "http://")
	_, err = start()
	require.ErrorContains(t, err, "FRONTDESK_DEBUG_ADDR names another")
}
