package hkp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

const testToken = "dG9rZW4"

// fakeHost is a gateway's host service on a real socket.
type fakeHost struct {
	hkpplugin.UnimplementedPluginHostServer
	mutex sync.Mutex
	calls []metadata.MD
}

func (f *fakeHost) GetHostInfo(ctx context.Context, _ *hkpplugin.Empty) (*hkpplugin.HostInfo, error) {
	received, _ := metadata.FromIncomingContext(ctx)
	f.mutex.Lock()
	f.calls = append(f.calls, received)
	f.mutex.Unlock()
	if values := received.Get("authorization"); len(values) != 1 || values[0] != "Bearer "+testToken {
		return nil, status.Error(codes.Unauthenticated, "expected: the token")
	}
	return &hkpplugin.HostInfo{Version: "9", LoadedPlugins: []*hkpplugin.PluginInfo{{Name: "a", Version: "1"}}, Configuration: map[string]string{"replica": "here"}}, nil
}

func (f *fakeHost) last() metadata.MD {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if len(f.calls) == 0 {
		return nil
	}
	return f.calls[len(f.calls)-1]
}

func (f *fakeHost) serve(t *testing.T, network, address string, options ...grpc.ServerOption) net.Addr {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	hkpplugin.RegisterPluginHostServer(server, f)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr()
}

func TestAPluginCallsItsGatewayOnAUnixSocket(t *testing.T) {
	t.Parallel()
	fake := &fakeHost{}
	socket := filepath.Join(shortDir(t), "host")
	fake.serve(t, "unix", socket)
	plugin := prepare(t, "usual", launched(t, "PLUGIN_HOST_ADDRESS=unix:"+socket, "PLUGIN_HOST_TOKEN="+testToken)...).start()
	client := plugin.connect(nil)
	init, err := client.Initialize(within(t), &hkpplugin.InitRequest{GrantedCapabilities: []string{"state"}})
	if err != nil || !init.GetSuccess() {
		t.Fatalf("expected: success, got: %v, %v", init, err)
	}
	if fake.last() == nil {
		t.Error("expected: connected before the first request, got: no call")
	}
	event := at("a", "/host")
	event.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	answer, err := client.HandleRequest(within(t), event)
	if err != nil || answer.GetAnnotations()["replica"] != "here" {
		t.Errorf("expected: the gateway's answer, got: %v, %v", answer, err)
	}
	if got := fake.last().Get("traceparent"); len(got) != 1 || got[0] != event.GetTraceparent() {
		t.Errorf("expected: the trace of the request, got: %v", got)
	}
	shutDown(t, plugin, client)
	if strings.Contains(plugin.stderr.String(), testToken) {
		t.Error("expected: the token is never printed, got: it is")
	}
}

func TestAGatewayThatIsNotThereFailsCallsAndNotThePlugin(t *testing.T) {
	t.Parallel()
	plugin := prepare(t, "usual", launched(t, "PLUGIN_HOST_ADDRESS=unix:"+filepath.Join(shortDir(t), "none"), "PLUGIN_HOST_TOKEN="+testToken)...).start()
	client := plugin.connect(nil)
	if init, err := client.Initialize(within(t), &hkpplugin.InitRequest{GrantedCapabilities: []string{"state"}}); err != nil || !init.GetSuccess() {
		t.Fatalf("expected: success, got: %v, %v", init, err)
	}
	plugin.awaitLog("the gateway's host service does not answer")
	if _, err := client.HandleRequest(within(t), at("a", "/host")); status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "unavailable") {
		t.Errorf("expected: unavailable, got: %v", err)
	}
	shutDown(t, plugin, client)
}

// authority makes certificates in files, as an operator does.
type authority struct {
	t         *testing.T
	directory string
	key       *ecdsa.PrivateKey
	parent    *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	made := &authority{t: t, directory: t.TempDir()}
	made.key, made.parent = made.issue("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return made
}

func (a *authority) issue(name string, template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	parent, signer := a.parent, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".pem", "CERTIFICATE", der)
	a.write(name+".key", "PRIVATE KEY", private)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return key, certificate
}

