package main

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
	"strings"
	"time"
)

// newIdentity makes a certificate for one launch as the gateway makes it: P-256, not a CA.
func newIdentity() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "localhost"},
		DNSNames:              []string{"localhost"},
		NotBefore:             time.Now().Add(-30 * time.Second),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func pemOf(identity tls.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Certificate[0]}))
}

// trusting shows our certificate, and takes the very one of the handshake line and no other.
func trusting(identity tls.Certificate, theirs string) (*tls.Config, error) {
	pinned, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(theirs, "="))
	if err != nil || len(pinned) < 50 {
		return nil, fmt.Errorf("expected: a certificate in the handshake line, got: %q", theirs)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		ServerName:   "localhost",
		Certificates: []tls.Certificate{identity},
		// The check by names and authorities is off because the next line is stricter.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, pinned) {
				return errors.New("expected: the certificate of the handshake line, got: another")
			}
			return nil
		},
	}, nil
}
