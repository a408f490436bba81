package pool

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"dendro/domain"
	"dendro/domain/policy"
)

// Command is what can be asked of a pool.
type Command interface{ poolCommand() }

// Open begins a pool under the policy in force.
type Open struct {
	Policy   policy.Policy
	Revision int
}

// Configure puts a policy in force here; an older one than the pool's, or the
// same, changes nothing.
type Configure struct {
	Policy   policy.Policy
	Revision int
}

// Draw asks the lottery for the next tree to grow, if there is room.
type Draw struct{}

// Replenish asks for a tree from the backlog: because Ended trees of the
// language have just ended, or because too few rankings are open.
type Replenish struct{ Ended bool }

func (Open) poolCommand()      {}
func (Configure) poolCommand() {}
func (Draw) poolCommand()      {}
func (Replenish) poolCommand() {}

// Decider is the pool's aggregate. Its Evolve changes the state in place.
var Decider = domain.Decider[*State, Command, *policy.Context]{
	Initial: func() *State { return New(domain.PoolID{}) },
	Decide:  Decide,
	Evolve:  func(s *State, e domain.Event, _ time.Time) *State { s.Evolve(e); return s },
}

// Decide gives at most one event. The caller does what it says to the tree
// that it names, in the same append, and asks again until there is none.
func Decide(s *State, c Command, ctx *policy.Context) ([]domain.Event, error) {
	switch c := c.(type) {
	case Open:
		if s.Opened {
			return nil, nil
		}
		return []domain.Event{Opened{Language: s.ID.Language, Bucket: s.ID.Bucket, Revision: c.Revision, Policy: c.Policy}}, nil
	case Configure:
		if !s.Opened || c.Revision <= s.Revision {
			return nil, nil
		}
		return []domain.Event{Configured{Revision: c.Revision, Policy: c.Policy}}, nil
	case Draw:
		return s.draw(ctx.Dice), nil
	case Replenish:
		return s.replenish(c.Ended, ctx.Dice), nil
	default:
		return nil, domain.Refuse(domain.Invalid, "a pool does not know the command %T", c)
	}
}

// Candidate is an author in the lottery, with the waiting prompts.
type Candidate struct {
	Author domain.ContributorID
	Weight int // 1 + first places of the last month
	Trees  []domain.TreeID
}

// Candidates lists the lottery's candidates by author id, their trees by id.
func (s *State) Candidates() []Candidate {
	out := make([]Candidate, 0, len(s.waiting))
	for author, prompts := range s.waiting {
		c := Candidate{Author: author, Weight: 1 + s.firsts[author]}
		for i := range prompts.len() {
			c.Trees = append(c.Trees, domain.TreeID(prompts.at(i)))
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Candidate) int { return a.Author.Compare(b.Author) })
	return out
}

// DigestCandidates is the SHA-256, in hex, of one line per candidate:
// "author weight tree,tree,…\n".
func DigestCandidates(list []Candidate) string {
	h := sha256.New()
	for _, c := range list {
		trees := make([]string, len(c.Trees))
		for i, t := range c.Trees {
			trees[i] = t.String()
		}
		fmt.Fprintf(h, "%s %d %s\n", c.Author, c.Weight, strings.Join(trees, ","))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// DrawAmong is the lottery's rule: an author by weight, then one of the
// author's prompts uniformly. The same list and seed give the same winner.
func DrawAmong(list []Candidate, seed uint64) (author Candidate, tree domain.TreeID) {
	dice := domain.NewDice(seed)
	weights := make([]int, len(list))
	for i, c := range list {
		weights[i] = c.Weight
	}
	author = list[dice.Weighted(weights)]
	return author, author.Trees[dice.Below(len(author.Trees))]
}

func (s *State) draw(dice *domain.Dice) []domain.Event {
	growing := s.Count(domain.Growing)
	if growing >= s.Policy.MaxActiveTrees || len(s.waiting) == 0 {
		return nil
	}
	list := s.Candidates()
	total := 0
	for _, c := range list {
		total += c.Weight
	}
	seed := dice.Next()
	winner, tree := DrawAmong(list, seed)
	return []domain.Event{LotteryDrawn{
		Seed: seed, Authors: len(list), Weight: total, Digest: DigestCandidates(list),
		Author: winner.Author, Prompts: len(winner.Trees), Tree: tree,
		Growing: growing, MaxActive: s.Policy.MaxActiveTrees,
	}}
}

// replenish activates a backlog tree, by chance when one has ended, or for
// certain while too few rankings are open (spec: collection §4).
func (s *State) replenish(ended bool, dice *domain.Dice) []domain.Event {
	if s.backlog.len() == 0 {
		return nil
	}
	reason := "tree_ended"
	switch {
	case s.openRankings() < s.Policy.MinActiveRankings:
		reason = "few_rankings"
	case ended && dice.Chance(s.Policy.ActivateBacklogTree.Billionths(), full):
	default:
		return nil
	}
	seed := dice.Next()
	tree := s.backlog.at(domain.NewDice(seed).Below(s.backlog.len()))
	return []domain.Event{BacklogActivated{Tree: domain.TreeID(tree), Seed: seed, Reason: reason}}
}

func (s *State) openRankings() int {
	return len(s.shelves[domain.TaskRankPrompter.Index()].slots) + len(s.shelves[domain.TaskRankAssistant.Index()].slots)
}
