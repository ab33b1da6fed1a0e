package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// letGoOfProgram takes the pages of the program's own file out of the process,
// and tells the system that it may have their memory first. A start touches most
// of them, and what comes after it few: those come back by themselves when they
// are run or read, from the system's cache or the file. Where the system says
// nothing of them, they stay.
func letGoOfProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	mappings, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	const cold = 20 // MADV_COLD, Linux 5.4
	for _, m := range unchanged(mappings, program) {
		for _, advice := range []uintptr{cold, syscall.MADV_DONTNEED} {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, advice)
		}
	}
}

// mapping is a part of the process's addresses: from is in it, to is not.
type mapping struct{ from, to uintptr }

// unchanged reads /proc/self/smaps, and gives the mappings of a file whose pages
// are as they are in the file and stay so: they cannot be written to, and none of
// them was, as a debugger or a linker at the start would have done.
func unchanged(smaps []byte, file string) []mapping {
	var found []mapping
	var last mapping
	ours := false
	lines := bufio.NewScanner(bytes.NewReader(smaps))
	for lines.Scan() {
		line := lines.Text()
		fields := strings.Fields(line)
		if len(fields) >= 5 && len(fields[1]) == 4 {
			read, _ := fmt.Sscanf(fields[0], "%x-%x", &last.from, &last.to)
			// A path may have blanks in it, and is the end of the line.
			ours = read == 2 && last.from < last.to && fields[1][1] == '-' && strings.HasSuffix(line, " "+file)
			continue
		}
		if ours && len(fields) >= 2 && fields[0] == "Anonymous:" && fields[1] == "0" {
			found = append(found, last)
		}
	}
	return found
}
