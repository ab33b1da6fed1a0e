package check

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/frontdesk-hq/frontdesk/internal/web"
)

// expiresSoon is how long before its end a certificate is worth a warning.
const expiresSoon = 14 * 24 * time.Hour

// tls reads the certificate as the start would, and looks at whom it is for and
// until when.
func (t *trial) tls(context.Context) {
	const part, renew = "TLS", "give a new certificate in TLS_CERT_FILE and its key in TLS_KEY_FILE"
	c := t.Config
	if !c.TLS() {
		t.skipped(part, "TLS_CERT_FILE is not set; Frontdesk speaks plain HTTP, and HTTPS is for a proxy before it")
		return
	}
	certificate, err := web.LoadCertificate(c.TLSCertFile, c.TLSKeyFile)
	if err != nil {
		t.failed(part, err.Error(), "give a certificate and the key that belongs to it, both as PEM, that this process may read")
		return
	}
	t.certificate = certificate
	leaf := certificate.Leaf()
	left := leaf.NotAfter.Sub(t.Clock())
	says := fmt.Sprintf("a certificate for %s, until %s", strings.Join(leaf.DNSNames, ", "), leaf.NotAfter.Format(time.DateOnly))
	public, err := url.Parse(c.FrontdeskURL)
	switch {
	case left < 0:
		t.failed(part, says+", which is over", renew)
	case leaf.NotBefore.After(t.Clock()):
		t.failed(part, says+", which begins on "+leaf.NotBefore.Format(time.DateTime), "let the machine keep its time by NTP, or "+renew)
	case err == nil && public.Scheme == "https" && leaf.VerifyHostname(public.Hostname()) != nil:
		t.warning(part, says+", not for "+public.Hostname()+" of FRONTDESK_URL", "give a certificate for that name, unless something before Frontdesk has one")
	case left < expiresSoon:
		t.warning(part, says, renew)
	default:
		t.ok(part, says)
	}
}