func (a *authority) write(name, kind string, bytes []byte) {
	a.t.Helper()
	if err := os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func (a *authority) file(name string) string {
	return filepath.Join(a.directory, name)
}

func TestAPluginElsewhereCallsItsGatewayByTLS(t *testing.T) {
	t.Parallel()
	made := newAuthority(t)
	made.issue("gateway", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	made.issue("plugin", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	own, err := tls.LoadX509KeyPair(made.file("gateway.pem"), made.file("gateway.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(made.parent)
	fake := &fakeHost{}
	address := fake.serve(t, "tcp", "127.0.0.1:0", grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{own}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	})))
	variables := []string{"PLUGIN_HOST_ADDRESS=" + address.String(), "PLUGIN_HOST_TOKEN=" + testToken}
	mutual := append(variables, "PLUGIN_HOST_CA_FILE="+made.file("ca.pem"), "PLUGIN_HOST_CERT_FILE="+made.file("plugin.pem"), "PLUGIN_HOST_KEY_FILE="+made.file("plugin.key"))
	if info, err := hostOf(t, mutual).Info(within(t)); err != nil || info.Version != "9" || info.Plugins["a"] != "1" {
		t.Errorf("expected: the gateway's answer, got: %+v, %v", info, err)
	}
	// Without the authority the gateway is a stranger.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := hostOf(t, variables).Info(ctx); !errors.Is(err, ErrUnavailable) {
		t.Errorf("expected: unavailable, got: %v", err)
	}
	wrongToken := append(mutual, "PLUGIN_HOST_TOKEN=other")
	if _, err := hostOf(t, wrongToken).Info(within(t)); !errors.Is(err, ErrNotGranted) {
		t.Errorf("expected: not granted, got: %v", err)
	}
	for variable, expected := range map[string]string{
		"PLUGIN_HOST_CA_FILE=/nowhere":                 "expected: a readable file in PLUGIN_HOST_CA_FILE",
		"PLUGIN_HOST_CA_FILE=" + made.file("ca.key"):   "expected: certificates in PEM in the file of PLUGIN_HOST_CA_FILE",
		"PLUGIN_HOST_CERT_FILE=" + made.file("ca.pem"): "expected: both of PLUGIN_HOST_CERT_FILE and PLUGIN_HOST_KEY_FILE",
		"PLUGIN_HOST_ADDRESS=127.0.0.1":                "expected: unix:PATH or HOST:PORT in PLUGIN_HOST_ADDRESS",
		"PLUGIN_HOST_ADDRESS=127.0.0.1:0":              "expected: unix:PATH or HOST:PORT in PLUGIN_HOST_ADDRESS",
		"PLUGIN_HOST_TOKEN=two words":                  "expected: a token of printable ASCII in PLUGIN_HOST_TOKEN, got: something else",
	} {
		if _, err := parseHostAddress(environOf(append(variables, variable))); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%s: expected: %q, got: %v", variable, expected, err)
		}
	}
}

// A proxy in the environment is for the author's code. The address leads to this machine, and net/http does not know
// that: it asks no proxy for 127.0.0.1.
func TestNoProxyStandsBetweenPluginAndGateway(t *testing.T) {
	t.Parallel()
	made := newAuthority(t)
	made.issue("gateway", &x509.Certificate{IPAddresses: []net.IP{net.IPv4zero}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	own, err := tls.LoadX509KeyPair(made.file("gateway.pem"), made.file("gateway.key"))
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeHost{}
	address := fake.serve(t, "tcp", "127.0.0.1:0", grpc.Creds(credentials.NewServerTLSFromCert(&own)))
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	asked := make(chan struct{})
	go func() {
		if connection, err := proxy.Accept(); err == nil {
			_ = connection.Close()
			close(asked)
		}
	}()
	_, port, _ := net.SplitHostPort(address.String())
	plugin := prepare(t, "usual", launched(t, "PLUGIN_HOST_ADDRESS=0.0.0.0:"+port, "PLUGIN_HOST_TOKEN="+testToken,
		"PLUGIN_HOST_CA_FILE="+made.file("ca.pem"), "HTTPS_PROXY=http://"+proxy.Addr().String())...).start()
	client := plugin.connect(nil)
	plugin.initialize(client)
	answer, err := client.HandleRequest(within(t), at("a", "/host"))
	if err != nil || answer.GetAnnotations()["replica"] != "here" {
		t.Errorf("expected: the gateway's answer, got: %v, %v", answer, err)
	}
	select {
	case <-asked:
		t.Error("expected: the proxy hears nothing, got: a connection")
	default:
	}
	shutDown(t, plugin, client)
}

func environOf(variables []string) environ {
	return func(name string) (value string, set bool) {
		for _, variable := range variables {
			if text, is := strings.CutPrefix(variable, name+"="); is {
				value, set = text, true
			}
		}
		return value, set
	}
}

func hostOf(t *testing.T, variables []string) *Host {
	t.Helper()
	address, err := parseHostAddress(environOf(variables))
	if err != nil {
		t.Fatal(err)
	}
	host, err := dialHost(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.close)
	return host
}

func TestCallsAboutStateTakeAQuarterOfTheTimeOfARequest(t *testing.T) {
	host := NewHost(nil).with(decisionTime(map[string]string{"timeout_ms": "1000", "chain_budget_ms": "400"}))
	if got := host.stateLimit(withCall(context.Background(), "a", "")); got != 100*time.Millisecond {
		t.Errorf("expected: 100ms, got: %v", got)
	}
	if got := host.stateLimit(context.Background()); got != longCall {
		t.Errorf("expected: %v, got: %v", longCall, got)
	}
	if got := decisionTime(map[string]string{"timeout_ms": "x"}); got != defaultDecisionTime {
		t.Errorf("expected: the default, got: %v", got)
	}
}
