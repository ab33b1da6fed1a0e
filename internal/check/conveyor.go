package check

import (
	"context"
	"fmt"

	"github.com/frontdesk-hq/frontdesk/internal/connector/conveyor"
)

// conveyor reads what Frontdesk reads. Whether the key may decide is seen with
// the first decision only: there is no way to ask.
func (t *trial) conveyor(ctx context.Context) {
	const part, groupsPart = "Conveyor", "access groups"
	c := t.Config
	room, err := conveyor.New(conveyor.Settings{
		APIURL: c.ConveyorAPIURL, AppURL: c.ConveyorAppURL, Key: c.ConveyorKey.Reveal(),
		QueryParams: c.ConveyorParams == "query", BearerAuth: c.ConveyorAuth == "bearer",
		WebhookSecret: c.ConveyorWebhookSecret.Reveal(),
	}, t.Clock, "frontdesk-check/"+t.Version)
	if err != nil {
		t.failed(part, err.Error(), "correct the settings that begin with CONVEYOR_")
		t.skipped(groupsPart, "Conveyor could not be asked")
		return
	}
	open, err := room.Open(ctx)
	if err != nil {
		t.failed(part, err.Error(), "correct CONVEYOR_KEY and CONVEYOR_API_URL, or let this process reach Conveyor")
		t.skipped(groupsPart, "Conveyor could not be asked")
		return
	}
	t.ok(part, fmt.Sprintf("the key reads requests; %d are open (whether it may decide is seen with the first decision)", len(open)))
	groups, err := room.Groups(ctx)
	switch {
	case err != nil:
		t.failed(groupsPart, err.Error(), "let the key read access groups")
	case len(groups) == 0:
		t.warning(groupsPart, "the room has none: approving gives standard access", "add access groups in Conveyor if you mean to choose some")
	default:
		t.ok(groupsPart, fmt.Sprintf("%d can be chosen", len(groups)))
	}
}
