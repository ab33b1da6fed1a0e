package faultpoint

import (
	"runtime"
	"slices"
	"strings"
)

// actors are the types whose methods name a point.
func actors() []string { return []string{".(*Desk).", ".(*Reception).", ".(*Directory)."} }

// where names the place in the code that calls: the use cases on the stack, the
// outermost first, such as CarryOut.confirm.conclude.step.
func where() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	var way []string
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		for _, actor := range actors() {
			_, method, ok := strings.Cut(frame.Function, actor)
			method, _, _ = strings.Cut(method, ".") // a closure's name has more to it
			// Work only leads to the others, and keep only repeats.
			if ok && method != "Work" && method != "keep" && (len(way) == 0 || way[len(way)-1] != method) {
				way = append(way, method)
			}
		}
	}
	if len(way) == 0 {
		return "elsewhere"
	}
	slices.Reverse(way)
	return strings.Join(way, ".")
}
