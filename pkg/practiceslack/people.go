package practiceslack

import "slices"

// Person describes someone in the workspace. An empty TeamID means this
// workspace; another one, together with Stranger, a person who comes through
// Slack Connect.
type Person struct {
	ID              string
	Name            string // the handle, without @
	RealName        string
	Email           string
	TeamID          string
	TZ              string
	Bot             bool
	Deleted         bool
	Restricted      bool
	UltraRestricted bool
	Stranger        bool
}

// ChannelInfo describes a channel. The app's bot is a member unless WithoutApp
// is set or the app is not installed.
type ChannelInfo struct {
	ID         string
	Name       string // without #
	Private    bool
	Archived   bool
	Direct     bool // a direct message between the app and one person
	WithoutApp bool
	Members    []string
}

// UserGroup is a group of people that can be mentioned and listed.
type UserGroup struct {
	ID       string
	Handle   string
	Name     string
	Disabled bool
	Users    []string
}

type channel struct {
	ChannelInfo
	messages []*message            // oldest first
	threads  map[string][]*message // replies by the thread's first message
}

func (c *channel) has(person string) bool { return slices.Contains(c.Members, person) }

// add puts a message at the end.
func (c *channel) add(m *message) {
	c.messages = append(c.messages, m)
	if m.threadTS != "" {
		if c.threads == nil {
			c.threads = map[string][]*message{}
		}
		c.threads[m.threadTS] = append(c.threads[m.threadTS], m)
	}
}

func (c *channel) message(ts string) *message {
	i, found := slices.BinarySearchFunc(c.messages, ts, func(m *message, ts string) int {
		return compareTS(m.ts, ts)
	})
	if !found {
		return nil
	}
	return c.messages[i]
}

// AddUser puts a person into the workspace, or replaces the one with that id,
// and returns the handle to act as them.
func (ws *Workspace) AddUser(p Person) *User {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if p.TeamID == "" {
		p.TeamID = ws.opt.TeamID
	}
	if p.TZ == "" {
		p.TZ = "Etc/UTC"
	}
	if p.Name == "" {
		p.Name = p.ID
	}
	if p.RealName == "" {
		p.RealName = p.Name
	}
	if _, known := ws.users[p.ID]; !known {
		ws.userOrder = append(ws.userOrder, p.ID)
	}
	ws.users[p.ID] = p
	ws.announce(Event{Kind: UserChanged, User: p.ID})
	return &User{ws: ws, id: p.ID}
}

// AddChannel puts a channel into the workspace, or changes the one with that
// id; its messages stay.
func (ws *Workspace) AddChannel(info ChannelInfo) *Channel {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	info.Members = slices.Clone(info.Members)
	if info.Name == "" {
		info.Name = info.ID
	}
	if ws.bot != nil && !info.WithoutApp && !slices.Contains(info.Members, ws.opt.BotUserID) {
		info.Members = append(info.Members, ws.opt.BotUserID)
	}
	if ch, known := ws.channels[info.ID]; known {
		ch.ChannelInfo = info
	} else {
		ws.channels[info.ID] = &channel{ChannelInfo: info}
		ws.channelOrder = append(ws.channelOrder, info.ID)
	}
	ws.announce(Event{Kind: ChannelChanged, Channel: info.ID})
	return &Channel{ws: ws, id: info.ID}
}

// Join makes people members of a channel.
func (ws *Workspace) Join(channelID string, people ...string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ch, ok := ws.channels[channelID]
	if !ok {
		return
	}
	for _, id := range people {
		if !ch.has(id) {
			ch.Members = append(slices.Clone(ch.Members), id)
		}
	}
	ws.announce(Event{Kind: ChannelChanged, Channel: channelID})
}

// AddUserGroup puts a user group into the workspace, or replaces the one with
// that id.
func (ws *Workspace) AddUserGroup(g UserGroup) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	g.Users = slices.Clone(g.Users)
	if _, known := ws.groups[g.ID]; !known {
		ws.groupOrder = append(ws.groupOrder, g.ID)
	}
	ws.groups[g.ID] = g
	ws.touch(keptKey{kind: keptGroups, id: g.ID})
}

// Users lists the people of the workspace in the order in which they came.
func (ws *Workspace) Users() []Person {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	all := make([]Person, 0, len(ws.userOrder))
	for _, id := range ws.userOrder {
		all = append(all, ws.users[id])
	}
	return all
}

// Channels lists the channels in the order in which they came.
func (ws *Workspace) Channels() []ChannelInfo {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	all := make([]ChannelInfo, 0, len(ws.channelOrder))
	for _, id := range ws.channelOrder {
		info := ws.channels[id].ChannelInfo
		info.Members = slices.Clone(info.Members)
		all = append(all, info)
	}
	return all
}

// User gives the handle of a person by id or by handle name.
func (ws *Workspace) User(idOrName string) *User {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for id, p := range ws.users {
		if id == idOrName || p.Name == idOrName {
			return &User{ws: ws, id: id}
		}
	}
	return &User{ws: ws, id: idOrName}
}

// Channel gives the handle of a channel by id or by name.
func (ws *Workspace) Channel(idOrName string) *Channel {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for id, ch := range ws.channels {
		if id == idOrName || ch.Name == idOrName {
			return &Channel{ws: ws, id: id}
		}
	}
	return &Channel{ws: ws, id: idOrName}
}
