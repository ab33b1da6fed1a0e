package sandbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/frontdesk-hq/frontdesk/internal/app"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

// ErrRunning says that Frontdesk cannot be started, because it runs.
var ErrRunning = errors.New("it is running already")

// ErrClosed says that the practice world has ended or is about to.
var ErrClosed = errors.New("the practice world is closed")

// StartFrontdesk starts Frontdesk, on a free port, on the state it left behind.
// It may be called at any time: it waits for a stop that is under way.
func (s *Sandbox) StartFrontdesk(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	running, closed := s.desk != nil, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case running:
		return ErrRunning
	}
	desk, err := app.Start(ctx, app.Options{
		Config: s.settings, Listen: "127.0.0.1:0", Version: s.options.Version,
		Clock: s.options.Clock, Log: s.options.Log, Timing: s.options.Timing,
	})
	if err != nil {
		return fmt.Errorf("start Frontdesk: %w", err)
	}
	s.setDesk(desk)
	s.Slack.SetRequestURL(desk.URL() + "/slack/events")
	err = s.Room.SetWebhook(practiceconveyor.Webhook{URL: desk.URL() + "/conveyor/webhook", Secret: WebhookSecret})
	if err != nil {
		return fmt.Errorf("point the practice webhook at Frontdesk: %w", err)
	}
	return nil
}

// StopFrontdesk stops Frontdesk as an operator would. The practice parties go
// on. To stop what is stopped is no error.
func (s *Sandbox) StopFrontdesk(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	desk := s.setDesk(nil)
	if desk == nil {
		return nil
	}
	return desk.Stop(ctx)
}

// setDesk puts a Frontdesk, or none, in the place of the one before.
func (s *Sandbox) setDesk(desk *app.App) (before *app.App) {
	s.mu.Lock()
	before, s.desk = s.desk, desk
	s.mu.Unlock()
	s.page.Changed()
	return before
}

// leaveFrontdesk stops Frontdesk for good.
func (s *Sandbox) leaveFrontdesk(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.StopFrontdesk(ctx)
}

// FrontdeskRunning says whether Frontdesk runs.
func (s *Sandbox) FrontdeskRunning() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.desk != nil
}

// FrontdeskURL gives the address of Frontdesk itself, empty while it is stopped.
func (s *Sandbox) FrontdeskURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.desk == nil {
		return ""
	}
	return s.desk.URL()
}
