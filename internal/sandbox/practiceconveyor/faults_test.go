package practiceconveyor_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

func TestStatusFaults(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	c.room.Fault(practiceconveyor.Fault{
		Method: "GET", PathPrefix: practiceconveyor.BasePath + queuePath, After: 1, Times: 2,
		Kind: practiceconveyor.Status(http.StatusTooManyRequests, 1500*time.Millisecond),
	})
	require.Equal(t, http.StatusOK, c.do("GET", queuePath, "").status, "one passes first")
	require.Equal(t, http.StatusOK, c.do("GET", groupsPath, "").status, "another path")
	require.Equal(t, http.StatusMethodNotAllowed, c.do("POST", queuePath, "").status, "another method")
	for range 2 {
		got := c.do("GET", queuePath, "")
		require.Equal(t, http.StatusTooManyRequests, got.status)
		require.Equal(t, "2", got.header.Get("Retry-After"))
		require.Len(t, c.room.Faults(), map[bool]int{true: 1, false: 0}[c.room.CallsTo("GET", queuePath) == 2])
	}
	require.Equal(t, http.StatusOK, c.do("GET", queuePath, "").status)

	c.room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Status(http.StatusForbidden, 0)})
	for range 3 {
		got := c.do("GET", queuePath, "")
		require.Equal(t, http.StatusForbidden, got.status)
		require.Empty(t, got.text)
		require.Empty(t, got.header.Get("Retry-After"))
	}
	c.room.ClearFaults()
	require.Equal(t, http.StatusOK, c.do("GET", queuePath, "").status)
}

func TestConnectionsAreCutWithAndWithoutTheWorkDone(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	lost, dropped := c.file("a@x.example"), c.file("b@x.example")
	c.room.Fault(practiceconveyor.Fault{Method: "POST", Kind: practiceconveyor.LostAnswer(), Times: 1})
	_, err := c.try("POST", grantsPath, `{"request_id":"`+lost+`"}`)
	require.Error(t, err)
	require.Equal(t, practiceconveyor.RequestApproved, c.statusOf(lost))

	c.room.Fault(practiceconveyor.Fault{Method: "POST", Kind: practiceconveyor.DropBefore(), Times: 1})
	_, err = c.try("POST", grantsPath, `{"request_id":"`+dropped+`"}`)
	require.Error(t, err)
	require.Equal(t, practiceconveyor.RequestRequested, c.statusOf(dropped))

	calls := c.room.Calls()
	require.Len(t, calls, 2)
	for i, fault := range []string{"lost answer", "drop before"} {
		require.Equal(t, fault, calls[i].Fault)
		require.Zero(t, calls[i].Status)
		require.True(t, calls[i].Done)
	}
}

func TestAHangEndsWhenTheClientGivesUp(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	id := c.file("a@x.example")
	events, end := c.room.Subscribe()
	defer end()
	c.room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Hang()})
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		response, err := c.server.Client().Do(c.request(ctx, "POST", grantsPath, `{"request_id":"`+id+`"}`))
		if err == nil {
			_ = response.Body.Close()
		}
		done <- err
	}()
	require.Eventually(t, func() bool { return c.room.CallsTo("POST", grantsPath) == 1 }, 5*time.Second, time.Millisecond)
	require.False(t, c.room.Calls()[0].Done)
	giveUp()
	require.ErrorIs(t, <-done, context.Canceled)
	waitFor(t, events, practiceconveyor.EventCall)
	require.Equal(t, practiceconveyor.RequestRequested, c.statusOf(id))
}

func TestClearingTheFaultsLetsCallsGo(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]practiceconveyor.Kind{
		"hang": practiceconveyor.Hang(), "slow": practiceconveyor.Slow(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, practiceconveyor.Options{})
			id := c.file("a@x.example")
			c.room.Fault(practiceconveyor.Fault{Kind: kind, Times: 1})
			answered := make(chan int, 1)
			go func() {
				got, _ := c.try("POST", grantsPath, `{"request_id":"`+id+`"}`)
				answered <- got.status
			}()
			require.Eventually(t, func() bool {
				return c.room.CallsTo("POST", grantsPath) == 1 &&
					(name == "hang" || len(c.room.Authorizations()) == 1)
			}, 5*time.Second, time.Millisecond)
			require.Equal(t, name == "slow", len(c.room.Authorizations()) == 1, "slow works at once, hang does not")
			c.room.ClearFaults()
			require.Equal(t, http.StatusCreated, <-answered)
		})
	}
}

