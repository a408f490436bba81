package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dendro/adapters/bolt"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/ranking"
	"dendro/domain/tree"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew; look at what changed before you keep it")

// Ids of the story below, by number. Digits at both ends tell them apart when
// they are cut.
func person(n byte) domain.ContributorID { return domain.ContributorID{0: 0xc0, 1: n, 15: n} }
func msg(n byte) domain.MessageID        { return domain.MessageID{0: 0xa0, 1: n, 15: n} }
func work(n, by byte) domain.TaskID      { return domain.TaskID{0: 0xb0, 1: n, 14: by, 15: n} }

const ann, bob, cem, dia, eve, fay, mod = 1, 2, 3, 4, 5, 6, 9

// story writes a log by hand: a minute lies between two deeds.
type story struct {
	at       time.Time
	deed     uint64
	events   []domain.Recorded
	versions map[domain.StreamID]domain.Version
}

// tell adds what one deed brought about in a stream; cause may be nil.
func (s *story) tell(stream domain.StreamID, by domain.Actor, cause *domain.Recorded, events ...domain.Event) *domain.Recorded {
	s.at = s.at.Add(time.Minute)
	s.deed++
	command := domain.CommandID(domain.NewID(s.at, [10]byte{9: byte(s.deed)}))
	for i, e := range events {
		s.versions[stream]++
		r := domain.Recorded{
			ID: domain.EventID(domain.Derive(command, "event", i)), Position: domain.Position{Seq: domain.Seq(len(s.events) + 2)},
			Stream: stream, Version: s.versions[stream], Schema: 1, Time: s.at, Actor: by, Command: command, Epoch: 1, Payload: e,
		}
		if rule, is := e.(domain.ByItself); is && rule.DecidedBy() != "" {
			r.Actor = domain.ByRule(rule.DecidedBy())
		}
		if cause != nil {
			r.Cause = cause.ID
		}
		s.events = append(s.events, r)
	}
	return &s.events[len(s.events)-1]
}

var oak = domain.TreeStream(domain.TreeID(msg(1)))

// grows tells of the tree.
func (s *story) grows(by byte, events ...domain.Event) {
	s.tell(oak, domain.ByContributor(person(by)), nil, events...)
}

func (s *story) moderates(stream domain.StreamID, events ...domain.Event) *domain.Recorded {
	return s.tell(stream, domain.ByModerator(person(mod).String()), nil, events...)
}

// posts tells of a message, and reviews of it that say how much of it is spam.
func (s *story) posts(n, parent, by byte, text string, spam map[byte]string, then ...domain.Event) {
	e := tree.MessagePosted{Message: msg(n), Task: work(n, by), Contributor: person(by), Role: domain.Prompter, Text: text, Language: "en", Terms: "1"}
	if parent > 0 {
		e.Parent, e.Role = msg(parent), domain.Assistant
	}
	s.grows(by, e)
	s.reviews(n, spam, then...)
}

func (s *story) reviews(n byte, spam map[byte]string, then ...domain.Event) {
	for _, by := range []byte{ann, bob, cem, dia, eve, fay} {
		if share, given := spam[by]; given {
			s.grows(by, tree.LabelsSubmitted{
				Message: msg(n), Task: work(n, by), Contributor: person(by), Terms: "1",
				Labels: []tree.LabelValue{{Label: domain.LabelSpam, Value: decimal.MustParse(share)}},
			})
		}
	}
	s.tell(oak, domain.ByRule("reviews"), nil, then...)
}

func accepted(n byte, reviews int, score string) domain.Event {
	return tree.MessageAccepted{Message: msg(n), Reviews: reviews, Score: decimal.MustParse(score)}
}

func moved(from, to domain.TreeState, reason, rule string) domain.Event {
	return tree.StateChanged{From: from, To: to, Reason: reason, Rule: rule}
}

// ranks tells of a ranking task and what came back.
func (s *story) ranks(by byte, order ...byte) *tree.Ballot {
	ids, ballot := make([]domain.MessageID, len(order)), &tree.Ballot{Contributor: person(by)}
	for i, n := range order {
		ids[i], ballot.Order = msg(n), append(ballot.Order, map[byte]int{2: 0, 3: 1, 6: 2}[n])
	}
	s.grows(by, tree.RankingSubmitted{Parent: msg(1), Task: work(10, by), Contributor: person(by), Order: ids, Terms: "1"})
	return ballot
}

