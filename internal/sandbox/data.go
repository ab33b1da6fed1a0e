package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/folder"
	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// open makes the two practice parties: out of the folder that keeps them, or
// new ones.
func (s *Sandbox) open(ctx context.Context) error {
	o := s.options
	if o.Data == "" {
		s.Slack, s.Room = practiceslack.New(o.Slack), practiceconveyor.New(o.Room) //nolint:contextcheck // a room lives until it is closed
		s.furnish()
		var err error
		if s.database, err = os.MkdirTemp("", "frontdesk-practice-"); err != nil {
			return fmt.Errorf("make a folder for the practice database: %w", err)
		}
		return nil
	}
	kept, err := folder.Open(ctx, o.Data)
	if err != nil {
		return err
	}
	if err := s.openKept(ctx, kept); err != nil {
		return errors.Join(err, kept.Close())
	}
	s.folder, s.database = kept, o.Data
	return nil
}

func (s *Sandbox) openKept(ctx context.Context, kept *folder.Folder) (err error) {
	if s.Slack, err = practiceslack.Open(s.options.Slack, kept.Party("slack")); err != nil {
		return err
	}
	if s.Room, err = practiceconveyor.Open(s.options.Room, kept.Party("conveyor")); err != nil { //nolint:contextcheck // a room lives until it is closed
		return err
	}
	if kept.Resumed() {
		return nil
	}
	s.furnish()
	return kept.Settle(ctx)
}

// Resumed says whether the world goes on from a process before.
func (s *Sandbox) Resumed() bool { return s.folder != nil && s.folder.Resumed() }

// Failed gives an error when the world can no longer be kept. It then answers
// no call any more and is to be closed.
func (s *Sandbox) Failed() <-chan error {
	if s.folder == nil {
		return nil
	}
	return s.folder.Failed()
}

// leaveFolder lets go of the folder that keeps the world, or removes the one
// that was only for this process.
func (s *Sandbox) leaveFolder() error {
	if s.folder != nil {
		return s.folder.Close()
	}
	if err := os.RemoveAll(s.database); err != nil {
		return fmt.Errorf("remove the practice database: %w", err)
	}
	return nil
}
