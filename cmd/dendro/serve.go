package main

import (
	"io"
	"net"

	"dendro/domain"

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
	s := serving{cluster: clusterFlags(cmd), outside: outsideFlags(cmd)}
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
	cluster  *clusterPlan
	outside  *outside
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
	if err := s.cluster.check(s.dev); err != nil {
		return err
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
