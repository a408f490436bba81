package commands

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// folded rebuilds every partition of the log from nothing.
func folded(t testing.TB, log domain.Log) []*state {
	t.Helper()
	end, err := log.End(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	states := make([]*state, log.Identity().Partitions)
	for p := range states {
		states[p] = newState(log.Identity(), domain.Partition(p))
	}
	for r, err := range log.Read(context.Background(), log.Identity().Start(), end) {
		if err != nil {
			t.Fatal(err)
		}
		if err := states[r.Position.Partition].continues(&r); err != nil {
			t.Fatal(err)
		}
		states[r.Position.Partition].apply(&r)
	}
	for _, s := range states {
		s.refresh()
	}
	return states
}

// At every position of the log the number of growing trees of each language is
// what the lottery's rule says: behind each append, no prompt waits while
// there is room, and no draw was made when there was none.
func checkLottery(t *testing.T, log domain.Log) {
	t.Helper()
	end, _ := log.End(context.Background())
	states := map[domain.Partition]*state{}
	var before domain.CommandID
	for r, err := range log.Read(context.Background(), log.Identity().Start(), end) {
		if err != nil {
			t.Fatal(err)
		}
		s := states[r.Position.Partition]
		if s == nil {
			s = newState(log.Identity(), r.Position.Partition)
			states[r.Position.Partition] = s
		}
		if r.Command != before {
			s.refresh()
			for id, p := range s.pools {
				if p.Opened && p.Count(domain.Growing) < p.Policy.MaxActiveTrees && p.Drawable() > 0 {
					t.Fatalf("before %s: %d of %d trees grow in %s while %d prompts wait", r.Position, p.Count(domain.Growing), p.Policy.MaxActiveTrees, id.Language, p.Drawable())
				}
			}
			before = r.Command
		}
		if _, won := r.Payload.(tree.LotteryWon); won {
			s.refresh()
			id, _ := r.Stream.Tree()
			if p := s.trees[id].pool; p.Count(domain.Growing) >= p.Policy.MaxActiveTrees {
				t.Fatalf("%s: a tree won with %d of %d growing", r.Position, p.Count(domain.Growing), p.Policy.MaxActiveTrees)
			}
		}
		s.apply(&r)
	}
}

// agree holds a partition's live state against one that was rebuilt: the same
// trees, and pools that would offer and draw the same.
func agree(t *testing.T, w *world, live, rebuilt *state) {
	t.Helper()
	for id, was := range live.trees {
		have := rebuilt.trees[id]
		if have == nil {
			t.Errorf("tree %s is not there when rebuilt", id)
			continue
		}
		a, b := was.State, have.State
		a.Tasks, b.Tasks = nil, nil // the live one has forgotten some
		if diff := cmp.Diff(a, b, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("tree %s rebuilt differs:\n%s", id, diff)
		}
	}
	for id, was := range live.pools {
		have := rebuilt.pools[id]
		was.Advance(w.clock.Now())
		have.Advance(w.clock.Now())
		for _, who := range w.members {
			if a, b := was.Available(who), have.Available(who); a != b {
				t.Errorf("%s: live, %v is available, rebuilt %v", id.Stream(), a, b)
			}
		}
		if diff := cmp.Diff(was.Candidates(), have.Candidates()); diff != "" {
			t.Errorf("%s: other candidates:\n%s", id.Stream(), diff)
		}
		for seed := range uint64(20) {
			ask := pool.Request{Kind: domain.TaskRandom, Contributor: pickOf(domain.NewDice(seed), w.members)}
			a, _ := was.Offer(ask, &policy.Context{Dice: domain.NewDice(seed)})
			b, _ := have.Offer(ask, &policy.Context{Dice: domain.NewDice(seed)})
			if a != b {
				t.Errorf("%s: seed %d offers %v live, %v rebuilt", id.Stream(), seed, a, b)
			}
		}
	}
}

// A crowd does everything that can be done, at random; the rules hold at every
// position, and what is rebuilt from the log is what was live.
func TestCrowd(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, 3, 14, seed, func(p *policy.Policy) {
				p.MaxActiveTrees, p.GoalTreeSize, p.MinGoalTreeSize, p.RandomGoalTreeSize = 2, 6, 3, true
				p.AutoModRedFlags = 2
				p.RankPrompterReplies = seed%2 == 1
				p.NumPrompterReplies = 2
			})
			for range 2500 {
				w.step()
			}
			w.quiesce()
			w.close()
			checkLottery(t, w.log)
			exported := 0
			for p, s := range folded(t, w.log) {
				agree(t, w, w.engine.writers[p].s, s)
				for _, have := range s.trees {
					if have.State.State == domain.ReadyForExport {
						exported++
					}
				}
			}
			if exported == 0 {
				t.Error("no tree got ready for export")
			}
			for _, never := range []domain.Kind{domain.UnknownTree, domain.PolicyInvalid} {
				if n := w.refused[never]; n > 0 {
					t.Errorf("%d commands were refused as %s", n, never)
				}
			}
			t.Logf("%d events, %d trees exported, refusals %v", len(w.log.All()), exported, w.refused)
		})
	}
}

func TestPolicyReachesPools(t *testing.T) {
	w := newWorld(t, 3, 4, 1, func(p *policy.Policy) { p.MaxActiveTrees = 0 })
	defer w.close()
	for range 300 {
		w.request(w.members[w.dice.Below(4)])
		w.work()
	}
	next, _ := w.engine.Policy()
	next.MaxActiveTrees = 3
	w.must(OnCampaign{Do: campaign.Configure{Policy: next}})
	w.quiesce()
	grown := 0
	for _, r := range w.log.All() {
		if _, won := r.Payload.(tree.LotteryWon); won {
			grown++
			if r.Cause.IsZero() {
				t.Error("a tree grew by the new policy, and the event does not say so")
			}
		}
	}
	if grown == 0 {
		t.Error("no tree grew though the policy made room")
	}
}
