package cli

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// headroom is how much a Frontdesk under load may leave to the collector
	// beyond what is live, some 1.5 MB. Without it the collector runs each time
	// that 4 MB were used, ten times a second at 400 clicks a second, and the
	// clicks it meets are the slowest (docs/benchmarks.md).
	headroom = 16 << 20
	// lookEvery is how often it is looked whether anything goes on.
	lookEvery = 2 * time.Second
	// quiet is how much is allocated at most between two looks when nothing goes
	// on: the queue's and the polls' own work stays below, three clicks do not.
	quiet = 512 << 10
	// worthwhile is what must have been allocated since memory was given back the
	// last time, so that a process at rest does not collect nothing again and again.
	worthwhile = 1 << 20
)

// tendMemory lets the process use memory freely while it works, and gives back
// what it does not need as soon as it rests, until the context ends. It is about
// the whole process, so that only a command may call it. In a process whose
// memory somebody limited with GOMEMLIMIT, nothing is used freely.
func tendMemory(ctx context.Context) {
	var ballast []byte
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		// The collector waits until as much was allocated as is live. What is never
		// written to is live for it, and no memory for the system.
		ballast = make([]byte, headroom)
	}
	defer runtime.KeepAlive(ballast)
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var r rest
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		metrics.Read(allocated)
		if r.begun(allocated[0].Value.Uint64()) {
			debug.FreeOSMemory()
			letGoOfProgram()
		}
	}
}

// rest finds the moments at which memory is to be given back.
type rest struct{ seen, givenBack uint64 }

// begun reports, at each look, whether the process rests and has something to
// give back. It is told how many bytes were allocated since the start.
func (r *rest) begun(allocated uint64) bool {
	resting := allocated-r.seen < quiet
	r.seen = allocated
	if !resting || allocated-r.givenBack < worthwhile {
		return false
	}
	r.givenBack = allocated
	return true
}
