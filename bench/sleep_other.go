//go:build !linux

package main

import "time"

// sleep sleeps as well as the runtime can. The figures of other systems are not
// kept: what a process uses is read from Linux's /proc.
func sleep(d time.Duration) { time.Sleep(d) }
