package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// servePlugin runs until the gateway ends the plugin or dies. Handshake, certificate and socket
// are go-plugin's, as authors of plugins in Go have them.
func servePlugin(rule rule, stream bool) {
	// go-plugin replaces os.Stderr when it serves, so the logger takes it before.
	log := hclog.New(&hclog.LoggerOptions{Name: "decision", Output: os.Stderr, JSONFormat: true, Level: hclog.Warn})
	service := &service{rule: rule, stream: stream}
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

// service is what the gateway calls, and Spring Cloud Gateway's filters.
type service struct {
	hkpplugin.UnimplementedHKPPluginServer
	rule   rule
	stream bool
	server *grpc.Server
}

func (s *service) Initialize(context.Context, *hkpplugin.InitRequest) (*hkpplugin.InitResponse, error) {
	answer := &hkpplugin.InitResponse{Success: true, Info: &hkpplugin.PluginInfo{Name: os.Getenv("PLUGIN_NAME")}}
	if s.stream {
		answer.Features = []string{"stream"}
	}
	return answer, nil
}

func (s *service) HealthCheck(context.Context, *hkpplugin.Empty) (*hkpplugin.HealthStatus, error) {
	return &hkpplugin.HealthStatus{Status: hkpplugin.HealthStatus_HEALTHY, Timestamp: time.Now().Unix()}, nil
}

func (s *service) HandleRequest(_ context.Context, event *hkpplugin.HandleRequestEvent) (*hkpplugin.HandleResponse, error) {
	return s.decide(event), nil
}

func (s *service) HandleRequests(stream hkpplugin.HKPPlugin_HandleRequestsServer) error {
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if event.GetCancel() {
			continue
		}
		answer := s.decide(event)
		answer.RequestId = event.GetRequestId()
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

func (s *service) decide(event *hkpplugin.HandleRequestEvent) *hkpplugin.HandleResponse {
	if s.rule.allows(string(event.GetRawTarget())) {
		return &hkpplugin.HandleResponse{ContinueChain: true}
	}
	return &hkpplugin.HandleResponse{StatusCode: 403, Body: []byte("refused\n")}
}

// Stop, and not GracefulStop: go-plugin's own streams stay open as long as the gateway listens.
func (s *service) Shutdown(context.Context, *hkpplugin.ShutdownRequest) (*hkpplugin.ShutdownResponse, error) {
	if s.server != nil {
		time.AfterFunc(100*time.Millisecond, s.server.Stop)
	}
	return &hkpplugin.ShutdownResponse{Success: true}, nil
}
