// Package connector is the contract between Frontdesk and an outside system
// that requests come from.
//
// It may import the domain. A connector, a package below this one, imports
// neither Slack, nor the store, nor another connector; it describes a request
// and does not draw it. It is registered by one line in internal/app.
package connector

import (
	"errors"
	"net/http"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// ErrNoWebhook says that the connector's webhook is switched off.
var ErrNoWebhook = errors.New("the webhook is off")

// ErrNotGenuine says that a webhook's signature does not prove its origin.
var ErrNotGenuine = errors.New("the webhook's signature does not verify")

// ErrUnread says that this process has not read the system yet.
var ErrUnread = errors.New("the system was not read yet")

// Connector is one outside system.
type Connector interface {
	approval.System
	// Source is the system's short name, for example "conveyor": the Source of
	// its requests.
	Source() string
	// ReadWebhook verifies a webhook and gives the id of the request that it
	// announces, empty if it does not say: then a poll finds out. The errors are
	// ErrNoWebhook and ErrNotGenuine.
	ReadWebhook(header http.Header, body []byte) (externalID string, err error)
	// Health gives why the system could not be read the last time, nil if it
	// could, and ErrUnread before the first time.
	Health() error
}
