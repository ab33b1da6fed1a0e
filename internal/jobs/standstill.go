//go:build faultpoints

package jobs

import "time"

// StandStill stops the clock that rushes go by: the fourth decision begins one
// that never ends, and what is held back stays so. It is called before Start.
func (q *Queue) StandStill() {
	stopped := q.rush.clock()
	q.rush.clock = func() time.Time { return stopped }
}
