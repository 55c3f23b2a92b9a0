package hkp

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// A unix socket's path is one byte shorter than the kernel's field for it.
const maxSocketPath = 107

// listener is where the gateway connects.
type listener struct {
	net.Listener
	network, address string
	// remains are to be removed at the end, in this order.
	remains []string
}

func listen(at listenAt) (*listener, error) {
	switch {
	case at.tcp:
		return listenTCP(at.first, at.last)
	case at.socket != "":
		return listenNamed(at.socket)
	case at.directory != "":
		return listenUnix(freshPath(at.directory), nil)
	}
	directory, err := ownDirectory()
	if err != nil {
		return nil, err
	}
	return listenUnix(freshPath(directory), []string{directory})
}

// ownDirectory is one that only this user can enter.
func ownDirectory() (string, error) {
	directory, err := os.MkdirTemp("", "hkp")
	if err == nil && len(directory) > maxSocketPath-20 {
		_ = os.Remove(directory)
		directory, err = os.MkdirTemp("/tmp", "hkp")
	}
	if err != nil {
		return "", fmt.Errorf("expected: a directory for the socket, got: %w", err)
	}
	return directory, nil
}

func freshPath(directory string) string {
	return filepath.Join(directory, "p"+strconv.FormatUint(rand.Uint64(), 36))
}

func listenNamed(path string) (*listener, error) {
	// Left by a process that was killed. Nothing but a socket is taken away.
	if found, err := os.Stat(path); err == nil && found.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("expected: a socket at %s (PLUGIN_UNIX_SOCKET), got: %w", path, err)
		}
	}
	opened, err := listenUnix(path, nil)
	if err != nil {
		return nil, err
	}
	// The gateway may be another user, of the same group.
	if err := os.Chmod(path, 0o660); err != nil {
		_ = opened.Close()
		return nil, fmt.Errorf("expected: a socket at %s (PLUGIN_UNIX_SOCKET), got: %w", path, err)
	}
	return opened, nil
}

func listenUnix(path string, remains []string) (*listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("expected: a path of at most %d bytes for the socket, got: %d in %s", maxSocketPath, len(path), filepath.Dir(path))
	}
	opened, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on a socket in %s: %w", filepath.Dir(path), err)
	}
	return &listener{Listener: opened, network: "unix", address: path, remains: append([]string{path}, remains...)}, nil
}

func listenTCP(first, last int) (*listener, error) {
	count := last - first + 1
	// Not from the first on: processes that start together would all try the same.
	offset := rand.IntN(count)
	var failure error
	for i := range count {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+(offset+i)%count))
		opened, err := net.Listen("tcp", address)
		if err == nil {
			return &listener{Listener: opened, network: "tcp", address: opened.Addr().String()}, nil
		}
		failure = err
	}
	return nil, fmt.Errorf("expected: a free port from %d to %d of 127.0.0.1, got: none (%w)", first, last, failure)
}

func (l *listener) removeFiles() {
	for _, path := range l.remains {
		// gRPC may have removed the socket already.
		_ = os.Remove(path)
	}
}

func (l *listener) handshake(certificate string) string {
	return fmt.Sprintf("1|%d|%s|%s|grpc|%s", protocolMajor, l.network, l.address, certificate)
}