// newStory tells of one tree: a prompt that is edited after its reviews; replies
// of which one is accepted against a troll's vote; what is below a deleted one,
// and born deleted; and a ranking that goes in a circle.
func newStory(t *testing.T) []domain.Recorded {
	s := &story{at: time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC), versions: map[domain.StreamID]domain.Version{}}
	s.tell(domain.PoolID{Language: "en"}.Stream(), domain.ByRule("policy"), nil, pool.Opened{Language: "en", Revision: 1, Policy: policy.Default()})
	for _, n := range []byte{ann, bob, cem, dia, eve, fay, mod} {
		s.tell(domain.ContributorStream(person(n)), domain.ByContributor(person(n)), nil, contributor.Registered{Contributor: person(n)}, contributor.Consented{Terms: "1"})
	}
	s.grows(ann, tree.TaskAssigned{Task: domain.TaskID(msg(1)), Kind: domain.TaskInitialPrompt, Language: "en", Contributor: person(ann), Expires: s.at.Add(48 * time.Hour)})
	s.grows(ann, tree.Opened{Language: "en", Limits: tree.Limits{Goal: 4, MaxDepth: 3, MaxChildren: 3, PrompterReplies: 1}})
	won := moved(domain.PromptLotteryWaiting, domain.Growing, "it won the lottery", "lottery")
	s.posts(1, 0, ann, "How do tides work? Write to me at 12 Hill Street.", map[byte]string{bob: "0", cem: "0"})
	s.moderates(oak, tree.MessageEdited{Message: msg(1), Text: "How do tides work?", Revision: 1, Reason: "removed an address"})
	s.reviews(1, map[byte]string{dia: "0", eve: "1", fay: "0"}, accepted(1, 3, "0.67"), moved(domain.InitialPromptReview, domain.PromptLotteryWaiting, "the reviews accepted the prompt", "reviews"), tree.LotteryWon{}, won)
	s.posts(2, 1, bob, "The moon pulls at the sea.", map[byte]string{ann: "0", cem: "0", dia: "0"}, accepted(2, 3, "1"))
	s.posts(3, 1, cem, "Water goes up and down.", map[byte]string{ann: "0", bob: "0.25", eve: "1"}, tree.MessageRejected{Message: msg(3), Reviews: 3, Score: decimal.MustParse("0.58")})
	s.posts(6, 1, dia, "Sun and moon both pull at it.", map[byte]string{ann: "0", bob: "0", cem: "0"}, accepted(6, 3, "1"))
	s.posts(4, 2, ann, "Buy cheap boats.", map[byte]string{bob: "0", cem: "0", dia: "1"}, accepted(4, 3, "0.67"))
	s.moderates(oak, tree.MessageDeleted{Deletion: domain.DeletionID{1}, Message: msg(4), Messages: []domain.MessageID{msg(4)}, Reason: "advertising"})
	s.posts(5, 4, eve, "Boats float.", nil, tree.MessageDeleted{
		Deletion: domain.DeletionID{1}, Message: msg(5), Messages: []domain.MessageID{msg(5)}, Reason: "its parent is deleted", Rule: "born_deleted",
	})
	s.troll()
	s.ranked(t)
	return s.events
}

// troll shuts eve out, whose votes count no longer.
func (s *story) troll() {
	out := s.moderates(domain.ContributorStream(person(eve)), contributor.Disabled{Reason: "trolling", Discount: true})
	s.tell(oak, domain.ByRule("contributor_standing"), out, tree.VotesDiscounted{Contributor: person(eve), Reason: "the contributor's account is disabled"})
	s.reviews(3, map[byte]string{dia: "0"}, accepted(3, 3, "0.92"))
}

func (s *story) ranked(t *testing.T) {
	s.tell(oak, domain.ByRule("goal_reached"), nil, moved(domain.Growing, domain.Ranking, "the tree has grown to its goal", "goal_reached"))
	e := tree.RepliesRanked{Parent: msg(1), Replies: []domain.MessageID{msg(2), msg(3), msg(6)}, TieRule: ranking.TieRule}
	candidates := make([]ranking.Candidate, len(e.Replies))
	for i, id := range e.Replies {
		candidates[i] = ranking.Candidate{ID: id, Created: s.at.Add(time.Duration(i) * time.Second)}
	}
	var ballots []ranking.Ballot
	for _, b := range []*tree.Ballot{s.ranks(ann, 2, 3, 6), s.ranks(fay, 3, 6, 2), s.ranks(mod, 6, 2, 3)} {
		e.Ballots, ballots = append(e.Ballots, *b), append(ballots, b.Order)
	}
	s.ranks(eve, 6, 3, 2)
	got, err := ranking.Merge(candidates, ballots)
	if err != nil {
		t.Fatal(err)
	}
	e.Matrix, e.Order, e.Ties = got.Matrix, got.Order, got.Ties
	s.tell(oak, domain.ByRule("ranked_pairs"), nil,
		moved(domain.Ranking, domain.ReadyForScoring, "every parent has its rankings", "rankings_complete"), e,
		moved(domain.ReadyForScoring, domain.ReadyForExport, "the rankings are merged", "ranked_pairs"))
}

// written gives a data directory with the events.
func written(t *testing.T, events []domain.Recorded) string {
	dir, ctx := t.TempDir(), context.Background()
	clock := domain.NewManualClock(events[0].Time)
	log, err := bolt.Open(ctx, dir, bolt.Options{Clock: clock, Owner: "test", Create: &domain.Identity{ID: domain.LogID{1}, Partitions: 1}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := log.Own(ctx, 0)
	if err == nil {
		err = errors.Join(w.Append(ctx, events), w.Close())
	}
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What people read, to the letter.
func TestAuditAndRankingsInWords(t *testing.T) {
	dir := written(t, newStory(t))
	for name, ask := range map[string][]string{
		"message_edited":       {"audit", "message", msg(1).String()},
		"message_discounted":   {"audit", "message", msg(3).String()},
		"message_deleted":      {"audit", "message", msg(4).String()},
		"message_born_deleted": {"audit", "message", msg(5).String()},
		"tree":                 {"audit", "tree", msg(1).String()},
		"tree_before":          {"audit", "tree", msg(1).String(), "--at", "2024-03-01T12:09:00Z"},
		"user":                 {"audit", "user", person(eve).String()},
		"moderator":            {"audit", "moderator", person(mod).String()},
		"explain":              {"ranking", "explain", msg(1).String()},
		"remerge":              {"ranking", "remerge", msg(1).String(), "--rule", "borda", "--without", person(ann).String()},
		"remerge_all":          {"ranking", "remerge", "--all", "--without", person(ann).String() + "," + person(eve).String()},
	} {
		t.Run(name, func(t *testing.T) {
			got, path := fine(t, append(ask, "--data", dir)...), filepath.Join("testdata", "audit", name+".txt")
			if *update {
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
