package practiceslack

import "slices"

// Command is a slash command that the app has registered, as the message box
// offers it.
type Command struct {
	Name        string // with its slash, such as /requests
	Description string
	Hint        string // how it is used, such as [open | mine]
}

// AddCommand registers a slash command, or replaces the one with that name.
func (ws *Workspace) AddCommand(c Command) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	// The list that Commands has given away stays as it was.
	ws.commands = slices.DeleteFunc(slices.Clone(ws.commands), func(known Command) bool { return known.Name == c.Name })
	ws.commands = append(ws.commands, c)
	ws.announce(Event{Kind: CommandsChanged})
}

// Commands lists the registered slash commands in the order in which they came.
func (ws *Workspace) Commands() []Command {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return slices.Clone(ws.commands)
}
