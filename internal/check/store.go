package check

import (
	"context"
	"errors"

	"github.com/frontdesk-hq/frontdesk/internal/store"
)

// store opens the database as the start would: reached, migrated and writable.
func (t *trial) store(ctx context.Context) {
	const part = "database"
	where := t.Config.DatabaseURL.Redacted()
	s, err := store.Open(ctx, t.Config.DatabaseURL.Reveal())
	if inUse, ok := errors.AsType[*store.InUseError](err); ok {
		t.warning(part, "a Frontdesk runs on "+inUse.Path+", so it was not looked at",
			"stop that one to have it checked, or leave it if that is the one you mean")
		return
	}
	if newer, ok := errors.AsType[*store.NewerError](err); ok {
		t.failed(part, newer.Error(), "install the newer version again; docs/operations.md says how to go back")
		return
	}
	if err != nil {
		t.failed(part, err.Error(), "correct DATABASE_URL, or let this process reach and write the database")
		return
	}
	err = s.Ping(ctx)
	if closing := s.Close(); err == nil {
		err = closing
	}
	if err != nil {
		t.failed(part, err.Error(), "let this process write the database")
		return
	}
	t.ok(part, where+" is reached, up to date and writable")
}
