package main

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// boardLine is a line of the leaderboard, as far as it can be counted.
type boardLine struct {
	Rank              int    `json:"rank"`
	UserID            string `json:"user_id"`
	Score             int    `json:"leader_score"`
	Level             int    `json:"level"`
	Prompts           int    `json:"prompts"`
	RepliesAssistant  int    `json:"replies_assistant"`
	RepliesPrompter   int    `json:"replies_prompter"`
	LabelsSimple      int    `json:"labels_simple"`
	LabelsFull        int    `json:"labels_full"`
	Rankings          int    `json:"rankings_total"`
	RankingsGood      int    `json:"rankings_good"`
	AcceptedPrompts   int    `json:"accepted_prompts"`
	AcceptedAssistant int    `json:"accepted_replies_assistant"`
	AcceptedPrompter  int    `json:"accepted_replies_prompter"`
	Ranked1           int    `json:"reply_ranked_1"`
	Ranked2           int    `json:"reply_ranked_2"`
	Ranked3           int    `json:"reply_ranked_3"`
}

// ending is what a log's events come to: who wrote what, and what holds.
type ending struct {
	posts      map[domain.MessageID]tree.MessagePosted
	deleted    map[domain.MessageID]bool
	accepted   map[domain.MessageID]bool
	rejected   map[domain.MessageID]bool
	full       map[domain.TaskID]bool
	consensus  map[domain.MessageID]tree.RepliesRanked
	discounted map[domain.StreamID]map[domain.ContributorID]bool
	owner      map[domain.ContributorID]domain.ContributorID
	away       map[domain.ContributorID]bool // disabled or erased
	hidden     map[domain.ContributorID]bool
}

func endingOf(log []domain.Recorded) *ending {
	end := &ending{
		map[domain.MessageID]tree.MessagePosted{}, map[domain.MessageID]bool{}, map[domain.MessageID]bool{}, map[domain.MessageID]bool{},
		map[domain.TaskID]bool{}, map[domain.MessageID]tree.RepliesRanked{}, map[domain.StreamID]map[domain.ContributorID]bool{},
		map[domain.ContributorID]domain.ContributorID{}, map[domain.ContributorID]bool{}, map[domain.ContributorID]bool{},
	}
	for _, r := range log {
		if who, is := r.Stream.Contributor(); is {
			end.person(who, r.Payload)
		} else {
			end.tree(r)
		}
	}
	return end
}

func (end *ending) person(who domain.ContributorID, payload domain.Event) {
	switch e := payload.(type) {
	case contributor.Disabled, contributor.Erased:
		end.away[who] = true
	case contributor.Enabled:
		end.away[who] = false
	case contributor.Updated:
		end.hidden[who] = !e.ShowOnLeaderboard
	case contributor.Merged:
		end.owner[e.From] = e.Into
	}
}

func (end *ending) tree(r domain.Recorded) {
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		end.full[e.Task] = e.Full
	case tree.MessagePosted:
		end.posts[e.Message] = e
	case tree.MessageAccepted:
		end.accepted[e.Message], end.rejected[e.Message] = true, false
	case tree.MessageRejected:
		end.accepted[e.Message], end.rejected[e.Message] = false, true
	case tree.MessageReopened:
		end.accepted[e.Message], end.rejected[e.Message] = false, false
	case tree.MessageDeleted:
		for _, id := range e.Messages {
			end.deleted[id] = true
		}
	case tree.MessageRestored:
		for _, id := range e.Messages {
			end.deleted[id] = false
		}
	case tree.RepliesRanked:
		end.consensus[e.Parent] = e
	case tree.VotesDiscounted:
		end.ignore(r.Stream, e.Contributor, true)
	case tree.VotesReinstated:
		end.ignore(r.Stream, e.Contributor, false)
	}
}

func (end *ending) ignore(in domain.StreamID, who domain.ContributorID, ignored bool) {
	if end.discounted[in] == nil {
		end.discounted[in] = map[domain.ContributorID]bool{}
	}
	end.discounted[in][who] = ignored
}

