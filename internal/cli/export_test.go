package cli

import "context"

// RunSandboxOpening runs the sandbox as --open does on a free port, but opens
// the page by what it is given.
func RunSandboxOpening(ctx context.Context, w World, open func(ctx context.Context, address string) error) error {
	return runSandbox(ctx, w, sandboxFlags{level: "warn", open: true}, open)
}

// Rests gives, for each look at how much was allocated since the start, whether
// memory is given back.
func Rests(looks ...uint64) []bool {
	var r rest
	given := make([]bool, len(looks))
	for i, allocated := range looks {
		given[i] = r.begun(allocated)
	}
	return given
}