func TestAFaultIsClearedAlone(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	id := c.file("a@x.example")
	broken := c.room.Fault(practiceconveyor.Fault{Method: "GET", Kind: practiceconveyor.Status(500, 0)})
	slow := c.room.Fault(practiceconveyor.Fault{Method: "POST", Kind: practiceconveyor.Slow(time.Hour)})
	hang := c.room.Fault(practiceconveyor.Fault{Method: "PATCH", Kind: practiceconveyor.Hang(), Times: 1})
	answered := make(chan int, 2)
	for _, q := range [][3]string{{"POST", grantsPath, `{"request_id":"` + id + `"}`}, {"PATCH", requestsPath + "/nobody", `{"status":"ignored"}`}} {
		go func() {
			got, _ := c.try(q[0], q[1], q[2])
			answered <- got.status
		}()
	}
	require.Eventually(t, func() bool { return len(c.room.Calls()) == 2 }, 5*time.Second, time.Millisecond)
	slow.Clear()
	require.Equal(t, http.StatusCreated, <-answered)
	hang.Clear()
	require.Equal(t, http.StatusUnprocessableEntity, <-answered, "its times were used up, and a call hung on it")
	for range 2 {
		require.Equal(t, http.StatusInternalServerError, c.do("GET", groupsPath, "").status, "the other one stays")
		hang.Clear()
		slow.Clear()
	}
	broken.Clear()
	require.Equal(t, http.StatusOK, c.do("GET", groupsPath, "").status)
	require.Empty(t, c.room.Faults())
}

func TestASlowAnswerComesLateAndASlowClientLeavesTheWorkDone(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	first, second := c.file("a@x.example"), c.file("b@x.example")
	c.room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Slow(time.Millisecond), Times: 1})
	require.Equal(t, http.StatusCreated, c.do("POST", grantsPath, `{"request_id":"`+first+`"}`).status)

	c.room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Slow(time.Hour), Times: 1})
	ctx, giveUp := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer giveUp()
	response, err := c.server.Client().Do(c.request(ctx, "POST", grantsPath, `{"request_id":"`+second+`"}`))
	if err == nil {
		_ = response.Body.Close()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool { return c.statusOf(second) == practiceconveyor.RequestApproved }, 5*time.Second, time.Millisecond)
}

func TestAnswersThatLie(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{PerPageDefault: 1})
	c.file("a@x.example")
	c.file("b@x.example")
	with := func(kind practiceconveyor.Kind, path string) reply {
		c.room.ClearFaults()
		c.room.Fault(practiceconveyor.Fault{Kind: kind})
		return c.do("GET", path, "")
	}
	got := with(practiceconveyor.HTML(), queuePath)
	require.Equal(t, http.StatusOK, got.status)
	require.Contains(t, got.header.Get("Content-Type"), "text/html")

	got = with(practiceconveyor.TruncatedJSON(), queuePath)
	require.Equal(t, http.StatusOK, got.status)
	require.NotEmpty(t, got.text)
	require.False(t, json.Valid([]byte(got.text)))

	require.Empty(t, with(practiceconveyor.EmptyQueue(), queuePath).rows(t, "authorization_requests"))

	for _, page := range []string{"1", "2", "9"} {
		got = with(practiceconveyor.SamePageForever(), queuePath+"?page="+page)
		require.Equal(t, "b@x.example", got.rows(t, "authorization_requests")[0]["email"])
		require.Greater(t, got.json["total_pages"], got.json["page"])
	}
}

func TestFaultsHaveNamesAndAreBounded(t *testing.T) {
	t.Parallel()
	require.Equal(t, "status 503", practiceconveyor.Status(503, 0).String())
	require.Equal(t, "slow by 2s", practiceconveyor.Slow(2*time.Second).String())
	require.Empty(t, practiceconveyor.Kind{}.String())
	c := open(t, practiceconveyor.Options{})
	for range 200 {
		c.room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.HTML()})
	}
	require.Len(t, c.room.Faults(), 100)
}

func waitFor(t *testing.T, events <-chan practiceconveyor.Event, kind practiceconveyor.EventKind) practiceconveyor.Event {
	t.Helper()
	limit := time.NewTimer(5 * time.Second)
	defer limit.Stop()
	for {
		select {
		case event := <-events:
			if event.Kind == kind {
				return event
			}
		case <-limit.C:
			require.Fail(t, "no event "+string(kind))
		}
	}
}
