package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"time"

	"dendro/adapters/bolt"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/members"
	"dendro/adapters/memory"
	"dendro/adapters/peer"
	"dendro/adapters/postgres"
	"dendro/commands"
	"dendro/domain"
	"dendro/projections"
	"dendro/schemas"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

// secretVariable holds what the nodes of a cluster know each other by.
const secretVariable = "DENDRO_CLUSTER_SECRET"

// clusterPlan says how a node finds its cluster; without brokers there is none.
type clusterPlan struct {
	brokers   []string
	topic     string
	replicas  int
	postgres  string
	advertise string
	session   time.Duration
	secret    peer.Secret
}

func clusterFlags(cmd *cobra.Command) *clusterPlan {
	c := &clusterPlan{}
	f := cmd.Flags()
	f.StringSliceVar(&c.brokers, "kafka", nil, "brokers, HOST:PORT,…: the log is a topic there, which nodes share")
	f.StringVar(&c.topic, "topic", "dendro", "the log's topic")
	f.IntVar(&c.replicas, "replicas", 0, "replicas of a new topic (default: 3, or as many as there are brokers)")
	f.StringVar(&c.postgres, "postgres", "", "the connection string of the database that has the directory and the views")
	f.StringVar(&c.advertise, "advertise", "", "where other nodes reach this one, such as http://node-1:8080")
	f.DurationVar(&c.session, "session", 6*time.Second, "after how long without a sign of life a node's partitions go to others")
	return c
}

func (c *clusterPlan) on() bool { return len(c.brokers) > 0 }

func (c *clusterPlan) check(dev bool) error {
	switch {
	case !c.on() && (c.postgres != "" || c.advertise != ""):
		return misuse("--postgres and --advertise are for a cluster; give --kafka, too")
	case !c.on():
		return nil
	case dev:
		return misuse("--dev is for a server of one's own; a cluster needs API keys")
	case c.postgres == "":
		return misuse("the nodes of a cluster share a directory; give --postgres")
	case c.topic == "" || c.session < time.Second:
		return misuse("--topic has a name, and --session is at least 1s")
	}
	u, err := url.Parse(c.advertise)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" {
		return misuse("--advertise: %q is no address such as http://node-1:8080", c.advertise)
	}
	if c.secret, err = peer.NewSecret([]byte(os.Getenv(secretVariable))); err != nil {
		return misuse("%s: %v", secretVariable, err)
	}
	return nil
}

// clusterNode is what only a cluster's node has.
type clusterNode struct {
	plan   *clusterPlan
	owners *owners
	claims *memory.Store // has no rows: how far owners have come
	peers  *peer.Client
	pool   interface{ Close() }
	member *members.Member
}

// openClusterNode opens a node that owns no partition yet: join lets it in.
func openClusterNode(ctx context.Context, p nodePlan, c *clusterPlan, l *slog.Logger) (n *node, err error) {
	n = &node{failed: make(chan error, 1), stop: func() {}, cluster: &clusterNode{plan: c, owners: newOwners()}}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
			n = nil
		}
	}()
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return n, err
	}
	log, err := c.openLog(ctx, p)
	if err != nil {
		return n, err
	}
	n.log = log
	pool, err := postgres.Open(ctx, c.postgres)
	if err != nil {
		return n, err
	}
	n.cluster.pool = pool
	if err := postgres.Migrate(ctx, pool); err != nil {
		return n, err
	}
	views, err := openSharedViews(ctx, pool, log, p.progress)
	if err != nil {
		return n, err
	}
	n.people = sharedDirectory{postgres.NewDirectory(pool)}
	n.cluster.peers = peer.NewClient(log.Identity().ID, c.secret, p.clock, n.cluster.owners)
	n.engine, err = commands.Open(ctx, log, commands.Options{
		Clock: p.clock, Dice: chance, Terms: p.terms, Checkpoints: bolt.Checkpoints(p.dir),
		Partial: true, Peers: n.cluster.peers, NoReactions: true,
		MaxBytes: log.MaxAppendBytes() / 2, Size: sizeOnKafka,
		Lost: func(p domain.Partition, why error) {
			l.Warn("a partition was lost", "partition", int(p), "why", why.Error())
		},
	})
	if err != nil {
		return n, err
	}
	n.followShared(views, l)
	if err := n.attend(ctx, p); err != nil {
		return n, err
	}
	end, err := log.End(ctx)
	if err != nil {
		return n, err
	}
	return n, n.cluster.claims.Await(ctx, end)
}

