package audit

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/ranking"
	"dendro/domain/tree"
)

// Rankings follows the rankings of one tree: who ranked which replies, and what
// was made of it. Make it with NewRankings.
type Rankings struct {
	messages   map[domain.MessageID]*reply
	order      []domain.MessageID // as they came
	ballots    map[domain.MessageID][]cast
	merges     map[domain.MessageID][]Merged
	discounted map[domain.ContributorID]bool
}

type reply struct {
	parent  domain.MessageID
	created time.Time
	result  tree.Result
	deleted bool
}

// cast is a ranking as it was submitted.
type cast struct {
	tree.RankingSubmitted
	at domain.Recorded
}

// NewRankings begins before the tree's first event.
func NewRankings() *Rankings {
	return &Rankings{
		messages: map[domain.MessageID]*reply{}, ballots: map[domain.MessageID][]cast{}, merges: map[domain.MessageID][]Merged{},
		discounted: map[domain.ContributorID]bool{},
	}
}

// Merged is a merge that is in the log.
type Merged struct {
	Event   domain.EventID     `json:"event_id"`
	At      string             `json:"position"`
	Time    time.Time          `json:"time"`
	TieRule string             `json:"tie_rule"`
	Ballots int                `json:"ballots"`
	Replies []domain.MessageID `json:"replies"`
	Order   []domain.MessageID `json:"order"` // best first; empty when most said "not rankable"
}

// Take takes the tree's next event.
func (x *Rankings) Take(r *domain.Recorded) {
	switch e := r.Payload.(type) {
	case tree.MessagePosted:
		x.add(e.Message, &reply{parent: e.Parent, created: domain.Instant(r.Time)})
	case tree.Imported:
		for _, m := range e.Messages {
			x.add(m.Message, &reply{parent: m.Parent, created: domain.Instant(m.Created), result: m.Result, deleted: m.Deleted})
		}
	case tree.MessageAccepted:
		x.change(func(m *reply) { m.result = tree.Accepted }, e.Message)
	case tree.MessageRejected:
		x.change(func(m *reply) { m.result = tree.Rejected }, e.Message)
	case tree.MessageReopened:
		x.change(func(m *reply) { m.result = tree.Undecided }, e.Message)
	case tree.MessageDeleted:
		x.change(func(m *reply) { m.deleted = true }, e.Messages...)
	case tree.MessageRestored:
		x.change(func(m *reply) { m.deleted = false }, e.Messages...)
	case tree.VotesDiscounted:
		x.discounted[e.Contributor] = true
	case tree.VotesReinstated:
		delete(x.discounted, e.Contributor)
	case tree.RankingSubmitted:
		x.ballots[e.Parent] = append(x.ballots[e.Parent], cast{e, *r})
	case tree.RepliesRanked:
		x.merged(r, &e)
	}
}

func (x *Rankings) add(id domain.MessageID, m *reply) {
	if x.messages[id] == nil {
		x.messages[id], x.order = m, append(x.order, id)
	}
}

func (x *Rankings) change(do func(*reply), ids ...domain.MessageID) {
	for _, id := range ids {
		if m := x.messages[id]; m != nil {
			do(m)
		}
	}
}

func (x *Rankings) merged(r *domain.Recorded, e *tree.RepliesRanked) {
	m := Merged{Event: r.ID, At: r.Position.String(), Time: r.Time, TieRule: e.TieRule, Ballots: len(e.Ballots), Replies: e.Replies, Order: []domain.MessageID{}}
	for _, i := range e.Order {
		if i >= 0 && i < len(e.Replies) {
			m.Order = append(m.Order, e.Replies[i])
		}
	}
	x.merges[e.Parent] = append(x.merges[e.Parent], m)
}

