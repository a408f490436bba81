package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"dendro/domain"
	"dendro/schemas"
)

// A frame is one value of the bucket "partitions". The frames of all of them
// stand there in the order in which they were written, under keys of
//
//	number      8 bytes, big-endian, dense from 1
//	partition   2 bytes
//	first seq   8 bytes
//	events      4 bytes
//
// so that a commit writes at one place only, however many partitions it is
// for: a bucket for each costs two more pages per partition and commit, and
// was 3 to 4 times as slow with 8 and 64 of them. The key also tells which
// frame it is whose bytes are damaged. The frame itself is
//
//	magic       1 byte
//	format      1 byte
//	flags       1 byte, 0
//	partition   2 bytes, big-endian like all that follow
//	first seq   8 bytes
//	events      4 bytes
//	epoch       8 bytes
//	length      4 bytes, of the records
//	previous    4 bytes, the checksum of the partition's previous frame
//	records     each a uvarint length and canonical bytes (package schemas)
//	checksum    4 bytes, CRC-32C of all before
//
// The first frame's "previous" is the checksum of the log's identity.
const (
	frameMagic  = 0xd7
	frameFormat = 1
	frameHead   = 33
	frameTail   = 4
)

// frameTarget is how large a frame becomes before an append goes on in the
// next one. bbolt writes the last leaf of a bucket anew with each commit, and
// that leaf holds up to four values however large they are: with whole appends
// as values, large groups were written four times over. Two frames of this
// size, with their keys, fill a page.
const frameTarget = (pageSize-pageHead)/2 - elementHead - keyBytes

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// frame is a parsed frame; records points into its bytes.
type frame struct {
	partition domain.Partition
	first     domain.Seq
	events    int
	epoch     domain.Epoch
	previous  uint32
	checksum  uint32
	records   []byte
}

func (f *frame) next() domain.Seq { return f.first + domain.Seq(f.events) }

func (f *frame) String() string {
	return frameKey{partition: f.partition, first: f.first, events: f.events}.String()
}

var (
	errShort    = errors.New("it is cut off")
	errChecksum = errors.New("its checksum does not fit its bytes")
	errLayout   = errors.New("its checksum fits, but not its layout")
)

func parseFrame(b []byte) (frame, error) {
	if len(b) < frameHead+frameTail {
		return frame{}, errShort
	}
	body := len(b) - frameTail
	f := frame{
		partition: domain.Partition(binary.BigEndian.Uint16(b[3:])),
		first:     domain.Seq(binary.BigEndian.Uint64(b[5:])),
		events:    int(binary.BigEndian.Uint32(b[13:])),
		epoch:     domain.Epoch(binary.BigEndian.Uint64(b[17:])),
		previous:  binary.BigEndian.Uint32(b[29:]),
		checksum:  binary.BigEndian.Uint32(b[body:]),
		records:   b[frameHead:body],
	}
	switch {
	case checksum(b[:body]) != f.checksum:
		return frame{}, errChecksum
	case b[0] != frameMagic, b[1] != frameFormat, b[2] != 0, f.events == 0,
		int(binary.BigEndian.Uint32(b[25:])) != len(f.records):
		return frame{}, errLayout
	}
	return f, nil
}

// record cuts the first record off.
func record(records []byte) (record, rest []byte, err error) {
	n, size := binary.Uvarint(records)
	if size <= 0 || n > uint64(len(records)-size) {
		return nil, nil, errLayout
	}
	return records[size : size+int(n)], records[size+int(n):], nil
}

// last is the frame's last record; it checks that there are as many records
// as the frame says.
func (f *frame) last() ([]byte, error) {
	var rec []byte
	var err error
	rest := f.records
	for range f.events {
		if rec, rest, err = record(rest); err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		return nil, errLayout
	}
	return rec, nil
}

// framer turns the events of one append into frames, all but their chain:
// that is known only when the append's turn comes. Its buffers are used again
// by the writer's next append.
type framer struct {
	buf     []byte // the frames, one behind another
	starts  []int
	events  int // in the last frame
	scratch []byte
	frames  [][]byte
}

// maxKept bounds the buffer that a framer keeps for the next append.
const maxKept = 4 << 20

