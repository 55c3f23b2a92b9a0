// A plugin of the earlier Go generation, as its authors left it: it knows the names and
// numbers of that time (proto/hkp_plugin.proto), listens where PLUGIN_GRPC_ADDRESS says,
// in plaintext, prints no handshake, asks for no cookie, believes X-Forwarded-For, and does
// not end when it is told to shut down. LegacyGoPluginIT runs it without a change.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"example.org/legacy-guard/proto"
)

const (
	pluginName    = "legacy-guard"
	pluginVersion = "1.4.2"
)

type guard struct {
	proto.UnimplementedHKPPluginServer
	mu     sync.Mutex
	config config
	minute int64
	counts map[string]int
}

func main() {
	address := os.Getenv("PLUGIN_GRPC_ADDRESS")
	if address == "" {
		address = "localhost:50077"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatalf("Failed to listen: %v", err)
	}
	server := grpc.NewServer()
	proto.RegisterHKPPluginServer(server, &guard{counts: map[string]int{}})
	healthServer := health.NewServer()
	healthServer.SetServingStatus("", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, healthServer)

	// That generation logged to standard output, too; nobody read a handshake there.
	fmt.Printf("%s %s starting on %s\n", pluginName, pluginVersion, address)
	if err := server.Serve(listener); err != nil {
		log.Fatalf("Failed to serve: %v", err)
	}
}

func (g *guard) Initialize(_ context.Context, request *proto.InitRequest) (*proto.InitResponse, error) {
	parsed, err := parseConfig(request.GetConfigJson())
	if err != nil {
		return &proto.InitResponse{Success: false, Error: err.Error()}, nil
	}
	g.mu.Lock()
	g.config = parsed
	g.mu.Unlock()
	log.Printf("initialized: maxRequestsPerMinute=%d blockedPaths=%v blockedClients=%v protocol=%s",
		parsed.maxRequestsPerMinute, parsed.blockedPaths, parsed.blockedClients, request.GetProtocolVersion())
	return &proto.InitResponse{Success: true, Info: info()}, nil
}

func (g *guard) GetInfo(context.Context, *proto.Empty) (*proto.PluginInfo, error) {
	return info(), nil
}

func info() *proto.PluginInfo {
	return &proto.PluginInfo{
		Name:         pluginName,
		Version:      pluginVersion,
		Description:  "Blocks paths and clients, and watches keys",
		Capabilities: []string{"http_middleware", "abuse_detection", "event_handler"},
		Metadata:     map[string]string{"priority": "30"},
	}
}

func (g *guard) HealthCheck(context.Context, *proto.Empty) (*proto.HealthStatus, error) {
	return &proto.HealthStatus{Status: proto.HealthStatus_HEALTHY, Message: "healthy", Timestamp: time.Now().Unix()}, nil
}

func (g *guard) HandleHTTPRequest(_ context.Context, request *proto.HTTPRequest) (*proto.HTTPResponse, error) {
	client := clientIP(request)
	headers := map[string]string{"X-Guard-Plugin": pluginName + "/" + pluginVersion, "X-Guard-Client": client}
	if reason := g.reason(client, request.GetPath()); reason != "" {
		log.Printf("blocked: client=%s path=%s reason=%s", client, request.GetPath(), reason)
		headers["X-Guard-Reason"] = reason
		headers["Content-Type"] = "text/plain"
		return &proto.HTTPResponse{StatusCode: 429, Headers: headers, Body: []byte("Blocked: " + reason + "\n")}, nil
	}
	return &proto.HTTPResponse{StatusCode: 200, Headers: headers, ContinueChain: true}, nil
}

// The first address of the chain, as its authors believed it: what the gateway puts there is the
// only thing that keeps a client from choosing it.
func clientIP(request *proto.HTTPRequest) string {
	if forwarded, ok := request.GetHeaders()["X-Forwarded-For"]; ok {
		first, _, _ := strings.Cut(forwarded, ",")
		return strings.TrimSpace(first)
	}
	return request.GetRemoteAddr()
}

func (g *guard) reason(client, path string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.config.enabled {
		return ""
	}
	for _, blocked := range g.config.blockedClients {
		if client == blocked {
			return "client"
		}
	}
	for _, blocked := range g.config.blockedPaths {
		if strings.HasPrefix(path, blocked) {
			return "path"
		}
	}
	if minute := time.Now().Unix() / 60; minute != g.minute {
		g.minute = minute
		g.counts = map[string]int{}
	}
	g.counts[client]++
	if g.counts[client] > g.config.maxRequestsPerMinute {
		return "rate"
	}
	return ""
}

func (g *guard) HandleKeyChange(_ context.Context, change *proto.KeyChangeEvent) (*proto.Event, error) {
	log.Printf("key change: %s %s", change.GetChangeType(), change.GetFingerprint())
	g.mu.Lock()
	reportType := g.config.reportType
	g.mu.Unlock()
	data, err := json.Marshal(map[string]string{"fingerprint": change.GetFingerprint(), "analyzed": "true"})
	if err != nil {
		return nil, err
	}
	return &proto.Event{Type: reportType, Source: pluginName, Timestamp: time.Now().Unix(), Data: data}, nil
}

// Saves what it knows, answers, and goes on serving: the earlier host killed it.
func (g *guard) Shutdown(_ context.Context, request *proto.ShutdownRequest) (*proto.ShutdownResponse, error) {
	log.Printf("shutting down: %s", request.GetReason())
	return &proto.ShutdownResponse{Success: true}, nil
}
