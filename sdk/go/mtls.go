package hkp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// gatewayCertificate is the only one that is let in.
type gatewayCertificate struct {
	der []byte
}

func parseGatewayCertificate(environment environ) (*gatewayCertificate, error) {
	text, set := environment("PLUGIN_CLIENT_CERT")
	if !set {
		return nil, nil
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("expected: a certificate in PEM in PLUGIN_CLIENT_CERT, got: %s; there is no falling"+
			" back to plaintext", noneOrOther(text))
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return nil, fmt.Errorf("expected: a certificate in PLUGIN_CLIENT_CERT, got: %w", err)
	}
	return &gatewayCertificate{der: block.Bytes}, nil
}

// autoMTLS makes a key and a certificate for this process, and TLS that lets in the gateway alone.
// The second result is for the handshake line.
func autoMTLS(gateway *gatewayCertificate) (*tls.Config, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("cannot make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, "", fmt.Errorf("cannot make a certificate: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		NotBefore:    now.Add(-30 * time.Second),
		// Longer than the process may run.
		NotAfter:              now.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, "", fmt.Errorf("cannot make a certificate: %w", err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion:   tls.VersionTLS12,
		// Compared below: the gateway's certificate is no authority and has no chain.
		ClientAuth:             tls.RequireAnyClientCert,
		SessionTicketsDisabled: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, gateway.der) {
				return errors.New("expected: the gateway's certificate, got: another")
			}
			return nil
		},
	}
	return config, base64.RawStdEncoding.EncodeToString(der), nil
}
