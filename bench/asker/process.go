package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How long a plugin may take to print its line, and to end: the gateway's own limits.
const (
	startDeadline = 60 * time.Second
	stopDeadline  = 15 * time.Second
)

// process is a plugin's process, with a group of its own for what it starts.
type process struct {
	command   *exec.Cmd
	stdin     io.Closer
	stdout    *bufio.Reader
	stderr    *tail
	started   time.Time
	ended     chan struct{} // closed when it has ended
	directory string
}

// begin starts a plugin's program as the gateway does: in its own directory, with a clean
// environment, to which the given variables are added. The private directory is removed at the end.
func begin(home string, m manifest, private string, more map[string]string) (*process, error) {
	p := &process{stderr: &tail{}, ended: make(chan struct{}), directory: private}
	p.command = exec.Command(filepath.Join(home, m.Plugin.Executable), m.Plugin.Args...)
	p.command.Dir = home
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.command.WaitDelay = 2 * time.Second
	p.command.Env = environment(m, private, more)
	var err error
	if p.stdin, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	p.stdout = bufio.NewReader(reader)
	p.command.Stdout, p.command.Stderr = writer, p.stderr
	p.started = time.Now()
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("%s: expected: a program that starts, got: %w", m.Plugin.Name, err)
	}
	go func() {
		// What it says is in ProcessState.
		_ = p.command.Wait()
		_ = writer.Close()
		close(p.ended)
	}()
	return p, nil
}

// environment has nothing of ours but what the gateway lets through.
func environment(m manifest, private string, more map[string]string) []string {
	var all []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case name == "PATH", name == "JAVA_HOME", name == "LANG", name == "TZ", strings.HasPrefix(name, "LC_"):
			all = append(all, variable)
		}
	}
	for name, value := range map[string]string{
		"HKP_PLUGIN_COOKIE":        "hkp-gateway-plugin-7b1e5c1f0d3a4e2c",
		"PLUGIN_PROTOCOL_VERSIONS": "1",
		"PLUGIN_UNIX_SOCKET_DIR":   filepath.Join(private, "s"),
		"PLUGIN_DATA_DIR":          filepath.Join(private, "d"),
		"TMPDIR":                   filepath.Join(private, "t"),
		"PLUGIN_NAME":              m.Plugin.Name,
		"PLUGIN_VERSION":           m.Plugin.Version,
	} {
		all = append(all, name+"="+value)
	}
	for name, value := range more {
		all = append(all, name+"="+value)
	}
	return all
}

// firstLine is what it prints first; from then on its output is read and dropped.
func (p *process) firstLine() (string, error) {
	type read struct {
		line string
		err  error
	}
	first := make(chan read, 1)
	go func() {
		line, err := p.stdout.ReadString('\n')
		first <- read{line, err}
		_, _ = io.Copy(io.Discard, p.stdout)
	}()
	select {
	case got := <-first:
		if got.err != nil {
			return "", fmt.Errorf("expected: a handshake line, got: the end of its output after %q", got.line)
		}
		return strings.TrimRight(got.line, "\r\n"), nil
	case <-time.After(startDeadline):
		return "", fmt.Errorf("expected: a handshake line within %v, got: none", startDeadline)
	}
}

// ending is how a process ended: the exit code, and which signals that took.
type ending struct {
	Code   int    `json:"code"`
	Signal string `json:"signal"`
}

// await waits for an end of its own accord; then come signals, to it and what it has started.
func (p *process) await(patience time.Duration) ending {
	sent := ""
	for _, signal := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGKILL} {
		if signal != 0 {
			sent = signal.String()
			// It may have gone meanwhile.
			_ = syscall.Kill(-p.command.Process.Pid, signal)
		}
		select {
		case <-p.ended:
			p.clear()
			return ending{Code: p.command.ProcessState.ExitCode(), Signal: sent}
		case <-time.After(patience):
		}
	}
	return ending{Code: -1, Signal: sent}
}

// kill ends it at once.
func (p *process) kill() {
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL)
	select {
	case <-p.ended:
	case <-time.After(stopDeadline):
	}
	p.clear()
}

// clear removes what is left: children that outlived the process, and its files.
func (p *process) clear() {
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		fmt.Fprintln(os.Stderr, "asker:", err)
	}
	_ = p.stdin.Close()
	_ = os.RemoveAll(p.directory)
}

// tail keeps the last of what was written.
type tail struct {
	lock sync.Mutex
	last []byte
}

const tailBytes = 2000

func (t *tail) Write(text []byte) (int, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.last = append(t.last, text...)
	if len(t.last) > tailBytes {
		t.last = append([]byte(nil), t.last[len(t.last)-tailBytes:]...)
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.lock.Lock()
	defer t.lock.Unlock()
	return string(t.last)
}
