package tree

import (
	"dendro/domain"
	"dendro/domain/policy"
)

// Work tells the pool what the tree has need for (spec: collection §5).
// Slots come in the order of the messages.
func (s *State) Work(p *policy.Policy) domain.Work {
	w := domain.Work{Tree: s.ID, State: s.State}
	root := s.Root()
	if root == nil {
		return w
	}
	w.Author = root.Author
	switch s.State {
	case domain.InitialPromptReview:
		s.offerReviews(&w, p, s.Messages[:1])
	case domain.PromptLotteryWaiting:
		w.Drawable = root.Result == Accepted && !root.Deleted()
	case domain.Growing:
		s.offerReviews(&w, p, s.Messages[1:])
		s.offerReplies(&w, p)
	case domain.Ranking:
		s.offerRankings(&w, p)
	}
	return w
}

func (s *State) offerReviews(w *domain.Work, p *policy.Policy, of []*Message) {
	for _, m := range of {
		if m.Deleted() || m.Result != Undecided {
			continue
		}
		n, _ := s.reviews(m)
		places := p.NumReviews(m.Parent < 0) - n
		if places <= 0 {
			continue
		}
		barred := []domain.ContributorID{m.Author}
		for _, r := range m.Reviews {
			barred = append(barred, r.By)
		}
		w.Slots = append(w.Slots, domain.Slot{
			Kind: domain.LabelTask(m.Role, m.Parent < 0), Message: m.ID, Places: places,
			Barred: m.skippers(barred, domain.EmojiSkipLabel),
		})
	}
}

func (s *State) offerReplies(w *domain.Work, p *policy.Policy) {
	if _, live, _ := s.count(); live >= s.Limits.Goal || s.Messages[0].Result != Accepted {
		return
	}
	for i, m := range s.Messages {
		if m.Result != Accepted || m.Deleted() || m.Depth >= s.Limits.MaxDepth {
			continue
		}
		live := s.liveChildren(i)
		most := s.Limits.MaxChildren
		if m.Role == domain.Assistant {
			most = min(most, s.Limits.PrompterReplies)
		}
		if live >= most {
			continue
		}
		var barred []domain.ContributorID
		for _, child := range s.Messages[i+1:] {
			if child.Parent == i {
				barred = append(barred, child.Author)
			}
		}
		w.Slots = append(w.Slots, domain.Slot{
			Kind: domain.ReplyTask(m.Role.Other()), Message: m.ID, Places: 1,
			Lonely: m.Role == domain.Prompter && live > 0 && live < p.LonelyChildrenCount,
			Barred: m.skippers(barred, domain.EmojiSkipReply),
		})
	}
}

func (s *State) offerRankings(w *domain.Work, p *policy.Policy) {
	for i, m := range s.Messages {
		missing := s.missingRankings(i, p.Ranks, p.NumRequiredRankings)
		if missing <= 0 {
			continue
		}
		var barred []domain.ContributorID
		for _, j := range s.rankable(i) {
			barred = append(barred, s.Messages[j].Author)
		}
		for _, v := range m.Votes {
			barred = append(barred, v.By)
		}
		w.Slots = append(w.Slots, domain.Slot{
			Kind: domain.RankTask(m.Role.Other()), Message: m.ID, Places: missing,
			Barred: m.skippers(barred, domain.EmojiSkipRanking),
		})
	}
}

// skippers adds those who ever skipped such a task on the message.
func (m *Message) skippers(barred []domain.ContributorID, skip domain.Emoji) []domain.ContributorID {
	bit := skip.Index()
	for _, r := range m.Reactions {
		if r.Ever>>bit&1 == 1 {
			barred = append(barred, r.By)
		}
	}
	return barred
}
