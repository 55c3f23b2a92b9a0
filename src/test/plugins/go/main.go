// A plugin as a Go author writes it: go-plugin's Serve and nothing of the gateway's own. The
// handshake, the certificate, the socket and its removal are go-plugin's.
package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "HKP_PLUGIN_COOKIE",
	MagicCookieValue: "hkp-gateway-plugin-7b1e5c1f0d3a4e2c",
}

func main() {
	// go-plugin replaces os.Stderr when it serves, so the logger takes it before.
	log := hclog.New(&hclog.LoggerOptions{Name: "go", Output: os.Stderr, JSONFormat: true})
	service := &service{log: log}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{"hkp": &registration{service: service}},
		Logger:          log,
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			log.Info("plugin starts", "language", "go", "pid", os.Getpid(),
				"mtls", os.Getenv("PLUGIN_CLIENT_CERT") != "")
			service.server = grpc.NewServer(options...)
			go stopWithGateway(service.server)
			return service.server
		},
	})
}

// The end of standard input means that the gateway has died.
func stopWithGateway(server *grpc.Server) {
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Stop()
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
	return nil, nil
}

type service struct {
	hkpplugin.UnimplementedHKPPluginServer
	log    hclog.Logger
	server *grpc.Server
}

func (s *service) Initialize(context.Context, *hkpplugin.InitRequest) (*hkpplugin.InitResponse, error) {
	return &hkpplugin.InitResponse{Success: true, Info: info()}, nil
}

func (s *service) GetInfo(context.Context, *hkpplugin.Empty) (*hkpplugin.PluginInfo, error) {
	return info(), nil
}

func info() *hkpplugin.PluginInfo {
	return &hkpplugin.PluginInfo{
		Name:     os.Getenv("PLUGIN_NAME"),
		Version:  "1.0.0",
		Metadata: map[string]string{"language": "go", "data_dir": os.Getenv("PLUGIN_DATA_DIR")},
	}
}

func (s *service) HealthCheck(context.Context, *hkpplugin.Empty) (*hkpplugin.HealthStatus, error) {
	return &hkpplugin.HealthStatus{Status: hkpplugin.HealthStatus_HEALTHY, Timestamp: time.Now().Unix()}, nil
}

func (s *service) HandleRequest(_ context.Context, event *hkpplugin.HandleRequestEvent) (*hkpplugin.HandleResponse, error) {
	switch event.GetPath() {
	case "/crash":
		os.Exit(3)
	case "/deny":
		return &hkpplugin.HandleResponse{
			StatusCode: 403,
			Headers:    map[string]string{"Content-Type": "text/plain"},
			Body:       []byte("denied by go\n"),
		}, nil
	}
	return &hkpplugin.HandleResponse{
		ContinueChain: true,
		Headers:       map[string]string{"X-Plugin-Language": "go"},
	}, nil
}

// Stop, and not GracefulStop: go-plugin's own streams stay open as long as the gateway listens.
func (s *service) Shutdown(_ context.Context, request *hkpplugin.ShutdownRequest) (*hkpplugin.ShutdownResponse, error) {
	s.log.Info("plugin stops", "reason", request.GetReason())
	time.AfterFunc(100*time.Millisecond, s.server.Stop)
	return &hkpplugin.ShutdownResponse{Success: true}, nil
}
