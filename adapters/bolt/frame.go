package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"dendro/domain"
	"dendro/schemas"
)

// A frame is one value of a partition's bucket, under its first seq:
//
//	magic       1 byte
//	format      1 byte
//	flags       1 byte, 1 = the next frame belongs to the same append
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
	flagMore    = 1
	frameHead   = 33
	frameTail   = 4
)

// frameTarget is how large a frame becomes before an append goes on in the
// next one. bbolt writes the last leaf of a bucket anew with each commit, and
// that leaf holds up to four values however large they are: with whole appends
// as values, large groups were written four times over. Two frames of this
// size fill four pages.
const frameTarget = 8160

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// frame is a parsed frame; records points into its bytes.
type frame struct {
	more      bool
	partition domain.Partition
	first     domain.Seq
	events    int
	epoch     domain.Epoch
	previous  uint32
	checksum  uint32
	records   []byte
}

func (f *frame) next() domain.Seq { return f.first + domain.Seq(f.events) }

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
		more:      b[2] == flagMore,
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
	case b[0] != frameMagic, b[1] != frameFormat, b[2] > flagMore, f.events == 0,
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
// that is known only when the append's turn comes.
type framer struct {
	partition domain.Partition
	epoch     domain.Epoch
	frames    [][]byte
	bytes     int
	events    int // in the last frame
}

// frames encodes the events, which are in order and of one partition.
func frames(p domain.Partition, epoch domain.Epoch, events []domain.Recorded) ([][]byte, int, error) {
	f := framer{partition: p, epoch: epoch}
	scratch := make([]byte, 0, 1024)
	for i := range events {
		var err error
		if scratch, err = schemas.AppendRecord(scratch[:0], events[i]); err != nil {
			return nil, 0, fmt.Errorf("event %s cannot be stored: %w", events[i].Position, err)
		}
		f.add(events[i].Position.Seq, scratch)
		if f.bytes > MaxAppendBytes {
			return nil, 0, fmt.Errorf("an append of more than %d bytes; split it", MaxAppendBytes)
		}
	}
	f.close(false)
	return f.frames, f.bytes, nil
}

func (f *framer) add(seq domain.Seq, rec []byte) {
	var size [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(size[:], uint64(len(rec)))
	last := len(f.frames) - 1
	if last < 0 || len(f.frames[last])+n+len(rec)+frameTail > frameTarget {
		if last >= 0 {
			f.close(true)
		}
		b := make([]byte, frameHead, max(frameTarget, frameHead+n+len(rec)+frameTail))
		b[0], b[1] = frameMagic, frameFormat
		binary.BigEndian.PutUint16(b[3:], uint16(f.partition))
		binary.BigEndian.PutUint64(b[5:], uint64(seq))
		binary.BigEndian.PutUint64(b[17:], uint64(f.epoch))
		f.frames = append(f.frames, b)
		f.events = 0
		last++
	}
	f.frames[last] = append(append(f.frames[last], size[:n]...), rec...)
	f.bytes += n + len(rec)
	f.events++
}

// close ends the last frame, and leaves room for its checksum.
func (f *framer) close(more bool) {
	last := len(f.frames) - 1
	b := f.frames[last]
	if more {
		b[2] = flagMore
	}
	binary.BigEndian.PutUint32(b[13:], uint32(f.events))
	binary.BigEndian.PutUint32(b[25:], uint32(len(b)-frameHead))
	f.frames[last] = append(b, 0, 0, 0, 0)
}

// seal chains the frame to the previous one and gives its own checksum.
func seal(b []byte, previous uint32) uint32 {
	binary.BigEndian.PutUint32(b[29:], previous)
	body := len(b) - frameTail
	sum := checksum(b[:body])
	binary.BigEndian.PutUint32(b[body:], sum)
	return sum
}

func frameKey(first domain.Seq) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 8), uint64(first))
}

func frameFirst(b []byte) domain.Seq { return domain.Seq(binary.BigEndian.Uint64(b[5:])) }
