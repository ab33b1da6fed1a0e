package conveyor

import (
	"cmp"
	"encoding/json"
	"time"
)

// record is what listings and single answers are made of.
type record interface {
	Request | Authorization | AccessGroup | Connection | Interaction
	recordID() string
}

// Status is the state of an access request. A value that is not listed here is kept as it came.
type Status string

// The documented values; their meanings are inferred.
const (
	// StatusInitial: not submitted yet.
	StatusInitial Status = "initial"
	// StatusRequested: open, waits for a decision.
	StatusRequested Status = "requested"
	// StatusApproved: decided, the person was let in.
	StatusApproved Status = "approved"
	// StatusIgnored: decided, the person was not let in. No way back is documented.
	StatusIgnored Status = "ignored"
)

// AuthorizationStatus is the state of an authorization. A value that is not listed here is kept as it came.
type AuthorizationStatus string

// The documented values; their meanings are inferred.
const (
	// AuthorizationGated: approved, but the NDA is not signed yet.
	AuthorizationGated AuthorizationStatus = "gated"
	// AuthorizationAuthorized: the person is in.
	AuthorizationAuthorized AuthorizationStatus = "authorized"
	// AuthorizationRevoked: the person was let in once and is not now.
	AuthorizationRevoked AuthorizationStatus = "revoked"
)

// InteractionType is the kind of an interaction. A value that is not listed here is kept as it came.
type InteractionType string

// The documented values.
const (
	// InteractionDocument is about a document.
	InteractionDocument InteractionType = "Document"
	// InteractionQA is about a question and its answer.
	InteractionQA InteractionType = "Q & A"
)

// Request is one person's request to enter the room. All strings are as the person or Conveyor wrote them and
// of any length. A time that is absent or unreadable is zero; times are in UTC. Who decided a request, and why,
// cannot be read from Conveyor.
//
// Like the other records it reads Conveyor's JSON, and what encoding/json makes of it.
type Request struct {
	ID          string    `json:"id"`
	Type        string    `json:"type"` // Conveyor's _type.
	DataroomID  string    `json:"dataroom_id"`
	Email       string    `json:"email"`
	Message     string    `json:"message"` // Empty if the person wrote none.
	Status      Status    `json:"status"`
	RequestedAt time.Time `json:"requested_at"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	// Link is _links.self.href. It may be an address of the API rather than of a page for people.
	Link    string `json:"link"`
	CRMLink string `json:"crm_link"` // Often absent.
}

func (r Request) recordID() string { return r.ID }

// UnmarshalJSON reads a request tolerantly; it fails only on what is not a JSON object.
func (r *Request) UnmarshalJSON(raw []byte) error {
	var w struct {
		ID          text   `json:"id"`
		Type        text   `json:"_type"` //nolint:tagliatelle // Conveyor's name
		PlainType   text   `json:"type"`
		DataroomID  text   `json:"dataroom_id"`
		Email       text   `json:"email"`
		Message     text   `json:"message"`
		Status      text   `json:"status"`
		RequestedAt moment `json:"requested_at"`
		CreatedAt   moment `json:"created_at"`
		UpdatedAt   moment `json:"updated_at"`
		Links       links  `json:"_links"` //nolint:tagliatelle // Conveyor's name
		Link        text   `json:"link"`
		CRMLink     text   `json:"crm_link"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return shape(err)
	}
	*r = Request{
		ID:          string(w.ID),
		Type:        string(cmp.Or(w.Type, w.PlainType)),
		DataroomID:  string(w.DataroomID),
		Email:       string(w.Email),
		Message:     string(w.Message),
		Status:      Status(w.Status),
		RequestedAt: w.RequestedAt.Time,
		CreatedAt:   w.CreatedAt.Time,
		UpdatedAt:   w.UpdatedAt.Time,
		Link:        string(cmp.Or(w.Links.value.Self.value.Href, w.Link)),
		CRMLink:     string(w.CRMLink),
	}
	return nil
}

// Authorization is one person's way into the room.
type Authorization struct {
	ID           string              `json:"id"`
	Type         string              `json:"type"` // Conveyor's _type.
	Email        string              `json:"email"`
	Status       AuthorizationStatus `json:"status"`
	DataroomID   string              `json:"dataroom_id"`
	ConnectionID string              `json:"connection_id"` // Empty if there is none.
	IsOwner      bool                `json:"is_owner"`
	Subscribed   bool                `json:"subscribed"`
	// GateDocumentSignatureID is the signature of the NDA, empty if there is none.
	GateDocumentSignatureID string `json:"gate_document_signature_id"`
	// AccessGroups are _embedded.access_groups; none means standard access.
	AccessGroups []AccessGroup `json:"access_groups"`
	Link         string        `json:"link"` // _links.self.href, as in [Request].
	CreatedAt    time.Time     `json:"created_at"`
	UpdatedAt    time.Time     `json:"updated_at"`
}

func (a Authorization) recordID() string { return a.ID }

