package page

import (
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
)

const (
	// maxRequests, maxAccess and maxGroups bound what is shown at once: the newest.
	maxRequests = 100
	maxAccess   = 100
	maxGroups   = 200
	// maxExcerpt bounds what is shown of a requester's words beside the channel.
	maxExcerpt = 300
)

// room is what the practice Conveyor knows.
type room struct {
	Requests []request `json:"requests"`
	Access   []access  `json:"access"`
	Groups   []group   `json:"groups"`
	// MoreGroups counts the access groups that are not shown.
	MoreGroups int `json:"more_groups"`
}

type request struct {
	ID          string    `json:"id"`
	Email       string    `json:"email"`
	Message     string    `json:"message"`
	Status      string    `json:"status"`
	RequestedAt time.Time `json:"requested_at"`
	DecidedBy   string    `json:"decided_by"`
	Elsewhere   bool      `json:"elsewhere"`
	Groups      []string  `json:"groups"`
	Gated       bool      `json:"gated"`
}

// access is what somebody may see of the room.
type access struct {
	Email   string   `json:"email"`
	Status  string   `json:"status"`
	Groups  []string `json:"groups"`
	Expires string   `json:"expires"`
}

type group struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (p *Page) roomNow() room {
	all := p.room.Authorizations()
	var r room
	r.Requests, r.Access = p.roomRequests(all), roomAccess(all)
	r.Groups, r.MoreGroups = p.roomGroups()
	return r
}

// roomRequests gives the newest requests of the room, the newest first.
func (p *Page) roomRequests(authorizations []practiceconveyor.Authorization) []request {
	given := map[string]practiceconveyor.Authorization{}
	for _, a := range authorizations {
		given[a.ID] = a
	}
	all := p.room.Requests()
	slices.Reverse(all)
	rows := make([]request, 0, min(len(all), maxRequests))
	for _, q := range all[:min(len(all), maxRequests)] {
		row := request{
			ID: q.ID, Email: q.Email, Status: string(q.Status), RequestedAt: q.RequestedAt,
			DecidedBy: q.DecidedBy, Elsewhere: q.Elsewhere, Groups: []string{},
		}
		if q.Message != nil {
			row.Message = excerpt(*q.Message)
		}
		if a, ok := given[q.AuthorizationID]; ok {
			row.Gated, row.Groups = a.Status == practiceconveyor.AuthorizationGated, namesOf(a.Groups)
		}
		rows = append(rows, row)
	}
	return rows
}

// roomAccess lists who has access, the newest first.
func roomAccess(all []practiceconveyor.Authorization) []access {
	slices.Reverse(all)
	rows := make([]access, 0, min(len(all), maxAccess))
	for _, a := range all[:min(len(all), maxAccess)] {
		rows = append(rows, access{Email: a.Email, Status: string(a.Status), Groups: namesOf(a.Groups), Expires: a.ExpiresAt})
	}
	return rows
}

func namesOf(groups []practiceconveyor.Group) []string {
	names := make([]string, 0, len(groups))
	for _, g := range groups {
		names = append(names, g.Name)
	}
	return names
}

// roomGroups gives the newest access groups of the room, the newest last, and
// counts those before them.
func (p *Page) roomGroups() (newest []group, more int) {
	all := p.room.Groups()
	more = max(0, len(all)-maxGroups)
	newest = make([]group, 0, len(all)-more)
	for _, g := range all[more:] {
		newest = append(newest, group(g))
	}
	return newest, more
}

func excerpt(s string) string {
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt]) + "…"
	}
	return s
}
