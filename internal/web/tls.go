package web

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
)

// Certificate is a certificate and its key, in two files that may be renewed
// while the server runs. Make one with LoadCertificate.
type Certificate struct {
	certFile, keyFile string
	shown             atomic.Pointer[tls.Certificate]
}

// LoadCertificate reads a certificate and its key, both PEM. The error names the
// files and what is wrong with them.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	if _, err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the files again, and reports whether there is a new certificate
// in them. New connections see it; those that are open go on as they are. On an
// error all stays as it was.
func (c *Certificate) Reload() (changed bool, err error) {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return false, fmt.Errorf("read the certificate %s (TLS_CERT_FILE) with the key %s (TLS_KEY_FILE): %w", c.certFile, c.keyFile, err)
	}
	if pair.Leaf == nil {
		return false, errors.New("the certificate in TLS_CERT_FILE cannot be read")
	}
	before := c.shown.Swap(&pair)
	return before == nil || !bytes.Equal(before.Leaf.Raw, pair.Leaf.Raw), nil
}

// Leaf gives the certificate that is shown.
func (c *Certificate) Leaf() *x509.Certificate { return c.shown.Load().Leaf }

// Config gives what a server needs to show the certificate. Anything older than
// TLS 1.2 is refused.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.shown.Load(), nil
		},
	}
}
