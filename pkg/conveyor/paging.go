package conveyor

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"strconv"
)

const (
	// perPage is the most that Conveyor's documentation allows.
	perPage = 100
	// maxPages ends a listing whose server never does: a million records.
	maxPages = 10_000
	// maxRecords bounds one page: far more than was asked for, for a server that
	// does not page at all, and few enough that small ones do not fill the memory.
	maxRecords = 10_000
)

// list reads every page of path. The records are the member of the answer with the first of names that is
// there. Each record is yielded once, even if the pages shifted while they were read.
func list[T record](ctx context.Context, c *Client, path string, filter params, names ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		seen := map[string]struct{}{}
		for number := 1; number <= maxPages; number++ {
			got, err := readPage[T](ctx, c, path, filter, number, names)
			if err != nil {
				yield(zero, fmt.Errorf("read page %d: %w", number, err))
				return
			}
			known := len(seen)
			for _, rec := range got.records {
				if _, again := seen[rec.recordID()]; again {
					continue
				}
				seen[rec.recordID()] = struct{}{}
				if !yield(rec, nil) {
					return
				}
			}
			if len(got.records) > 0 && len(seen) == known {
				yield(zero, fmt.Errorf("conveyor: GET %s: page %d repeats earlier ones: %w", path, number, ErrPaging))
				return
			}
			if got.last(number) {
				return
			}
		}
		yield(zero, fmt.Errorf("conveyor: GET %s: more than %d pages: %w", path, maxPages, ErrPaging))
	}
}

// refused is a listing whose arguments were refused.
func refused[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, err)
	}
}

// page is one answer of a listing.
type page[T any] struct {
	records    []T
	totalPages int
	perPage    int
}

// last reports whether no page can follow. A total that is missing or 0 says nothing; then a page that is not
// full is the last. The answer's own page size counts, since a server may allow less than it was asked for.
func (p page[T]) last(number int) bool {
	if p.totalPages > 0 {
		return number >= p.totalPages
	}
	full := perPage
	if p.perPage > 0 && p.perPage < perPage {
		full = p.perPage
	}
	return len(p.records) < full
}

func readPage[T record](
	ctx context.Context, c *Client, path string, filter params, number int, names []string,
) (page[T], error) {
	p := maps.Clone(filter)
	if p == nil {
		p = params{}
	}
	p["page"] = strconv.Itoa(number)
	p["per_page"] = strconv.Itoa(perPage)
	body, err := c.get(ctx, path, p)
	if err != nil {
		return page[T]{}, err
	}
	got, err := decodePage[T](body, names)
	if err != nil {
		return page[T]{}, &DecodeError{Method: http.MethodGet, Path: path, Err: err}
	}
	return got, nil
}

// decodePage refuses an answer without the list: taken for an empty one, it would say that nothing is there.
func decodePage[T record](body []byte, names []string) (page[T], error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return page[T]{}, shape(err)
	}
	var paging struct {
		TotalPages count `json:"total_pages"`
		PerPage    count `json:"per_page"`
	}
	if err := json.Unmarshal(body, &paging); err != nil {
		return page[T]{}, shape(err)
	}
	got := page[T]{totalPages: int(paging.TotalPages), perPage: int(paging.PerPage)}
	for _, name := range names {
		raw, ok := members[name]
		if !ok {
			continue
		}
		var each []json.RawMessage
		if err := json.Unmarshal(raw, &each); err != nil {
			return page[T]{}, shape(err)
		}
		if len(each) > maxRecords {
			return page[T]{}, fmt.Errorf("more than %d records on one page: %w", maxRecords, ErrTooLarge)
		}
		var err error
		got.records, err = decodeRecords[T](each)
		return got, err
	}
	return page[T]{}, errNoList
}

func decodeRecords[T record](each []json.RawMessage) ([]T, error) {
	records := make([]T, len(each))
	for i, raw := range each {
		if err := json.Unmarshal(raw, &records[i]); err != nil {
			return nil, shape(err)
		}
		if records[i].recordID() == "" {
			return nil, errNoID
		}
	}
	return records, nil
}
