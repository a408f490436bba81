package integrity_test

import (
	"errors"
	"slices"
	"strings"
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
	"dendro/projections/integrity"
)

// fold gives the first violation, or nil.
func fold(t testing.TB, events []domain.Recorded) *integrity.Violation {
	t.Helper()
	check := integrity.New(identity)
	for _, r := range events {
		err := check.Apply(r)
		if err == nil {
			continue
		}
		var v *integrity.Violation
		if !errors.As(err, &v) {
			t.Fatalf("Apply answers with %T, not with a violation", err)
		}
		return v
	}
	return nil
}

// byPartition orders events as Log.Read gives them.
func byPartition(events []domain.Recorded) []domain.Recorded {
	out := slices.Clone(events)
	slices.SortStableFunc(out, func(a, b domain.Recorded) int { return int(a.Position.Partition - b.Position.Partition) })
	return out
}

func TestLifeIsValid(t *testing.T) {
	events, _ := record(life())
	if v := fold(t, events); v != nil {
		t.Errorf("as written: %v", v)
	}
	if v := fold(t, byPartition(events)); v != nil {
		t.Errorf("partition by partition: %v", v)
	}
}

// TestEnvelopes spoils one finished event of a valid history.
func TestEnvelopes(t *testing.T) {
	for _, c := range []struct {
		name, at string
		spoil    func(r *domain.Recorded)
		rule     integrity.Rule
		why      string
	}{
		{"seq left out", "root", func(r *domain.Recorded) { r.Position.Seq++ }, integrity.RuleSeq, "where seq"},
		{"seq twice", "root", func(r *domain.Recorded) { r.Position.Seq-- }, integrity.RuleSeq, "where seq"},
		{"no such partition", "root", func(r *domain.Recorded) { r.Position.Partition = partitions }, integrity.RuleSeq, "no partition 3"},
		{"version left out", "root", func(r *domain.Recorded) { r.Version++ }, integrity.RuleVersion, "where"},
		{"first version is 2", "contributor", func(r *domain.Recorded) { r.Version++ }, integrity.RuleVersion, "version 2 where 1"},
		{"epoch 0", "claim 1", func(r *domain.Recorded) { r.Epoch = 0 }, integrity.RuleEpoch, "no epoch"},
		{"no claim at all", "claim 1", func(r *domain.Recorded) {
			r.Stream, r.Payload = domain.CampaignStream, campaign.ClientRevoked{}
		}, integrity.RuleEpoch, "does not begin with writer.claimed"},
		{"epoch unclaimed", "root", func(r *domain.Recorded) { r.Epoch++ }, integrity.RuleEpoch, "does not begin with writer.claimed"},
		{"epoch claimed twice", "takeover", func(r *domain.Recorded) { r.Epoch-- }, integrity.RuleEpoch, "begun already"},
		{"fenced writer", "reply 10", func(r *domain.Recorded) { r.Epoch-- }, integrity.RuleEpoch, "fenced"},
		{"time goes back", "root", func(r *domain.Recorded) { r.Time = began }, integrity.RuleTime, "before"},
		{"nanoseconds", "root", func(r *domain.Recorded) { r.Time = r.Time.Add(1) }, integrity.RuleTime, "whole microseconds"},
		{"no id", "root", func(r *domain.Recorded) { r.ID = domain.EventID{} }, integrity.RuleID, "no id"},
		{"stream without a name", "root", func(r *domain.Recorded) { r.Stream = "tree/1" }, integrity.RuleStream, "not the name of a stream"},
		{"stream of another kind", "root", func(r *domain.Recorded) { r.Stream = domain.CampaignStream }, integrity.RuleStream, "belongs into a tree stream"},
		{"no payload", "root", func(r *domain.Recorded) { r.Payload = nil }, integrity.RuleStream, "no payload"},
		{"unknown payload", "root", func(r *domain.Recorded) { r.Payload = stranger{} }, integrity.RuleStream, "no stream takes"},
		{"claim of another partition", "takeover", func(r *domain.Recorded) { r.Stream = domain.PartitionStream(99) }, integrity.RulePlace, "another partition"},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, labels := record(life())
			i := find(t, labels, c.at)
			c.spoil(&events[i])
			expect(t, events, i, c.rule, c.why)
		})
	}
}

