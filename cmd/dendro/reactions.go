package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"dendro/adapters/reactions"
	"dendro/domain"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
)

// webhookVariable holds the secret that signs webhooks.
const webhookVariable = "DENDRO_WEBHOOK_SECRET"

func newReactionsCmd() *cobra.Command {
	c := group("reactions", "Look after what follows from events outside", `Reactions tell a webhook about reports, let a classifier score texts, and delete
what erased contributors wrote, where a server was told to do so.`)
	poison := group("poison", "See and retry what failed for good", `A reaction that failed for good is kept aside as poison, and those behind it go
on. A handler with too much of it stands still until some is retried.`)
	poison.AddCommand(newPoisonListCmd(), newPoisonRetryCmd())
	c.AddCommand(poison)
	return c
}

// outside is what reactions talk to.
type outside struct {
	webhook      string
	classifier   string
	since        string
	deleteErased bool
}

// outsideFlags adds the flags that say which reactions there are.
func outsideFlags(cmd *cobra.Command) *outside {
	o := &outside{}
	f := cmd.Flags()
	f.StringVar(&o.webhook, "webhook", "", "the URL that is told of reports, signed with the secret in $"+webhookVariable)
	f.StringVar(&o.classifier, "classifier", "", "the URL that scores texts")
	f.StringVar(&o.since, "outside-since", "", "tell them of nothing before this time (RFC 3339)")
	f.BoolVar(&o.deleteErased, "delete-erased", false, "delete what erased contributors wrote")
	return o
}

// configure adds what the flags ask for.
func (o *outside) configure(c *reactions.Config, texts reactions.Texts) error {
	var since time.Time
	if o.since != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, o.since); err != nil {
			return misuse("--outside-since: %q is no time such as 2024-01-31T00:00:00Z", o.since)
		}
	}
	c.DeleteErased = o.deleteErased
	if o.webhook != "" {
		secret := os.Getenv(webhookVariable)
		if secret == "" {
			return misuse("--webhook needs a secret to sign with: set %s", webhookVariable)
		}
		c.Webhook = &reactions.Webhook{URL: o.webhook, Secret: []byte(secret), Since: since}
	}
	if o.classifier != "" {
		c.Classifier = &reactions.Classifier{URL: o.classifier, Texts: texts, Since: since}
	}
	return nil
}

// reactions gives the reactions on a node; what it registers goes to the
// registry.
func (n *node) reactions(p nodePlan, o *outside, r prometheus.Registerer, l *slog.Logger) (*reactions.Reactions, error) {
	c := reactions.Config{Log: n.log, Engine: n.engine, Clock: p.clock, Dir: reactions.Dir(p.dir), Registry: r, Logger: l}
	if n.cluster != nil {
		brokers, topic := n.cluster.plan.brokers, n.cluster.plan.topic
		c.Subscribe, c.Topic = reactions.KafkaSubscribers(brokers, topic, 0, l), topic
		c.Consequences = n.engine.Consequences
	}
	if err := o.configure(&c, textsOfNow{n}); err != nil {
		return nil, err
	}
	return reactions.New(c)
}

// textsOfNow gives a node's texts from its views.
type textsOfNow struct{ n *node }

// Text implements reactions.Texts.
func (t textsOfNow) Text(ctx context.Context, id domain.MessageID, at domain.Position) (text, lang string, found bool, err error) {
	behind := t.n.log.Identity().Start()
	behind.End[at.Partition] = at.Seq + 1
	if err := t.n.views.Await(ctx, behind); err != nil {
		return "", "", false, err
	}
	m, err := t.n.views.Message(ctx, id)
	if err != nil || m == nil || m.Deleted {
		return "", "", false, err
	}
	return m.Text, m.Language, true, nil
}

func newPoisonListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list --data DIR", Short: "List what failed for good, the oldest first", Args: noArgs,
		Example: `  dendro reactions poison list --data ./data`,
	}
	data, asJSON := dataFlag(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := data()
		if err != nil {
			return err
		}
		list, err := reactions.ReadPoison(reactions.Dir(dir))
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), append([]reactions.Poisoned{}, list...))
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tTYPE\tATTEMPTS\tFIRST\tLAST\tERROR")
		for _, p := range list {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", p.ID, p.Type, p.Attempts, p.First.Format(time.DateTime), p.Last.Format(time.DateTime), p.Error)
		}
		return w.Flush()
	}
	return cmd
}

func newPoisonRetryCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "retry [ID…] --data DIR", Short: "Try what failed again: all of it, or that with the ids",
		Long: `Try what failed again: all of it, or that with the ids that list shows. What
goes well is forgotten; the rest stays.

It works on a data directory that no server runs on, with the flags that the
server had.`,
		Example: `  dendro reactions poison retry --data ./data --webhook https://example.org/hook
  dendro reactions poison retry webhook@0/17 --data ./data --webhook https://example.org/hook`,
		Args: cobra.ArbitraryArgs,
	}
	data, o := dataFlag(cmd), outsideFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, ids []string) error {
		dir, err := data()
		if err != nil {
			return err
		}
		return retryPoison(cmd.Context(), dir, o, ids, cmd.OutOrStdout())
	}
	return cmd
}

func retryPoison(ctx context.Context, dir string, o *outside, ids []string, out io.Writer) (err error) {
	kept, err := reactions.ReadPoison(reactions.Dir(dir))
	switch {
	case err != nil:
		return err
	case len(kept) == 0 && len(ids) > 0:
		return fmt.Errorf("nothing is kept aside in %s, so not %s either", dir, ids[0])
	case len(kept) == 0:
		return nil
	}
	plan := nodePlan{dir: dir, owner: "dendro reactions", terms: "1", partitions: simulatePartitions, clock: wallClock}
	n, err := openNode(ctx, plan)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	x, err := n.reactions(plan, o, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	done, err := x.Retry(ctx, ids...)
	if err != nil {
		return err
	}
	var failed []string
	for _, r := range done {
		if r.Failed == nil {
			fmt.Fprintf(out, "%s went well\n", r.ID)
			continue
		}
		failed = append(failed, fmt.Sprintf("%s: %v", r.ID, r.Failed))
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d failed again: %s", len(failed), len(done), strings.Join(failed, "; "))
	}
	return nil
}
