package slackapp

import "github.com/frontdesk-hq/frontdesk/internal/slackapp/render"

// optionsLoad is the type of the payload that asks for a menu's options.
const optionsLoad = "block_suggestion"

// payload is what Frontdesk reads of an interaction. It is our own and not
// slack-go's, which also decodes the message around a click: a click must not
// fail because of a block in it that the library does not know.
type payload struct {
	Type      string `json:"type"`
	TriggerID string `json:"trigger_id"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Actions []struct {
		ActionID       string `json:"action_id"`
		BlockID        string `json:"block_id"`
		Value          string `json:"value"`
		SelectedOption option `json:"selected_option"`
	} `json:"actions"`
	State inputs `json:"state"`
	View  struct {
		CallbackID      string `json:"callback_id"`
		PrivateMetadata string `json:"private_metadata"`
		State           inputs `json:"state"`
	} `json:"view"`
	// BlockID and Value are of an options load.
	BlockID string `json:"block_id"`
	Value   string `json:"value"`
}

// longestID bounds what is taken for an id of ours; they have 36 characters.
const longestID = 64

// requestID gives the request that a payload is about, empty if it names none.
func (p payload) requestID() string {
	if id := p.named(); len(id) <= longestID {
		return id
	}
	return ""
}

// acts reports whether somebody acted on something.
func (p payload) acts(on string) bool { return on != "" && p.User.ID != "" }

func (p payload) named() string {
	if id, ok := render.RequestOfMeta(p.View.PrivateMetadata); ok {
		return id
	}
	for _, a := range p.Actions {
		switch a.ActionID {
		case render.ActionApprove, render.ActionReject:
			return a.Value
		case render.ActionMore:
			id, _ := render.RequestOfMore(a.SelectedOption.Value)
			return id
		case render.ActionOpen:
			return a.SelectedOption.Value
		}
	}
	return ""
}

// kind names the payload's type for a person, out of a closed set.
func (p payload) kind() string {
	switch p.Type {
	case optionsLoad:
		return "a menu"
	case "block_actions":
		return "a click"
	case "view_submission", "view_closed":
		return "a form"
	}
	return "Slack"
}

// inputs is what a person has entered, by block id and action id.
type inputs struct {
	Values map[string]map[string]input `json:"values"`
}

type input struct {
	Value           string   `json:"value"`
	SelectedDate    string   `json:"selected_date"`
	SelectedOptions []option `json:"selected_options"`
}

type option struct {
	Value string `json:"value"`
	Text  struct {
		Text string `json:"text"`
	} `json:"text"`
}

// source gives the source whose menu of access groups there is among what was
// entered; empty if there is none.
func (i inputs) source() string {
	for block := range i.Values {
		if source, ok := render.SourceOf(block); ok {
			return source
		}
	}
	return ""
}

func (i inputs) at(block, action string) input { return i.Values[block][action] }
