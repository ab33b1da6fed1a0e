package main

import (
	"syscall"
	"time"
)

// sleep sleeps to within some tens of microseconds. The runtime's timers come up
// to a millisecond late when the process has nothing else to do, which would
// count as the subject's.
func sleep(d time.Duration) {
	rest := syscall.NsecToTimespec(int64(d))
	for syscall.Nanosleep(&rest, &rest) == syscall.EINTR {
	}
}