// encode gives the events, which are in order and of one partition, as frames.
// They last until the next call.
func (f *framer) encode(p domain.Partition, epoch domain.Epoch, events []domain.Recorded) ([][]byte, error) {
	if cap(f.buf) > maxKept {
		f.buf = nil
	}
	f.buf, f.starts, f.frames = f.buf[:0], f.starts[:0], f.frames[:0]
	for i := range events {
		var err error
		if f.scratch, err = schemas.AppendRecord(f.scratch[:0], events[i]); err != nil {
			return nil, fmt.Errorf("event %s cannot be stored: %w", events[i].Position, err)
		}
		var size [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(size[:], uint64(len(f.scratch)))
		if i == 0 || len(f.buf)-f.starts[len(f.starts)-1]+n+len(f.scratch)+frameTail > frameTarget {
			if i > 0 {
				f.close()
			}
			f.begin(p, epoch, events[i].Position.Seq)
		}
		f.buf = append(append(f.buf, size[:n]...), f.scratch...)
		f.events++
		if len(f.buf) > MaxAppendBytes {
			return nil, fmt.Errorf("an append of more than %d bytes; split it", MaxAppendBytes)
		}
	}
	f.close()
	for i, start := range f.starts {
		end := len(f.buf)
		if i+1 < len(f.starts) {
			end = f.starts[i+1]
		}
		f.frames = append(f.frames, f.buf[start:end])
	}
	return f.frames, nil
}

// begin starts a frame; close puts in what is known only at its end.
func (f *framer) begin(p domain.Partition, epoch domain.Epoch, first domain.Seq) {
	f.starts, f.events = append(f.starts, len(f.buf)), 0
	b := append(f.buf, frameMagic, frameFormat, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(p))
	b = binary.BigEndian.AppendUint64(b, uint64(first))
	b = binary.BigEndian.AppendUint32(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(epoch))
	f.buf = binary.BigEndian.AppendUint64(b, 0)
}

// close ends the last frame, and leaves room for its checksum.
func (f *framer) close() {
	b := f.buf[f.starts[len(f.starts)-1]:]
	binary.BigEndian.PutUint32(b[13:], uint32(f.events))
	binary.BigEndian.PutUint32(b[25:], uint32(len(b)-frameHead))
	f.buf = append(f.buf, 0, 0, 0, 0)
}

// seal chains the frame to the previous one and gives its own checksum.
func seal(b []byte, previous uint32) uint32 {
	binary.BigEndian.PutUint32(b[29:], previous)
	body := len(b) - frameTail
	sum := checksum(b[:body])
	binary.BigEndian.PutUint32(b[body:], sum)
	return sum
}

// frameKey is a frame's name: what its key says.
type frameKey struct {
	number    uint64
	partition domain.Partition
	first     domain.Seq
	events    int
}

const keyBytes = 22

func (k frameKey) next() domain.Seq { return k.first + domain.Seq(k.events) }

func (k frameKey) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, keyBytes), k.number)
	b = binary.BigEndian.AppendUint16(b, uint16(k.partition))
	b = binary.BigEndian.AppendUint64(b, uint64(k.first))
	return binary.BigEndian.AppendUint32(b, uint32(k.events))
}

// parseKey gives a key of no events for what is no key.
func parseKey(b []byte) frameKey {
	if len(b) != keyBytes {
		return frameKey{}
	}
	return frameKey{
		number:    binary.BigEndian.Uint64(b),
		partition: domain.Partition(binary.BigEndian.Uint16(b[8:])),
		first:     domain.Seq(binary.BigEndian.Uint64(b[10:])),
		events:    int(binary.BigEndian.Uint32(b[18:])),
	}
}

// keyOf is the key of an encoded frame under the number.
func keyOf(number uint64, b []byte) frameKey {
	return frameKey{
		number:    number,
		partition: domain.Partition(binary.BigEndian.Uint16(b[3:])),
		first:     domain.Seq(binary.BigEndian.Uint64(b[5:])),
		events:    int(binary.BigEndian.Uint32(b[13:])),
	}
}

// String names a frame as Damage does.
func (k frameKey) String() string {
	return fmt.Sprintf("partition %d, frame at seq %d (events %d to %d)", k.partition, k.first, k.first, k.next()-1)
}
