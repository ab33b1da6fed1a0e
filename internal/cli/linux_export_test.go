//go:build linux

package cli

// Unchanged gives the addresses of the mappings that are let go of.
func Unchanged(smaps []byte, file string) [][2]uintptr {
	var found [][2]uintptr
	for _, m := range unchanged(smaps, file) {
		found = append(found, [2]uintptr{m.from, m.to})
	}
	return found
}