type stranger struct{}

func (stranger) Type() domain.EventType { return "stranger.came" }

func expect(t *testing.T, events []domain.Recorded, at int, rule integrity.Rule, why string) {
	t.Helper()
	v := fold(t, events)
	switch {
	case v == nil:
		t.Fatal("nothing was found")
	case v.Event != events[at].ID || v.At != events[at].Position:
		t.Fatalf("found at %s, want %s: %v", v.At, events[at].Position, v)
	case v.Rule != rule || !strings.Contains(v.Why, why):
		t.Fatalf("found %s %q, want %s with %q", v.Rule, v.Why, rule, why)
	}
	if text := v.Error(); !strings.Contains(text, v.At.String()) || strings.Contains(text, "\n") {
		t.Errorf("the error does not name the event in one line: %q", text)
	}
}

func TestEventIDTwice(t *testing.T) {
	events, labels := record(life())
	i := find(t, labels, "ranked")
	events[i].ID = events[0].ID // of another partition or not: an id is the whole log's
	expect(t, events, i, integrity.RuleID, "an earlier event has its id")
}

// TestStreamInTwoPartitions moves the end of a stream to another partition,
// numbers there and all.
func TestStreamInTwoPartitions(t *testing.T) {
	for label, rule := range map[string]string{
		"consent":     "the stream began in partition",
		"contributor": "belongs into partition",
		"pool de":     "belongs into partition",
		"import":      "pool/de/0 belongs into partition",
		"campaign":    "campaign belongs into partition",
	} {
		events, labels := record(life())
		i := find(t, labels, label)
		from := events[i].Position.Partition
		to := (from + 1) % partitions
		last := domain.Recorded{}
		for _, r := range events[:i] {
			if r.Position.Partition == to {
				last = r
			}
		}
		events[i].Position, events[i].Epoch = domain.Position{Partition: to, Seq: last.Position.Seq + 1}, last.Epoch
		expect(t, events, i, integrity.RulePlace, rule)
	}
}

func TestFirstViolationStays(t *testing.T) {
	events, labels := record(life())
	i := find(t, labels, "root")
	events[i].Version++
	check := integrity.New(identity)
	var first error
	for _, r := range events {
		if err := check.Apply(r); first == nil {
			first = err
		} else if err != first {
			t.Fatalf("after %v came %v", first, err)
		}
	}
	if first == nil {
		t.Fatal("nothing was found")
	}
}

// change makes another payload of the one that the label names.
func change[E domain.Event](how func(*E)) func(domain.Event) domain.Event {
	return func(e domain.Event) domain.Event {
		changed := e.(E)
		how(&changed)
		return changed
	}
}

// swap puts another payload in the place of the one that the label names.
func swap(e domain.Event) func(domain.Event) domain.Event {
	return func(domain.Event) domain.Event { return e }
}

