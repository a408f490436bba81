package reenact

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

// Rule names what stood between a row and its reenactment: one of those below,
// or the kind of the refusal that the engine gave (domain.Kind).
type Rule string

// The rules that no refusal stands for.
const (
	RuleParent       Rule = "parent_missing"         // the parent is not in the file
	RuleTwice        Rule = "id_twice"               // the id stands on an earlier line
	RuleRole         Rule = "role_not_alternating"   //
	RuleTime         Rule = "bad_time"               // no time, or before the parent's
	RuleDepth        Rule = "too_deep"               //
	RuleBelow        Rule = "below_unplayed"         // what it hangs from could not be played, or is deleted
	RuleParentResult Rule = "parent_not_accepted"    // only accepted messages are replied to
	RuleState        Rule = "tree_not_growing"       // only growing trees are replied to
	RuleGoal         Rule = "goal_reached"           // the tree had all messages that it needed
	RuleAcceptance   Rule = "acceptance"             // the reviews decide otherwise
	RuleReviews      Rule = "reviews"                // more or fewer than the rules ask for
	RuleLabels       Rule = "labels"                 // not asked of such messages, or mandatory
	RuleRank         Rule = "rank"                   // ranks are 0, 1, 2, … among the accepted replies of a parent
	RuleDeletion     Rule = "deletion"               // takes what is below, and only that
	RuleTreeState    Rule = "tree_state"             // the rules lead elsewhere
	RuleReactions    Rule = "reactions"              // not an emoji, or too many
	RuleKept         Rule = "kept_form"              // of a language, of a synthetic message
	RuleTreeID       Rule = "tree_id_is_root_id"     // the file names another tree
	RuleUnexplained  Rule = "differs_without_a_rule" // should never be seen
)

// Finding is a row that was not reproduced.
type Finding struct {
	Line        int              `json:"line"`
	Message     domain.MessageID `json:"message_id"`
	Played      bool             `json:"played"`
	Rule        Rule             `json:"rule"`
	Why         string           `json:"why"` // one line
	Differences []Difference     `json:"differences,omitempty"`
}

// Difference is a dataset.Difference: what the play came to, and the file's.
type Difference struct {
	Field string `json:"field"`
	Got   string `json:"got"`
	Want  string `json:"want"`
}

// String says it in one line.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d, %s: %s", f.Line, f.Message, f.Rule)
	if f.Why != "" {
		fmt.Fprintf(&b, ": %s", f.Why)
	}
	if !f.Played {
		b.WriteString(" (not played)")
	}
	for i, d := range f.Differences {
		sep := "; "
		if i == 0 {
			sep = " ("
		}
		fmt.Fprintf(&b, "%s%s", sep, short(d))
	}
	if len(f.Differences) > 0 {
		b.WriteString(")")
	}
	return b.String()
}

// short leaves out all but the beginning of long values, such as texts.
func short(d Difference) string {
	const most = 60
	cut := func(s string) string {
		if r := []rune(s); len(r) > most {
			return string(r[:most]) + "…"
		}
		return s
	}
	return fmt.Sprintf("%s %s, in the file %s", d.Field, cut(d.Got), cut(d.Want))
}

// Report is what came of a play.
type Report struct {
	Rows       int
	Reproduced int
	Findings   []Finding // the other rows, as in the file
}

// Count is how many findings a rule stands behind.
type Count struct {
	Rule Rule `json:"rule"`
	Rows int  `json:"rows"`
}

// ByRule counts the findings, most first.
func (r Report) ByRule() []Count {
	times := map[Rule]int{}
	for _, f := range r.Findings {
		times[f.Rule]++
	}
	var out []Count
	for _, rule := range slices.Sorted(maps.Keys(times)) {
		out = append(out, Count{rule, times[rule]})
	}
	slices.SortStableFunc(out, func(a, b Count) int { return cmp.Compare(b.Rows, a.Rows) })
	return out
}

