package audit_test

import (
	"testing"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/audit"
)

// What a message's trail takes where it is not plain from the message's id.
func TestConcern(t *testing.T) {
	root, reply, other := domain.MessageID{1}, domain.MessageID{2}, domain.MessageID{3}
	ann, bob, cem := domain.ContributorID{1}, domain.ContributorID{2}, domain.ContributorID{3}
	shown, hidden := domain.TaskID{1}, domain.TaskID{2}
	all := []domain.MessageID{root, reply, other}
	c := audit.About(reply, []domain.MessageID{root})
	for i, step := range []struct {
		event domain.Event
		want  bool
		why   string
	}{
		{tree.Opened{}, false, "it is the tree's business"},
		{tree.MessagePosted{Message: root}, false, "it is the message above"},
		{tree.MessageDeleted{Message: other, Messages: all[2:]}, false, "another one is taken"},
		{tree.MessageDeleted{Message: root, Messages: all[:1]}, true, "so the reply is born deleted"},
		{tree.MessagePosted{Message: reply, Parent: root}, true, "it is the message"},
		{tree.MessageDeleted{Message: root, Messages: all[:1]}, false, "it was there, and was not taken"},
		{tree.MessageRestored{Message: root, Messages: all[:2]}, true, "it comes back"},
		{tree.LabelsSubmitted{Message: reply, Contributor: ann}, true, "free labels are told"},
		{tree.VotesDiscounted{Contributor: ann}, false, "but are no votes"},
		{tree.LabelsSubmitted{Message: root, Contributor: bob, Task: shown}, false, "a review of another message"},
		{tree.VotesDiscounted{Contributor: bob}, false, "who voted on others only"},
		{tree.TaskAssigned{Task: shown, Kind: domain.TaskRankAssistant, Message: root, Replies: all[1:]}, false, "tasks are left out"},
		{tree.TaskAssigned{Task: hidden, Kind: domain.TaskRankAssistant, Message: reply, Replies: all[2:]}, false, "tasks are left out"},
		{tree.RankingSubmitted{Task: shown, Parent: root, Contributor: cem, NotRankable: true}, true, "its task showed the reply"},
		{tree.RankingSubmitted{Task: hidden, Parent: reply, Contributor: bob, Order: all[2:]}, false, "it ranks what is below"},
		{tree.VotesDiscounted{Contributor: cem}, true, "a vote on it counts no longer"},
		{tree.VotesReinstated{Contributor: cem}, true, "and counts again"},
		{tree.RepliesRanked{Parent: reply, Replies: all[2:]}, false, "it merges what is below"},
		{tree.RepliesRanked{Parent: root, Replies: all[1:]}, true, "it gives the reply its rank"},
		{tree.StateChanged{To: domain.Growing}, true, "the tree's way is the message's"},
		{tree.Imported{Messages: []tree.ImportedMessage{{Message: other}}}, false, "it is not in it"},
		{tree.Imported{Messages: []tree.ImportedMessage{{Message: other}, {Message: reply}}}, true, "it came with it"},
		{tree.MessageScored{Message: reply}, true, "it is about it"},
		{tree.EmojiRemoved{Message: other}, false, "it is about another"},
	} {
		if got := c.Takes(step.event); got != step.want {
			t.Errorf("event %d, %s: %v, but %s", i, step.event.Type(), got, step.why)
		}
	}
}
