package practiceslack

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxLoaded bounds how many loaded options are remembered for one menu.
const maxLoaded = 1000

// Option is one choice of a menu as a person sees it.
type Option struct {
	Text        string
	Value       string
	Description string
	Group       string
}

// OptionsResult is what a person sees after they typed into an external menu.
type OptionsResult struct {
	Outcome
	Options []Option
}

// LoadOptions types query into an external menu of a message.
func (ws *Workspace) LoadOptions(ctx context.Context, userID, channelID, ts, blockID, actionID, query string) OptionsResult {
	return ws.Search(ctx, userID, InMessage(channelID, ts), blockID, actionID, query)
}

// Search types query into an external menu, wherever it stands. A query shorter
// than the menu's min_query_length (3 unless it says otherwise) is not sent.
func (ws *Workspace) Search(ctx context.Context, userID string, place Place, blockID, actionID, query string) OptionsResult {
	s := slot{blockID, actionID}
	payload, address, out := ws.suggestion(userID, place, s, query)
	if payload == nil {
		return OptionsResult{Outcome: out}
	}
	out = ws.deliver(ctx, "block_suggestion", address, payloadForm(payload))
	if !out.OK {
		return OptionsResult{Outcome: out}
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	options, groups, problems := readOptions(out.Reply)
	if len(problems) > 0 {
		ws.violation("answer to an options load: %v", problems)
		out.OK, out.Error = false, "No result"
		return OptionsResult{Outcome: out}
	}
	c, el, problem := ws.reach(userID, place, s)
	if problem != "" {
		return OptionsResult{Outcome: failed("%s", problem)}
	}
	if c.loaded[userID] == nil {
		c.loaded[userID] = map[slot]map[string]object{}
	}
	known := c.loaded[userID][el.slot]
	if known == nil || len(known) > maxLoaded {
		known = map[string]object{}
		c.loaded[userID][el.slot] = known
	}
	ws.touchControls(userID, place)
	result := OptionsResult{Outcome: out}
	for i, option := range options {
		known[stringOf(option, "value")] = option
		shown := shownOption(option)
		shown.Group = groups[i]
		result.Options = append(result.Options, shown)
	}
	return result
}

func shownOption(o object) Option {
	return Option{Text: textOf(o, "text"), Value: stringOf(o, "value"), Description: textOf(o, "description")}
}

func (ws *Workspace) suggestion(userID string, place Place, s slot, query string) (payload object, address string, out Outcome) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c, el, problem := ws.reach(userID, place, s)
	if problem != "" {
		return nil, "", failed("%s", problem)
	}
	if !strings.HasSuffix(el.kind, "external_select") {
		return nil, "", failed("%q is not an external menu", s.action)
	}
	if least := intOf(el.def, "min_query_length", 3); characters(query) < least {
		return nil, "", failed("type at least %d characters", least)
	}
	payload = ws.envelope("block_suggestion", userID)
	ws.locate(payload, userID, place, c, false)
	payload["action_id"], payload["block_id"], payload["value"] = s.action, s.block, query
	address = ws.optionsURL
	if address == "" {
		address = ws.requestURL
	}
	return payload, address, Outcome{}
}

// readOptions reads the app's answer: options or option_groups, within the
// limits of a menu.
func readOptions(reply []byte) (options []object, groups, problems []string) {
	decoded, err := decode(bytes.TrimSpace(reply))
	if err != nil {
		return nil, nil, []string{fmt.Sprintf("not JSON: %.100q", reply)}
	}
	check := newChecker(MessageSurface)
	o, ok := check.object("", decoded, "options", "option_groups")
	if !ok {
		return nil, nil, check.problems
	}
	_, hasOptions := o["options"]
	_, hasGroups := o["option_groups"]
	seen := map[string]bool{}
	switch {
	case hasOptions == hasGroups:
		check.fail("", "must provide exactly one of options, option_groups")
	case hasOptions:
		check.options("/options", check.list(o, "", "options", 0, maxOptions), menuOption, seen)
	default:
		check.optionGroups("", o, seen)
	}
	if len(check.problems) > 0 {
		return nil, nil, check.problems
	}
	for _, g := range listOf(o, "option_groups") {
		group, _ := g.(object)
		for _, v := range listOf(group, "options") {
			option, _ := v.(object)
			options = append(options, option)
			groups = append(groups, textOf(group, "label"))
		}
	}
	for _, v := range listOf(o, "options") {
		option, _ := v.(object)
		options = append(options, option)
		groups = append(groups, "")
	}
	return options, groups, nil
}

// OptionsOf lists what a menu offers a person now: its own options, or those
// that were loaded for them.
func (ws *Workspace) OptionsOf(userID string, place Place, blockID, actionID string) []Option {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c, el, problem := ws.reach(userID, place, slot{blockID, actionID})
	if problem != "" {
		return nil
	}
	var all []Option
	for _, v := range offeredOptions(el.def) {
		option, _ := v.(object)
		all = append(all, shownOption(option))
	}
	loaded := c.loaded[userID][el.slot]
	for _, value := range slices.Sorted(maps.Keys(loaded)) {
		all = append(all, shownOption(loaded[value]))
	}
	return all
}

// ChosenIn lists what a person has chosen in a menu, checkboxes or radio
// buttons.
func (ws *Workspace) ChosenIn(userID string, place Place, blockID, actionID string) []Option {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c, el, problem := ws.reach(userID, place, slot{blockID, actionID})
	if problem != "" {
		return nil
	}
	var all []Option
	for _, v := range chosen(c.value(userID, el)) {
		option, _ := v.(object)
		all = append(all, shownOption(option))
	}
	return all
}

// StateOf is what a person has put into a message or a view, in the shape of
// state.values in a payload.
func (ws *Workspace) StateOf(userID string, place Place) []byte {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c, problem := ws.canvasAt(userID, place)
	if problem != "" {
		return []byte("{}")
	}
	return encode(c.state(userID))
}
