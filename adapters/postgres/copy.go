package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// copyHeader begins a COPY in binary format, copyTrailer ends it (PostgreSQL
// documentation, COPY, binary format).
var (
	copyHeader  = []byte("PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00")
	copyTrailer = []byte{0xff, 0xff}
)

// copyChunk is how many bytes go to the server at once.
const copyChunk = 256 << 10

// copying is a COPY under way. Not for concurrent use.
type copying struct {
	rows int64
	buf  []byte
	pipe *io.PipeWriter
	done chan error
}

// startCopy begins to fill a table, which it empties first, all in one
// transaction: so the rows are frozen, and need no vacuum. The context bounds
// all of it.
func startCopy(ctx context.Context, pool *pgxpool.Pool, table string, columns []string) *copying {
	r, w := io.Pipe()
	c := &copying{buf: append(make([]byte, 0, copyChunk+4096), copyHeader...), pipe: w, done: make(chan error, 1)}
	go func() {
		err := copyFrom(ctx, pool, table, columns, r)
		_ = r.CloseWithError(err) // so that whoever writes does not wait
		c.done <- err
	}()
	return c
}

func copyFrom(ctx context.Context, pool *pgxpool.Pool, table string, columns []string, from io.Reader) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing, once committed
	if _, err := tx.Exec(ctx, "TRUNCATE "+table); err != nil {
		return err
	}
	sql := fmt.Sprintf("COPY %s (%s) FROM STDIN WITH (FORMAT binary, FREEZE)", table, strings.Join(columns, ", "))
	if _, err := conn.Conn().PgConn().CopyFrom(ctx, from, sql); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// flush sends what has gathered, when it is enough. Without a pipe it stays.
func (c *copying) flush() error {
	if len(c.buf) < copyChunk || c.pipe == nil {
		return nil
	}
	return c.send()
}

func (c *copying) send() error {
	_, err := c.pipe.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// finish ends the COPY, and tells whether it was made.
func (c *copying) finish() error {
	c.buf = append(c.buf, copyTrailer...)
	sent := c.send()
	_ = c.pipe.Close() // never fails
	if err := <-c.done; err != nil {
		return err
	}
	return sent
}

// abandon ends the COPY without a trace, unless it has ended.
func (c *copying) abandon(why error) {
	_ = c.pipe.CloseWithError(why) // never fails
	<-c.done
}

// copyTo writes the rows that are there, and forgets them.
func (g *changes[R]) copyTo(c *copying) error {
	for _, last := range g.last {
		if last.gone {
			continue
		}
		c.rows++
		c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(len(g.of.columns)))
		for i := range g.of.columns {
			c.buf = g.of.columns[i].put(c.buf, last.row)
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
	clear(g.at)
	clear(g.last)
	g.last = g.last[:0]
	return nil
}
