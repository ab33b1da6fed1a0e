package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// sender sends clicks to a subject.
type sender struct {
	client *http.Client
	url    string
	clock  func() time.Time
}

func newSender(url string, clock func() time.Time) *sender {
	return &sender{url: url, clock: clock, client: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute},
	}}
}

// send sends a click and waits for its answer. Anything but 200 is an error.
func (s *sender) send(ctx context.Context, c click) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(c.body))
	if err != nil {
		return fmt.Errorf("click %d: %w", c.number, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Slack-Request-Timestamp", c.timestamp)
	request.Header.Set("X-Slack-Signature", c.signature)
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("click %d: %w", c.number, err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return fmt.Errorf("click %d: %w", c.number, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("click %d was answered with %s", c.number, response.Status)
	}
	return nil
}

// sent is what came of a load: by the click's place in it.
type sent struct {
	planned []time.Time
	// took is from the planned time to the answer.
	took []time.Duration
	// lasted is from the first click to the last answer.
	lasted time.Duration
	// refused is how many clicks had to be sent again, after the others: their
	// time is the one that the refusal took.
	refused int
}

// again sends the clicks again that were refused, as a reviewer would.
func (s *sender) again(ctx context.Context, clicks []click, errs []error) (refused int, err error) {
	for i, err := range errs {
		if err == nil {
			continue
		}
		refused++
		for try := 1; err != nil; try++ {
			if try == 10 || ctx.Err() != nil {
				return refused, err
			}
			err = s.send(ctx, clicks[i])
		}
	}
	return refused, nil
}

// steady sends clicks at a fixed rate. It does not wait for answers, and an
// answer's time counts from when its click was to be sent: a subject that falls
// behind is not spared the clicks that it kept waiting.
func (s *sender) steady(ctx context.Context, clicks []click, perSecond int) (sent, error) {
	got := sent{planned: make([]time.Time, len(clicks)), took: make([]time.Duration, len(clicks))}
	errs := make([]error, len(clicks))
	began := s.clock()
	var wg sync.WaitGroup
	for i, c := range clicks {
		got.planned[i] = began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		if err := s.waitUntil(ctx, got.planned[i]); err != nil {
			errs[i] = err
			break
		}
		wg.Go(func() {
			errs[i] = s.send(ctx, c)
			got.took[i] = s.clock().Sub(got.planned[i])
		})
	}
	wg.Wait()
	got.lasted = s.clock().Sub(began)
	var err error
	got.refused, err = s.again(ctx, clicks, errs)
	return got, err
}

// waitUntil waits for the time of the next click, which is soon.
func (s *sender) waitUntil(ctx context.Context, at time.Time) error {
	if d := at.Sub(s.clock()); d > 0 {
		sleep(d)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("broken off: %w", err)
	}
	return nil
}

// wait waits for a time, or for the end of the context.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("broken off: %w", ctx.Err())
	}
}

// atOnce sends clicks from so many clients, each of which waits for its answer
// before it sends the next.
func (s *sender) atOnce(ctx context.Context, clicks []click, clients int) (sent, error) {
	got := sent{planned: make([]time.Time, len(clicks)), took: make([]time.Duration, len(clicks))}
	errs := make([]error, len(clicks))
	began := s.clock()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(clicks) || ctx.Err() != nil {
					return
				}
				got.planned[i] = s.clock()
				errs[i] = s.send(ctx, clicks[i])
				got.took[i] = s.clock().Sub(got.planned[i])
			}
		})
	}
	wg.Wait()
	got.lasted = s.clock().Sub(began)
	var err error
	got.refused, err = s.again(ctx, clicks, errs)
	return got, err
}
