package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/ranking"
	"dendro/projections/audit"
	"dendro/projections/contributors"

	"github.com/spf13/cobra"
)

func newRankingCmd() *cobra.Command {
	var rules strings.Builder
	for _, r := range ranking.Rules {
		fmt.Fprintf(&rules, "\n  %-19s %s", r.Name, r.About)
	}
	c := group("ranking", "Explain how replies were ranked, and merge their rankings again", `Explain how the rankings of a message's replies were merged, and merge them again
under another rule or without some votes, to see what would change. The log keeps
every ranking, and nothing is written.

The rules:`+rules.String())
	c.AddCommand(newRankingExplainCmd(), newRankingRemergeCmd())
	return c
}

func newRankingExplainCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain MESSAGE", Short: "Tell how the replies to a message were ranked", Args: oneID("the replies to which message?"),
		Long: `Tell how the replies to a message were ranked: the ballots, how many put which
reply above which, in what order ranked pairs took the pairs and which it locked,
what the tie rule decided, and the merges that are in the log.`,
		Example: `  dendro ranking explain 018cc252-9428-4d6a-92d1-3c49cc5cef8b --data ./data`,
	}
	open, asJSON := askFlags(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return askRanking(cmd, open, *asJSON, args[0], url.Values{}, true)
	}
	return cmd
}

func newRankingRemergeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remerge MESSAGE | --all", Short: "Merge rankings again under another rule, or without some votes",
		Long: `Merge the rankings of a message's replies again, and say what would change. With
--all, which reads a log, those of every message: how many would change, and
which.`,
		Example: `  dendro ranking remerge 018cc252-9428-4d6a-92d1-3c49cc5cef8b --rule schulze --data ./data
  dendro ranking remerge 018cc252-9428-4d6a-92d1-3c49cc5cef8b --without 018cc251-f400-97b9-c6bc-d04eb3e0763d --data ./data
  dendro ranking remerge --all --rule borda --data ./data --json`,
	}
	all := cmd.Flags().Bool("all", false, "the rankings of every message")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if *all {
			return noArgs(cmd, args)
		}
		return oneID("the replies to which message?")(cmd, args)
	}
	open, asJSON := askFlags(cmd), jsonFlag(cmd)
	rule := cmd.Flags().String("rule", ranking.DefaultRule, strings.Join(ranking.RuleNames(), ", "))
	without := cmd.Flags().StringSlice("without", nil, "contributors whose ballots to leave out, all their accounts")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(ranking.RuleNames(), *rule) {
			return misuse("there is no rule %q; there are %s", *rule, strings.Join(ranking.RuleNames(), ", "))
		}
		named, err := parseIDs(*without)
		if err != nil {
			return err
		}
		if *all {
			return remergeAll(cmd, open, *asJSON, *rule, named)
		}
		q := url.Values{"rule": {*rule}}
		if len(*without) > 0 {
			q.Set("without", strings.Join(*without, ","))
		}
		return askRanking(cmd, open, *asJSON, args[0], q, false)
	}
	return cmd
}

func parseIDs(texts []string) (ids []domain.ContributorID, err error) {
	for _, text := range texts {
		id, err := domain.ParseID(text)
		if err != nil {
			return nil, misuse("--without: %v", err)
		}
		ids = append(ids, domain.ContributorID(id))
	}
	return ids, nil
}

func askRanking(cmd *cobra.Command, open func(context.Context) (asker, error), asJSON bool, id string, q url.Values, explain bool) (err error) {
	a, err := open(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	body, err := a.ask(cmd.Context(), "/audit/rankings/"+id+"?"+q.Encode())
	if err != nil {
		return err
	}
	if asJSON {
		return printRaw(cmd.OutOrStdout(), body)
	}
	var m audit.Remerge
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	t := newTeller(cmd.OutOrStdout())
	tellMerge(t, &m, explain)
	return t.err
}

// letter names a reply within one answer.
func letter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return fmt.Sprint("R", i)
}

func letters(order []int) string {
	if len(order) == 0 {
		return "–"
	}
	out := make([]string, len(order))
	for k, i := range order {
		out[k] = letter(i)
	}
	return strings.Join(out, " > ")
}

// tellMerge prints a merge for people.
func tellMerge(t *teller, m *audit.Remerge, explain bool) {
	t.title("replies to " + m.Parent.String())
	for i, id := range m.Replies {
		t.say("  %s  %s", t.strong(letter(i)), id)
	}
	t.say("\n%d ballots, %d of them counted", len(m.Ballots), m.Counted)
	for _, b := range m.Ballots {
		text := letters(b.Order)
		if b.NotRankable {
			text = "not rankable"
		}
		if b.LeftOut != "" {
			text += t.faint("  left out: " + b.LeftOut)
		}
		t.say("  %s  %s  %s", t.faint(b.Time.UTC().Format(seconds)), shortID(b.Contributor.String()), text)
	}
	if explain {
		tellSteps(t, m)
	}
	t.say("\n%s: %s", t.strong(m.Rule), outcome(m.Replies, m.Order, m.Why))
	for i, old := range m.Merges {
		t.say("%s", t.faint(fmt.Sprintf("in the log, merge %d (%s, event %s, %d ballots): %s", i+1, old.Time.UTC().Format(seconds), old.At, old.Ballots, outcome(m.Replies, old.Order, "no consensus"))))
	}
	switch {
	case len(m.Merges) == 0:
		t.say("the log has no merge of them yet")
		return
	case !m.Changed:
		t.say("nothing would change")
		return
	}
	t.say("%s", t.lively("what would change:"))
	for _, move := range m.Moves {
		t.say("  %s  %s → %s", move.Message, placeWord(move.From), placeWord(move.To))
	}
}

