package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// The gateway's deadlines.
const (
	greetDeadline  = 10 * time.Second
	healthDeadline = 5 * time.Second
)

// plugin is one that runs and was greeted.
type plugin struct {
	process    *process
	connection *grpc.ClientConn
	client     hkpplugin.HKPPluginClient
	launched   launched
	// It printed no handshake, and so knows nothing of the life of a plugin.
	bare bool
}

// launched is how a start went. Times are milliseconds since just before the program was started.
type launched struct {
	Pid         int      `json:"pid"`
	Handshake   float64  `json:"handshake"`   // the line was read, or, without one, the socket took a connection
	Initialized float64  `json:"initialized"` // connected, and Initialize was answered
	Ready       float64  `json:"ready"`       // HealthCheck was answered
	Features    []string `json:"features"`
}

// wish is how a plugin is to be started.
type wish struct {
	directory string // has plugin.toml
	config    string // JSON, merged over that of the manifest; may be empty
	listens   string // the name of its socket, if it says nothing and speaks plaintext; empty: it speaks the handshake
	host      string // address of a host's socket
	token     string
}

// launch starts a plugin and greets it as the gateway does. If that fails, its process is gone.
func launch(base string, wish wish) (*plugin, error) {
	m, err := readManifest(wish.directory)
	if err != nil {
		return nil, err
	}
	config, err := m.configuration(wish.config)
	if err != nil {
		return nil, err
	}
	identity, err := newIdentity()
	if err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(base, "")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"s", "d", "t"} {
		if err := os.Mkdir(filepath.Join(private, name), 0o700); err != nil {
			return nil, err
		}
	}
	more := map[string]string{"PLUGIN_HOST_ADDRESS": "unix:" + wish.host, "PLUGIN_HOST_TOKEN": wish.token}
	if wish.listens == "" {
		more["PLUGIN_CLIENT_CERT"] = pemOf(identity)
	}
	process, err := begin(wish.directory, m, private, more)
	if err != nil {
		_ = os.RemoveAll(private)
		return nil, err
	}
	p := &plugin{process: process, bare: wish.listens != ""}
	p.launched.Pid = process.command.Process.Pid
	socket := filepath.Join(private, "s", filepath.Base(wish.listens))
	target, secured := "unix:"+socket, insecure.NewCredentials()
	if p.bare {
		err = process.listens(socket)
	} else {
		target, secured, err = process.handshake(identity)
	}
	p.launched.Handshake = p.elapsed()
	if err == nil {
		err = p.connect(target, secured, m, config)
	}
	if err != nil {
		p.close()
		process.kill()
		return nil, fmt.Errorf("%s: %w\n%s", m.Plugin.Name, err, process.stderr)
	}
	return p, nil
}

func (p *plugin) elapsed() float64 {
	return float64(time.Since(p.process.started).Microseconds()) / 1000
}

// handshake reads the line and says what to dial, and as whom.
func (p *process) handshake(identity tls.Certificate) (string, credentials.TransportCredentials, error) {
	line, err := p.firstLine()
	if err != nil {
		return "", nil, err
	}
	fields := strings.Split(line, "|")
	if len(fields) < 6 || fields[0] != "1" || fields[1] != "1" || fields[4] != "grpc" {
		return "", nil, fmt.Errorf("expected: a line 1|1|network|address|grpc|certificate, got: %q", line)
	}
	config, err := trusting(identity, fields[5])
	if err != nil {
		return "", nil, err
	}
	targets := map[string]string{"unix": "unix:", "tcp": "passthrough:///"}
	if targets[fields[2]] == "" {
		return "", nil, fmt.Errorf("expected: network unix or tcp, got: %q", fields[2])
	}
	return targets[fields[2]] + fields[3], credentials.NewTLS(config), nil
}

