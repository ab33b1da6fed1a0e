package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

const (
	// sweepEvery is how long a wake-up that the queue lost may go unnoticed.
	sweepEvery = time.Minute
	// checkInEvery is how often Slack is asked whether the token is good.
	checkInEvery = 30 * time.Second
	// pollWithin bounds one poll, all pages of it.
	pollWithin = 80 * time.Second
)

// health is the last answer of something that is asked now and then.
type health struct {
	mu  sync.Mutex
	err error
}

func (h *health) set(err error) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed = (h.err == nil) != (err == nil)
	h.err = err
	return changed
}

func (h *health) get() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// startLoops starts what happens again and again. Nothing depends on a single
// turn of any of them.
func (a *App) startLoops(o Options, watch *watch) {
	ctx, cancel := context.WithCancel(context.Background())
	a.stopLoops = cancel
	a.slack.set(errors.New("Slack was not asked yet")) //nolint:staticcheck // Slack is a name
	a.every(ctx, checkInEvery, a.checkIn)
	a.every(ctx, o.Config.ConveyorPollInterval, func(ctx context.Context) {
		_, err := a.poll(ctx)
		if ctx.Err() == nil { // a poll that stopping cut short did not fail
			watch.polled(a.connector.Source(), err)
		}
	})
	a.every(ctx, sweepEvery, func(ctx context.Context) {
		_, err := a.desk.Sweep(ctx)
		if err = errors.Join(err, a.desk.LookAfter(ctx)); err != nil && ctx.Err() == nil {
			a.log.WithError(err).Error("the sweep for lost work failed; it is tried again in a minute")
		}
	})
	a.loops.Go(func() { a.nameUnknownReviewers(ctx, o) })
}

// every does something now and at an interval until the context ends.
func (a *App) every(ctx context.Context, interval time.Duration, do func(ctx context.Context)) {
	a.loops.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			do(ctx)
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// poll compares with the outside system, one poll at a time in this process.
func (a *App) poll(ctx context.Context) (approval.Found, error) {
	select {
	case a.pollTurn <- struct{}{}:
		defer func() { <-a.pollTurn }()
	case <-ctx.Done():
		return approval.Found{}, fmt.Errorf("wait for the poll under way: %w", ctx.Err())
	}
	ctx, cancel := context.WithTimeout(ctx, pollWithin)
	defer cancel()
	return a.desk.Poll(ctx, a.connector.Source())
}

func (a *App) checkIn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	err := a.directory.CheckIn(ctx)
	if errors.Is(err, context.Canceled) {
		return
	}
	changed := a.slack.set(readable(err))
	switch {
	case changed && err == nil:
		a.log.Info("Slack answers")
	case isPassing(err):
		a.log.WithError(err).Warn("Slack does not answer")
	case err != nil:
		a.log.WithError(err).Error("Slack does not accept Frontdesk")
	}
}

// readable gives what /readyz may say of Slack: an error code with its remedy,
// but not the network's own words, which name addresses.
func readable(err error) error {
	if isPassing(err) {
		return errors.New("Slack does not answer; the log says why") //nolint:staticcheck // Slack is a name
	}
	return err
}

func isPassing(err error) bool {
	_, passing := errors.AsType[*approval.PassingError](err)
	return passing
}

// takeWebhook takes in what a webhook announces.
func (a *App) takeWebhook(ctx context.Context, header http.Header, body []byte) error {
	id, err := a.connector.ReadWebhook(header, body)
	switch {
	case errors.Is(err, connector.ErrNoWebhook):
		return web.ErrClosed
	case err != nil:
		return fmt.Errorf("%w: %w", web.ErrNotGenuine, err)
	case id == "":
		_, err = a.poll(ctx)
	default:
		_, err = a.desk.TakeIn(ctx, a.connector.Source(), id)
	}
	return err
}

// ready asks each part how it is.
func (a *App) ready(ctx context.Context) map[string]error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	parts := map[string]error{
		"store":              a.store.Ping(ctx),
		"slack":              a.slack.get(),
		a.connector.Source(): a.connector.Health(),
		"jobs":               nil,
	}
	if !a.queue.Running() {
		parts["jobs"] = errors.New("the job queue is not running")
	}
	return parts
}
