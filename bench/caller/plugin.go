package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// servePlugin runs until the gateway ends the plugin or dies, as that of ../decision does.
func servePlugin() {
	// go-plugin replaces os.Stderr when it serves, so the logger takes it before.
	log := hclog.New(&hclog.LoggerOptions{Name: "caller", Output: os.Stderr, JSONFormat: true, Level: hclog.Warn})
	service := &service{}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  1,
			MagicCookieKey:   "HKP_PLUGIN_COOKIE",
			MagicCookieValue: "hkp-gateway-plugin-7b1e5c1f0d3a4e2c",
		},
		Plugins: plugin.PluginSet{"hkp": &registration{service: service}},
		Logger:  log,
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			service.server = grpc.NewServer(options...)
			go endWithParent()
			return service.server
		},
	})
}

type registration struct {
	plugin.NetRPCUnsupportedPlugin
	service *service
}

func (r *registration) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	hkpplugin.RegisterHKPPluginServer(server, r.service)
	return nil
}

func (r *registration) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, errors.New("expected: to be asked, got: a request to ask")
}

type service struct {
	hkpplugin.UnimplementedHKPPluginServer
	server *grpc.Server
}

func (s *service) Initialize(context.Context, *hkpplugin.InitRequest) (*hkpplugin.InitResponse, error) {
	return &hkpplugin.InitResponse{
		Success:  true,
		Info:     &hkpplugin.PluginInfo{Name: os.Getenv("PLUGIN_NAME")},
		Features: []string{"stream"},
	}, nil
}

func (s *service) HealthCheck(context.Context, *hkpplugin.Empty) (*hkpplugin.HealthStatus, error) {
	return &hkpplugin.HealthStatus{Status: hkpplugin.HealthStatus_HEALTHY, Timestamp: time.Now().Unix()}, nil
}

func (s *service) HandleRequest(context.Context, *hkpplugin.HandleRequestEvent) (*hkpplugin.HandleResponse, error) {
	return &hkpplugin.HandleResponse{ContinueChain: true}, nil
}

func (s *service) HandleRequests(stream hkpplugin.HKPPlugin_HandleRequestsServer) error {
	for {
		event, err := stream.Recv()
		if err != nil {
			return nil
		}
		if event.GetCancel() {
			continue
		}
		if err := stream.Send(&hkpplugin.HandleResponse{RequestId: event.GetRequestId(), ContinueChain: true}); err != nil {
			return err
		}
	}
}

// Stop, and not GracefulStop: go-plugin's own streams stay open as long as the gateway listens.
func (s *service) Shutdown(context.Context, *hkpplugin.ShutdownRequest) (*hkpplugin.ShutdownResponse, error) {
	if s.server != nil {
		time.AfterFunc(100*time.Millisecond, s.server.Stop)
	}
	return &hkpplugin.ShutdownResponse{Success: true}, nil
}
