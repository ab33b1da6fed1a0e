// Package attacktest attacks a Frontdesk that runs as a process of its own,
// from many clients at once, and measures what becomes of honest clicks
// meanwhile. It has tests only.
package attacktest_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