// Parents lists the messages whose replies were ranked, as they came.
func (x *Rankings) Parents() (ids []domain.MessageID) {
	for _, id := range x.order {
		if len(x.ballots[id]) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// Ask says how to merge.
type Ask struct {
	Parent  domain.MessageID
	Rule    string                             // of ranking.Rules
	Without func(by domain.ContributorID) bool // whose ballots to leave out; nil: nobody's
}

// Remerge is what a merge comes to, beside what the log has. Nothing of it is
// ever written.
type Remerge struct {
	Parent  domain.MessageID   `json:"parent_id"`
	Rule    string             `json:"rule"`
	TieRule string             `json:"tie_rule"`
	Replies []domain.MessageID `json:"replies"` // what the indexes mean: accepted and undeleted now
	Ballots []Ballot           `json:"ballots"` // all that were ever submitted, the oldest first
	Counted int                `json:"ballots_counted"`
	Matrix  [][]int            `json:"matrix"` // [i][j]: ballots that put i above j
	Steps   []Step             `json:"steps"`  // of ranked pairs, in their order; none of rules that are not
	Ties    [][2]int           `json:"ties"`   // pairs, upper first, whose order the tie rule decided; of ranked pairs only
	Order   []domain.MessageID `json:"order"`  // best first; empty when there is no consensus
	Why     string             `json:"why"`    // there is none; "" when there is
	Merges  []Merged           `json:"merges"` // that are in the log, the oldest first
	Moves   []Move             `json:"moves"`  // against the newest of them
	Changed bool               `json:"changed"`
}

// Ballot is one contributor's ranking, and why it does not count, if it does
// not.
type Ballot struct {
	Contributor domain.ContributorID `json:"user_id"`
	At          string               `json:"position"`
	Time        time.Time            `json:"time"`
	Order       []int                `json:"order"` // of the replies that there are now, best first
	NotRankable bool                 `json:"not_rankable"`
	LeftOut     string               `json:"left_out"` // "discounted", "named", "nothing left" or ""
}

// Step is a pair on its way through ranked pairs.
type Step struct {
	Above  int  `json:"above"`
	Below  int  `json:"below"`
	Margin int  `json:"margin"`
	Votes  int  `json:"votes"`
	Locked bool `json:"locked"` // false: it would have closed a cycle
	Equal  bool `json:"equal"`  // as strong as the pair before: the tie rule chose
}

// Move is a reply whose place changes; -1 is no place.
type Move struct {
	Message domain.MessageID `json:"message_id"`
	From    int              `json:"from"`
	To      int              `json:"to"`
}

// Remerge merges the rankings of a parent's replies again (spec: collection
// §9): of all ballots that are in the log, late ones too, without those that are
// discounted now. Errors: ranking.ErrRule, ranking.ErrTooMany.
func (x *Rankings) Remerge(ask Ask) (out Remerge, err error) {
	rule, err := ranking.RuleNamed(ask.Rule)
	if err != nil {
		return out, err
	}
	out = Remerge{
		Parent: ask.Parent, Rule: ask.Rule, TieRule: rule.Tie, Replies: []domain.MessageID{}, Steps: []Step{}, Ties: [][2]int{},
		Order: []domain.MessageID{}, Ballots: []Ballot{}, Merges: x.merges[ask.Parent], Moves: []Move{},
	}
	var candidates []ranking.Candidate
	for _, id := range x.order {
		if m := x.messages[id]; m.parent == ask.Parent && m.result == tree.Accepted && !m.deleted {
			out.Replies = append(out.Replies, id)
			candidates = append(candidates, ranking.Candidate{Created: m.created, ID: id})
		}
	}
	ballots, refused := x.count(&ask, &out)
	result, err := ranking.MergeBy(ask.Rule, candidates, ballots)
	if err != nil {
		return out, err
	}
	out.Matrix = result.Matrix
	switch {
	case len(out.Replies) < 2:
		out.Why = "fewer than two replies are accepted and undeleted"
	case 2*refused > out.Counted:
		out.Why = "most said that the replies cannot be ranked"
	case len(ballots) == 0:
		out.Why = "no ballot counts"
	default:
		out.Ties = append(out.Ties, result.Ties...)
		for _, i := range result.Order {
			out.Order = append(out.Order, out.Replies[i])
		}
	}
	out.compare()
	return out, out.explain(candidates, ballots)
}

// count lists all ballots, and gives those that count; refused are those among
// them that say "not rankable".
func (x *Rankings) count(ask *Ask, out *Remerge) (ballots []ranking.Ballot, refused int) {
	for _, c := range x.ballots[ask.Parent] {
		b := Ballot{Contributor: c.Contributor, At: c.at.Position.String(), Time: c.at.Time, Order: []int{}, NotRankable: c.NotRankable}
		for _, id := range c.Order {
			if i := slices.Index(out.Replies, id); i >= 0 {
				b.Order = append(b.Order, i)
			}
		}
		switch {
		case x.discounted[c.Contributor]:
			b.LeftOut = "discounted"
		case ask.Without != nil && ask.Without(c.Contributor):
			b.LeftOut = "named"
		case len(b.Order) == 0:
			b.LeftOut = "nothing left"
		case c.NotRankable:
			refused++
			out.Counted++
		default:
			ballots = append(ballots, b.Order)
			out.Counted++
		}
		out.Ballots = append(out.Ballots, b)
	}
	return ballots, refused
}

func (out *Remerge) explain(candidates []ranking.Candidate, ballots []ranking.Ballot) error {
	steps, err := ranking.ExplainBy(out.Rule, candidates, ballots)
	for _, s := range steps {
		out.Steps = append(out.Steps, Step{Above: s.Above, Below: s.Below, Margin: s.Margin, Votes: s.Votes, Locked: s.Locked, Equal: s.Equal})
	}
	return err
}

// compare holds the order against the newest merge's.
func (out *Remerge) compare() {
	var before []domain.MessageID
	if n := len(out.Merges); n > 0 {
		before = out.Merges[n-1].Order
	}
	out.Changed = !slices.Equal(before, out.Order)
	for _, id := range append(slices.Clone(before), out.Order...) {
		from, to := slices.Index(before, id), slices.Index(out.Order, id)
		if from != to && !slices.ContainsFunc(out.Moves, func(m Move) bool { return m.Message == id }) {
			out.Moves = append(out.Moves, Move{id, from, to})
		}
	}
}