// TestPayloads spoils what one event of a valid history says.
func TestPayloads(t *testing.T) {
	for _, c := range []struct {
		name, at string
		spoil    func(domain.Event) domain.Event
		rule     integrity.Rule
		why      string
	}{
		{"tree begins with something else", "prompt assigned", swap(tree.LotteryWon{}), integrity.RuleOpening, "a tree begins with"},
		{"tree begins with another task", "prompt assigned", change(func(e *tree.TaskAssigned) { e.Kind = domain.TaskAssistantReply }), integrity.RuleOpening, "a tree begins with"},
		{"prompt task with an id of its own", "prompt assigned", change(func(e *tree.TaskAssigned) { e.Task = job(77) }), integrity.RuleOpening, "the id of its tree"},
		{"opened in another language", "prompt", change(func(e *tree.Opened) { e.Language = "de" }), integrity.RuleOpening, `one of "en", not of "de"`},
		{"import of another state", "import", change(func(e *tree.Imported) { e.State = domain.Growing }), integrity.RuleState, "imported as"},
		{"import without messages", "import", change(func(e *tree.Imported) { e.Messages = nil }), integrity.RuleMessage, "the imported tree has no message"},
		{"import without the parent", "import", change(func(e *tree.Imported) { e.Messages = slices.Clone(e.Messages[1:]) }), integrity.RuleMessage, "is no message of the tree"},

		{"parent unknown", "reply 10", change(func(e *tree.MessagePosted) { e.Parent = msg(99) }), integrity.RuleMessage, "is no message of the tree"},
		{"roles do not alternate", "reply 10", change(func(e *tree.MessagePosted) { e.Role = domain.Prompter }), integrity.RuleMessage, "roles alternate"},
		{"root of the wrong role", "root", change(func(e *tree.MessagePosted) { e.Role = domain.Assistant }), integrity.RuleMessage, "it is a prompter's"},
		{"root with another id", "root", change(func(e *tree.MessagePosted) { e.Message = msg(9) }), integrity.RuleMessage, "another id than its tree"},
		{"message without an id", "reply 10", change(func(e *tree.MessagePosted) { e.Message = domain.MessageID{} }), integrity.RuleMessage, "no id"},
		{"message twice", "reply 11", change(func(e *tree.MessagePosted) { e.Message = msg(10) }), integrity.RuleMessage, "already"},
		{"revision left out", "edited", change(func(e *tree.MessageEdited) { e.Revision = 2 }), integrity.RuleMessage, "revision 2 of the text where 1"},
		{"emoji on no message", "flag", change(func(e *tree.EmojiAdded) { e.Message = msg(99) }), integrity.RuleMessage, "no message"},
		{"message of another tree", "flag", swap(tree.MessageReported{Message: domain.MessageID{}}), integrity.RuleMessage, "no message"},

		{"task twice", "reply 11 assigned", change(func(e *tree.TaskAssigned) { e.Task = job(10) }), integrity.RuleTask, "already"},
		{"task in another language", "reply 10 assigned", change(func(e *tree.TaskAssigned) { e.Language = "de" }), integrity.RuleTask, "not of"},
		{"task on no message", "reply 10 assigned", change(func(e *tree.TaskAssigned) { e.Message = msg(99) }), integrity.RuleMessage, "no message"},
		{"task of the wrong kind", "reply 10 assigned", change(func(e *tree.TaskAssigned) { e.Kind = domain.TaskPrompterReply }), integrity.RuleTask, "can't be about"},
		{"label task of the wrong kind", "review 2 assigned", change(func(e *tree.TaskAssigned) { e.Kind = domain.TaskLabelPrompterReply }), integrity.RuleTask, "can't be about"},
		{"ranks what is no reply", "ranking 20 assigned", change(func(e *tree.TaskAssigned) { e.Replies = []domain.MessageID{msg(10), msg(1)} }), integrity.RuleRanking, "is no reply"},
		{"unknown task acknowledged", "reply 10 acknowledged", change(func(e *tree.TaskAcknowledged) { e.Task = job(99) }), integrity.RuleTask, "no task"},
		{"acknowledged when done", "reply 11 acknowledged", swap(tree.TaskAcknowledged{Task: job(10)}), integrity.RuleTask, "is done"},
		{"task closed that is not collective", "reply 10 acknowledged", swap(tree.TaskClosed{Task: job(10)}), integrity.RuleTask, "collective tasks are closed"},
		{"submission without a task", "reply 10", change(func(e *tree.MessagePosted) { e.Task = job(99) }), integrity.RuleTask, "no task"},
		{"submission to a declined task", "reply 10 acknowledged", swap(tree.TaskDeclined{Task: job(10)}), integrity.RuleTask, "is declined"},
		{"submission before acknowledging", "reply 10 acknowledged", swap(tree.EmojiAdded{Message: msg(1)}), integrity.RuleTask, "not acknowledged"},
		{"submission of another", "reply 10", change(func(e *tree.MessagePosted) { e.Contributor = who(9) }), integrity.RuleTask, "was given to contributor"},
		{"second submission", "reply 11", change(func(e *tree.MessagePosted) { e.Task = job(10) }), integrity.RuleTask, "is done"},
		{"text for a label task", "review 12", swap(tree.MessagePosted{Message: msg(12), Parent: msg(1), Task: job(12), Contributor: who(2), Role: domain.Assistant}), integrity.RuleTask, "asked for something else"},
		{"labels for a reply task", "reply 11", swap(tree.LabelsSubmitted{Message: msg(1), Task: job(11), Contributor: who(4)}), integrity.RuleTask, "asked for something else"},
		{"labels of another message", "review 12", change(func(e *tree.LabelsSubmitted) { e.Message = msg(11) }), integrity.RuleTask, "asked for something else"},
		{"ranking for a reply task", "reply 10", swap(tree.RankingSubmitted{Parent: msg(1), Task: job(10), Contributor: who(3)}), integrity.RuleTask, "asked for something else"},

		{"label not allowed", "review 2", change(func(e *tree.LabelsSubmitted) {
			e.Labels = []tree.LabelValue{{Label: "spam"}, {Label: "violence"}}
		}), integrity.RuleReview, "does not allow"},
		{"label missing", "review 2", change(func(e *tree.LabelsSubmitted) { e.Labels = e.Labels[1:] }), integrity.RuleReview, "is missing"},
		{"label twice", "review 2", change(func(e *tree.LabelsSubmitted) {
			e.Labels = []tree.LabelValue{{Label: "spam"}, {Label: "spam"}}
		}), integrity.RuleReview, "given twice"},
		{"label above 1", "review 2", change(func(e *tree.LabelsSubmitted) {
			e.Labels = []tree.LabelValue{{Label: "spam", Value: decimal.Int(2)}}
		}), integrity.RuleReview, "not from 0 to 1"},
		{"accepted twice", "reply accepted", change(func(e *tree.MessageAccepted) { e.Message = msg(1) }), integrity.RuleReview, "accepted already"},
		{"reopened while open", "reply accepted", swap(tree.MessageReopened{Message: msg(10)}), integrity.RuleReview, "undecided already"},

		{"ranking of unknown replies", "ranking 20", change(func(e *tree.RankingSubmitted) { e.Order = []domain.MessageID{msg(10), msg(99)} }), integrity.RuleRanking, "is no reply"},
		{"ranking of one reply twice", "ranking 20", change(func(e *tree.RankingSubmitted) { e.Order = []domain.MessageID{msg(10), msg(10)} }), integrity.RuleRanking, "there twice"},
		{"ranking of too few", "ranking 20", change(func(e *tree.RankingSubmitted) { e.Order = e.Order[:1] }), integrity.RuleRanking, "the task presented 2"},
		{"ranking of more than was presented", "ranking 20 assigned", change(func(e *tree.TaskAssigned) { e.Replies = e.Replies[:1] }), integrity.RuleRanking, "the task presented 1"},
		{"ballot of nobody", "ranked", change(func(e *tree.RepliesRanked) { e.Ballots[0].Contributor = who(9) }), integrity.RuleRanking, "handed in no such ranking"},
		{"ballot turned round", "ranked", change(func(e *tree.RepliesRanked) { e.Ballots[0].Order = []int{0, 1} }), integrity.RuleRanking, "handed in no such ranking"},
		{"two ballots of one", "ranked", change(func(e *tree.RepliesRanked) { e.Ballots[1].Contributor = who(1) }), integrity.RuleRanking, "two ballots"},
		{"matrix", "ranked", change(func(e *tree.RepliesRanked) { e.Matrix = [][]int{{0, 0}, {1, 0}} }), integrity.RuleRanking, "another matrix"},
		{"order", "ranked", change(func(e *tree.RepliesRanked) { e.Order = []int{0, 1} }), integrity.RuleRanking, "another order: [1 0]"},
		{"no order", "ranked", change(func(e *tree.RepliesRanked) { e.Order = nil }), integrity.RuleRanking, "another order: [1 0]"},
		{"ties", "ranked", change(func(e *tree.RepliesRanked) { e.Ties = [][2]int{{1, 0}} }), integrity.RuleRanking, "other pairs"},

		{"from another state", "growing", change(func(e *tree.StateChanged) { e.From = domain.Ranking }), integrity.RuleState, `but the tree is "prompt_lottery_waiting"`},
		{"not in the table", "growing", change(func(e *tree.StateChanged) { e.To = domain.ReadyForExport }), integrity.RuleState, "can't move"},
		{"to itself", "growing", change(func(e *tree.StateChanged) { e.To = e.From }), integrity.RuleState, "can't move"},
		{"growing without luck", "won", swap(tree.MessageScored{Message: msg(1)}), integrity.RuleLottery, "without having won"},
		{"won without a draw", "drawn", nil, integrity.RuleLottery, "no lottery.drawn before it"},
		{"won while in review", "waiting", swap(tree.LotteryWon{}), integrity.RuleLottery, "only a waiting tree can win"},
		{"draw of a tree in review", "waiting", swap(tree.MessageScored{Message: msg(1)}), integrity.RuleLottery, `is "initial_prompt_review", not prompt_lottery_waiting`},
		{"draw of an unknown tree", "drawn", change(func(e *pool.LotteryDrawn) { e.Tree = domain.TreeID(msg(99)) }), integrity.RuleLottery, "no tree"},
		{"draw under another limit", "drawn", change(func(e *pool.LotteryDrawn) { e.MaxActive = 2 }), integrity.RuleLottery, "the policy in force allows 1"},
		{"draw with another count", "drawn", change(func(e *pool.LotteryDrawn) { e.Growing = 1 }), integrity.RuleLottery, "there are 0"},
		{"activation of a tree elsewhere", "backlog", change(func(e *pool.BacklogActivated) { e.Tree = domain.TreeID(msg(1)) }), integrity.RuleLottery, "no tree"},

		{"deletion of what is not below", "deleted", change(func(e *tree.MessageDeleted) { e.Messages = []domain.MessageID{msg(10)} }), integrity.RuleDeletion, "is not below"},
		{"deletion of nothing", "deleted", change(func(e *tree.MessageDeleted) { e.Messages = nil }), integrity.RuleDeletion, "takes no message"},
		{"deletion without an id", "deleted", change(func(e *tree.MessageDeleted) { e.Deletion = domain.DeletionID{} }), integrity.RuleDeletion, "no id"},
		{"deletion twice", "restored", swap(tree.MessageDeleted{Deletion: domain.DeletionID{2}, Message: msg(11), Messages: []domain.MessageID{msg(11)}}), integrity.RuleDeletion, "deleted already"},
		{"deletion under an old id", "restored", swap(tree.MessageDeleted{Deletion: domain.DeletionID{1}, Message: msg(10), Messages: []domain.MessageID{msg(10)}}), integrity.RuleDeletion, "holds messages already"},
		{"restoration of another deletion", "restored", change(func(e *tree.MessageRestored) { e.Deletion = domain.DeletionID{2} }), integrity.RuleDeletion, "not held by"},
		{"restoration of what is there", "restored", change(func(e *tree.MessageRestored) { e.Messages = append(slices.Clone(e.Messages), msg(10)) }), integrity.RuleDeletion, "not held by"},
		{"restoration of nothing", "restored", change(func(e *tree.MessageRestored) { e.Messages = nil }), integrity.RuleDeletion, "does not restore"},

		{"pool begins otherwise", "pool", swap(pool.Configured{Revision: 2}), integrity.RuleOpening, "a pool begins with"},
		{"pool of another language", "pool", change(func(e *pool.Opened) { e.Language = "de" }), integrity.RuleOpening, "pool/de/0"},
		{"pool opened again", "drawn", swap(pool.Opened{Language: "en", Revision: 1}), integrity.RuleOpening, "once"},
		{"policy goes back", "drawn", swap(pool.Configured{Revision: 1}), integrity.RulePolicy, "comes behind 1"},
		{"policy left out", "campaign", change(func(e *campaign.Configured) { e.Revision = 2 }), integrity.RulePolicy, "revision 2 of the policy where 1"},
		{"client revoked before it came", "client", swap(campaign.ClientRevoked{}), integrity.RuleAccount, "not registered"},
		{"contributor begins otherwise", "contributor", swap(contributor.Consented{Terms: "1"}), integrity.RuleOpening, "a contributor begins with"},
		{"another contributor registered", "contributor", change(func(e *contributor.Registered) { e.Contributor = who(2) }), integrity.RuleAccount, "registers"},
		{"another contributor merged", "consent", swap(contributor.Merged{From: who(2), Into: who(1)}), integrity.RuleAccount, "merges"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps := life()
			i := slices.IndexFunc(steps, func(s step) bool { return s.label == c.at })
			if i < 0 {
				t.Fatalf("the history has no step %q", c.at)
			}
			found := c.at
			if c.spoil == nil { // leave it out: the next event lacks it
				steps = slices.Delete(steps, i, i+1)
				found = steps[i].label
			} else {
				steps[i].event = c.spoil(steps[i].event)
			}
			expectFrom(t, steps, found, c.rule, c.why)
		})
	}
}

