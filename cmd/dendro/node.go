package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"dendro/adapters/bolt"
	"dendro/adapters/httpapi"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/directory"
)

// nodePlan says how a node is set up.
type nodePlan struct {
	dir        string
	owner      string // whom the claims name
	terms      string
	partitions int // of a new log
	clock      domain.Clock
	progress   func(done, total int64) // of the views' first catching up
}

// node is everything of a server but its network: a log, an engine and views
// on it, and the directory beside it. Embedded, all of it is in one data
// directory; of a cluster's node only what may be lost is.
type node struct {
	log     closingLog
	people  closingDirectory
	engine  *commands.Engine
	views   httpapi.Views
	exports *exporter
	cluster *clusterNode // nil when embedded

	stop    context.CancelFunc
	failed  chan error            // why the views do not follow any more; holds one
	trouble atomic.Pointer[error] // why they do not just now
}

type closingLog interface {
	domain.Log
	io.Closer
}

type closingDirectory interface {
	directory.Directory
	io.Closer
}

// wallClock is the time of the machine.
var wallClock = domain.ClockFunc(time.Now)

// openNode opens what is in a data directory, or makes it, and brings the
// views up to the log's end. ctx bounds the opening only.
func openNode(ctx context.Context, p nodePlan) (n *node, err error) {
	n = &node{failed: make(chan error, 1), stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
			n = nil
		}
	}()
	if err := n.openFiles(ctx, p); err != nil {
		return n, err
	}
	n.engine, err = commands.Open(ctx, n.log, commands.Options{
		Clock: p.clock, Dice: chance, Terms: p.terms, Checkpoints: bolt.Checkpoints(p.dir),
	})
	if err != nil {
		return n, err
	}
	n.follow()
	return n, n.attend(ctx, p)
}

// attend waits until what follows the log is at its end.
func (n *node) attend(ctx context.Context, p nodePlan) (err error) {
	if n.exports, err = openExporter(filepath.Join(p.dir, "exports"), n.log); err != nil {
		return err
	}
	return n.catchUp(ctx, p.progress)
}

func (n *node) openFiles(ctx context.Context, p nodePlan) error {
	opt := bolt.Options{Clock: p.clock, Owner: p.owner}
	if _, err := os.Stat(bolt.Path(p.dir)); errors.Is(err, fs.ErrNotExist) {
		id := domain.Identity{ID: domain.LogID(domain.NewID(p.clock.Now(), [10]byte(randomBytes(10)))), Partitions: p.partitions}
		opt.Create = &id
	}
	log, err := bolt.Open(ctx, p.dir, opt)
	if err != nil {
		return err
	}
	n.log = log
	people, err := bolt.OpenDirectory(p.dir)
	if err != nil {
		return err
	}
	n.people = people
	return nil
}

// close stops commands first, then what reads what they wrote.
func (n *node) close() error {
	failed := []error{n.cluster.leave()}
	if n.engine != nil {
		failed = append(failed, n.engine.Close())
	}
	n.stop()
	if n.exports != nil {
		n.exports.close()
	}
	if n.people != nil {
		failed = append(failed, n.people.Close())
	}
	n.cluster.close()
	if n.log != nil {
		failed = append(failed, n.log.Close())
	}
	return errors.Join(failed...)
}

// chance seeds a command's dice with what nobody can foresee. What was drawn
// is in the events.
func chance(domain.CommandID) uint64 { return binary.BigEndian.Uint64(randomBytes(8)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, or ends the program
	return b
}
