// Package approval is the domain of Frontdesk: access requests that wait for a
// decision, who may decide them, and what has to happen next.
//
// It may import the standard library and nothing else. What it needs from the
// world it declares as small interfaces in ports.go; internal/app wires the
// adapters in.
//
// It promises: every change of a request goes through the one table in
// state.go; a change, its event and the jobs that follow from it are committed
// together; nothing outside is called inside a transaction; the rows are the
// truth and a job is only a wake-up, so running one twice, late or out of
// order does no harm.
package approval
