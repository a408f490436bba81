package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"dendro/adapters/httpapi"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/directory"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
)

// rootVariable holds the root token.
const rootVariable = "DENDRO_ROOT_TOKEN"

func newServeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve --data DIR", Short: "Serve the HTTP API on a log", Args: noArgs,
		Long: `Serve the HTTP API v1, which clients written for the Open-Assistant backend
understand, on the log in a data directory; both are made if they are not there.

Clients need a key: dendro client create makes one, with the root token. That
comes from $` + rootVariable + `; without it the first start of an empty
directory makes one and prints it, once.

Flags can also come from a YAML file (--config) or from variables: --in-flight is
DENDRO_IN_FLIGHT.

On SIGINT or SIGTERM the server answers what it has taken, and stops.`,
		Example: `  dendro serve --data ./data
  dendro serve --data ./data --addr 127.0.0.1:9000 --rate-limits off
  dendro serve --data ./data --dev`,
	}
	s := serving{}
	data, config := dataFlag(cmd), configFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080", "the address to listen on")
	f.StringVar(&s.limits, "rate-limits", "on", "on, or off for development and load tests")
	f.BoolVar(&s.dev, "dev", false, "trust every request, with any key or none; on a loopback address only")
	f.StringVar(&s.plan.terms, "terms", "1", "the version of the terms that contributors accept")
	f.IntVar(&s.plan.partitions, "partitions", simulatePartitions, "partitions of a new log")
	f.IntVar(&s.inFlight, "in-flight", 512, "requests at work before others are answered 503")
	f.Int64Var(&s.maxBody, "max-body", 1<<20, "bytes of a request's body")
	f.BoolVar(&s.quiet, "quiet", false, "log what goes wrong only, not every request")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if err := config(); err != nil {
			return err
		}
		if s.plan.dir, err = data(); err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return err
		}
		p := newProgress(cmd.ErrOrStderr(), "reading the log")
		s.plan.progress = p.report
		s.out, s.errors = cmd.OutOrStdout(), cmd.ErrOrStderr()
		return s.run(cmd.Context(), p.end)
	}
	return cmd
}

// serving is what the flags ask for.
type serving struct {
	plan     nodePlan
	addr     string
	limits   string
	dev      bool
	quiet    bool
	inFlight int
	maxBody  int64
	out      io.Writer
	errors   io.Writer
}

func (s *serving) check() error {
	switch {
	case s.limits != "on" && s.limits != "off":
		return misuse("--rate-limits is on or off, not %q", s.limits)
	case s.plan.partitions < 1 || s.plan.partitions > domain.MaxPartitions:
		return misuse("%d partitions; give 1 to %d", s.plan.partitions, domain.MaxPartitions)
	case s.inFlight < 1 || s.maxBody < 1:
		return misuse("--in-flight and --max-body are at least 1")
	case s.plan.terms == "":
		return misuse("--terms needs the name of a version")
	}
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return misuse("--addr: %v; give HOST:PORT", err)
	}
	if s.dev && !loopback(host) {
		return misuse("--dev trusts everybody, so it serves loopback addresses only, not %q", host)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// run serves until ctx ends or the views stop following the log.
func (s *serving) run(ctx context.Context, opened func()) (err error) {
	s.plan.owner, s.plan.clock = "dendro serve", wallClock
	n, err := openNode(ctx, s.plan)
	opened()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	api, err := s.api(ctx, n)
	if err != nil {
		return err
	}
	if err := api.ForgetErased(ctx); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("cannot listen: %w; give another --addr", err)
	}
	if err := s.rootToken(ctx, n); err != nil { // shown once, so only when nothing can fail any more
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintf(s.out, "serving %s on http://%s/api/v1/\n", s.plan.dir, listener.Addr())
	return serveUntil(ctx, listener, api, n.failed)
}

// How long a connection may take for what.
const (
	headerWithin = 10 * time.Second
	readWithin   = 60 * time.Second
	writeWithin  = 60 * time.Second // streams move it on
	idleFor      = 2 * time.Minute
	drainWithin  = 30 * time.Second
	maxHeader    = 32 << 10
)

// serveUntil serves until ctx ends or something failed; then it answers what
// it has taken.
func serveUntil(ctx context.Context, l net.Listener, api *httpapi.Server, failed <-chan error) error {
	srv := &http.Server{
		Handler: api, ReadHeaderTimeout: headerWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin,
		IdleTimeout: idleFor, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	var why error
	select {
	case why = <-served:
		return why
	case why = <-failed:
	case <-ctx.Done():
	}
	api.Drain()
	drain, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	err := srv.Shutdown(drain)
	if stopped := <-served; !errors.Is(stopped, http.ErrServerClosed) {
		err = errors.Join(err, stopped)
	}
	return errors.Join(why, err)
}

// rootToken keeps the hash of the token that is given, or makes one where there
// was none, and prints it, once.
func (s *serving) rootToken(ctx context.Context, n *node) error {
	if token := os.Getenv(rootVariable); token != "" {
		return n.people.SetRootHash(ctx, directory.HashKey(token))
	}
	known, err := n.people.RootHash(ctx)
	if err != nil || known != [32]byte{} {
		return err
	}
	token, err := directory.NewKey(rand.Reader)
	if err != nil {
		return err
	}
	if err := n.people.SetRootHash(ctx, directory.HashKey(token)); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "root token, shown this once: %s\n", token)
	return nil
}

func (s *serving) api(ctx context.Context, n *node) (*httpapi.Server, error) {
	level := slog.LevelInfo
	if s.quiet {
		level = slog.LevelError
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	cfg := n.config(s.plan)
	cfg.Logger = slog.New(slog.NewJSONHandler(s.errors, &slog.HandlerOptions{Level: level}))
	cfg.Registry, cfg.NoRateLimits, cfg.InFlight, cfg.MaxBody = registry, s.limits == "off", s.inFlight, s.maxBody
	if s.dev {
		var err error
		if cfg.Dev, err = n.devClient(ctx); err != nil {
			return nil, err
		}
		cfg.AnyKey = true
	}
	return httpapi.New(cfg)
}

// config is what every server on the node works with.
func (n *node) config(p nodePlan) httpapi.Config {
	return httpapi.Config{
		Log: n.log, Engine: n.engine, Views: n.views, Directory: n.people, Clock: p.clock, Random: rand.Reader, Terms: p.terms,
		Exports: n.exports, Caught: n.following,
	}
}

// following tells why the views do not follow the log; nil while they do.
func (n *node) following() error {
	select {
	case err := <-n.failed:
		n.failed <- err
		return err
	default:
		return nil
	}
}

// devClient makes the client that --dev takes everybody for.
func (n *node) devClient(ctx context.Context) (directory.Client, error) {
	id := domain.ClientID(domain.Derive(domain.CommandID(n.log.Identity().ID), "dev client", 0))
	_, err := n.engine.Do(ctx, commands.Command{
		ID: domain.CommandID(id), Actor: domain.ByRule("dev"), Body: commands.OnCampaign{Do: campaign.RegisterClient{Client: id, Trusted: true}},
	})
	return directory.Client{ID: id, Description: "--dev", FrontendType: "dev", Trusted: true}, err
}