// compare folds the log as any export does, and holds each row against it.
func (f *forest) compare(ctx context.Context, log domain.Log) (Report, error) {
	played, err := f.export(ctx, log)
	if err != nil {
		return Report{}, err
	}
	report := Report{Rows: len(f.rows)}
	for i := range f.rows {
		want := f.rows[i]
		found := Finding{Line: want.Line, Message: want.Message}
		n := f.of[i]
		switch {
		case n == nil:
			found.Rule, found.Why = f.why[i].rule, f.why[i].why
		case !n.posted():
			found.Rule, found.Why = RuleUnexplained, "it was not posted"
			if len(n.notes) > 0 {
				found.Rule, found.Why = n.notes[0].rule, n.notes[0].why
			}
		default:
			found.Played = true
			found.Differences = differences(played[n.id], want)
			if len(found.Differences) == 0 {
				report.Reproduced++
				continue
			}
			found.Rule, found.Why = n.explain(found.Differences[0])
		}
		report.Findings = append(report.Findings, found)
	}
	return report, nil
}

// export gives the rows of the log under the file's ids.
func (f *forest) export(ctx context.Context, log domain.Log) (map[domain.MessageID]dataset.Row, error) {
	fold := dataset.New()
	ids := map[domain.MessageID]domain.MessageID{}
	end, err := log.End(ctx)
	if err != nil {
		return nil, err
	}
	for r, err := range log.Read(ctx, log.Identity().Start(), end) {
		if err != nil {
			return nil, err
		}
		fold.Apply(r)
		if m, ok := r.Payload.(tree.MessagePosted); ok {
			file, err := domain.ParseID(m.FrontendID)
			if err != nil {
				return nil, err
			}
			ids[m.Message] = file
		}
	}
	out := map[domain.MessageID]dataset.Row{}
	recipe := dataset.Recipe{Variant: dataset.All, Format: dataset.Messages, Deleted: dataset.DeletedInclude}
	_, err = dataset.Read(recipe, fold).Write(func(line []byte) error {
		for row, err := range dataset.ReadRows(bytes.NewReader(line)) {
			if err != nil {
				return err
			}
			id := row.Message
			row.Message = ids[id]
			if row.Parent != nil {
				parent := ids[*row.Parent]
				row.Parent = &parent
			}
			if row.Tree != nil {
				root := domain.TreeID(ids[domain.MessageID(*row.Tree)])
				row.Tree = &root
			}
			out[id] = row
		}
		return nil
	})
	return out, err
}

// differences compares what the file says; what it leaves open it does not.
func differences(got, want dataset.Row) []Difference {
	fill(&want.User, got.User)
	fill(&want.ReviewCount, got.ReviewCount)
	fill(&want.Deleted, got.Deleted)
	fill(&want.Tree, got.Tree)
	fill(&want.State, got.State)
	fill(&want.Synthetic, got.Synthetic)
	drop := func(e tree.EmojiCount) bool { return e.Count == 0 }
	want.Emojis = slices.DeleteFunc(slices.Clone(want.Emojis), drop)
	want.Labels = slices.DeleteFunc(slices.Clone(want.Labels), func(l tree.LabelMean) bool { return l.Count == 0 })
	var out []Difference
	for _, d := range dataset.Compare(got, want) {
		out = append(out, Difference(d))
	}
	for _, d := range []Difference{
		{Field: "synthetic", Got: text(got.Synthetic), Want: text(want.Synthetic)},
		{Field: "model_name", Got: text(got.Model), Want: text(want.Model)},
		{Field: "message_tree_id", Got: text(got.Tree), Want: text(want.Tree)},
	} {
		if d.Got != d.Want {
			out = append(out, d)
		}
	}
	return out
}

func fill[T any](open **T, with *T) {
	if *open == nil {
		*open = with
	}
}

func text[T any](v *T) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprint(*v)
}
