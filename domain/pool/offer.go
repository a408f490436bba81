package pool

import (
	"dendro/domain"
	"dendro/domain/policy"
)

// Request asks for a task.
type Request struct {
	Kind        domain.TaskKind // TaskRandom draws one
	Contributor domain.ContributorID
	// Collective asks for a task that several contributors work on. Initial
	// prompts are never one: each would begin a tree of its own.
	Collective bool
}

// Assignment is the pool's answer: which task, on which message of which tree
// (both zero for an initial prompt), and whether a label task asks for all.
type Assignment struct {
	Kind    domain.TaskKind
	Tree    domain.TreeID
	Message domain.MessageID
	Full    bool
}

const full = 1_000_000_000 // chances are parts of this

// Offer chooses the next task (spec: collection §5). It changes nothing; call
// Advance first. Its cost does not depend on the number of trees.
func (s *State) Offer(r Request, ctx *policy.Context) (Assignment, error) {
	for _, never := range domain.NeverAvailable {
		if r.Kind == never {
			return Assignment{}, noTask(r.Kind)
		}
	}
	if r.Kind != domain.TaskRandom && r.Kind.Index() < 0 {
		return Assignment{}, domain.Refuse(domain.BadTaskKind, "there is no kind of task %q", r.Kind)
	}
	if p := s.pending[r.Contributor]; p >= s.Policy.MaxPendingTasksPerUser {
		return Assignment{}, domain.Refuse(domain.TooManyPending, "%d tasks are open; finish or decline one, or wait a few minutes", p)
	}
	kind := r.Kind
	if kind == domain.TaskRandom {
		var ok bool
		if kind, ok = s.drawKind(r, ctx.Dice); !ok {
			return Assignment{}, noTask(r.Kind)
		}
	}
	if kind == domain.TaskInitialPrompt {
		if r.Collective {
			return Assignment{}, domain.Refuse(domain.Invalid, "a task for initial prompts is one contributor's; ask for one each")
		}
		if s.promptsWanted() <= 0 {
			return Assignment{}, noTask(kind)
		}
		return Assignment{Kind: kind}, nil
	}
	return s.offerSlot(kind, r, ctx.Dice)
}

func noTask(kind domain.TaskKind) error {
	return domain.Refuse(domain.NoTask, "no %s task is available now; try another kind, or later", kind)
}

func (s *State) offerSlot(kind domain.TaskKind, r Request, dice *domain.Dice) (Assignment, error) {
	f := &s.shelves[kind.Index()]
	var chosen *slot
	ok := false
	if f.lonely.len() > 0 && dice.Chance(s.Policy.LonelyChildExtension.Billionths(), full) {
		chosen, ok = f.pick(&f.lonely, r.Contributor, dice)
	}
	if !ok {
		chosen, ok = f.pick(&f.open, r.Contributor, dice)
	}
	if !ok {
		return Assignment{}, noTask(r.Kind)
	}
	a := Assignment{Kind: kind, Tree: chosen.tree, Message: chosen.Message}
	if kind.IsLabel() {
		a.Full = r.Kind != domain.TaskRandom || dice.Chance(s.Policy.FullReview(kind).Billionths(), full)
	}
	return a, nil
}

// promptsWanted tells how many more initial prompts the language has use for.
func (s *State) promptsWanted() int {
	p := &s.Policy
	for _, lang := range p.InitPromptDisabledLangs {
		if lang == s.ID.Language {
			return 0
		}
	}
	room := max(p.MaxActiveTrees-s.Count(domain.Growing), 0) + max(p.MaxInitialPromptReview-s.Count(domain.InitialPromptReview), 0)
	return min(room, max(p.MaxPromptLotteryWaiting-s.Count(domain.PromptLotteryWaiting), 0))
}

// Available counts what the contributor could be given, by kind, in the order
// of domain.TaskKinds. Asking changes nothing; call Advance first.
func (s *State) Available(who domain.ContributorID) [len(domain.TaskKinds)]int {
	var out [len(domain.TaskKinds)]int
	for i, kind := range domain.TaskKinds {
		if kind == domain.TaskInitialPrompt {
			out[i] = s.promptsWanted()
		} else {
			out[i] = s.shelves[i].available(who)
		}
	}
	return out
}

// groups are the types that a random request draws among, with their weights
// in hundredths (spec: collection §5).
var groups = [...]struct {
	weight int
	kinds  []domain.TaskKind
}{
	{1000, []domain.TaskKind{domain.TaskRankPrompter, domain.TaskRankAssistant}},
	{500, []domain.TaskKind{domain.TaskLabelPrompterReply, domain.TaskLabelAssistantReply}},
	{500, []domain.TaskKind{domain.TaskLabelInitialPrompt}},
	{200, []domain.TaskKind{domain.TaskPrompterReply, domain.TaskAssistantReply}},
	{1, []domain.TaskKind{domain.TaskInitialPrompt}},
}

// drawKind draws a group by weight among those that have work for the
// contributor, then one of its kinds by how much there is of each.
func (s *State) drawKind(r Request, dice *domain.Dice) (domain.TaskKind, bool) {
	available := s.Available(r.Contributor)
	if r.Collective {
		available[domain.TaskInitialPrompt.Index()] = 0
	}
	weights := make([]int, len(groups))
	any := false
	for g, group := range groups {
		for _, k := range group.kinds {
			if available[k.Index()] > 0 {
				weights[g], any = group.weight, true
			}
		}
	}
	if !any {
		return "", false
	}
	kinds := groups[dice.Weighted(weights)].kinds
	if len(kinds) == 1 {
		return kinds[0], true
	}
	amounts := make([]int, len(kinds))
	for i, k := range kinds {
		amounts[i] = available[k.Index()]
	}
	return kinds[dice.Weighted(amounts)], true
}
