package practiceslack

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
)

// keyBits is what RS256 asks for at least.
const keyBits = 2048

// signingKey signs id_tokens. Signing one kind of token in one way is a few
// lines of the standard library, so that no library comes with this package;
// the tests have a library that we did not write verify the result.
type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

func newSigningKey() *signingKey {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		// The random source of the standard library does not fail.
		panic(fmt.Sprintf("practiceslack: make a signing key: %v", err))
	}
	sum := sha256.Sum256(key.N.Bytes())
	return &signingKey{id: base64.RawURLEncoding.EncodeToString(sum[:8]), key: key}
}

// public is the key as a JSON Web Key.
func (k *signingKey) public() object {
	return object{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id,
		"n": base64.RawURLEncoding.EncodeToString(k.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.key.E)).Bytes()),
	}
}

// sign makes a JSON Web Token of claims, in its compact form.
func (k *signingKey) sign(claims object) string {
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(encode(v)) }
	signed := part(object{"alg": "RS256", "typ": "JWT", "kid": k.id}) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, sum[:])
	if err != nil {
		// A key of this size always signs a hash.
		panic(fmt.Sprintf("practiceslack: sign an id_token: %v", err))
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
