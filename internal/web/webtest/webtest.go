// Package webtest makes certificates for tests, of an authority of its own. It
// may import the standard library and testify, and nothing but tests may import
// it.
package webtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Authority issues certificates that nobody else trusts.
type Authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	at   time.Time
}

// NewAuthority makes an authority that is good around a time.
func NewAuthority(tb testing.TB, at time.Time) *Authority {
	tb.Helper()
	a := &Authority{at: at}
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	template := &x509.Certificate{
		SerialNumber: serial(tb), Subject: pkix.Name{CommonName: "practice authority"},
		NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	require.NoError(tb, err)
	a.cert, err = x509.ParseCertificate(raw)
	require.NoError(tb, err)
	return a
}

// Pool gives what a client needs to trust the authority.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Pair is a certificate and its key, in two files.
type Pair struct {
	CertFile, KeyFile string
	// Serial tells one certificate from another.
	Serial *big.Int
}

// Issue writes a new certificate for 127.0.0.1 and some names, which ends at a
// time, into a folder. What is there already is replaced.
func (a *Authority) Issue(tb testing.TB, folder string, ends time.Time, names ...string) Pair {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	template := &x509.Certificate{
		SerialNumber: serial(tb), NotBefore: a.at.AddDate(-1, 0, 0), NotAfter: ends,
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(tb, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(tb, err)
	pair := Pair{CertFile: filepath.Join(folder, "tls.crt"), KeyFile: filepath.Join(folder, "tls.key"), Serial: template.SerialNumber}
	write(tb, pair.CertFile, "CERTIFICATE", raw)
	write(tb, pair.KeyFile, "PRIVATE KEY", secret)
	return pair
}

func write(tb testing.TB, path, kind string, raw []byte) {
	tb.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
	require.NoError(tb, os.WriteFile(path, text, 0o600))
}

func serial(tb testing.TB) *big.Int {
	tb.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(tb, err)
	return n
}
