package bolt

import (
	"encoding/binary"
	"errors"
	"io"
	"os"

	"dendro/domain"
)

// head is what log.head says: the newest commit that may have been
// acknowledged. It is written after each commit and before the answer, but not
// synced: it survives the end of the process, and may be older than the log
// after a power cut. bbolt takes the commit before when the newest meta page
// is damaged; the head is what tells.
//
//	magic       "dendro head\n"
//	log         16 bytes
//	transaction 8 bytes, big-endian like all that follow
//	partitions  2 bytes
//	ends        8 bytes each
//	checksum    4 bytes, CRC-32C of all before
type head struct {
	log  domain.LogID
	txid uint64
	end  []domain.Seq
}

const (
	headName  = "log.head"
	headMagic = "dendro head\n"
)

// maxHead bounds what is read of the file.
const maxHead = len(headMagic) + 16 + 8 + 2 + 8*domain.MaxPartitions + 4

func (h *head) encode(dst []byte) []byte {
	dst = append(dst, headMagic...)
	dst = append(dst, h.log[:]...)
	dst = binary.BigEndian.AppendUint64(dst, h.txid)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(h.end)))
	for _, e := range h.end {
		dst = binary.BigEndian.AppendUint64(dst, uint64(e))
	}
	return binary.BigEndian.AppendUint32(dst, checksum(dst))
}

// decodeHead gives nil for whatever is not a head: a torn one tells nothing.
func decodeHead(b []byte) *head {
	const fixed = len(headMagic) + 16 + 8 + 2
	if len(b) < fixed || string(b[:len(headMagic)]) != headMagic {
		return nil
	}
	n := int(binary.BigEndian.Uint16(b[fixed-2:]))
	body := fixed + 8*n
	if len(b) != body+4 || binary.BigEndian.Uint32(b[body:]) != checksum(b[:body]) {
		return nil
	}
	h := &head{txid: binary.BigEndian.Uint64(b[fixed-10:])}
	copy(h.log[:], b[len(headMagic):])
	for i := range n {
		h.end = append(h.end, domain.Seq(binary.BigEndian.Uint64(b[fixed+8*i:])))
	}
	return h
}

// readHead gives nil when there is none that is whole.
func readHead(path string) (*head, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(maxHead)+1))
	if err != nil {
		return nil, err
	}
	return decodeHead(b), nil
}
