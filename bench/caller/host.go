package main

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// dialHost makes a client of the gateway's service for plugins, with one connection as a plugin
// has one. It connects with the first call.
func dialHost(address, token string) (hkpplugin.PluginHostClient, error) {
	if !strings.HasPrefix(address, "unix:") {
		return nil, fmt.Errorf("expected: PLUGIN_HOST_ADDRESS with unix:PATH, got: %q", address)
	}
	authorized := func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority("localhost"),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, reply any,
			connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			return invoke(authorized(ctx), method, request, reply, connection, options...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc,
			connection *grpc.ClientConn, method string, open grpc.Streamer,
			options ...grpc.CallOption) (grpc.ClientStream, error) {
			return open(authorized(ctx), description, connection, method, options...)
		}))
	if err != nil {
		return nil, err
	}
	return hkpplugin.NewPluginHostClient(connection), nil
}
