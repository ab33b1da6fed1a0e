package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox"
)

func newSandbox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	log := logrus.New()
	log.SetOutput(t.Output())
	world, err := sandbox.Start(t.Context(), sandbox.Options{Clock: clock, Log: log, Version: "test"})
	require.NoError(t, err)
	return world
}

// runs asks the page to start or to stop Frontdesk, and gives what it answers.
func runs(t *testing.T, world *sandbox.Sandbox, run string) (problem string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, world.Page()+"practice/desk", strings.NewReader(`{"run":`+run+`}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var out struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	require.Equal(t, out.OK, out.Error == "")
	return out.Error
}

func TestFrontdeskRunsOnceAtMost(t *testing.T) {
	t.Parallel()
	world := newSandbox(t)
	require.True(t, world.FrontdeskRunning())
	require.ErrorIs(t, world.StartFrontdesk(t.Context()), sandbox.ErrRunning)
	require.Equal(t, "Frontdesk was not started: it is running already.", runs(t, world, "true"))

	require.Empty(t, runs(t, world, "false"))
	require.False(t, world.FrontdeskRunning())
	require.Empty(t, world.FrontdeskURL())
	require.NoError(t, world.StopFrontdesk(t.Context()), "stopped is stopped")
	require.Empty(t, runs(t, world, "true"))
	require.NotEmpty(t, world.FrontdeskURL())

	require.NoError(t, world.Close(t.Context()))
	require.ErrorIs(t, world.StartFrontdesk(t.Context()), sandbox.ErrClosed)
	require.False(t, world.FrontdeskRunning())
}

// TestFrontdeskIsStartedAndStoppedByManyAtOnce is for the race detector, and
// for two Frontdesks on one database.
func TestFrontdeskIsStartedAndStoppedByManyAtOnce(t *testing.T) {
	t.Parallel()
	world := newSandbox(t)
	t.Cleanup(func() { require.NoError(t, world.Close(context.WithoutCancel(t.Context()))) })
	require.NoError(t, world.StopFrontdesk(t.Context()))
	var many sync.WaitGroup
	started := make(chan string, 4)
	for range cap(started) {
		many.Go(func() { started <- runs(t, world, "true") })
		many.Go(func() { _ = world.FrontdeskURL() })
	}
	many.Wait()
	close(started)
	refused := 0
	for problem := range started {
		if problem != "" {
			require.Equal(t, "Frontdesk was not started: it is running already.", problem)
			refused++
		}
	}
	require.Equal(t, 3, refused, "one of them started it")
	for range 3 {
		many.Go(func() { _ = runs(t, world, "false") })
		many.Go(func() { _ = runs(t, world, "true") })
	}
	many.Wait()
}
