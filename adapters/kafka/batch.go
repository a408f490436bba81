package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"dendro/domain"

	"github.com/klauspost/compress/zstd"
)

// A record batch of Kafka's, magic 2, in big-endian order:
//
//	 0 base offset          8 bytes, set by the broker
//	 8 length               4 bytes, of all that follow
//	12 leader epoch         4 bytes, set by the broker
//	16 magic                1 byte, 2
//	17 checksum             4 bytes, CRC-32C of all that follow
//	21 attributes           2 bytes: codec, kind of timestamp, transactional, control
//	23 last offset delta    4 bytes
//	27 first timestamp      8 bytes, milliseconds since 1970
//	35 largest timestamp    8 bytes
//	43 producer id          8 bytes
//	51 producer epoch       2 bytes
//	53 first sequence       4 bytes
//	57 number of records    4 bytes
//	61 the records, compressed together
const (
	batchHead  = 61
	batchFrame = 12 // up to and with the length
	magic      = 2
	codecMask  = 0x7
	codecNone  = 0
	codecZstd  = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// producer is the identity under which an owner writes: brokers refuse the
// batches of an id's older epochs.
type producer struct {
	id    int64
	epoch int16
}

// batcher encodes batches. It is used by one goroutine at a time, and its
// answers are good until the next call.
type batcher struct {
	appender
	records []byte
	out     []byte
	zstd    *zstd.Encoder
}

func newBatcher() *batcher {
	// Fastest keeps compression behind the broker's own work; the options given
	// are valid ones.
	enc, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	return &batcher{zstd: enc}
}

// encode makes the batch of the events, at least one.
func (b *batcher) encode(by producer, sequence int32, events []domain.Recorded) ([]byte, error) {
	base := events[0].Time.UnixMilli()
	b.records = b.records[:0]
	var err error
	for i := range events {
		if b.records, err = b.append(b.records, i, base, &events[i]); err != nil {
			return nil, fmt.Errorf("event %s cannot be stored: %w", events[i].Position, err)
		}
	}
	out := append(b.out[:0], make([]byte, batchHead)...)
	out = b.zstd.EncodeAll(b.records, out)
	put := binary.BigEndian
	put.PutUint32(out[8:], uint32(len(out)-batchFrame))
	put.PutUint32(out[12:], 1<<32-1)
	out[16] = magic
	put.PutUint16(out[21:], codecZstd)
	put.PutUint32(out[23:], uint32(len(events)-1))
	put.PutUint64(out[27:], uint64(base))
	put.PutUint64(out[35:], uint64(events[len(events)-1].Time.UnixMilli()))
	put.PutUint64(out[43:], uint64(by.id))
	put.PutUint16(out[51:], uint16(by.epoch))
	put.PutUint32(out[53:], uint32(sequence))
	put.PutUint32(out[57:], uint32(len(events)))
	put.PutUint32(out[17:], crc32.Checksum(out[21:], castagnoli))
	b.out = out
	return out, nil
}

// batch is one stored batch.
type batch struct {
	base       int64 // offset of its first record
	count      int64
	attributes uint16
	first      int64 // timestamp
	by         producer
	sequence   int32
	records    []byte // as stored
}

func (b *batch) next() int64 { return b.base + b.count }

var (
	errCut   = errors.New("the batch is cut off")
	errBatch = errors.New("not a record batch of this log")
)

// parseBatch reads the first batch of raw and gives what is behind it. errCut:
// raw ends before the batch does, as what a broker sends may.
func parseBatch(raw []byte) (b batch, rest []byte, err error) {
	b, rest, err = parseHead(raw)
	if err != nil {
		return b, nil, err
	}
	raw = raw[:len(raw)-len(rest)]
	if binary.BigEndian.Uint32(raw[17:]) != crc32.Checksum(raw[21:], castagnoli) {
		return b, nil, fmt.Errorf("%w: its checksum does not fit its bytes", errBatch)
	}
	return b, rest, nil
}

// parseHead is parseBatch, but for the checksum.
func parseHead(raw []byte) (b batch, rest []byte, err error) {
	if len(raw) < batchHead {
		return b, nil, errCut
	}
	get := binary.BigEndian
	size := int64(get.Uint32(raw[8:])) + batchFrame
	switch {
	case raw[16] != magic:
		return b, nil, fmt.Errorf("%w: its format is %d", errBatch, raw[16])
	case size < batchHead:
		return b, nil, fmt.Errorf("%w: it has %d bytes", errBatch, size)
	case size > int64(len(raw)):
		return b, nil, errCut
	}
	raw, rest = raw[:size], raw[size:]
	b = batch{
		base: int64(get.Uint64(raw)), count: int64(get.Uint32(raw[57:])), attributes: get.Uint16(raw[21:]),
		first: int64(get.Uint64(raw[27:])), sequence: int32(get.Uint32(raw[53:])), records: raw[batchHead:],
		by: producer{int64(get.Uint64(raw[43:])), int16(get.Uint16(raw[51:]))},
	}
	if last := int64(get.Uint32(raw[23:])); b.count < 1 || b.count != last+1 || b.base < 0 {
		return b, nil, fmt.Errorf("%w: it has %d records of %d from offset %d on", errBatch, b.count, last+1, b.base)
	}
	return b, rest, nil
}

// maxBatchBytes bounds what a batch may unfold to.
const maxBatchBytes = 256 << 20

var unfolder = sync.OnceValue(func() *zstd.Decoder {
	d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBatchBytes)) // valid options
	return d
})

// unfold gives the records, into buf when they are compressed.
func (b *batch) unfold(buf []byte) ([]byte, error) {
	switch b.attributes & codecMask {
	case codecNone:
		return b.records, nil
	case codecZstd:
		out, err := unfolder().DecodeAll(b.records, buf[:0])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBatch, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: its codec is %d", errBatch, b.attributes&codecMask)
}

// takeRecord reads the first record of a batch's records.
func takeRecord(records []byte) (r record, rest []byte, err error) {
	in := fields{rest: records}
	body := in.bytes()
	if len(body) < 1 {
		return r, nil, fmt.Errorf("%w: a record is cut off", errBatch)
	}
	rest, in.rest = in.rest, body[1:]
	r.delta = in.varint()
	r.offset = in.varint()
	r.key = in.bytes()
	r.value = in.bytes()
	r.headers = in.varint()
	r.rest = in.rest
	if r.key == nil || r.value == nil {
		return r, rest, fmt.Errorf("%w: it has no key or no value", errForeign)
	}
	return r, rest, nil
}

func (in *fields) varint() int64 {
	n, size := binary.Varint(in.rest)
	if size <= 0 {
		in.rest = nil
		return 0
	}
	in.rest = in.rest[size:]
	return n
}
