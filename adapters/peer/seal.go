package peer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"dendro/domain"
)

// MinSecret is the least length of a cluster's secret, in bytes.
const MinSecret = 32

// Secret is what the nodes of a cluster share. Printed, also as part of another
// value, it shows nothing: the key is inside a function.
type Secret struct {
	mac func(parts ...string) []byte
}

// NewSecret makes a secret of at least MinSecret bytes that nobody can guess.
func NewSecret(key []byte) (Secret, error) {
	if len(key) < MinSecret {
		return Secret{}, fmt.Errorf("the cluster's secret has %d bytes; give at least %d, such as of `openssl rand -hex 32`", len(key), MinSecret)
	}
	key = slices.Clone(key)
	return Secret{func(parts ...string) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
			h.Write([]byte(p))
		}
		return h.Sum(nil)
	}}, nil
}

// skew is how far the clocks of two nodes may be apart. A request that is sent
// again by a stranger within it does nothing: commands are known by their ids
// for far longer, and questions change nothing.
const skew = time.Minute

// The headers of a seal. The digest of a request's body is checked with the
// seal before the body is read.
const (
	headerTime   = "Dendro-Time"
	headerNonce  = "Dendro-Nonce"
	headerDigest = "Dendro-Digest"
	headerSeal   = "Dendro-Seal"
)

var errSeal = errors.New("the seal is not the cluster's: another secret, another log, or changed on its way")

// sealer makes and checks seals. Those of another log's nodes do not hold, even
// if they share the secret.
type sealer struct {
	secret Secret
	log    domain.LogID
	clock  domain.Clock
}

// mac is the HMAC-SHA256 of the parts, each behind its length.
func (s sealer) mac(parts ...string) []byte {
	return s.secret.mac(append([]string{"dendro peer 1", string(s.log[:])}, parts...)...)
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// sealRequest signs a request, and gives the seal that its answer must bear on.
func (s sealer) sealRequest(r *http.Request, body []byte) string {
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails, or ends the program
	r.Header.Set(headerTime, strconv.FormatInt(s.clock.Now().UnixMilli(), 10))
	r.Header.Set(headerNonce, hex.EncodeToString(nonce))
	r.Header.Set(headerDigest, digest(body))
	seal := hex.EncodeToString(s.ofRequest(r))
	r.Header.Set(headerSeal, seal)
	return seal
}

func (s sealer) ofRequest(r *http.Request) []byte {
	return s.mac("request", r.Method, r.URL.Path, r.Header.Get(headerTime), r.Header.Get(headerNonce), r.Header.Get(headerDigest))
}

// checkRequest tells whether a node of the cluster sent the request, now.
func (s sealer) checkRequest(r *http.Request) error {
	seal, err := hex.DecodeString(r.Header.Get(headerSeal))
	if err != nil || !hmac.Equal(seal, s.ofRequest(r)) {
		return errSeal
	}
	sent, err := strconv.ParseInt(r.Header.Get(headerTime), 10, 64)
	if err != nil {
		return errSeal
	}
	if off := s.clock.Now().Sub(time.UnixMilli(sent)); off < -skew || off > skew {
		return fmt.Errorf("the clocks are %s apart, more than %s; set them", off, skew)
	}
	return nil
}

func (s sealer) sealAnswer(h http.Header, request string, body []byte) {
	h.Set(headerSeal, hex.EncodeToString(s.mac("answer", request, digest(body))))
}

// checkAnswer tells whether a node of the cluster gave this answer, to this
// request.
func (s sealer) checkAnswer(h http.Header, request string, body []byte) error {
	seal, err := hex.DecodeString(h.Get(headerSeal))
	if err != nil || !hmac.Equal(seal, s.mac("answer", request, digest(body))) {
		return errSeal
	}
	return nil
}
