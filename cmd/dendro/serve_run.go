package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"dendro/adapters/httpapi"
	"dendro/adapters/peer"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/directory"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// run serves until ctx ends or something that it stands on fails.
func (s *serving) run(ctx context.Context, opened func()) (err error) {
	s.plan.owner, s.plan.clock = "dendro serve", wallClock
	logger := s.logger()
	var n *node
	if s.cluster.on() {
		n, err = openClusterNode(ctx, s.plan, s.cluster, logger)
	} else {
		n, err = openNode(ctx, s.plan)
	}
	opened()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	api, err := s.api(ctx, n, registry, logger)
	if err != nil {
		return err
	}
	if err := api.ForgetErased(ctx); err != nil {
		return err
	}
	follow, err := s.reactions(n, registry, logger)
	if err != nil {
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
	w := &web{listener: listener, api: api, handler: s.handler(n, api)}
	return w.serve(ctx, n.failed, func(ctx context.Context) error {
		if err := n.join(ctx, logger); err != nil {
			return err
		}
		return follow(ctx)
	})
}

// handler serves the API, and to other nodes of a cluster what they pass on.
func (s *serving) handler(n *node, api http.Handler) http.Handler {
	if n.cluster == nil {
		return api
	}
	nodes := peer.NewHandler(n.log.Identity().ID, s.cluster.secret, s.plan.clock, n.engine)
	mux := http.NewServeMux()
	mux.Handle(peer.CommandsPath, nodes)
	mux.Handle(peer.QuestionsPath, nodes)
	mux.Handle("/", api)
	return mux
}

// reactions gives what lets follow, until ctx ends, what events ask for beyond
// their partition. An embedded engine does by itself what stays in the log.
func (s *serving) reactions(n *node, r prometheus.Registerer, l *slog.Logger) (func(context.Context) error, error) {
	x, err := n.reactions(s.plan, s.outside, r, l)
	if err != nil {
		return nil, err
	}
	return x.Run, nil
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

// web is a server on a listener.
type web struct {
	listener net.Listener
	api      *httpapi.Server
	handler  http.Handler
}

// serve serves until ctx ends or something failed; then it answers what it has
// taken. Beside it, work runs until then.
func (w *web) serve(ctx context.Context, failed <-chan error, work func(context.Context) error) error {
	srv := &http.Server{
		Handler: w.handler, ReadHeaderTimeout: headerWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin,
		IdleTimeout: idleFor, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served, worked := make(chan error, 1), make(chan error, 1)
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() { served <- srv.Serve(w.listener) })
	both.Go(func() { worked <- work(running) })
	var why error
	select {
	case why = <-served:
		stop()
		return why
	case why = <-worked:
	case why = <-failed:
	case <-ctx.Done():
	}
	w.api.Drain()
	drain, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	err := srv.Shutdown(drain)
	stop()
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

func (s *serving) logger() *slog.Logger {
	level := slog.LevelInfo
	if s.quiet {
		level = slog.LevelError
	}
	return slog.New(slog.NewJSONHandler(s.errors, &slog.HandlerOptions{Level: level}))
}

func (s *serving) api(ctx context.Context, n *node, registry *prometheus.Registry, l *slog.Logger) (*httpapi.Server, error) {
	cfg := n.config(s.plan)
	cfg.Logger, cfg.Registry = l, registry
	cfg.NoRateLimits, cfg.InFlight, cfg.MaxBody = s.limits == "off", s.inFlight, s.maxBody
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
		Exports: n.exports, Caught: n.following, Standing: n.standing, Past: newPast(n.log),
	}
}

// following tells why the views, or the engine, do not follow the log; nil
// while they do.
func (n *node) following() error {
	select {
	case err := <-n.failed:
		n.failed <- err
		return err
	default:
	}
	if err := n.trouble.Load(); err != nil {
		return *err
	}
	return n.engine.Following()
}

// devClient makes the client that --dev takes everybody for.
func (n *node) devClient(ctx context.Context) (directory.Client, error) {
	id := domain.ClientID(domain.Derive(domain.CommandID(n.log.Identity().ID), "dev client", 0))
	_, err := n.engine.Do(ctx, commands.Command{
		ID: domain.CommandID(id), Actor: domain.ByRule("dev"), Body: commands.OnCampaign{Do: campaign.RegisterClient{Client: id, Trusted: true}},
	})
	return directory.Client{ID: id, Description: "--dev", FrontendType: "dev", Trusted: true}, err
}
