package integrity_test

import (
	"fmt"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/ranking"
	"dendro/domain/tree"
)

// step is one event of a hand-made history, under a label by which tests
// change it. A step without a stream is a takeover of the partition at.
type step struct {
	label  string
	stream domain.StreamID
	event  domain.Event
	at     domain.Partition
}

const partitions = 3

var (
	identity = domain.Identity{ID: domain.LogID{1}, Partitions: partitions}
	began    = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
)

// record numbers the steps as a log would. The first event of each partition
// is a claim. Events lie a second apart.
func record(steps []step) (events []domain.Recorded, labels []string) {
	var seq [partitions]domain.Seq
	var epoch [partitions]domain.Epoch
	versions := map[domain.StreamID]domain.Version{}
	homes := map[domain.TreeID]domain.Partition{}
	put := func(label string, p domain.Partition, stream domain.StreamID, e domain.Event) {
		seq[p]++
		versions[stream]++
		n := len(events)
		command := domain.NewID(began, [10]byte{byte(n >> 8), byte(n)})
		events = append(events, domain.Recorded{
			ID: domain.EventID(domain.Derive(domain.CommandID(command), "event", 0)), Position: domain.Position{Partition: p, Seq: seq[p]},
			Stream: stream, Version: versions[stream], Schema: 1, Time: began.Add(time.Duration(n) * time.Second),
			Actor: domain.ByRule("test"), Command: domain.CommandID(command), Epoch: epoch[p], Payload: e,
		})
		labels = append(labels, label)
	}
	claim := func(label string, p domain.Partition) {
		epoch[p]++
		put(label, p, domain.PartitionStream(p), domain.Claimed{Owner: "test"})
	}
	for p := range domain.Partition(partitions) {
		claim(fmt.Sprintf("claim %d", p), p)
	}
	for _, s := range steps {
		switch id, isTree := s.stream.Tree(); {
		case s.stream == "":
			claim(s.label, s.at)
		case isTree:
			if _, known := homes[id]; !known {
				homes[id] = domain.Place(string(poolStream(languageOf(s.event))), partitions)
			}
			put(s.label, homes[id], s.stream, s.event)
		default:
			put(s.label, domain.Place(string(s.stream), partitions), s.stream, s.event)
		}
	}
	return events, labels
}

func poolStream(language string) domain.StreamID {
	return domain.PoolID{Language: language}.Stream()
}

// languageOf is that of an event that can begin a tree; other events get "en".
func languageOf(e domain.Event) string {
	switch e := e.(type) {
	case tree.TaskAssigned:
		return e.Language
	case tree.Opened:
		return e.Language
	case tree.Imported:
		return e.Language
	}
	return "en"
}

func who(n byte) domain.ContributorID { return domain.ContributorID{15: n} }
func msg(n byte) domain.MessageID     { return domain.MessageID{0: 1, 15: n} }
func job(n byte) domain.TaskID        { return domain.TaskID{0: 1, 15: n} }

func treeOf(n byte) domain.StreamID { return domain.TreeStream(domain.TreeID(msg(n))) }

// task gives the three steps of a task's life up to its submission.
func task(label string, in domain.StreamID, e tree.TaskAssigned, submission domain.Event) []step {
	e.Language, e.Expires = "en", began.Add(48*time.Hour)
	return []step{
		{label: label + " assigned", stream: in, event: e},
		{label: label + " acknowledged", stream: in, event: tree.TaskAcknowledged{Task: e.Task, FrontendID: "f"}},
		{label: label, stream: in, event: submission},
	}
}

func reviewOf(n byte, kind domain.TaskKind, m domain.MessageID, by byte) []step {
	labels := []domain.Label{"spam", "lang_mismatch", "quality"}
	return task(fmt.Sprintf("review %d", n), treeOf(1),
		tree.TaskAssigned{Task: job(n), Kind: kind, Contributor: who(by), Message: m, Labels: labels, Mandatory: labels[:1]},
		tree.LabelsSubmitted{Message: m, Task: job(n), Contributor: who(by), Labels: []tree.LabelValue{
			{Label: "spam"}, {Label: "quality", Value: decimal.MustParse("0.75")},
		}})
}

func replyOf(n byte, parent domain.MessageID, by byte) []step {
	return task(fmt.Sprintf("reply %d", n), treeOf(1),
		tree.TaskAssigned{Task: job(n), Kind: domain.TaskAssistantReply, Contributor: who(by), Message: parent},
		tree.MessagePosted{Message: msg(n), Parent: parent, Task: job(n), Contributor: who(by), Role: domain.Assistant, Text: "Reply.", Language: "en"})
}

func rankingOf(n byte, by byte, order ...domain.MessageID) []step {
	return task(fmt.Sprintf("ranking %d", n), treeOf(1),
		tree.TaskAssigned{Task: job(n), Kind: domain.TaskRankAssistant, Contributor: who(by), Message: msg(1), Replies: []domain.MessageID{msg(10), msg(11)}},
		tree.RankingSubmitted{Parent: msg(1), Task: job(n), Contributor: who(by), Order: order})
}

func state(label string, in domain.StreamID, from, to domain.TreeState) step {
	return step{label: label, stream: in, event: tree.StateChanged{From: from, To: to, Rule: "test"}}
}

