package conveyor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/pkg/conveyor"
)

// span is the queue's answer with the requests numbered from first up to but without end, and more members.
func span(first, end int, more string) string {
	records := []map[string]int{}
	for id := first; id < end; id++ {
		records = append(records, map[string]int{"id": id})
	}
	encoded, _ := json.Marshal(records)
	return fmt.Sprintf(`{"authorization_requests":%s%s}`, encoded, more)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pages    []string // answers to page 1, 2, …
		requests int      // that must be made
		records  int      // that must be yielded
		err      error
	}{
		"quiet":                          {pages: []string{span(0, 0, `,"page":1,"per_page":100,"total_pages":1`)}, requests: 1},
		"quiet, total 0":                 {pages: []string{span(0, 0, `,"total_pages":0`)}, requests: 1},
		"quiet, no paging":               {pages: []string{span(0, 0, "")}, requests: 1},
		"null list":                      {pages: []string{`{"authorization_requests":null}`}, requests: 1},
		"short, no total":                {pages: []string{span(0, 3, "")}, requests: 1, records: 3},
		"short, total 0":                 {pages: []string{span(0, 3, `,"total_pages":0`)}, requests: 1, records: 3},
		"short, null total":              {pages: []string{span(0, 3, `,"total_pages":null`)}, requests: 1, records: 3},
		"short, odd total":               {pages: []string{span(0, 3, `,"total_pages":{"n":[1]}`)}, requests: 1, records: 3},
		"short, negative total":          {pages: []string{span(0, 3, `,"total_pages":-1`)}, requests: 1, records: 3},
		"full, total 1":                  {pages: []string{span(0, 100, `,"total_pages":1`)}, requests: 1, records: 100},
		"full, no total, then short":     {pages: []string{span(0, 100, ""), span(100, 101, "")}, requests: 2, records: 101},
		"full, no total, then empty":     {pages: []string{span(0, 100, ""), span(0, 0, "")}, requests: 2, records: 100},
		"total as a string":              {pages: []string{span(0, 1, `,"total_pages":"2"`), span(1, 2, `,"total_pages":"2"`)}, requests: 2, records: 2},
		"short pages with a total":       {pages: []string{span(0, 1, `,"total_pages":3`), span(1, 2, `,"total_pages":3`), span(2, 3, `,"total_pages":3`)}, requests: 3, records: 3},
		"empty page in the middle":       {pages: []string{span(0, 1, `,"total_pages":3`), span(0, 0, `,"total_pages":3`), span(2, 3, `,"total_pages":3`)}, requests: 3, records: 2},
		"total shrinks":                  {pages: []string{span(0, 100, `,"total_pages":3`), span(100, 120, `,"total_pages":2`)}, requests: 2, records: 120},
		"total grows":                    {pages: []string{span(0, 100, `,"total_pages":2`), span(100, 200, `,"total_pages":3`), span(200, 201, `,"total_pages":3`)}, requests: 3, records: 201},
		"smaller pages than asked for":   {pages: []string{span(0, 25, `,"per_page":25`), span(25, 50, `,"per_page":25`), span(50, 51, `,"per_page":25`)}, requests: 3, records: 51},
		"shifted pages yield each once":  {pages: []string{span(0, 100, `,"total_pages":2`), span(99, 110, `,"total_pages":2`)}, requests: 2, records: 110},
		"the same page, with a total":    {pages: []string{span(0, 3, `,"total_pages":5`), span(0, 3, `,"total_pages":5`)}, requests: 2, records: 3, err: conveyor.ErrPaging},
		"the same page, without a total": {pages: []string{span(0, 100, ""), span(0, 100, "")}, requests: 2, records: 100, err: conveyor.ErrPaging},
		"a cycle of two":                 {pages: []string{span(0, 100, ""), span(100, 200, ""), span(0, 100, "")}, requests: 3, records: 200, err: conveyor.ErrPaging},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c := canned(t, func(r *http.Request) string {
				requests++
				require.Equal(t, strconv.Itoa(requests), r.URL.Query().Get("page"))
				require.Equal(t, "100", r.URL.Query().Get("per_page"))
				require.LessOrEqual(t, requests, len(tt.pages), "one page too many was asked for")
				return tt.pages[requests-1]
			})
			got, err := drain(c.Queue(t.Context()))
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err)
				require.False(t, conveyor.Temporary(err))
				require.False(t, conveyor.Ambiguous(err))
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, tt.requests, requests)
			require.Len(t, got, tt.records)
			ids := map[string]bool{}
			for _, request := range got {
				ids[request.ID] = true
			}
			require.Len(t, ids, tt.records, "a record was yielded twice")
		})
	}
}

func TestPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, total := range map[string]string{"with a total": `,"total_pages":1000000`, "without": `,"per_page":1`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c := canned(t, func(*http.Request) string {
				requests++
				return span(requests, requests+1, total)
			})
			_, err := drain(c.Queue(t.Context()))
			require.ErrorIs(t, err, conveyor.ErrPaging)
			require.Equal(t, 10_000, requests)
		})
	}
}

func TestAListingCanBeLeftAndBegunAnew(t *testing.T) {
	t.Parallel()
	requests := 0
	c := canned(t, func(*http.Request) string {
		requests++
		return span(0, 100, `,"total_pages":9`)
	})
	queue := c.Queue(t.Context())
	require.Zero(t, requests, "nothing is sent before the listing is read")
	for range 2 {
		for request, err := range queue {
			require.NoError(t, err)
			require.Equal(t, "0", request.ID)
			break
		}
	}
	require.Equal(t, 2, requests)
}

func TestAListingEndsAtItsFirstError(t *testing.T) {
	t.Parallel()
	pages := []string{span(0, 2, `,"total_pages":3`), `<html>busy</html>`}
	requests := 0
	c := canned(t, func(*http.Request) string {
		requests++
		return pages[requests-1]
	})
	records, failures := 0, 0
	for _, err := range c.Queue(t.Context()) {
		if err == nil {
			records++
			continue
		}
		failures++
		var garbled *conveyor.DecodeError
		require.ErrorAs(t, err, &garbled)
		require.ErrorContains(t, err, "page 2")
	}
	require.Equal(t, 2, records)
	require.Equal(t, 1, failures)
}

func TestAnAnswerWithoutTheListIsNotAnEmptyList(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"empty body":       ``,
		"empty object":     `{}`,
		"null":             `null`,
		"bare list":        `[]`,
		"an error":         `{"error":"try later"}`,
		"another list":     `{"authorizations":[],"total_pages":1}`,
		"no list":          `{"authorization_requests":{"id":"r1"}}`,
		"record is a text": `{"authorization_requests":["r1"]}`,
		"record is null":   `{"authorization_requests":[null]}`,
		"no id":            `{"authorization_requests":[{"email":"a@c.example"}]}`,
		"null id":          `{"authorization_requests":[{"id":null}]}`,
		"odd id":           `{"authorization_requests":[{"id":{"a":1}}]}`,
		"cut short":        `{"authorization_requests":[{"id":"r1"}`,
		"trailing":         `{"authorization_requests":[]}{}`,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := canned(t, func(*http.Request) string { return answer })
			got, err := drain(c.Queue(t.Context()))
			var garbled *conveyor.DecodeError
			require.ErrorAs(t, err, &garbled)
			require.Empty(t, got)
			require.NotContains(t, err.Error(), "a@c.example")
		})
	}
}

func TestInteractionsUnderTheOtherName(t *testing.T) {
	t.Parallel()
	c := canned(t, func(*http.Request) string { return `{"items":[{"id":7}]}` })
	got, err := drain(c.Interactions(t.Context(), conveyor.InteractionFilter{}))
	require.NoError(t, err)
	require.Equal(t, []conveyor.Interaction{{ID: "7"}}, got)
}

// TestAPageOfExcess: what no honest server sends costs one error, and not the
// memory or the stack.
func TestAPageOfExcess(t *testing.T) {
	t.Parallel()
	const deep = 1_000_000
	nested := strings.Repeat(`{"a":[`, deep) + "1" + strings.Repeat("]}", deep)
	for name, tt := range map[string]struct {
		body string
		err  error
	}{
		"too many records":       {`{"authorization_requests":[` + strings.Repeat(`{"id":1},`, 10_000) + `{"id":1}]}`, conveyor.ErrTooLarge},
		"too long":               {`{"authorization_requests":[],"x":"` + strings.Repeat("x", int(conveyor.DefaultMaxBody)) + `"}`, conveyor.ErrTooLarge},
		"nested lists":           {`{"authorization_requests":` + strings.Repeat("[", deep), nil},
		"nested in a field":      {`{"authorization_requests":[{"id":"r1","email":` + nested + `}]}`, nil},
		"nested in the envelope": {`{"authorization_requests":[],"total_pages":` + nested + `}`, nil},
		"nested beside":          {`{"authorization_requests":[],"x":` + nested + `}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := canned(t, func(*http.Request) string { return tt.body })
			_, err := drain(c.Queue(t.Context()))
			_, garbled := errors.AsType[*conveyor.DecodeError](err)
			require.True(t, garbled, "%v", err)
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err)
			}
			require.Less(t, len(err.Error()), 300)
		})
	}
	c := canned(t, func(*http.Request) string {
		return `{"authorization_requests":[` + strings.Repeat(`{"id":1},`, 9_999) + `{"id":2}],"total_pages":1}`
	})
	got, err := drain(c.Queue(t.Context()))
	require.NoError(t, err, "a server that does not page at all is read")
	require.Len(t, got, 2)
}
