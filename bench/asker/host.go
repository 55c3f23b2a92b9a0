package main

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// host is as much of the gateway's service for plugins as one finds that was granted nothing of it.
type host struct {
	hkpplugin.UnimplementedPluginHostServer
	token string
}

func serveHost(path, token string) (*grpc.Server, error) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer()
	hkpplugin.RegisterPluginHostServer(server, &host{token: token})
	// It ends when the server is stopped.
	go func() { _ = server.Serve(listener) }()
	return server, nil
}

func (h *host) GetHostInfo(ctx context.Context, _ *hkpplugin.Empty) (*hkpplugin.HostInfo, error) {
	if values := metadata.ValueFromIncomingContext(ctx, "authorization"); len(values) != 1 || values[0] != "Bearer "+h.token {
		return nil, status.Error(codes.Unauthenticated, "expected: the token of PLUGIN_HOST_TOKEN, got: another or none")
	}
	return &hkpplugin.HostInfo{Version: "1.0.0", ProtocolVersion: "1.0"}, nil
}
