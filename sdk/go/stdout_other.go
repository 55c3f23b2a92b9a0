//go:build !linux

package hkp

import "os"

// takeStandardOutput keeps standard output for the handshake and sends what the program writes to
// os.Stdout to standard error.
func takeStandardOutput() *os.File {
	kept := os.Stdout
	os.Stdout = os.Stderr
	return kept
}