// openSharedViews opens the views that the nodes share, and builds those that
// another version of the program has left, or that are far behind.
func openSharedViews(ctx context.Context, pool *pgxpool.Pool, log domain.Log, progress func(done, total int64)) (*postgres.Store, error) {
	views, err := postgres.NewStore(ctx, pool, log.Identity(), projections.ViewsOf(allViews())...)
	if err != nil {
		return nil, err
	}
	b := postgres.Build{Log: log, Progress: func(s postgres.Stage, done, total int64) {
		if s == postgres.Reading && progress != nil {
			progress(done, total)
		}
	}}
	return views, views.BringUp(ctx, b, allViews)
}

// While another node makes the log, it is there in part only.
const (
	makingWithin = 20 * time.Second
	lookAgain    = 250 * time.Millisecond
)

// openLog opens the cluster's log, which the first node to come makes.
func (c *clusterPlan) openLog(ctx context.Context, p nodePlan) (*kafka.Log, error) {
	opt := kafka.Options{Brokers: c.brokers, Topic: c.topic, Clock: p.clock, Owner: c.advertise, Replicas: c.replicas}
	for deadline := time.Now().Add(makingWithin); ; {
		log, err := kafka.Open(ctx, opt)
		if errors.Is(err, kafka.ErrNoLog) {
			making := opt
			making.Create = &domain.Identity{ID: domain.LogID(domain.NewID(p.clock.Now(), [10]byte(randomBytes(10)))), Partitions: p.partitions}
			log, err = kafka.Open(ctx, making)
		}
		halfMade := errors.Is(err, kafka.ErrForeign) || errors.Is(err, kafka.ErrOtherLog) || errors.Is(err, kafka.ErrNoLog)
		if !halfMade || time.Now().After(deadline) {
			return log, err
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

var sizing = sync.Pool{New: func() any { return new([]byte) }}

// sizeOnKafka gives about the bytes of an event's record, before compression.
func sizeOnKafka(r *domain.Recorded) int {
	const names = 200 // of the headers, which a canonical record does not have
	buf := sizing.Get().(*[]byte)
	defer sizing.Put(buf)
	b, err := schemas.AppendRecord((*buf)[:0], *r)
	if err != nil {
		return names // the append will tell what is wrong
	}
	*buf = b
	return len(b) + names
}

// sharedDirectory is a directory whose connections others close.
type sharedDirectory struct{ *postgres.Directory }

func (sharedDirectory) Close() error { return nil }

// join lets the node take its share of the partitions; requests must be
// answered by then, for others pass theirs on.
func (n *node) join(ctx context.Context, l *slog.Logger) error {
	c := n.cluster
	if c == nil {
		return nil
	}
	var err error
	c.member, err = members.Join(ctx, members.Options{
		Brokers: c.plan.brokers, Topic: c.plan.topic, Group: c.plan.topic + ".nodes", Session: c.plan.session,
		Report: func(p domain.Partition, err error) { l.Warn(err.Error(), "partition", int(p)) },
	}, n.engine)
	if err != nil {
		return fmt.Errorf("the cluster could not be joined: %w", err)
	}
	return nil
}

// leave gives the node's partitions to others.
func (c *clusterNode) leave() error {
	if c == nil || c.member == nil {
		return nil
	}
	return c.member.Close()
}

func (c *clusterNode) close() {
	if c == nil {
		return
	}
	if c.peers != nil {
		c.peers.Close()
	}
	if c.pool != nil {
		c.pool.Close()
	}
}
