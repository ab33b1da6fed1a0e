// Package trail carries in a context what a piece of work is about, so that
// every log line and every span of it names the same ids in the same way.
//
// It imports the standard library only. It promises that what it carries are
// ids and closed sets: never a text that somebody wrote.
package trail

import (
	"context"
	"iter"
)

// Trail names what a piece of work is about. What is empty is not known, or
// does not belong to it.
type Trail struct {
	// Job is the job queue's id of the job that is worked on.
	Job int64
	// Step is the kind of that job.
	Step string
	// Request is Frontdesk's id of a request.
	Request string
	// Decision is the id of the click that decides: the key of its event.
	Decision string
	// Notice is the id of what one person is told.
	Notice string
	// Source names an outside system.
	Source string
}

type key struct{}

// With gives a context whose trail is changed.
func With(ctx context.Context, change func(t *Trail)) context.Context {
	t := Of(ctx)
	change(&t)
	return context.WithValue(ctx, key{}, t)
}

// Of gives the trail of a context, an empty one if it has none.
func Of(ctx context.Context) Trail {
	t, _ := ctx.Value(key{}).(Trail)
	return t
}

// All gives what is known, each by the name that logs and spans have for it.
func (t Trail) All() iter.Seq2[string, any] {
	return func(yield func(name string, value any) bool) {
		if t.Job != 0 && !yield("job", t.Job) {
			return
		}
		for _, id := range [...]struct{ name, value string }{
			{"step", t.Step}, {"request", t.Request}, {"decision", t.Decision}, {"notice", t.Notice}, {"source", t.Source},
		} {
			if id.value != "" && !yield(id.name, id.value) {
				return
			}
		}
	}
}
