package tree

import "dendro/domain"

// move changes the state by a rule; to where the tree is already, not.
func (d *decision) move(to domain.TreeState, reason, rule string) {
	if d.s.State != to {
		d.emit(StateChanged{From: d.s.State, To: to, Reason: reason, Rule: rule})
	}
}

// settle tests the conditions of spec collection §4 until none holds any
// more. Every step leads forward in the tree's life, but for a prompt opened
// again, and that one waits for reviews: so it ends.
func (d *decision) settle() {
	for before := domain.TreeState(""); before != d.s.State; {
		before = d.s.State
		switch before {
		case domain.InitialPromptReview, domain.PromptLotteryWaiting:
			d.settlePrompt()
		case domain.Growing:
			d.settleGrowing()
		case domain.Ranking:
			d.settleRanking()
		}
	}
}

func (d *decision) settlePrompt() {
	root := d.s.Root()
	if d.s.State == domain.InitialPromptReview && root.Result == Undecided {
		d.review(root.ID)
		root = d.s.Root()
	}
	switch {
	case root.Deleted():
		d.move(domain.HaltedByModerator, "the prompt is deleted", allDeleted)
	case root.Result == Rejected:
		d.move(domain.AbortedLowGrade, "the reviews rejected the prompt", "reviews")
	case root.Result == Undecided:
		d.move(domain.InitialPromptReview, "the prompt is to be reviewed again", "reviews")
	case d.s.Won:
		d.move(domain.Growing, "the prompt is accepted, and had won the lottery", "reviews")
	default:
		d.move(domain.PromptLotteryWaiting, "the reviews accepted the prompt", "reviews")
	}
}

func (d *decision) settleGrowing() {
	for _, m := range d.s.Messages[1:] {
		if m.Result == Undecided && !m.Deleted() {
			d.review(m.ID) // the policy may ask for fewer reviews than before
		}
	}
	root := d.s.Root()
	alive := false
	for _, m := range d.s.Messages {
		alive = alive || !m.Deleted()
	}
	accepted, _, waiting := d.s.count()
	switch {
	case !alive:
		d.move(domain.HaltedByModerator, "every message is deleted", allDeleted)
	case root.Result == Undecided:
		d.move(domain.InitialPromptReview, "the prompt is to be reviewed again", "reviews")
	case root.Result == Rejected:
		d.move(domain.AbortedLowGrade, "the reviews rejected the prompt", "reviews")
	case accepted >= d.s.Limits.Goal && waiting == 0:
		d.move(domain.Ranking, "the tree has grown to its goal", "goal_reached")
	}
}

func (d *decision) settleRanking() {
	for i := range d.s.Messages {
		if d.missingRankings(i) > 0 {
			return
		}
	}
	d.move(domain.ReadyForScoring, "every parent has its rankings", "rankings_complete")
	d.score()
}

// missingRankings tells how many rankings the replies to the message at i
// still lack before every one of them has been part of enough.
func (d *decision) missingRankings(i int) int {
	return d.s.missingRankings(i, d.ctx.Policy.Ranks, d.ctx.Policy.NumRequiredRankings)
}

func (s *State) missingRankings(i int, ranks func(domain.Role) bool, required int) int {
	if !ranks(s.Messages[i].Role.Other()) {
		return 0
	}
	replies := s.rankable(i)
	if len(replies) < 2 {
		return 0
	}
	missing := 0
	for _, j := range replies {
		missing = max(missing, required-s.rankings(i, s.Messages[j].ID))
	}
	return missing
}

// rankings counts the rankings of the replies to the message at i that the
// reply has been part of.
func (s *State) rankings(i int, reply domain.MessageID) int {
	n := 0
	for _, v := range s.Messages[i].Votes {
		if s.discounted(v.By) {
			continue
		}
		for _, id := range v.Order {
			if id == reply {
				n++
				break
			}
		}
	}
	return n
}
