package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/connector"
	"github.com/frontdesk-hq/frontdesk/internal/tracing"
	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// Webhooks that were taken in are remembered for longer than one of them is
// accepted, and so many at most.
const (
	rememberWebhooks = 15 * time.Minute
	mostWebhooks     = 10_000
)

// takeWebhook takes in what a webhook announces. One that was taken in before
// is not worked on again: whoever has seen one could otherwise make Frontdesk
// spend Conveyor's rate limit with it.
func (a *App) takeWebhook(ctx context.Context, header http.Header, body []byte) error {
	id, err := a.connector.ReadWebhook(header, body)
	switch {
	case errors.Is(err, connector.ErrNoWebhook):
		return web.ErrClosed
	case err != nil:
		return fmt.Errorf("%w: %w", web.ErrNotGenuine, err)
	case a.webhooks.has(body, a.clock()):
		return nil
	case id == "":
		_, err = a.poll(ctx)
	default:
		_, err = a.takeIn(ctx, id)
	}
	a.lookForDamage(err)
	if err == nil {
		a.webhooks.remember(body, a.clock())
	}
	return err
}

// takeIn takes in one request of the outside system.
func (a *App) takeIn(ctx context.Context, externalID string) (bool, error) {
	ctx, end := a.tracer.Begin(ctx, tracing.Server, "take in a webhook")
	taken, err := a.desk.TakeIn(ctx, a.connector.Source(), externalID)
	end(err)
	return taken, err
}

// webhooks remembers by a sum of their bodies which were taken in.
type webhooks struct {
	mu    sync.Mutex
	taken map[[sha256.Size]byte]time.Time
}

func (w *webhooks) has(body []byte, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.taken[sha256.Sum256(body)]
	return ok && now.Sub(at).Abs() < rememberWebhooks
}

func (w *webhooks) remember(body []byte, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.taken == nil || len(w.taken) >= mostWebhooks {
		w.taken = map[[sha256.Size]byte]time.Time{} // at worst one is worked on again
	}
	w.taken[sha256.Sum256(body)] = now
}
