package practiceconveyor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

func TestCallsAreRecordedAndCounted(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{Key: "the-secret-key"})
	id := c.file("a@x.example")
	c.do("GET", queuePath+"?page=1", "")
	c.do("POST", grantsPath, `{"request_id":"`+id+`"}`)
	c.do("GET", requestsPath+"/"+id, "")
	c.do("GET", requestsPath+"/nobody", "")
	calls := c.room.Calls()
	require.Len(t, calls, 4)
	require.Contains(t, calls[1].Answer, `"status":"authorized"`)
	calls[1].Answer = ""
	require.Equal(t, practiceconveyor.Call{
		Number: 1, Method: "POST", Path: grantsPath, Body: `{"request_id":"` + id + `"}`, Status: http.StatusCreated, Done: true,
		Time: c.clock.Now(),
	}, calls[1])
	require.Equal(t, "page=1", calls[0].Query)
	require.Equal(t, http.StatusNotFound, calls[3].Status)
	require.NotContains(t, fmt.Sprint(calls), "the-secret-key")

	require.Equal(t, 1, c.room.CallsTo("GET", queuePath))
	require.Equal(t, 1, c.room.CallsTo("GET", requestsPath+"/"+id))
	require.Equal(t, 2, c.room.CallsTo("GET", requestsPath+"/{id}"))
	require.Zero(t, c.room.CallsTo("PATCH", requestsPath+"/{id}"))
	c.room.ForgetCalls()
	require.Empty(t, c.room.Calls())
	require.Zero(t, c.room.CallsTo("GET", queuePath))
	for range 3 {
		c.do("GET", groupsPath, "")
	}
	require.Len(t, c.room.Calls(), 3)
	require.True(t, c.room.Calls()[2].Done)
}

func TestTheLogKeepsTheLastCallsInOrder(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	handler := c.room.Handler()
	for i := range 501 {
		q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/api/v2/exchange/access_groups?page=%d", i+1), nil)
		handler.ServeHTTP(httptest.NewRecorder(), q)
	}
	calls := c.room.Calls()
	require.Len(t, calls, 500)
	require.Equal(t, "page=2", calls[0].Query)
	require.Equal(t, "page=501", calls[499].Query)
	require.Equal(t, 501, c.room.CallsTo("GET", groupsPath))

	for i := range 5000 {
		q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/api/v2/exchange/authorization_requests/%d", i), nil)
		handler.ServeHTTP(httptest.NewRecorder(), q)
	}
	require.Equal(t, 1, c.room.CallsTo("GET", requestsPath+"/0"))
	require.Zero(t, c.room.CallsTo("GET", requestsPath+"/4999"), "different paths are counted up to a bound")
	require.Equal(t, 5000, c.room.CallsTo("GET", requestsPath+"/{id}"), "patterns always")
	q := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v2/exchange/authorizations", strings.NewReader(strings.Repeat("x", 5000)))
	handler.ServeHTTP(httptest.NewRecorder(), q)
	require.Len(t, c.room.Calls()[499].Body, 4096)
}

func TestSubscribersHearWhatChangesAndNeverStopTheRoom(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	events, end := c.room.Subscribe()
	idle, endIdle := c.room.Subscribe()
	id := c.file("a@x.example")
	filed := <-events
	require.Equal(t, practiceconveyor.Event{Kind: practiceconveyor.EventRequestFiled, Subject: id, Time: c.clock.Now()}, filed)
	group := c.room.AddGroup("Reports")
	require.Equal(t, group, waitFor(t, events, practiceconveyor.EventGroupsChanged).Subject)
	require.NoError(t, c.room.DecideElsewhere(id, practiceconveyor.Approve, group))
	require.Equal(t, id, waitFor(t, events, practiceconveyor.EventRequestDecided).Subject)
	c.room.Remove(id)
	require.Equal(t, id, waitFor(t, events, practiceconveyor.EventRequestRemoved).Subject)
	c.do("GET", queuePath, "")
	for range 2 { // when it begins and when it ends
		require.Equal(t, "GET "+queuePath, waitFor(t, events, practiceconveyor.EventCall).Subject)
	}
	end()
	end()
	_, more := <-events
	require.False(t, more)

	for i := range 1000 {
		c.room.AddGroup(strconv.Itoa(i))
	}
	last := c.room.Groups()[1000].ID
	endIdle()
	var heard []practiceconveyor.Event
	for event := range idle {
		heard = append(heard, event)
	}
	require.Len(t, heard, 64)
	require.Equal(t, last, heard[63].Subject, "the newest is kept")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	id := c.file("a@x.example")
	events, end := c.room.Subscribe()
	defer end()
	go func() {
		for range events {
			c.room.Requests()
		}
	}()
	statuses := make(chan int, 40)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			got, _ := c.try("POST", grantsPath, `{"request_id":"`+id+`"}`)
			statuses <- got.status
		})
		all.Go(func() {
			c.file(fmt.Sprintf("b%d@x.example", i))
			c.room.AddGroup("x")
			_, _ = c.try("GET", queuePath, "")
			c.room.Calls()
		})
	}
	all.Wait()
	close(statuses)
	won := 0
	for status := range statuses {
		if status == http.StatusCreated {
			won++
		} else {
			require.Equal(t, http.StatusConflict, status)
		}
	}
	require.Equal(t, 1, won, "of many decisions one wins")
	require.Len(t, c.room.Requests(), 21)
}

func TestDurationIsMeasuredByTheClock(t *testing.T) {
	t.Parallel()
	c := open(t, practiceconveyor.Options{})
	c.room.Fault(practiceconveyor.Fault{Kind: practiceconveyor.Hang()})
	done := make(chan struct{})
	go func() {
		_, _ = c.try("GET", queuePath, "")
		close(done)
	}()
	require.Eventually(t, func() bool { return c.room.CallsTo("GET", queuePath) == 1 }, 5*time.Second, time.Millisecond)
	c.clock.Advance(3 * time.Second)
	c.room.ClearFaults()
	<-done
	require.Equal(t, 3*time.Second, c.room.Calls()[0].Duration)
}
