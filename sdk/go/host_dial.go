package hkp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

const (
	caVariable          = "PLUGIN_HOST_CA_FILE"
	certificateVariable = "PLUGIN_HOST_CERT_FILE"
	keyVariable         = "PLUGIN_HOST_KEY_FILE"
	connectLimit        = 5 * time.Second
	// The gateway takes more than one in ten seconds for an attack.
	keepAlive = 20 * time.Second
)

// hostAddress is where the gateway's host service listens: a unix socket of this machine, or a host
// and port, always with TLS.
type hostAddress struct {
	socket string
	target string
	tls    *tls.Config
	token  string
}

// parseHostAddress returns nil if the gateway serves none to this process.
func parseHostAddress(environment environ) (*hostAddress, error) {
	address := environment.get("PLUGIN_HOST_ADDRESS")
	if address == "" {
		return nil, nil
	}
	made := &hostAddress{token: environment.get("PLUGIN_HOST_TOKEN")}
	if made.token == "" || strings.ContainsFunc(made.token, notToken) {
		return nil, errors.New("expected: a token of printable ASCII in PLUGIN_HOST_TOKEN, got: " + noneOrOther(made.token))
	}
	if socket, is := strings.CutPrefix(address, "unix:"); is && socket != "" {
		made.socket = socket
		return made, nil
	}
	host, port, err := net.SplitHostPort(address)
	if number, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || number == 0 || host == "" {
		return nil, fmt.Errorf("expected: unix:PATH or HOST:PORT in PLUGIN_HOST_ADDRESS, got: %q", address)
	}
	made.target = address
	made.tls, err = hostTLS(environment, host)
	return made, err
}

// hostTLS says whom to trust, and who this is. The files are read once.
func hostTLS(environment environ, host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if file := environment.get(caVariable); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("expected: a readable file in %s, got: %w", caVariable, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("expected: certificates in PEM in the file of %s, got: none in %q", caVariable, file)
		}
	}
	certificate, key := environment.get(certificateVariable), environment.get(keyVariable)
	if (certificate == "") != (key == "") {
		return nil, fmt.Errorf("expected: both of %s and %s, or neither, got: one", certificateVariable, keyVariable)
	}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("expected: a certificate and its key in PEM in the files of %s and %s, got: %w",
				certificateVariable, keyVariable, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// dialHost connects later.
func dialHost(address *hostAddress) (*Host, error) {
	if address == nil {
		return NewHost(nil), nil
	}
	bearer := func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+address.token)
	}
	options := []grpc.DialOption{
		grpc.WithIdleTimeout(0),
		// The address says where the gateway is. HTTPS_PROXY is for what the author's code calls, and its proxy
		// would learn where the gateway is.
		grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: connectLimit},
			MinConnectTimeout: connectLimit,
		}),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any, connection *grpc.ClientConn,
			invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			return invoke(bearer(ctx), method, request, answer, connection, options...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string,
			open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
			return open(bearer(ctx), description, connection, method, options...)
		}),
		// A page of keys may have four million bytes, and a little around them.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(8 << 20)),
	}
	target := "unix:" + address.socket
	if address.socket != "" {
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	} else {
		target = "dns:///" + address.target
		options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(address.tls)),
			// A network may lose the connection without a word.
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepAlive, Timeout: connectLimit}))
	}
	connection, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, fmt.Errorf("PLUGIN_HOST_ADDRESS: %w", err)
	}
	return NewHost(connection), nil
}
