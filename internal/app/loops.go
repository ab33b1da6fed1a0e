package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/store"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
)

const (
	// sweepEvery is how long a wake-up that was lost may go unnoticed: one that the
	// queue lost, or one that was held back by a process that died.
	sweepEvery = 30 * time.Second
	// lookAfterEvery is how often a message is looked after, for which Slack is
	// asked.
	lookAfterEvery = time.Minute
	// checkInEvery is how often Slack is asked whether the token is good.
	checkInEvery = 30 * time.Second
	// pollWithin bounds one poll, all pages of it.
	pollWithin = 80 * time.Second
	// forgetEvery is how often old requests are looked for, forgetPause the rest
	// between two steps of removing them.
	forgetEvery = time.Hour
	forgetPause = 100 * time.Millisecond
	// turnWithin bounds one turn of any of them, if nothing else does: a database
	// that says nothing at all must not hold one up for good.
	turnWithin = 10 * time.Minute
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
	a.every(ctx, beatEvery, a.beat)
	a.room.set(connector.ErrUnread)
	a.every(ctx, o.Config.ConveyorPollInterval, func(ctx context.Context) { a.pollInTurn(ctx, o, watch) })
	if a.store.Kind() == store.Postgres {
		a.every(ctx, beatEvery, func(ctx context.Context) { a.pollAfterDeath(ctx, o, watch) })
	}
	if days := o.Config.RetentionDays; days > 0 {
		a.every(ctx, forgetEvery, func(ctx context.Context) { a.forget(ctx, o.Clock().AddDate(0, 0, -days)) })
	}
	a.every(ctx, sweepEvery, func(ctx context.Context) {
		hastened, err := a.queue.Hasten(ctx)
		if hastened > 0 {
			a.log.WithField("jobs", hastened).Warn("work was planned for far ahead, because the clock was wrong and is put back; it goes on now")
		}
		_, swept := a.desk.Sweep(ctx)
		err = errors.Join(err, swept)
		a.lookForDamage(err)
		if err != nil && ctx.Err() == nil {
			a.log.WithError(err).Error("the sweep for lost work failed; it is tried again in half a minute")
		}
	})
	a.every(ctx, lookAfterEvery, func(ctx context.Context) {
		err := a.desk.LookAfter(ctx)
		a.lookForDamage(err)
		if err != nil && ctx.Err() == nil {
			a.log.WithError(err).Error("a message could not be looked after; it is tried again in a minute")
		}
	})
	a.loops.Go(func() { a.nameUnknownReviewers(ctx, o) })
	if o.Reload != nil {
		a.loops.Go(func() { a.newRenewer(o).run(ctx, cmp.Or(o.RenewEvery, renewEvery), o.Hangups) })
	}
	if a.sockets != nil {
		a.loops.Go(func() {
			if err := a.sockets.Run(ctx); err != nil {
				a.failed <- err
			}
		})
	}
}

// every does something now and at an interval until the context ends.
func (a *App) every(ctx context.Context, interval time.Duration, do func(ctx context.Context)) {
	a.loops.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			turn, cancel := context.WithTimeout(ctx, turnWithin)
			do(turn)
			cancel()
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// pollInTurn polls if no other replica does, and otherwise takes over what the
// one that did has found out about the outside system. A replica that could not
// read the system itself goes on polling until it can.
func (a *App) pollInTurn(ctx context.Context, o Options, watch *watch) {
	source := a.connector.Source()
	mine, err := a.shared.BeginPoll(ctx, source, o.Clock(), o.Config.ConveyorPollInterval)
	a.lookForDamage(err)
	switch {
	case err != nil && ctx.Err() == nil:
		watch.polled(ctx, source, err, nil)
	case err != nil:
	case mine || a.inTrouble():
		a.pollAndTell(ctx, watch)
	default:
		trouble, err := a.shared.PollTrouble(ctx, source)
		if err != nil {
			return // that is the store's trouble, and says nothing of the room
		}
		if trouble != "" {
			err = errors.New(trouble)
		}
		a.room.set(err)
	}
}

// pollAfterDeath polls in place of a replica that died while it did: nobody
// else would before the next interval.
func (a *App) pollAfterDeath(ctx context.Context, o Options, watch *watch) {
	mine, err := a.shared.TakeOverPoll(ctx, a.connector.Source(), o.Clock())
	if err == nil && mine { // an error of the store shows elsewhere, and there is a next time
		a.log.Info("another replica did not end its poll; it is made here")
		a.pollAndTell(ctx, watch)
	}
}

// pollAndTell polls, and tells the operator and the other replicas how it went.
func (a *App) pollAndTell(ctx context.Context, watch *watch) {
	source := a.connector.Source()
	polling, stop := context.WithCancel(ctx)
	var living sync.WaitGroup
	living.Go(func() { a.keepPolling(polling, source) })
	_, err := a.poll(ctx)
	stop()
	living.Wait()
	if ctx.Err() != nil { // a poll that stopping cut short did not fail
		return
	}
	watch.polled(ctx, source, err, a.connector.Health())
	a.room.set(a.connector.Health())
	if err := a.shared.EndPoll(ctx, source, sentence(a.connector.Health())); err != nil && ctx.Err() == nil {
		a.log.WithError(err).Warn("the other replicas are not told how the poll went")
	}
}

// keepPolling says now and then that this process lives and polls.
func (a *App) keepPolling(ctx context.Context, source string) {
	ticker := time.NewTicker(store.PollLease)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = a.shared.KeepPolling(ctx, source) // at worst another polls too
		case <-ctx.Done():
			return
		}
	}
}

// inTrouble reports whether this process tried to read the outside system and
// could not.
func (a *App) inTrouble() bool {
	err := a.connector.Health()
	return err != nil && !errors.Is(err, connector.ErrUnread)
}

// roomHealth gives how the outside system is, as far as this process or the one
// that polled last knows.
func (a *App) roomHealth() error {
	own, shared := a.connector.Health(), a.room.get()
	switch {
	case errors.Is(own, connector.ErrUnread):
		return shared
	case errors.Is(shared, connector.ErrUnread), own != nil:
		return own
	}
	return shared
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// forget removes requests that were decided before a time, in small steps.
func (a *App) forget(ctx context.Context, before time.Time) {
	pause := time.NewTicker(forgetPause)
	defer pause.Stop()
	for {
		more, err := a.desk.Forget(ctx, before)
		if err != nil && ctx.Err() == nil {
			a.log.WithError(err).Error("old requests could not be removed; it is tried again in an hour")
		}
		if err != nil || !more {
			return
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
	}
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
	ctx, end := a.tracer.Begin(ctx, tracing.Internal, "poll")
	found, err := a.desk.Poll(ctx, a.connector.Source())
	end(err)
	a.lookForDamage(err)
	return found, err
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

// slackHealth says whether Slack answers and, with Socket Mode, can reach us.
func (a *App) slackHealth() error {
	if err := a.slack.get(); err != nil || a.sockets == nil {
		return err
	}
	if err := a.sockets.Health(); err != nil {
		return readable(err)
	}
	return nil
}

// ready gives how each part was the last time. It asks none, because anybody
// may ask it, as often as they like.
func (a *App) ready(context.Context) map[string]error { return a.parts() }

func (a *App) parts() map[string]error {
	parts := map[string]error{
		"store":              a.storage.health(),
		"slack":              a.slackHealth(),
		a.connector.Source(): a.roomHealth(),
		"jobs":               nil,
	}
	if !a.queue.Running() {
		parts["jobs"] = errors.New("the job queue is not running")
	}
	return parts
}