func placeWord(i int) string {
	if i < 0 {
		return "no place"
	}
	return fmt.Sprint("place ", i+1)
}

func outcome(replies, order []domain.MessageID, why string) string {
	if len(order) == 0 {
		return why
	}
	names := make([]string, len(order))
	for k, id := range order {
		if names[k] = fmt.Sprint(shortID(id.String())); slices.Contains(replies, id) {
			names[k] = letter(slices.Index(replies, id))
		}
	}
	return strings.Join(names, " > ")
}

func tellSteps(t *teller, m *audit.Remerge) {
	t.say("\nballots that put the row above the column")
	head := "   "
	for i := range m.Replies {
		head += fmt.Sprintf("%4s", letter(i))
	}
	t.say("%s", head)
	for i, row := range m.Matrix {
		line := fmt.Sprintf("%3s", letter(i))
		for j, n := range row {
			if i == j {
				line += "   ·"
			} else {
				line += fmt.Sprintf("%4d", n)
			}
		}
		t.say("%s", line)
	}
	t.say("\npairs, strongest first")
	for _, s := range m.Steps {
		what := "locked"
		if !s.Locked {
			what = t.bad("would close a cycle")
		}
		equal := ""
		if s.Equal {
			equal = t.faint("  as strong as the one before: the tie rule chose")
		}
		t.say("  %s > %s  %d to %d  %s%s", letter(s.Above), letter(s.Below), s.Votes, s.Votes-s.Margin, what, equal)
	}
	for _, tie := range m.Ties {
		t.say("  %s > %s  %s", letter(tie[0]), letter(tie[1]), t.lively("decided by the tie rule: "+m.TieRule))
	}
}

// remergedAll is what `remerge --all` prints.
type remergedAll struct {
	Rule     string             `json:"rule"`
	Parents  int                `json:"parents"`  // whose replies were ranked by anybody
	Unmerged int                `json:"unmerged"` // of them: the log has no merge to compare with
	Changed  int                `json:"changed"`
	First    int                `json:"first_place_changed"`
	Anyway   int                `json:"changed_anyway"` // as they would by the usual rule and with all votes: replies came or went since
	List     []domain.MessageID `json:"changed_parents"`
}

// remergeAll merges every parent's rankings again.
func remergeAll(cmd *cobra.Command, open func(context.Context) (asker, error), asJSON bool, rule string, without []domain.ContributorID) (err error) {
	a, err := open(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	local, is := a.(*logAsker)
	if !is {
		return misuse("--all reads a log; give --data or --log")
	}
	p := newProgress(cmd.ErrOrStderr(), "merging")
	defer p.end()
	out, err := local.remergeAll(cmd.Context(), rule, without, p)
	p.end()
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), out)
	}
	t := newTeller(cmd.OutOrStdout())
	t.say("%s: %s of %s merges would be in another order, %s with another one first", out.Rule, grouped(out.Changed), grouped(out.Parents-out.Unmerged), grouped(out.First))
	if out.Anyway > 0 {
		t.say("%s of them would be by the usual rule with all votes, too: replies came or went since", grouped(out.Anyway))
	}
	if out.Unmerged > 0 {
		t.say("the replies to %s more were ranked, and are not merged yet", grouped(out.Unmerged))
	}
	for _, id := range out.List {
		t.say("  %s", id)
	}
	return t.err
}

func (a *logAsker) remergeAll(ctx context.Context, rule string, without []domain.ContributorID, p *progress) (out remergedAll, err error) {
	trees := map[domain.StreamID]*audit.Rankings{}
	var order []domain.StreamID
	mergers := contributors.Mergers{}
	done := int64(0)
	for r, err := range a.log.Read(ctx, a.log.Identity().Start(), a.cut) {
		if err != nil {
			return out, err
		}
		if m, is := r.Payload.(contributor.Merged); is {
			mergers[m.From] = m.Into
		}
		if _, is := r.Stream.Tree(); is {
			if trees[r.Stream] == nil {
				trees[r.Stream], order = audit.NewRankings(), append(order, r.Stream)
			}
			trees[r.Stream].Take(&r)
		}
		if done++; done%1024 == 0 {
			p.report(done, int64(a.cut.Events()))
		}
	}
	named := map[domain.ContributorID]bool{}
	for _, id := range without {
		named[mergers.Owner(id)] = true
	}
	out = remergedAll{Rule: rule, List: []domain.MessageID{}}
	for _, stream := range order {
		x := trees[stream]
		for _, parent := range x.Parents() {
			m, err := x.Remerge(audit.Ask{Parent: parent, Rule: rule, Without: func(by domain.ContributorID) bool { return named[mergers.Owner(by)] }})
			if err != nil {
				return out, err
			}
			if !out.count(&m) {
				continue
			}
			usual, err := x.Remerge(audit.Ask{Parent: parent, Rule: ranking.DefaultRule})
			if err != nil {
				return out, err
			}
			if slices.Equal(m.Order, usual.Order) {
				out.Anyway++
			}
		}
	}
	return out, nil
}

// count takes a merge in, and reports whether it would change what the log has.
func (out *remergedAll) count(m *audit.Remerge) (changed bool) {
	out.Parents++
	switch {
	case len(m.Merges) == 0:
		out.Unmerged++
		return false
	case !m.Changed:
		return false
	}
	out.Changed++
	out.List = append(out.List, m.Parent)
	if slices.ContainsFunc(m.Moves, func(v audit.Move) bool { return v.To == 0 }) {
		out.First++
	}
	return true
}
