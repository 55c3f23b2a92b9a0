// A program that plays the gateway for plugins: it launches them as the gateway does, greets them,
// asks them about requests, as many at once as it is told to, and measures how long all that takes.
// What to do it is told by HTTP on a unix socket: control.go has the list.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	control := flag.String("control", "", "path of the unix socket on which it is told what to do")
	directory := flag.String("directory", "", "a short path, below which plugins get sockets and temporary files")
	flag.Parse()
	if err := run(*control, *directory); err != nil {
		fmt.Fprintln(os.Stderr, "asker:", err)
		os.Exit(1)
	}
}

// run ends when standard input does, or with a signal; no plugin is then left.
func run(path, directory string) error {
	if path == "" || directory == "" {
		return errors.New("expected: -control and -directory, got: only one of them or none")
	}
	c := &control{base: directory, host: filepath.Join(directory, "h"), token: random(), plugins: map[string]*plugin{}}
	server, err := serveHost(c.host, c.token)
	if err != nil {
		return err
	}
	defer server.Stop()
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	defer listener.Close()
	ended := make(chan error, 2)
	go func() { ended <- http.Serve(listener, c.handler()) }()
	go func() {
		// The end of standard input means that whoever started this has gone.
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended <- nil
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer c.killAll()
	select {
	case err := <-ended:
		return err
	case <-signals:
		return nil
	}
}
