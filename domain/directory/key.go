package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

const keyBytes = 32

// NewKey makes a key, or a root token: 64 hexadecimal characters that nobody
// can guess, as long as nobody can guess what random gives.
func NewKey(random io.Reader) (string, error) {
	var raw [keyBytes]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("no chance to make a key from: %w", err)
	}
	return hex.EncodeToString(raw[:]), nil
}

// HashKey is the SHA-256 of a key, which is all of it that is kept. A key is
// random enough to need no salt and no slow hash.
func HashKey(key string) [32]byte { return sha256.Sum256([]byte(key)) }
