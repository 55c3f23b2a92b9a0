package hkp

import (
	"os"
	"syscall"
)

// takeStandardOutput keeps standard output for the handshake and sends all else that is written to
// it to standard error: by os.Stdout, by C code, and by programs that this one starts.
func takeStandardOutput() *os.File {
	kept := os.Stdout
	if descriptor, err := syscall.Dup(1); err == nil {
		syscall.CloseOnExec(descriptor)
		if syscall.Dup3(2, 1, 0) == nil {
			kept = os.NewFile(uintptr(descriptor), "handshake")
		}
	}
	os.Stdout = os.Stderr
	return kept
}
