package approval

import "fmt"

// State says where a request stands.
type State string

// The states of a request.
const (
	// Pending waits for a reviewer.
	Pending State = "pending"
	// Approving has been approved here and is being carried out.
	Approving State = "approving"
	// Rejecting has been rejected here and is being carried out.
	Rejecting State = "rejecting"
	// Approved was approved here, and the outside system confirmed it.
	Approved State = "approved"
	// Rejected was rejected here, and the outside system confirmed it.
	Rejected State = "rejected"
	// Handled was decided in the outside system itself, or is gone from it.
	Handled State = "handled"
)

// States lists every state, in the order a request usually takes.
func States() []State {
	return []State{Pending, Approving, Rejecting, Approved, Rejected, Handled}
}

// Open reports whether somebody or something still has to act on the request.
func (s State) Open() bool {
	return s == Pending || s.Deciding()
}

// Deciding reports whether a decision is being carried out.
func (s State) Deciding() bool {
	return s == Approving || s == Rejecting
}

// Action is what can happen to a request.
type Action string

// The actions on a request. Receive is not among them: it creates the request.
const (
	// Approve is a reviewer's yes.
	Approve Action = "approve"
	// Reject is a reviewer's no.
	Reject Action = "reject"
	// Delay notes that the outside system does not answer; the decision stands
	// and is tried again.
	Delay Action = "delay"
	// Confirm notes that the outside system carried the decision out.
	Confirm Action = "confirm"
	// Refuse notes that the decision cannot be carried out; the request waits
	// for a reviewer again.
	Refuse Action = "refuse"
	// Close notes that the request was decided elsewhere, or is gone.
	Close Action = "close"
	// Reopen notes that the outside system shows a closed request as open.
	Reopen Action = "reopen"
)

// Actions lists every action.
func Actions() []Action {
	return []Action{Approve, Reject, Delay, Confirm, Refuse, Close, Reopen}
}

// Receive is the action of a request's first event. It creates the request in
// state Pending and can never happen to one that exists.
const Receive Action = "receive"

// NotAllowedError says that the table knows no such step.
type NotAllowedError struct {
	State  State
	Action Action
}

// Error names the step that was tried.
func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("a request that is %s cannot take the action %s", e.State, e.Action)
}

// Next is the whole life of a request: the state that follows when an action
// happens to a request in a state. A pair that is not in the table gives a
// *NotAllowedError.
func Next(from State, action Action) (State, error) {
	table := map[State]map[Action]State{
		Pending:   {Approve: Approving, Reject: Rejecting, Close: Handled},
		Approving: {Delay: Approving, Confirm: Approved, Refuse: Pending, Close: Handled},
		Rejecting: {Delay: Rejecting, Confirm: Rejected, Refuse: Pending, Close: Handled},
		Approved:  {Reopen: Pending},
		Rejected:  {Reopen: Pending},
		Handled:   {Reopen: Pending},
	}
	to, ok := table[from][action]
	if !ok {
		return from, &NotAllowedError{State: from, Action: action}
	}
	return to, nil
}
