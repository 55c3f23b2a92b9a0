// The decision that every contender of the benchmark asks for, behind each of the protocols by
// which they ask: one program, one rule, so that what differs is the way to it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"google.golang.org/grpc"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

func main() {
	mode := flag.String("mode", "", "plugin (launched by the gateway), grpc, spoe or auth")
	socket := flag.String("socket", "", "path of the unix socket to listen on, perhaps with $VARIABLES; not for plugin")
	refuse := flag.String("refuse", "", "requests whose target holds this are refused")
	stream := flag.Bool("stream", false, "plugin: declare the feature stream")
	flag.Parse()
	if err := run(*mode, *socket, rule{refuse: *refuse}, *stream); err != nil {
		fmt.Fprintln(os.Stderr, "decision:", err)
		os.Exit(1)
	}
}

// rule is the work of a decision: as good as none, because the benchmark measures how a decision
// is asked for. It refuses so much that a test can tell whether it was asked.
type rule struct {
	refuse string
}

func (r rule) allows(target string) bool {
	return r.refuse == "" || !strings.Contains(target, r.refuse)
}

func run(mode, socket string, rule rule, stream bool) error {
	if mode == "plugin" {
		servePlugin(rule, stream)
		return nil
	}
	serve, known := map[string]func(net.Listener) error{
		"grpc": func(listener net.Listener) error {
			server := grpc.NewServer()
			hkpplugin.RegisterHKPPluginServer(server, &service{rule: rule})
			return server.Serve(listener)
		},
		"spoe": func(listener net.Listener) error { return serveSpoe(listener, rule) },
		"auth": func(listener net.Listener) error { return http.Serve(listener, authHandler(rule)) },
	}[mode]
	if !known {
		return fmt.Errorf("expected: -mode plugin, grpc, spoe or auth, got: %q", mode)
	}
	if socket == "" {
		return errors.New("expected: -socket with the path to listen on, got: none")
	}
	listener, err := net.Listen("unix", os.ExpandEnv(socket))
	if err != nil {
		return err
	}
	go endWithParent()
	return serve(listener)
}

// The end of standard input means that whoever started this has gone.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
