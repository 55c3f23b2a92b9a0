// A plugin that calls its host, as often and as many at once as it is told to, and measures how
// long that takes. It lets every request pass. What to do it is told by HTTP on a unix socket of
// its own: control.go has the list.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	control := flag.String("control", "", "path of the unix socket on which it is told what to do")
	flag.Parse()
	if err := run(*control); err != nil {
		fmt.Fprintln(os.Stderr, "caller:", err)
		os.Exit(1)
	}
}

func run(control string) error {
	if control == "" {
		return errors.New("expected: -control with the path to listen on, got: none")
	}
	host, err := dialHost(os.Getenv("PLUGIN_HOST_ADDRESS"), os.Getenv("PLUGIN_HOST_TOKEN"))
	if err != nil {
		return err
	}
	// One that was killed has left its socket behind.
	if err := os.Remove(control); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", control)
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() {
		if err := http.Serve(listener, newControl(host)); err != nil && !errors.Is(err, net.ErrClosed) {
			fmt.Fprintln(os.Stderr, "caller:", err)
		}
	}()
	servePlugin()
	return nil
}

// The end of standard input means that the gateway has gone.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
