package tree_test

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

var now = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func person(n int) domain.ContributorID { return domain.ContributorID{15: byte(n)} }

func scenario(t *testing.T, p *policy.Policy) *domaintest.Scenario[tree.State, tree.Command, *policy.Context] {
	return domaintest.For(t, tree.Decider, &policy.Context{Now: now, Policy: p, Dice: domain.NewDice(1), Command: domain.CommandID{15: 9}}, now)
}

func TestGivenWhenThen(t *testing.T) {
	pol := policy.Default()
	task, root := domain.TaskID{15: 1}, domain.MessageID{15: 1}
	assigned := tree.TaskAssigned{Task: task, Kind: domain.TaskInitialPrompt, Language: "de", Contributor: person(1), Expires: now.Add(pol.TaskValidity)}
	scenario(t, &pol).
		When(tree.Assign{Task: task, Kind: domain.TaskInitialPrompt, Language: "de", Contributor: person(1)}).
		Then(assigned)
	scenario(t, &pol).
		Given(assigned, tree.TaskAcknowledged{Task: task, FrontendID: "f"}).
		When(tree.SubmitText{Task: task, By: person(1), FrontendID: "m", Text: "Wie alt wird ein Baum?", Terms: "2"}).
		Then(
			tree.Opened{Language: "de", Limits: tree.Limits{Goal: 12, MaxDepth: 3, MaxChildren: 3, PrompterReplies: 1}},
			tree.MessagePosted{Message: root, Task: task, Contributor: person(1), Role: domain.Prompter, Text: "Wie alt wird ein Baum?", Language: "de", FrontendID: "m", Terms: "2"},
		).
		When(tree.SubmitText{Task: task, By: person(1), FrontendID: "m", Text: "Wie alt wird ein Baum?", Terms: "2"}).
		Then().
		When(tree.React{Message: root, By: person(1), Emoji: domain.EmojiUp, Op: tree.EmojiAdd}).
		Then(). // votes on one's own message are ignored
		When(tree.React{Message: root, By: person(2), Emoji: domain.EmojiUp, Op: tree.EmojiAdd}).
		Then(tree.EmojiAdded{Message: root, Contributor: person(2), Emoji: domain.EmojiUp}).
		When(tree.React{Message: root, By: person(2), Emoji: domain.EmojiDown, Op: tree.EmojiAdd}).
		Then(tree.EmojiRemoved{Message: root, Contributor: person(2), Emoji: domain.EmojiUp},
			tree.EmojiAdded{Message: root, Contributor: person(2), Emoji: domain.EmojiDown}).
		When(tree.React{Message: root, By: person(2), Emoji: "thumbs", Op: tree.EmojiAdd}).
		Refused(domain.BadEmoji)
}