// expectFrom wants the violation at the labelled event or a later one: some
// faults only show when something rests on them.
func expectFrom(t *testing.T, steps []step, label string, rule integrity.Rule, why string) {
	t.Helper()
	events, labels := record(steps)
	from := find(t, labels, label)
	v := fold(t, events)
	if v == nil {
		t.Fatal("nothing was found")
	}
	at := slices.IndexFunc(events, func(r domain.Recorded) bool { return r.ID == v.Event })
	if at < from {
		t.Fatalf("found before %q: %v", label, v)
	}
	expect(t, events, at, rule, why)
}

// TestInsertions puts events into a valid history; the last one is too much.
func TestInsertions(t *testing.T) {
	one := treeOf(1)
	waiting := func(n byte) []step { // another tree, up to the lottery
		s := task("another prompt", treeOf(n),
			tree.TaskAssigned{Task: job(n), Kind: domain.TaskInitialPrompt, Contributor: who(1)}, tree.Opened{Language: "en"})
		return append(s,
			step{stream: treeOf(n), event: tree.MessagePosted{Message: msg(n), Task: job(n), Contributor: who(1), Role: domain.Prompter}},
			step{stream: treeOf(n), event: tree.MessageAccepted{Message: msg(n)}},
			state("", treeOf(n), domain.InitialPromptReview, domain.PromptLotteryWaiting))
	}
	for _, c := range []struct {
		name, behind string
		insert       []step
		rule         integrity.Rule
		why          string
	}{
		{"one review more", "review 12", reviewOf(30, domain.TaskLabelAssistantReply, msg(10), 2), integrity.RuleReview, "reviewed this text"},
		{"own message reviewed", "review 12", reviewOf(30, domain.TaskLabelAssistantReply, msg(10), 3), integrity.RuleReview, "an own message"},
		{"reply to a waiting tree", "waiting", replyOf(30, msg(1), 3), integrity.RuleState, `no replies while it is "prompt_lottery_waiting"`},
		{"prompt without a tree", "prompt acknowledged", []step{{stream: one, event: tree.MessagePosted{Message: msg(1), Role: domain.Prompter}}}, integrity.RuleOpening, "behind tree.opened"},
		{"opened again", "growing", []step{{stream: one, event: tree.Opened{Language: "en"}}}, integrity.RuleOpening, "open already"},
		{"imported over a tree", "growing", []step{{stream: one, event: tree.Imported{Language: "en", State: domain.ReadyForExport}}}, integrity.RuleOpening, "first event"},
		{"imported over a task", "prompt assigned", []step{{stream: one, event: tree.Imported{Language: "en", State: domain.ReadyForExport}}}, integrity.RuleOpening, "first event"},
		{"draw beyond the limit", "growing", append(waiting(50), step{stream: poolStream("en"), event: pool.LotteryDrawn{
			Tree: domain.TreeID(msg(50)), Growing: 1, MaxActive: 1}}), integrity.RuleLottery, "1 trees grow already"},
		{"drawn twice", "drawn", []step{
			{stream: poolStream("en"), event: pool.Configured{Revision: 2, Policy: twoGrowing()}},
			{stream: poolStream("en"), event: pool.LotteryDrawn{Tree: domain.TreeID(msg(1)), Growing: 1, MaxActive: 2}},
		}, integrity.RuleLottery, "drawn before"},
		{"restored in part", "reply accepted", []step{
			{stream: one, event: tree.MessageDeleted{Deletion: domain.DeletionID{5}, Message: msg(1), Messages: []domain.MessageID{msg(1), msg(10), msg(11)}}},
			{stream: one, event: tree.MessageRestored{Deletion: domain.DeletionID{5}, Message: msg(10), Messages: []domain.MessageID{msg(10), msg(11)}}},
		}, integrity.RuleDeletion, "leaves 1 messages of deletion"},
		{"resumed to where it never was", "exported", []step{
			state("", one, domain.ReadyForExport, domain.HaltedByModerator), state("", one, domain.HaltedByModerator, domain.InitialPromptReview),
		}, integrity.RuleState, "can't move"},
		{"import resumed to where it never was", "activated", []step{
			state("", treeOf(100), domain.Ranking, domain.HaltedByModerator), state("", treeOf(100), domain.HaltedByModerator, domain.Growing),
		}, integrity.RuleState, "can't move"},
		{"order against the majority", "ranking 21", append(append(append(append([]step(nil),
			notRankable(30, 5)...), notRankable(31, 6)...), notRankable(32, 7)...), step{stream: one, event: tree.RepliesRanked{
			Parent: msg(1), Replies: []domain.MessageID{msg(10), msg(11)}, TieRule: ranking.TieRule,
			Ballots: []tree.Ballot{
				{Contributor: who(1), Order: []int{1, 0}}, {Contributor: who(2), Order: []int{1, 0}},
				{Contributor: who(5), NotRankable: true}, {Contributor: who(6), NotRankable: true}, {Contributor: who(7), NotRankable: true},
			},
			Matrix: [][]int{{0, 0}, {2, 0}}, Order: []int{1, 0},
		}}), integrity.RuleRanking, "another order: []"},
		{"ranking of what was not presented", "ranking 20", slices.Concat(
			replyOf(30, msg(1), 5), rankingOf(31, 6, msg(10), msg(30))), integrity.RuleRanking, "did not present"},
		{"acknowledged twice", "reply 10 acknowledged", []step{{stream: one, event: tree.TaskAcknowledged{Task: job(10), FrontendID: "g"}}},
			integrity.RuleTask, "acknowledged already"},
		{"registered twice", "client", []step{{stream: domain.CampaignStream, event: campaign.ClientRegistered{Client: domain.ClientID{1}}}},
			integrity.RuleAccount, "registered already"},
		{"revoked twice", "client", []step{
			{stream: domain.CampaignStream, event: campaign.ClientRevoked{Client: domain.ClientID{1}}},
			{stream: domain.CampaignStream, event: campaign.ClientRevoked{Client: domain.ClientID{1}}},
		}, integrity.RuleAccount, "revoked already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps := life()
			i := slices.IndexFunc(steps, func(s step) bool { return s.label == c.behind })
			if i < 0 {
				t.Fatalf("the history has no step %q", c.behind)
			}
			last := &c.insert[len(c.insert)-1]
			last.label = "inserted"
			events, labels := record(slices.Insert(steps, i+1, c.insert...))
			expect(t, events, find(t, labels, "inserted"), c.rule, c.why)
		})
	}
}