// recount counts the leaderboard of what was done since then from the events
// of a log, as the rules have it (spec: collection §10).
func recount(log []domain.Recorded, since time.Time) []boardLine {
	end, lines := endingOf(log), map[domain.ContributorID]*boardLine{}
	line := func(who domain.ContributorID) *boardLine {
		for into, merged := end.owner[who]; merged; into, merged = end.owner[who] {
			who = into
		}
		if lines[who] == nil {
			lines[who] = &boardLine{UserID: who.String()}
		}
		return lines[who]
	}
	for _, r := range log {
		if r.Time.Before(since) {
			continue
		}
		switch e := r.Payload.(type) {
		case tree.MessagePosted:
			if !end.deleted[e.Message] {
				countPost(line(e.Contributor), e, end.accepted[e.Message])
			}
		case tree.LabelsSubmitted:
			switch {
			case e.Task.IsZero():
			case end.full[e.Task]:
				line(e.Contributor).LabelsFull++
			default:
				line(e.Contributor).LabelsSimple++
			}
		case tree.RankingSubmitted:
			line(e.Contributor).Rankings++
			if !e.NotRankable && !end.discounted[r.Stream][e.Contributor] {
				end.countRanking(line, e)
			}
		}
	}
	var board []boardLine
	for who, l := range lines {
		if !end.away[who] && !end.hidden[who] {
			l.Score, l.Level = scoreOf(l), levelOf(scoreOf(l))
			board = append(board, *l)
		}
	}
	slices.SortFunc(board, func(a, b boardLine) int { return cmp.Or(b.Score-a.Score, cmp.Compare(a.UserID, b.UserID)) })
	for i := range board {
		board[i].Rank = i + 1
	}
	return board
}

func countPost(l *boardLine, e tree.MessagePosted, accepted bool) {
	written, good := &l.RepliesPrompter, &l.AcceptedPrompter
	switch {
	case e.Parent.IsZero():
		written, good = &l.Prompts, &l.AcceptedPrompts
	case e.Role == domain.Assistant:
		written, good = &l.RepliesAssistant, &l.AcceptedAssistant
	}
	*written++
	if accepted {
		*good++
	}
}

func (end *ending) countRanking(line func(domain.ContributorID) *boardLine, e tree.RankingSubmitted) {
	for place, id := range e.Order {
		post, here := end.posts[id]
		if !here || end.deleted[id] || end.rejected[id] {
			continue
		}
		switch author := line(post.Contributor); place {
		case 0:
			author.Ranked1++
		case 1:
			author.Ranked2++
		case 2:
			author.Ranked3++
		}
	}
	merge := end.consensus[e.Parent]
	for _, b := range merge.Ballots {
		if b.Contributor == e.Contributor && !b.NotRankable && tau(b.Order, merge.Order) >= 0.5 {
			line(e.Contributor).RankingsGood++
		}
	}
}

// tau is Kendall's τ over what both orders hold; none is no agreement.
func tau(a, b []int) float64 {
	agree, pairs := 0, 0
	for i := range a {
		for j := i + 1; j < len(a); j++ {
			x, y := slices.Index(b, a[i]), slices.Index(b, a[j])
			switch {
			case x < 0 || y < 0:
				continue
			case x < y:
				agree++
			default:
				agree--
			}
			pairs++
		}
	}
	if pairs == 0 {
		return -1
	}
	return float64(agree) / float64(pairs)
}

func scoreOf(l *boardLine) int {
	return l.Prompts/10 + 4*l.RepliesAssistant + l.RepliesPrompter + l.LabelsSimple + 2*l.LabelsFull + l.Rankings + l.RankingsGood +
		l.AcceptedPrompts/10 + 4*l.AcceptedAssistant + l.AcceptedPrompter + 9*l.Ranked1 + 3*l.Ranked2 + l.Ranked3
}

func levelOf(score int) int {
	level, sum := 1, 0.0
	for k := 1; k < 100; k++ {
		sum += 1.1521*float64(k) + 3
		if float64(score) >= math.Round(sum) {
			level++
		}
	}
	return level
}

// eventsOf reads the whole log in a directory.
func eventsOf(t *testing.T, dir string) (all []domain.Recorded) {
	t.Helper()
	err := readLog(t.Context(), dir, func(log domain.Log) error {
		end, err := log.End(t.Context())
		if err != nil {
			return err
		}
		for r, err := range log.Read(t.Context(), log.Identity().Start(), end) {
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