// life is the whole life of a tree, and what happens around it.
func life() []step {
	onePool := poolStream("en")
	small := policy.Default()
	small.MaxActiveTrees = 1
	var s []step
	add := func(more ...step) { s = append(s, more...) }
	add(
		step{label: "campaign", stream: domain.CampaignStream, event: campaign.Configured{Revision: 1, Policy: small}},
		step{label: "client", stream: domain.CampaignStream, event: campaign.ClientRegistered{Client: domain.ClientID{1}}},
		step{label: "contributor", stream: domain.ContributorStream(who(1)), event: contributor.Registered{Contributor: who(1)}},
		step{label: "consent", stream: domain.ContributorStream(who(1)), event: contributor.Consented{Terms: "1"}},
		step{label: "pool", stream: onePool, event: pool.Opened{Language: "en", Revision: 1, Policy: small}},
	)
	add(task("prompt", treeOf(1),
		tree.TaskAssigned{Task: job(1), Kind: domain.TaskInitialPrompt, Contributor: who(1)},
		tree.Opened{Language: "en", Limits: tree.Limits{Goal: 3, MaxDepth: 3, MaxChildren: 3, PrompterReplies: 1}})...)
	add(step{label: "root", stream: treeOf(1), event: tree.MessagePosted{
		Message: msg(1), Task: job(1), Contributor: who(1), Role: domain.Prompter, Text: "Prompt?", Language: "en"}})
	add(reviewOf(2, domain.TaskLabelInitialPrompt, msg(1), 2)...)
	add(
		step{label: "root accepted", stream: treeOf(1), event: tree.MessageAccepted{Message: msg(1), Reviews: 1, Score: decimal.Int(1)}},
		state("waiting", treeOf(1), domain.InitialPromptReview, domain.PromptLotteryWaiting),
		step{label: "drawn", stream: onePool, event: pool.LotteryDrawn{Tree: domain.TreeID(msg(1)), Author: who(1), Authors: 1, Weight: 1, Prompts: 1, MaxActive: 1}},
		step{label: "won", stream: treeOf(1), event: tree.LotteryWon{}},
		state("growing", treeOf(1), domain.PromptLotteryWaiting, domain.Growing),
		step{label: "takeover", at: domain.Place(string(onePool), partitions)},
	)
	add(replyOf(10, msg(1), 3)...)
	add(replyOf(11, msg(1), 4)...)
	add(reviewOf(12, domain.TaskLabelAssistantReply, msg(10), 2)...)
	add(step{label: "reply accepted", stream: treeOf(1), event: tree.MessageAccepted{Message: msg(10), Reviews: 1, Score: decimal.Int(1)}})
	add(
		step{label: "flag", stream: treeOf(1), event: tree.EmojiAdded{Message: msg(11), Contributor: who(2), Emoji: domain.EmojiRedFlag}},
		step{label: "deleted", stream: treeOf(1), event: tree.MessageDeleted{Deletion: domain.DeletionID{1}, Message: msg(11), Messages: []domain.MessageID{msg(11)}}},
		step{label: "restored", stream: treeOf(1), event: tree.MessageRestored{Deletion: domain.DeletionID{1}, Message: msg(11), Messages: []domain.MessageID{msg(11)}}},
		step{label: "edited", stream: treeOf(1), event: tree.MessageEdited{Message: msg(10), Text: "Better.", Revision: 1}},
		state("ranking", treeOf(1), domain.Growing, domain.Ranking),
	)
	add(rankingOf(20, 1, msg(11), msg(10))...)
	add(rankingOf(21, 2, msg(11), msg(10))...)
	add(
		state("scoring", treeOf(1), domain.Ranking, domain.ReadyForScoring),
		step{label: "ranked", stream: treeOf(1), event: tree.RepliesRanked{
			Parent: msg(1), Replies: []domain.MessageID{msg(10), msg(11)},
			Ballots: []tree.Ballot{{Contributor: who(1), Order: []int{1, 0}}, {Contributor: who(2), Order: []int{1, 0}}},
			Matrix:  [][]int{{0, 0}, {2, 0}}, Order: []int{1, 0}, TieRule: ranking.TieRule,
		}},
		state("exported", treeOf(1), domain.ReadyForScoring, domain.ReadyForExport),
		step{label: "import", stream: treeOf(100), event: tree.Imported{
			Language: "de", State: domain.BacklogRanking, Messages: []tree.ImportedMessage{
				{Message: msg(100), Role: domain.Prompter, Contributor: who(1), Created: began, Result: tree.Accepted},
				{Message: msg(101), Parent: msg(100), Role: domain.Assistant, Contributor: who(2), Created: began, Deleted: true},
			}}},
		step{label: "import deleted", stream: treeOf(100), event: tree.MessageRestored{
			Deletion: domain.DeletionID(msg(101)), Message: msg(101), Messages: []domain.MessageID{msg(101)}}},
		step{label: "pool de", stream: poolStream("de"), event: pool.Opened{Language: "de", Revision: 1, Policy: small}},
		step{label: "backlog", stream: poolStream("de"), event: pool.BacklogActivated{Tree: domain.TreeID(msg(100)), Reason: "tree_ended"}},
		state("activated", treeOf(100), domain.BacklogRanking, domain.Ranking),
	)
	return s
}

func find(t testing.TB, labels []string, label string) int {
	t.Helper()
	for i, l := range labels {
		if l == label {
			return i
		}
	}
	t.Fatalf("the history has no step %q", label)
	return -1
}
