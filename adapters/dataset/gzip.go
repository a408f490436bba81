package dataset

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"
)

// blockSize is how many bytes are compressed at a time, by themselves: with
// smaller blocks the file grows, with larger ones fewer CPUs help. It is part
// of the file's bytes, the number of CPUs is not.
const blockSize = 1 << 20

// level is a compression of about the size that gzip gives by default.
const level = 6

// The gzip header (RFC 1952) of a file of no time, name or system.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// compressor writes one gzip member, an ordinary file to every reader. Blocks
// are compressed at the same time: the end of each but the last is marked by
// a sync flush, so that they can stand one behind the other. Used by one
// goroutine; Close, or Abort after an error, ends its own.
type compressor struct {
	block   []byte
	sum     uint32
	size    uint32
	work    chan *job // to whichever worker is free
	inOrder chan *job // the same jobs to the writer
	free    chan *job
	workers sync.WaitGroup
	writer  sync.WaitGroup
	failed  chan struct{} // closed when err is set
	err     error
}

type job struct {
	in   []byte
	out  bytes.Buffer
	last bool
	done chan struct{}
}

func newCompressor(out io.Writer) *compressor {
	n := runtime.GOMAXPROCS(0)
	c := &compressor{
		block: make([]byte, 0, blockSize),
		work:  make(chan *job, 2*n), inOrder: make(chan *job, 2*n), free: make(chan *job, 2*n),
		failed: make(chan struct{}),
	}
	for range 2 * n {
		c.free <- &job{in: make([]byte, 0, blockSize), done: make(chan struct{}, 1)}
	}
	for range n {
		c.workers.Go(c.compress)
	}
	c.writer.Go(func() {
		if err := c.write(out); err != nil {
			c.err = err
			close(c.failed)
			for j := range c.inOrder {
				<-j.done
				c.free <- j
			}
		}
	})
	return c
}

// Write implements io.Writer. An error may belong to an earlier write.
func (c *compressor) Write(p []byte) (int, error) {
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p)
	c.size += uint32(len(p))
	for rest := p; len(rest) > 0; {
		if len(c.block) == blockSize {
			c.submit(false)
			select {
			case <-c.failed:
				return 0, c.err
			default:
			}
		}
		n := min(len(rest), blockSize-len(c.block))
		c.block = append(c.block, rest[:n]...)
		rest = rest[n:]
	}
	return len(p), nil
}

// submit hands the block over and takes an empty one for it.
func (c *compressor) submit(last bool) {
	j := <-c.free
	j.in, c.block = c.block, j.in[:0]
	j.last = last
	j.out.Reset()
	c.work <- j
	c.inOrder <- j
}

// Close writes what is left, and the trailer.
func (c *compressor) Close() error {
	c.submit(true)
	return c.Abort()
}

// Abort ends without a complete file. It gives the first error of writing.
func (c *compressor) Abort() error {
	close(c.work)
	close(c.inOrder)
	c.workers.Wait()
	c.writer.Wait()
	return c.err
}

func (c *compressor) compress() {
	w, err := flate.NewWriter(nil, level)
	if err != nil {
		panic(err) // the level is a valid constant
	}
	for j := range c.work {
		w.Reset(&j.out)
		// A bytes.Buffer takes everything.
		_, _ = w.Write(j.in)
		if j.last {
			_ = w.Close()
		} else {
			_ = w.Flush()
		}
		j.done <- struct{}{}
	}
}

func (c *compressor) write(out io.Writer) error {
	if _, err := out.Write(gzipHeader); err != nil {
		return err
	}
	for j := range c.inOrder {
		<-j.done
		_, err := out.Write(j.out.Bytes())
		if err == nil && j.last {
			// c.sum and c.size are final: the last block was submitted after them.
			trailer := binary.LittleEndian.AppendUint32(nil, c.sum)
			_, err = out.Write(binary.LittleEndian.AppendUint32(trailer, c.size))
		}
		c.free <- j
		if err != nil {
			return err
		}
	}
	return nil
}
