package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"dendro/adapters/crowd/remote"
	"dendro/domain"
	"dendro/domain/directory"

	"github.com/spf13/cobra"
)

// keyVariable holds the key of an API client.
const keyVariable = "DENDRO_API_KEY"

// mostConnections bounds what one process opens to a server.
const mostConnections = 4096

// remoteSimulation is what the flags ask for with --server.
type remoteSimulation struct {
	servers      []string
	key          string
	seed         uint64
	contributors int
	tasks        int
	connections  int
	tasksOnly    bool
}

func (s *remoteSimulation) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&s.servers, "server", nil, "a running server, such as http://127.0.0.1:8080, instead of --data; or the nodes of a cluster, with commas between")
	f.StringVar(&s.key, "key", "", "with --server: the key of an API client; $"+keyVariable+" is seen by fewer")
	f.IntVar(&s.connections, "connections", 16, "with --server: how many of the people act at the same time")
	f.BoolVar(&s.tasksOnly, "tasks-only", false, "with --server: nobody does anything but tasks, each once, to measure those")
}

// instead tells whether the crowd works on a data directory; flags of the one
// place make no sense with the other.
func (s *remoteSimulation) instead(cmd *cobra.Command) (local bool, err error) {
	local = len(s.servers) == 0
	others, place := []string{"data", "partitions", "acks"}, "--server"
	if local {
		others, place = []string{"key", "connections", "tasks-only"}, "--data"
	}
	for _, name := range others {
		if cmd.Flags().Changed(name) {
			return local, misuse("--%s does not go with %s; leave one out", name, place)
		}
	}
	return local, nil
}

func (s *remoteSimulation) check() error {
	if most := min(s.contributors, mostConnections); s.connections < 1 || s.connections > most {
		return misuse("%d connections; give 1 to %d: nobody is in two places, so each takes a contributor", s.connections, most)
	}
	return checkCrowd(s.contributors, s.tasks)
}

// run lets the crowd work on the server, and prints what it did.
func (s *remoteSimulation) run(cmd *cobra.Command, asJSON bool) error {
	if err := s.check(); err != nil {
		return err
	}
	done, err := s.work(cmd.Context(), newProgress(cmd.ErrOrStderr(), "simulating"))
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), done)
	}
	return done.print(cmd.OutOrStdout())
}

func (s *remoteSimulation) work(ctx context.Context, p *progress) (done simulatedRemotely, err error) {
	defer p.end()
	key, err := s.findKey(ctx)
	if err != nil {
		return done, err
	}
	c, err := remote.Open(ctx, remote.Options{
		Servers: s.servers, Key: key, Seed: s.seed, Run: hex.EncodeToString(randomBytes(16)),
		Contributors: s.contributors, Connections: s.connections, TasksOnly: s.tasksOnly,
	})
	if err != nil {
		return done, err
	}
	defer c.Close()
	report, err := c.Work(ctx, s.tasks, func(done int) { p.report(int64(done), int64(s.tasks)) })
	return simulatedRemotely{Server: strings.Join(s.servers, ","), Seed: s.seed, Contributors: s.contributors, Connections: s.connections, Report: report}, err
}

// findKey gives the key to work with; with the root token a new client's.
func (s *remoteSimulation) findKey(ctx context.Context) (string, error) {
	key, token := cmp.Or(s.key, os.Getenv(keyVariable)), os.Getenv(rootVariable)
	if key != "" || token == "" {
		return key, nil
	}
	at, err := newRemoteClients(s.servers[0], token)
	if err != nil {
		return "", err
	}
	defer at.Close()
	return at.create(ctx, directory.Client{Description: "simulated crowd", FrontendType: "simulation", Trusted: true})
}

// simulatedRemotely is what `simulate --server` prints.
type simulatedRemotely struct {
	Server       string `json:"server"`
	Seed         uint64 `json:"seed"`
	Contributors int    `json:"contributors"`
	Connections  int    `json:"connections"`
	remote.Report
}

func (s simulatedRemotely) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	took := time.Duration(s.Seconds * float64(time.Second)).Round(time.Millisecond)
	fmt.Fprintf(w, "server\t%s, %s contributors on %s connections\n", s.Server, grouped(s.Contributors), grouped(s.Connections))
	fmt.Fprintf(w, "tasks\t%s completed in %s, %s declined\n", grouped(s.Tasks), took, grouped(s.Declined))
	for _, kind := range domain.TaskKinds {
		if n := s.ByKind[kind]; n > 0 {
			fmt.Fprintf(w, "  %s\t%s\n", kind, grouped(n))
		}
	}
	fmt.Fprintf(w, "cycles\t%.1f a second\n", s.PerSec)
	for _, l := range []struct {
		name string
		took remote.Latency
	}{{"whole cycle", s.Cycle}, {"request", s.Request}, {"acknowledge", s.Acknowledge}, {"submit", s.Submit}} {
		fmt.Fprintf(w, "  %s\tp50 %.1f ms, p99 %.1f ms, at most %.1f ms\n", l.name, l.took.P50, l.took.P99, l.took.Max)
	}
	fmt.Fprintf(w, "requests\t%s, %s of them tried again; %s repeated and answered as before, %s done twice\n",
		grouped(s.Requests), grouped(s.Retries), grouped(s.Repeats), grouped(s.Doubles))
	fmt.Fprintf(w, "beside\t%s reactions, %s things read, %s acts of moderators\n", grouped(s.Reactions), grouped(s.Reads), grouped(s.Acts))
	var failed []string
	for _, key := range slices.Sorted(maps.Keys(s.Errors)) {
		failed = append(failed, fmt.Sprintf("%s × %s", grouped(s.Errors[key]), key))
	}
	if len(failed) > 0 {
		fmt.Fprintf(w, "refused\t%s\n", strings.Join(failed, ", "))
	}
	return w.Flush()
}
