package main

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// go-plugin's client, ready to launch the program. With another certificate than AutoMTLS
// would make, go-plugin still reads the plugin's own from the handshake line and trusts it.
func newHost(program *exec.Cmd, sockets, curve string, ca bool) (*plugin.Client, error) {
	program.Env = []string{"PATH=" + os.Getenv("PATH"), "PLUGIN_NAME=checked", "PLUGIN_DATA_DIR=/nowhere",
		"PLUGIN_UNIX_SOCKET_DIR=" + sockets}
	config := &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  1,
			MagicCookieKey:   "HKP_PLUGIN_COOKIE",
			MagicCookieValue: "hkp-gateway-plugin-7b1e5c1f0d3a4e2c",
		},
		Plugins:          plugin.PluginSet{"hkp": &stub{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Cmd:              program,
		SkipHostEnv:      true,
		StartTimeout:     deadline,
		Logger:           hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Debug}),
	}
	if curve == autoMTLS && ca {
		config.AutoMTLS = true
	} else {
		own, err := certificate(curve, ca)
		if err != nil {
			return nil, err
		}
		program.Env = append(program.Env, "PLUGIN_CLIENT_CERT="+pemOf(own))
		config.TLSConfig = &tls.Config{
			Certificates: []tls.Certificate{own},
			MinVersion:   tls.VersionTLS12,
			ServerName:   "localhost",
		}
	}
	return plugin.NewClient(config), nil
}

// go-plugin gives its own stdin to the plugin, for which the end of it means that the host has
// died. The pipe that is put in its place stays open until this process ends.
func keepStdinOpen() (*os.File, error) {
	stdin, held, err := os.Pipe()
	if err == nil {
		os.Stdin = stdin
	}
	return held, err
}

type stub struct {
	plugin.NetRPCUnsupportedPlugin
}

func (*stub) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this side only calls")
}

func (*stub) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (interface{}, error) {
	return hkpplugin.NewHKPPluginClient(connection), nil
}
