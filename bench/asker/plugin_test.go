package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// This program is also the plugin of its tests; what is wrong with it stands in its manifest's args.
func TestMain(m *testing.M) {
	if os.Getenv("HKP_PLUGIN_COOKIE") != "" {
		if err := serve(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// install writes a plugin with a fault ("none" for none), and returns its directory.
func install(t *testing.T, fault string) string {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	if err := os.Symlink(own, filepath.Join(home, "hkp-plugin-fake")); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("[plugin]\nname = \"fake\"\nversion = \"1.2.3\"\nexecutable = \"hkp-plugin-fake\"\n"+
		"args = [%q]\ncapabilities = [\"http.request\", \"state\"]\n[plugin.config]\nshortest = 4\nlist = [\"a\"]\n", fault)
	if err := os.WriteFile(filepath.Join(home, "plugin.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

type fake struct {
	hkpplugin.UnimplementedHKPPluginServer
	fault string
	ended chan struct{}
}

func serve(fault string) error {
	for name, want := range map[string]string{
		"PLUGIN_PROTOCOL_VERSIONS": "1", "PLUGIN_NAME": "fake", "PLUGIN_VERSION": "1.2.3", "PLUGIN_OF_ANOTHER": "",
	} {
		if got := os.Getenv(name); got != want {
			return fmt.Errorf("%s: expected: %q, got: %q", name, want, got)
		}
	}
	switch fault {
	case "ends":
		return errors.New("nothing works here")
	case "garbage":
		fmt.Println("Hello!")
	}
	path, secured, shown := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "x"), insecure.NewCredentials(), ""
	if theirs := os.Getenv("PLUGIN_CLIENT_CERT"); theirs == "" {
		path = filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), fault)
	} else {
		var err error
		if secured, shown, err = mutual(theirs, fault); err != nil {
			return err
		}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	f := &fake{fault: fault, ended: make(chan struct{})}
	server := grpc.NewServer(grpc.Creds(secured))
	hkpplugin.RegisterHKPPluginServer(server, f)
	go func() { _ = server.Serve(listener) }()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if fault == "deaf" {
		signal.Ignore(syscall.SIGTERM)
	}
	fmt.Printf("1|1|unix|%s|grpc|%s\n", path, shown)
	<-f.ended
	server.GracefulStop()
	return nil
}

func mutual(theirs, fault string) (credentials.TransportCredentials, string, error) {
	identity, err := newIdentity()
	if err != nil {
		return nil, "", err
	}
	block, _ := pem.Decode([]byte(theirs))
	shown := identity
	if fault == "another certificate" {
		if shown, err = newIdentity(); err != nil {
			return nil, "", err
		}
	}
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{identity}, ClientAuth: tls.RequireAnyClientCert,
		VerifyConnection: func(state tls.ConnectionState) error {
			if !bytes.Equal(state.PeerCertificates[0].Raw, block.Bytes) {
				return errors.New("a stranger")
			}
			return nil
		},
	}), base64.RawStdEncoding.EncodeToString(shown.Certificate[0]), nil
}

func (f *fake) Initialize(ctx context.Context, request *hkpplugin.InitRequest) (*hkpplugin.InitResponse, error) {
	if want := `{"list":["a"],"shortest":4}`; request.GetConfigJson() != want && request.GetConfigJson() != `{"list":["a"],"shortest":6}` {
		return &hkpplugin.InitResponse{Error: "expected: " + want + ", got: " + request.GetConfigJson()}, nil
	}
	if got := request.GetGrantedCapabilities(); len(got) != 1 || got[0] != "http.request" {
		return &hkpplugin.InitResponse{Error: fmt.Sprintf("expected: http.request, got: %v", got)}, nil
	}
	switch f.fault {
	case "refuses":
		return &hkpplugin.InitResponse{Error: "shortest: expected: an even number"}, nil
	case "another name":
		return &hkpplugin.InitResponse{Success: true, Info: &hkpplugin.PluginInfo{Name: "other"}}, nil
	case "asks its host":
		if err := f.askHost(ctx); err != nil {
			return &hkpplugin.InitResponse{Error: err.Error()}, nil
		}
	}
	return &hkpplugin.InitResponse{Success: true, Features: []string{"stream"}}, nil
}

func (f *fake) askHost(ctx context.Context) error {
	connection, err := grpc.NewClient(os.Getenv("PLUGIN_HOST_ADDRESS"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = hkpplugin.NewPluginHostClient(connection).GetHostInfo(
		metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+os.Getenv("PLUGIN_HOST_TOKEN")), &hkpplugin.Empty{})
	return err
}

func (f *fake) GetInfo(context.Context, *hkpplugin.Empty) (*hkpplugin.PluginInfo, error) {
	return &hkpplugin.PluginInfo{Name: "fake"}, nil
}

func (f *fake) HealthCheck(context.Context, *hkpplugin.Empty) (*hkpplugin.HealthStatus, error) {
	if f.fault == "unhealthy" {
		return &hkpplugin.HealthStatus{Status: hkpplugin.HealthStatus_UNHEALTHY, Message: "unwell"}, nil
	}
	return &hkpplugin.HealthStatus{Status: hkpplugin.HealthStatus_HEALTHY}, nil
}

func (f *fake) HandleRequest(_ context.Context, event *hkpplugin.HandleRequestEvent) (*hkpplugin.HandleResponse, error) {
	hkp := event.GetHkp()
	if f.fault == "denies" || hkp.GetOperation() == hkpplugin.HkpRequest_LOOKUP_INDEX && len(hkp.GetSearch()) < 4 {
		return &hkpplugin.HandleResponse{StatusCode: 429, Reason: "no"}, nil
	}
	return &hkpplugin.HandleResponse{ContinueChain: true, RequestId: event.GetRequestId()}, nil
}

func (f *fake) HandleRequests(call hkpplugin.HKPPlugin_HandleRequestsServer) error {
	for count := 1; ; count++ {
		event, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer, _ := f.HandleRequest(call.Context(), event)
		answer.RequestId = event.GetRequestId()
		switch f.fault {
		case "another id":
			answer.RequestId = "0-77"
		case "an id of nobody":
			answer.RequestId = "77-0"
		case "breaks the stream":
			if count > 10 {
				return errors.New("no more")
			}
		}
		if err := call.Send(answer); err != nil {
			return err
		}
	}
}

func (f *fake) Shutdown(context.Context, *hkpplugin.ShutdownRequest) (*hkpplugin.ShutdownResponse, error) {
	switch f.fault {
	case "deaf", "slow to end":
	case "fails to end":
		time.AfterFunc(time.Millisecond, func() { os.Exit(7) })
	default:
		close(f.ended)
	}
	return &hkpplugin.ShutdownResponse{Success: true}, nil
}
