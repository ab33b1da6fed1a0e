package conveyor

import (
	"context"
	"iter"
)

const (
	accessGroupsPath = "/exchange/access_groups"
	connectionsPath  = "/exchange/connections"
	interactionsPath = "/interactions"
)

// AccessGroups lists the room's access groups, at the cost and with the errors of [Client.Queue].
func (c *Client) AccessGroups(ctx context.Context) iter.Seq2[AccessGroup, error] {
	return list[AccessGroup](ctx, c, accessGroupsPath, nil, "access_groups")
}

// ConnectionFilter narrows [Client.Connections]. What is empty does not narrow.
type ConnectionFilter struct {
	Domain string
}

// Connections lists connections, at the cost and with the errors of [Client.Queue].
func (c *Client) Connections(ctx context.Context, filter ConnectionFilter) iter.Seq2[Connection, error] {
	p := params{}
	p.put("domain", filter.Domain)
	return list[Connection](ctx, c, connectionsPath, p, "connections")
}

// InteractionFilter narrows [Client.Interactions]. What is empty does not narrow.
type InteractionFilter struct {
	Type InteractionType
	// CreatedFrom and CreatedTo are days; whether the last one is included is not documented.
	CreatedFrom Date
	CreatedTo   Date
}

func (f InteractionFilter) params() (params, error) {
	if err := f.CreatedFrom.check("the first day"); err != nil {
		return nil, err
	}
	if err := f.CreatedTo.check("the last day"); err != nil {
		return nil, err
	}
	p := params{}
	p.put("type", string(f.Type))
	p.put("created_at_start", f.CreatedFrom.String())
	p.put("created_at_end", f.CreatedTo.String())
	return p, nil
}

// Interactions lists what people did in the room, at the cost and with the errors of [Client.Queue], and
// [ErrArgument] for a filter's impossible day.
func (c *Client) Interactions(ctx context.Context, filter InteractionFilter) iter.Seq2[Interaction, error] {
	return c.interactions(ctx, interactionsPath, filter)
}

// ConnectionInteractions lists what the people of one connection did, as [Client.Interactions] does, with
// [ErrArgument] for an impossible id too.
func (c *Client) ConnectionInteractions(
	ctx context.Context, connectionID string, filter InteractionFilter,
) iter.Seq2[Interaction, error] {
	escaped, err := segment("connection id", connectionID)
	if err != nil {
		return refused[Interaction](err)
	}
	return c.interactions(ctx, interactionsPath+"/connections/"+escaped, filter)
}

func (c *Client) interactions(ctx context.Context, path string, filter InteractionFilter) iter.Seq2[Interaction, error] {
	p, err := filter.params()
	if err != nil {
		return refused[Interaction](err)
	}
	// The name of the list in this answer is not documented.
	return list[Interaction](ctx, c, path, p, "interactions", "items")
}