// listens waits until a socket takes connections.
func (p *process) listens(path string) error {
	go func() { _, _ = io.Copy(io.Discard, p.stdout) }()
	for {
		connection, err := net.Dial("unix", path)
		if err == nil {
			return connection.Close()
		}
		if time.Since(p.started) > startDeadline {
			return fmt.Errorf("expected: a socket that takes connections within %v, got: %w", startDeadline, err)
		}
		select {
		case <-p.ended:
			return errors.New("expected: a socket that takes connections, got: the end of the process")
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (p *plugin) connect(target string, secured credentials.TransportCredentials, m manifest, config string) error {
	var err error
	p.connection, err = grpc.NewClient(target, grpc.WithTransportCredentials(secured), grpc.WithAuthority("localhost"))
	if err != nil {
		return err
	}
	p.client = hkpplugin.NewHKPPluginClient(p.connection)
	if err := p.initialize(m, config); err != nil {
		return fmt.Errorf("Initialize: %w", err)
	}
	p.launched.Initialized = p.elapsed()
	if err := p.healthy(); err != nil {
		return fmt.Errorf("HealthCheck: %w", err)
	}
	p.launched.Ready = p.elapsed()
	return nil
}

// initialize asks the standard health service before, and for the plugin's name after, as the
// gateway does.
func (p *plugin) initialize(m manifest, config string) error {
	ctx, cancel := context.WithTimeout(context.Background(), greetDeadline)
	defer cancel()
	health, err := grpc_health_v1.NewHealthClient(p.connection).Check(ctx,
		&grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	if code := status.Code(err); code != codes.OK && code != codes.Unimplemented && code != codes.NotFound {
		return err
	}
	if health.GetStatus() == grpc_health_v1.HealthCheckResponse_NOT_SERVING {
		return errors.New("expected: a plugin that serves, got: NOT_SERVING")
	}
	answer, err := p.client.Initialize(ctx, &hkpplugin.InitRequest{
		ConfigJson: config, HockeypuckVersion: "1.0.0", ProtocolVersion: "1.0",
		GrantedCapabilities: m.grants(), InstanceId: random(),
		Host: &hkpplugin.HostInfo{Version: "1.0.0", ProtocolVersion: "1.0",
			Configuration: map[string]string{"chain_budget_ms": "10000", "timeout_ms": "2000"}},
	})
	if err != nil {
		return err
	}
	if !answer.GetSuccess() {
		return fmt.Errorf("expected: success, got: %q", answer.GetError())
	}
	info := answer.GetInfo()
	if info == nil {
		if info, err = p.client.GetInfo(ctx, &hkpplugin.Empty{}); err != nil {
			return err
		}
	}
	if info.GetName() != m.Plugin.Name {
		return fmt.Errorf("expected: the manifest's name %s, got: %q", m.Plugin.Name, info.GetName())
	}
	p.launched.Features = append([]string{}, answer.GetFeatures()...)
	return nil
}

func (p *plugin) healthy() error {
	ctx, cancel := context.WithTimeout(context.Background(), healthDeadline)
	defer cancel()
	answer, err := p.client.HealthCheck(ctx, &hkpplugin.Empty{})
	if err == nil && answer.GetStatus() != hkpplugin.HealthStatus_HEALTHY {
		return fmt.Errorf("expected: HEALTHY, got: %v, %q", answer.GetStatus(), answer.GetMessage())
	}
	return err
}

// stop ends it as the gateway does, and says how that went.
func (p *plugin) stop() (ending, error) {
	defer p.close()
	if p.bare {
		_ = p.process.stdin.Close()
		return p.process.await(stopDeadline), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthDeadline)
	defer cancel()
	answer, err := p.client.Shutdown(ctx, &hkpplugin.ShutdownRequest{
		TimeoutSeconds: int32(stopDeadline.Seconds()), Reason: "benchmark over"})
	// It may end before it has answered.
	if code := status.Code(err); code != codes.OK && code != codes.Unavailable {
		p.process.kill()
		return ending{}, fmt.Errorf("Shutdown: %w", err)
	}
	if err == nil && !answer.GetSuccess() {
		p.process.kill()
		return ending{}, fmt.Errorf("Shutdown: expected: success, got: %q", answer.GetError())
	}
	return p.process.await(stopDeadline), nil
}

func (p *plugin) close() {
	if p.connection != nil {
		_ = p.connection.Close()
	}
}

func random() string {
	bytes := make([]byte, 16)
	// It never fails.
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}