// UnmarshalJSON reads an authorization tolerantly; it fails only on what is not a JSON object.
func (a *Authorization) UnmarshalJSON(raw []byte) error {
	var w struct {
		ID                      text                 `json:"id"`
		Type                    text                 `json:"_type"` //nolint:tagliatelle // Conveyor's name
		PlainType               text                 `json:"type"`
		Email                   text                 `json:"email"`
		Status                  text                 `json:"status"`
		DataroomID              text                 `json:"dataroom_id"`
		ConnectionID            text                 `json:"connection_id"`
		IsOwner                 flag                 `json:"is_owner"`
		Subscribed              flag                 `json:"subscribed"`
		GateDocumentSignatureID text                 `json:"gate_document_signature_id"`
		AccessGroups            maybe[[]AccessGroup] `json:"access_groups"`
		Embedded                maybe[struct {
			AccessGroups maybe[[]AccessGroup] `json:"access_groups"`
		}] `json:"_embedded"` //nolint:tagliatelle // Conveyor's name
		Links     links  `json:"_links"` //nolint:tagliatelle // Conveyor's name
		Link      text   `json:"link"`
		CreatedAt moment `json:"created_at"`
		UpdatedAt moment `json:"updated_at"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return shape(err)
	}
	embedded := groups(w.Embedded.value.AccessGroups.value)
	if embedded == nil {
		embedded = groups(w.AccessGroups.value)
	}
	*a = Authorization{
		ID:                      string(w.ID),
		Type:                    string(cmp.Or(w.Type, w.PlainType)),
		Email:                   string(w.Email),
		Status:                  AuthorizationStatus(w.Status),
		DataroomID:              string(w.DataroomID),
		ConnectionID:            string(w.ConnectionID),
		IsOwner:                 bool(w.IsOwner),
		Subscribed:              bool(w.Subscribed),
		GateDocumentSignatureID: string(w.GateDocumentSignatureID),
		AccessGroups:            embedded,
		Link:                    string(cmp.Or(w.Links.value.Self.value.Href, w.Link)),
		CreatedAt:               w.CreatedAt.Time,
		UpdatedAt:               w.UpdatedAt.Time,
	}
	return nil
}

// AccessGroup is a named set of what people in the room may see. Neither the length of a name nor the number
// of groups has a documented limit.
type AccessGroup struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (g AccessGroup) recordID() string { return g.ID }

// UnmarshalJSON reads an access group tolerantly; it fails only on what is not a JSON object.
func (g *AccessGroup) UnmarshalJSON(raw []byte) error {
	var w struct {
		ID   text `json:"id"`
		Name text `json:"name"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return shape(err)
	}
	*g = AccessGroup{ID: string(w.ID), Name: string(w.Name)}
	return nil
}

// Connection is a company, by its domain, whose people ask to enter or have entered.
type Connection struct {
	ID      string `json:"id"`
	Type    string `json:"type"` // Conveyor's _type.
	Domain  string `json:"domain"`
	CRMID   string `json:"crm_id"`
	CRMLink string `json:"crm_link"`
	// AuthorizationsCount and its kin count people.
	AuthorizationsCount           int       `json:"authorizations_count"`
	AuthorizationsWithAccessCount int       `json:"authorizations_with_access_count"`
	AuthorizationsRemovedCount    int       `json:"authorizations_removed_count"`
	LatestActivityAt              time.Time `json:"latest_activity_at"`
	CreatedAt                     time.Time `json:"created_at"`
	UpdatedAt                     time.Time `json:"updated_at"`
}

func (c Connection) recordID() string { return c.ID }

// UnmarshalJSON reads a connection tolerantly; it fails only on what is not a JSON object.
func (c *Connection) UnmarshalJSON(raw []byte) error {
	var w struct {
		ID         text   `json:"id"`
		Type       text   `json:"_type"` //nolint:tagliatelle // Conveyor's name
		PlainType  text   `json:"type"`
		Domain     text   `json:"domain"`
		CRMID      text   `json:"crm_id"`
		CRMLink    text   `json:"crm_link"`
		All        count  `json:"authorizations_count"`
		WithAccess count  `json:"authorizations_with_access_count"`
		Removed    count  `json:"authorizations_removed_count"`
		LatestAt   moment `json:"latest_activity_at"`
		CreatedAt  moment `json:"created_at"`
		UpdatedAt  moment `json:"updated_at"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return shape(err)
	}
	*c = Connection{
		ID:                            string(w.ID),
		Type:                          string(cmp.Or(w.Type, w.PlainType)),
		Domain:                        string(w.Domain),
		CRMID:                         string(w.CRMID),
		CRMLink:                       string(w.CRMLink),
		AuthorizationsCount:           int(w.All),
		AuthorizationsWithAccessCount: int(w.WithAccess),
		AuthorizationsRemovedCount:    int(w.Removed),
		LatestActivityAt:              w.LatestAt.Time,
		CreatedAt:                     w.CreatedAt.Time,
		UpdatedAt:                     w.UpdatedAt.Time,
	}
	return nil
}

// Interaction is one thing that a person did in the room.
type Interaction struct {
	ID        string          `json:"id"`
	Type      InteractionType `json:"type"`
	Email     string          `json:"email"`
	Content   string          `json:"content"`
	CreatedAt time.Time       `json:"created_at"`
	// Connection has its ID, Domain, CRMID and CRMLink here, the rest is zero.
	Connection Connection `json:"connection"`
}

func (i Interaction) recordID() string { return i.ID }

// UnmarshalJSON reads an interaction tolerantly; it fails only on what is not a JSON object.
func (i *Interaction) UnmarshalJSON(raw []byte) error {
	var w struct {
		ID         text              `json:"id"`
		Type       text              `json:"type"`
		Email      text              `json:"email"`
		Content    text              `json:"content"`
		CreatedAt  moment            `json:"created_at"`
		Connection maybe[Connection] `json:"connection"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return shape(err)
	}
	*i = Interaction{
		ID:         string(w.ID),
		Type:       InteractionType(w.Type),
		Email:      string(w.Email),
		Content:    string(w.Content),
		CreatedAt:  w.CreatedAt.Time,
		Connection: w.Connection.value,
	}
	return nil
}
