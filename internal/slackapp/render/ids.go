package render

import (
	"encoding/json"
	"strings"
)

// The ids of what people press, choose and fill in. They are fixed for ever:
// messages that an older version posted carry them.
const (
	ActionGroups  = "groups"
	ActionApprove = "approve"
	ActionReject  = "reject"
	ActionMore    = "more"

	// ActionOpen and ActionOpenNext are the overview's menu and its button.
	ActionOpen     = "open"
	ActionOpenNext = "open_next"

	// BlockDecide holds the buttons.
	BlockDecide = "decide"

	CallbackReject  = "reject"
	CallbackOptions = "options"

	// BlockReason and ActionReason are the reject modal's input.
	BlockReason  = "reason"
	ActionReason = "reason"

	// The inputs of the options modal, beside its menu of groups.
	BlockExpiry  = "expiry"
	ActionExpiry = "expiry"
	BlockNDA     = "nda"
	ActionNDA    = "nda"
	BlockNote    = "note"
	ActionNote   = "note"
)

// The ids of blocks that only show something.
const (
	blockTitle   = "title"
	blockWho     = "who"
	blockMessage = "message"
	blockLink    = "link"
	blockOutcome = "outcome"
	blockAccess  = "access"
	blockWritten = "written"
	blockTold    = "told"
	blockLost    = "lost"
)

const (
	groupsPrefix   = "groups:"
	morePrefix     = "options:"
	overviewPrefix = "overview:"
)

// GroupsBlock gives the block_id of a menu of a source's access groups.
func GroupsBlock(source string) string { return groupsPrefix + source }

// SourceOf gives the source that a menu's block_id names.
func SourceOf(blockID string) (string, bool) {
	return after(blockID, groupsPrefix)
}

// OverviewBlock gives the block_id of what can be opened of a source.
func OverviewBlock(source string) string { return overviewPrefix + source }

// SourceOfOverview gives the source that such a block_id names.
func SourceOfOverview(blockID string) (string, bool) { return after(blockID, overviewPrefix) }

// MoreValue gives the value of the overflow menu's option that opens the
// options modal.
func MoreValue(requestID string) string { return morePrefix + requestID }

// RequestOfMore gives the request that an overflow menu's value names.
func RequestOfMore(value string) (string, bool) {
	return after(value, morePrefix)
}

func after(s, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || rest == "" {
		return "", false
	}
	return rest, true
}

// meta is what a modal remembers between being opened and submitted.
type meta struct {
	Request string `json:"request"`
}

// Meta gives the private metadata of a request's modals.
func Meta(requestID string) string {
	text, err := json.Marshal(meta{Request: requestID})
	if err != nil {
		return "" // A string always marshals.
	}
	return string(text)
}

// RequestOfMeta gives the request that a modal's private metadata names.
func RequestOfMeta(private string) (string, bool) {
	var m meta
	if err := json.Unmarshal([]byte(private), &m); err != nil || m.Request == "" {
		return "", false
	}
	return m.Request, true
}
