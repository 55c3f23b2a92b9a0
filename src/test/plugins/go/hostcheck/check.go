package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

const deadline = 20 * time.Second

func check(language string, program *exec.Cmd, curve string, ca bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	held, err := keepStdinOpen()
	if err != nil {
		return err
	}
	defer held.Close()
	// Short, because a socket's path has at most 107 bytes.
	sockets, err := os.MkdirTemp("/tmp", "hostcheck")
	if err != nil {
		return err
	}
	defer os.RemoveAll(sockets)
	host, err := newHost(program, sockets, curve, ca)
	if err != nil {
		return err
	}
	defer host.Kill()
	protocol, err := host.Client()
	if err != nil {
		return fmt.Errorf("expected: go-plugin's client connects, got: %w", err)
	}
	raw, err := protocol.Dispense("hkp")
	if err != nil {
		return fmt.Errorf("expected: a client from go-plugin, got: %w", err)
	}
	client := raw.(hkpplugin.HKPPluginClient)
	if err := converse(ctx, client, language); err != nil {
		return err
	}
	if err := refusesStrangers(ctx, host.ReattachConfig().Addr, curve, ca); err != nil {
		return err
	}
	if err := shutDown(ctx, host, client); err != nil {
		return err
	}
	if left, err := os.ReadDir(sockets); err != nil || len(left) > 0 {
		return fmt.Errorf("expected: no socket after the end, got: %v, %v", left, err)
	}
	fmt.Println("ok")
	return nil
}

func converse(ctx context.Context, client hkpplugin.HKPPluginClient, language string) error {
	init, err := client.Initialize(ctx, &hkpplugin.InitRequest{ConfigJson: "{}", ProtocolVersion: "1.0"})
	if err != nil {
		return fmt.Errorf("expected: an answer to Initialize, got: %w", err)
	}
	info := init.GetInfo()
	if !init.GetSuccess() || info.GetName() != "checked" || info.GetMetadata()["language"] != language ||
		info.GetMetadata()["data_dir"] != "/nowhere" {
		return fmt.Errorf("expected: success, name checked, language %s, data_dir /nowhere, got: %v", language, init)
	}
	health, err := client.HealthCheck(ctx, &hkpplugin.Empty{})
	if err != nil || health.GetStatus() != hkpplugin.HealthStatus_HEALTHY {
		return fmt.Errorf("expected: HEALTHY, got: %v, %v", health, err)
	}
	passed, err := client.HandleRequest(ctx, &hkpplugin.HandleRequestEvent{Method: "GET", Path: "/pks/stats"})
	if err != nil || !passed.GetContinueChain() || passed.GetHeaders()["X-Plugin-Language"] != language {
		return fmt.Errorf("expected: continue with X-Plugin-Language %s, got: %v, %v", language, passed, err)
	}
	denied, err := client.HandleRequest(ctx, &hkpplugin.HandleRequestEvent{Method: "GET", Path: "/deny"})
	if err != nil || denied.GetStatusCode() != 403 || string(denied.GetBody()) != "denied by "+language+"\n" {
		return fmt.Errorf("expected: 403 by %s, got: %v, %v", language, denied, err)
	}
	return nil
}

// Only the host that made the announced certificate may call.
func refusesStrangers(ctx context.Context, address net.Addr, curve string, ca bool) error {
	other, err := certificate(curve, ca)
	if err != nil {
		return err
	}
	// InsecureSkipVerify: the question is whether the plugin verifies its caller.
	noCertificate := &tls.Config{InsecureSkipVerify: true}
	wrongCertificate := &tls.Config{
		InsecureSkipVerify: true,
		// Not in Certificates: Go would withhold one that the server does not ask for.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &other, nil },
	}
	for who, security := range map[string]credentials.TransportCredentials{
		"a caller without TLS":              insecure.NewCredentials(),
		"a caller without a certificate":    credentials.NewTLS(noCertificate),
		"a caller with another certificate": credentials.NewTLS(wrongCertificate),
	} {
		connection, err := grpc.NewClient("unix:"+address.String(), grpc.WithTransportCredentials(security))
		if err != nil {
			return err
		}
		health, err := hkpplugin.NewHKPPluginClient(connection).HealthCheck(ctx, &hkpplugin.Empty{})
		_ = connection.Close()
		if err == nil {
			return fmt.Errorf("expected: %s is refused, got: %v", who, health)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("expected: %s is refused at once, got: silence for %s", who, deadline)
		}
		fmt.Fprintf(os.Stderr, "%s: %v\n", who, err)
	}
	return nil
}

func shutDown(ctx context.Context, host *plugin.Client, client hkpplugin.HKPPluginClient) error {
	answer, err := client.Shutdown(ctx, &hkpplugin.ShutdownRequest{TimeoutSeconds: 5, Reason: "checked"})
	if err != nil || !answer.GetSuccess() {
		return fmt.Errorf("expected: success from Shutdown, got: %v, %v", answer, err)
	}
	for !host.Exited() {
		select {
		case <-ctx.Done():
			return errors.New("expected: the plugin exits after Shutdown, got: it still runs")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}
