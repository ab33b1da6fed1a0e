package practiceconveyor

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const perPageMax = 100

// listFault is how a list lies when it is told to.
type listFault int

const (
	listTrue listFault = iota
	listEmpty
	listEndless
)

// page answers one page of a list. A page after the last one is empty, not an error.
func page[T any](r *Room, c call, name string, rows []*T, shape func(*T) map[string]any) answer {
	number, err := whole(c.params, "page", 1, 1, 1<<31-1)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	perPage, err := whole(c.params, "per_page", r.perPageDefault, 1, perPageMax)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	total, taken := (len(rows)+perPage-1)/perPage, number
	switch c.faulty {
	case listTrue:
	case listEmpty:
		rows, total = nil, 0
	case listEndless:
		taken, total = 1, number+1
	}
	from := min((taken-1)*perPage, len(rows))
	shaped := make([]map[string]any, 0, perPage)
	for _, row := range rows[from:min(from+perPage, len(rows))] {
		shaped = append(shaped, shape(row))
	}
	return answerJSON(http.StatusOK, map[string]any{
		name: shaped, "page": number, "per_page": perPage, "total_pages": total,
	})
}

func whole(p params, name string, absent, least, most int) (int, error) {
	if !p.has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(p.texts[name])
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s must be a whole number from %d to %d", name, least, most)
	}
	return n, nil
}

func (r *Room) requestBody(q *Request) map[string]any {
	body := map[string]any{
		"id":           q.ID,
		"_type":        "AuthorizationRequest",
		"dataroom_id":  r.dataroomID(),
		"email":        q.Email,
		"message":      q.Message,
		"status":       q.Status,
		"requested_at": timestamp(q.RequestedAt),
		"created_at":   timestamp(q.CreatedAt),
		"updated_at":   timestamp(q.UpdatedAt),
		"_links":       links(q.Link),
	}
	if q.CRMLink != "" {
		body["crm_link"] = q.CRMLink
	}
	return body
}

func (r *Room) authorizationBody(a *Authorization) map[string]any {
	groups := make([]map[string]any, 0, len(a.Groups))
	for _, group := range a.Groups {
		groups = append(groups, groupBody(&group))
	}
	return map[string]any{
		"id":                         a.ID,
		"_type":                      "Authorization",
		"email":                      a.Email,
		"status":                     a.Status,
		"dataroom_id":                r.dataroomID(),
		"connection_id":              orNull(a.ConnectionID),
		"is_owner":                   false,
		"subscribed":                 false,
		"gate_document_signature_id": orNull(a.NDASignature),
		"_embedded":                  map[string]any{"access_groups": groups},
		"_links":                     links(r.appURL + "/exchange/authorizations/" + a.ID),
		"created_at":                 timestamp(a.CreatedAt),
		"updated_at":                 timestamp(a.UpdatedAt),
	}
}

func groupBody(g *Group) map[string]any { return map[string]any{"id": g.ID, "name": g.Name} }

func (r *Room) connectionBody(n *connection) map[string]any {
	var all, withAccess, removed int
	for _, a := range r.authorizations.rows {
		if a.ConnectionID != n.ID {
			continue
		}
		all++
		switch a.Status {
		case AuthorizationAuthorized:
			withAccess++
		case AuthorizationRevoked:
			removed++
		case AuthorizationGated:
		}
	}
	return map[string]any{
		"id":                               n.ID,
		"_type":                            "Connection",
		"domain":                           n.Domain,
		"crm_id":                           nil,
		"crm_link":                         orNull(n.CRMLink),
		"authorizations_count":             all,
		"authorizations_with_access_count": withAccess,
		"authorizations_removed_count":     removed,
		"latest_activity_at":               timestamp(n.LatestActivity),
		"created_at":                       timestamp(n.CreatedAt),
		"updated_at":                       timestamp(n.LatestActivity),
	}
}

func (r *Room) dataroomID() string { return fmt.Sprintf("dataroom-%d", r.seed) }

func links(href string) map[string]any {
	return map[string]any{"self": map[string]any{"href": href}}
}

// timestamp is null for a time that never came.
func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
