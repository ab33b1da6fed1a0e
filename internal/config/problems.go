package config

import "strings"

// Problem is one thing that keeps Frontdesk from starting.
type Problem struct {
	Name   string // the setting's
	What   string // is wrong, without its value
	Remedy string
}

// String returns the problem as one line.
func (p Problem) String() string { return p.Name + ": " + p.What + "; " + p.Remedy }

// Problems is the error of Load: all that is wrong, in the order of the settings.
type Problems struct { //nolint:errname // a list, not one error
	List []Problem
}

// Error returns one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.List))
	for _, problem := range p.List {
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// Warning is something that is probably not meant, but does not keep Frontdesk from starting.
type Warning Problem

// String returns the warning as one line.
func (w Warning) String() string { return Problem(w).String() }
