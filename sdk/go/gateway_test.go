package hkp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Far beyond what a quiet machine needs.
const patience = 60 * time.Second

var emptyCertificate tls.Certificate

// started is a plugin process and what it says, as a gateway sees it.
type started struct {
	t         *testing.T
	command   *exec.Cmd
	stdin     io.WriteCloser
	handshake string
	stderr    *lockedBuffer
	exited    chan struct{}
}

type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

// prepare makes a command for a plugin that shows a behaviour; variables are added to a clean
// environment, a later one of the same name wins.
func prepare(t *testing.T, behaviour string, variables ...string) *started {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	made := &started{t: t, command: exec.Command(program), stderr: &lockedBuffer{}, exited: make(chan struct{})}
	// A data race in the plugin has an exit code of its own.
	made.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), behaviourVariable + "=" + behaviour}, variables...)
	if coverage := os.Getenv("GOCOVERDIR"); coverage != "" {
		made.command.Env = append(made.command.Env, "GOCOVERDIR="+coverage)
	}
	made.command.Stderr = made.stderr
	made.stdin, err = made.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func launched(t *testing.T, variables ...string) []string {
	return append([]string{
		"HKP_PLUGIN_COOKIE=" + cookie, "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_NAME=tested", "PLUGIN_VERSION=1.2.3",
		"PLUGIN_UNIX_SOCKET_DIR=" + shortDir(t),
	}, variables...)
}

// shortDir is short enough for a socket, whatever TMPDIR is.
func shortDir(t *testing.T) string {
	directory, err := os.MkdirTemp("/tmp", "sdk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

// start launches it and waits for the first line.
func (s *started) start() *started {
	s.t.Helper()
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.run()
	lines := make(chan string, 1)
	go func() {
		reader := bufio.NewReader(stdout)
		line, _ := reader.ReadString('\n')
		lines <- line
		rest, _ := io.ReadAll(reader)
		if len(rest) > 0 {
			_, _ = s.stderr.Write([]byte("ON STANDARD OUTPUT: " + string(rest)))
		}
		_ = s.command.Wait()
		close(s.exited)
	}()
	select {
	case s.handshake = <-lines:
	case <-time.After(patience):
		s.t.Fatalf("expected: a handshake, got: silence; stderr: %s", s.stderr)
	}
	return s
}

func (s *started) run() {
	s.t.Helper()
	if err := s.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = s.command.Process.Kill()
		select {
		case <-s.exited:
		case <-time.After(patience):
			s.t.Error("expected: the process is gone after SIGKILL, got: it stays")
		}
	})
}

// fail runs a plugin that is expected to end by itself, and returns what it said.
func (s *started) fail() (code int, said string) {
	s.t.Helper()
	var stdout bytes.Buffer
	s.command.Stdout = &stdout
	s.run()
	go func() {
		_ = s.command.Wait()
		close(s.exited)
	}()
	code = s.exitCode()
	if stdout.Len() > 0 {
		s.t.Errorf("expected: nothing on standard output, got: %q", stdout.String())
	}
	return code, s.stderr.String()
}

func (s *started) exitCode() int {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.t.Fatalf("expected: the plugin ends, got: it runs; stderr: %s", s.stderr)
	}
	return s.command.ProcessState.ExitCode()
}

func (s *started) awaitLog(text string) {
	s.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(s.stderr.String(), text); {
		if time.Now().After(end) {
			s.t.Fatalf("expected: %q in the log, got: %s", text, s.stderr)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *started) segments() []string {
	s.t.Helper()
	parts := strings.Split(strings.TrimSuffix(s.handshake, "\n"), "|")
	if len(parts) < 6 || parts[0] != "1" || parts[1] != "1" || parts[4] != "grpc" {
		s.t.Fatalf("expected: 1|1|network|address|grpc|certificate, got: %q; stderr: %s", s.handshake, s.stderr)
	}
	return parts
}

// connect plays the gateway. Without an identity it speaks plaintext.
func (s *started) connect(identity *tls.Certificate, options ...grpc.DialOption) hkpplugin.HKPPluginClient {
	s.t.Helper()
	connection := s.connection(identity, options...)
	return hkpplugin.NewHKPPluginClient(connection)
}

func (s *started) connection(identity *tls.Certificate, options ...grpc.DialOption) *grpc.ClientConn {
	s.t.Helper()
	parts := s.segments()
	security := insecure.NewCredentials()
	if identity != nil {
		security = credentials.NewTLS(s.pinned(identity))
	}
	target := parts[3]
	if parts[2] == "unix" {
		target = "unix:" + target
	}
	connection, err := grpc.NewClient(target, append(options, grpc.WithTransportCredentials(security))...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// pinned trusts the certificate of the handshake line and no other.
func (s *started) pinned(identity *tls.Certificate) *tls.Config {
	promised, err := base64.RawStdEncoding.DecodeString(s.segments()[5])
	if err != nil {
		s.t.Fatalf("expected: base64 without padding, got: %v", err)
	}
	return &tls.Config{
		InsecureSkipVerify: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return identity, nil
		},
		VerifyConnection: func(state tls.ConnectionState) error {
			if !bytes.Equal(state.PeerCertificates[0].Raw, promised) {
				return errors.New("expected: the promised certificate, got: another")
			}
			return nil
		},
	}
}

func (s *started) initialize(client hkpplugin.HKPPluginClient) *hkpplugin.InitResponse {
	s.t.Helper()
	answer, err := client.Initialize(within(s.t), &hkpplugin.InitRequest{InstanceId: "1", ConfigJson: `{"shortest_search": 3}`})
	if err != nil || !answer.GetSuccess() {
		s.t.Fatalf("expected: success, got: %v, %v; stderr: %s", answer, err, s.stderr)
	}
	return answer
}

// within is longer than patience: what a test waits for must not come because a call has timed out.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	return ctx
}

func bearer(ctx context.Context, secret string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+secret)
}

// gatewayIdentity is a certificate as the gateway makes it: P-256 and no authority.
func gatewayIdentity(t *testing.T) (*tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(text)
}

// index is an event for a search.
func index(id, search string) *hkpplugin.HandleRequestEvent {
	return &hkpplugin.HandleRequestEvent{
		RequestId: id, Method: "GET", Path: "/pks/lookup", RemoteAddr: "192.0.2.7:4711", RawTarget: []byte("/pks/lookup?op=index&search=" + search),
		Hkp: &hkpplugin.HkpRequest{Operation: hkpplugin.HkpRequest_LOOKUP_INDEX, Search: search},
	}
}

func at(id, path string) *hkpplugin.HandleRequestEvent {
	return &hkpplugin.HandleRequestEvent{RequestId: id, Method: "GET", Path: path, RemoteAddr: "192.0.2.7:4711"}
}