// TestBornDeleted: a reply that came late joins the deletion of its parent,
// and comes back with it.
func TestBornDeleted(t *testing.T) {
	one, deletion := treeOf(1), domain.DeletionID{5}
	steps := life()
	i := slices.IndexFunc(steps, func(s step) bool { return s.label == "growing" })
	late := slices.Concat(
		[]step{{stream: one, event: tree.MessageDeleted{Deletion: deletion, Message: msg(1), Messages: []domain.MessageID{msg(1)}}}},
		replyOf(30, msg(1), 3),
		[]step{
			{stream: one, event: tree.MessageDeleted{Deletion: deletion, Message: msg(30), Messages: []domain.MessageID{msg(30)}, Rule: "born_deleted"}},
			{stream: one, event: tree.MessageRestored{Deletion: deletion, Message: msg(1), Messages: []domain.MessageID{msg(1), msg(30)}}},
		})
	events, _ := record(slices.Insert(steps, i+1, late...))
	if v := fold(t, events); v != nil {
		t.Error(v)
	}
}

func twoGrowing() policy.Policy {
	p := policy.Default()
	p.MaxActiveTrees = 2
	return p
}

func notRankable(n, by byte) []step {
	s := rankingOf(n, by, msg(10), msg(11))
	s[2].event = tree.RankingSubmitted{Parent: msg(1), Task: job(n), Contributor: who(by), NotRankable: true}
	return s
}

func TestTakesItsTimeFromAnyZone(t *testing.T) {
	events, _ := record(life())
	zone := time.FixedZone("far", 9*60*60)
	for i := range events {
		events[i].Time = events[i].Time.In(zone)
	}
	if v := fold(t, events); v != nil {
		t.Errorf("the same instants, told in another zone: %v", v)
	}
}

func newCheck(partitions int) *integrity.Check {
	return integrity.New(domain.Identity{ID: identity.ID, Partitions: partitions})
}
