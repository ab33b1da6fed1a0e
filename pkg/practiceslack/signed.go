package practiceslack

import (
	"crypto/hmac"
	"strconv"
	"time"
)

// Signed says whether the delivery came with a signature at all, as everything
// over HTTP does.
func (d Delivery) Signed() bool { return d.Header.Get(signatureHeader) != "" }

// SignedWith says whether the delivery's signature is the one that its body and
// its timestamp have with a secret.
func (d Delivery) SignedWith(secret string) bool {
	seconds, err := strconv.ParseInt(d.Header.Get(timestampHeader), 10, 64)
	if err != nil {
		return false
	}
	right := SignWith(secret, d.Body, time.Unix(seconds, 0)).Get(signatureHeader)
	return hmac.Equal([]byte(right), []byte(d.Header.Get(signatureHeader)))
}
