package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"dendro/domain"
)

// The log's identity is one of the two values of the bucket "meta":
//
//	magic       "dendro log\n"
//	format      2 bytes, big-endian like all that follow
//	log         16 bytes
//	partitions  2 bytes
//	checksum    4 bytes, CRC-32C of all before
//
// A later format keeps magic, format and checksum where they are.
const (
	identityMagic = "dendro log\n"
	logFormat     = 1
)

var (
	metaBucket  = []byte("meta")
	identityKey = []byte("identity")
	stateKey    = []byte("state")
	frameBucket = []byte("partitions") // behind "meta", which is to be read first
)

func encodeIdentity(id domain.Identity) []byte {
	b := binary.BigEndian.AppendUint16([]byte(identityMagic), logFormat)
	b = append(b, id.ID[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(id.Partitions))
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

var errIdentity = errors.New("its checksum does not fit its bytes")

// decodeIdentity also gives the identity's checksum, which begins every
// partition's chain. It answers errIdentity, or an error that wraps ErrNewer.
func decodeIdentity(b []byte) (domain.Identity, uint32, error) {
	const head = len(identityMagic) + 2
	body := len(b) - 4
	if body < head || !bytes.HasPrefix(b, []byte(identityMagic)) || binary.BigEndian.Uint32(b[body:]) != checksum(b[:body]) {
		return domain.Identity{}, 0, errIdentity
	}
	if format := binary.BigEndian.Uint16(b[head-2:]); format != logFormat {
		return domain.Identity{}, 0, fmt.Errorf("%w: its format is %d, this program knows %d; use the program that wrote it", ErrNewer, format, logFormat)
	}
	if body != head+18 {
		return domain.Identity{}, 0, errIdentity
	}
	id := domain.Identity{Partitions: int(binary.BigEndian.Uint16(b[head+16:]))}
	copy(id.ID[:], b[head:])
	if err := checkIdentity(id); err != nil {
		return domain.Identity{}, 0, errIdentity
	}
	return id, checksum(b[:body]), nil
}

func checkIdentity(id domain.Identity) error {
	switch {
	case id.ID.IsZero():
		return errors.New("a log needs an id to be created")
	case id.Partitions < 1 || id.Partitions > domain.MaxPartitions:
		return fmt.Errorf("a log of %d partitions; give 1 to %d", id.Partitions, domain.MaxPartitions)
	}
	return nil
}

// encodeState gives the other value of the bucket "meta", written anew by each
// commit. It ties the tree of pages to the meta page above it: a page that is
// older than its commit cannot pass for the page that was to be there.
//
//	transaction 8 bytes, big-endian like all that follow
//	idle        1 byte, 1 = the commit has no events
//	ends        4 bytes, CRC-32C of each partition's next seq and last checksum
//	checksum    4 bytes, CRC-32C of all before
func encodeState(txid uint64, idle bool, tails []tail) []byte {
	ends := make([]byte, 0, 12*len(tails))
	for _, t := range tails {
		ends = binary.BigEndian.AppendUint64(ends, uint64(t.next))
		ends = binary.BigEndian.AppendUint32(ends, t.checksum)
	}
	b := append(binary.BigEndian.AppendUint64(nil, txid), 0)
	if idle {
		b[8] = 1
	}
	b = binary.BigEndian.AppendUint32(b, checksum(ends))
	return binary.BigEndian.AppendUint32(b, checksum(b))
}

// idleState reports whether the state is that of a commit without events.
func idleState(b []byte) bool { return len(b) > 8 && b[8] == 1 }

// emptyTails are the ends of a new log's partitions. The chain of each begins
// with the checksum of the identity.
func emptyTails(id domain.Identity, chain uint32) []tail {
	tails := make([]tail, id.Partitions)
	for p := range tails {
		tails[p] = tail{next: 1, checksum: chain}
	}
	return tails
}
