//go:build !linux

package cli

// letGoOfProgram does nothing: only Linux is told which pages to let go of.
func letGoOfProgram() {}
