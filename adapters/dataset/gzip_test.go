package dataset

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"
)

// What goes in comes out, at every edge of the blocks and however it is cut
// into writes; the bytes do not depend on the cuts.
func TestCompressorComesBack(t *testing.T) {
	for _, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, 3 * blockSize} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i * i >> 7)
		}
		var first []byte
		for _, step := range []int{size + 1, 4093, blockSize} {
			var out bytes.Buffer
			c := newCompressor(&out)
			for rest := data; len(rest) > 0; {
				n := min(step, len(rest))
				if _, err := c.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.Bytes()
			}
			if !bytes.Equal(first, out.Bytes()) {
				t.Errorf("%d bytes, written %d at a time, gave another file", size, step)
			}
		}
		in, err := gzip.NewReader(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := io.ReadAll(in); err != nil || !bytes.Equal(back, data) {
			t.Errorf("%d bytes came back as %d, %v", size, len(back), err)
		}
	}
}

// fullAfter is a disk with room for so many writes.
type fullAfter int

var errFull = errors.New("no space left")

func (f *fullAfter) Write(p []byte) (int, error) {
	if *f--; *f < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// A disk that fills up ends the writing, wherever it does, and nothing hangs.
func TestCompressorOnAFullDisk(t *testing.T) {
	data := make([]byte, blockSize)
	for room := range 6 { // header, four blocks, trailer: none of them fits
		disk := fullAfter(room)
		c := newCompressor(&disk)
		var err error
		for range 4 {
			if _, err = c.Write(data); err != nil {
				break
			}
		}
		if err == nil {
			err = c.Close()
		} else if last := c.Abort(); last != err {
			t.Errorf("room for %d writes: %v became %v", room, err, last)
		}
		if !errors.Is(err, errFull) {
			t.Errorf("room for %d writes: got %v", room, err)
		}
	}
}
