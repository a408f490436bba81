package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

// tally counts what rules made of the trees' events behind a place of the log,
// without looking at what was answered.
func (w *world) tally(from domain.Cut, who domain.ContributorID) (x Effect) {
	byTree := map[domain.StreamID][]domain.Event{}
	for _, r := range w.log.All() {
		if r.Stream.Kind() == domain.KindTree && r.Position.Seq >= from.End[r.Position.Partition] && !r.Cause.IsZero() {
			byTree[r.Stream] = append(byTree[r.Stream], r.Payload)
		}
	}
	for _, id := range w.involved(who) {
		x.add(byTree[domain.TreeStream(id)])
	}
	return x
}

func (w *world) involved(who domain.ContributorID) []domain.TreeID {
	trees, err := w.engine.Involved(context.Background(), who)
	if err != nil {
		w.t.Fatal(err)
	}
	return trees
}

func (w *world) end() domain.Cut {
	end, err := w.log.End(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return end
}

// standing gives what is left, and the states of trees, of everything in the log.
func (w *world) standing() (live map[domain.MessageID]bool, states map[domain.TreeID]domain.TreeState) {
	live, states = map[domain.MessageID]bool{}, map[domain.TreeID]domain.TreeState{}
	for _, s := range folded(w.t, w.log) {
		for id, t := range s.trees {
			states[id] = t.State.State
			for _, m := range t.Messages {
				if !m.Deleted() {
					live[m.ID] = true
				}
			}
		}
	}
	return live, states
}

// act gives a command about a contributor, carries it out, and holds its preview
// to what it says it did, and to what the log says.
func (w *world) act(who domain.ContributorID, do contributor.Command, purge domain.CommandID) Effect {
	w.t.Helper()
	ctx, from := context.Background(), w.end()
	foreseen, err := w.engine.Preview(ctx, []domain.ContributorID{who}, do)
	if diff := cmp.Diff(from, w.end()); err != nil || diff != "" {
		w.t.Fatalf("%T: the preview: %v; it changes the log (-before +after):\n%s", do, err, diff)
	}
	res, err := w.engine.Do(ctx, Command{ID: w.id(), Actor: domain.ByModerator("m"), Body: OnContributor{Contributor: who, Do: do}})
	if err != nil {
		w.t.Fatalf("%T: %v", do, err)
	}
	equal := func(what string, x Effect) {
		w.t.Helper()
		if diff := cmp.Diff(foreseen, x, cmpopts.IgnoreFields(Effect{}, "At"), cmpopts.EquateEmpty()); diff != "" {
			w.t.Errorf("%T: %s otherwise than foreseen (-foreseen +%s):\n%s", do, what, what, diff)
		}
	}
	if !purge.IsZero() {
		told, err := w.engine.CarryOut(ctx, who, purge, res)
		if err != nil {
			w.t.Fatalf("%T: %v", do, err)
		}
		equal("told", told)
	}
	w.quiesce()
	equal("done", w.tally(from, who))
	return foreseen
}

// What previews of purges, their reversals, and of discounting votes tell is what
// then happens, for everyone of a crowd; and a reversal brings back exactly what
// its purge took, whatever happened in between.
func TestPreviews(t *testing.T) {
	var sum Effect
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, 3, 9, 40+seed, func(p *policy.Policy) { p.GoalTreeSize, p.NumRequiredRankings = 6, 1 })
			defer w.close()
			for range 1500 {
				w.step()
			}
			w.quiesce()
			for i, who := range w.members {
				w.purgeAndReverse(who, contributor.PurgeScope{Ban: i%3 != 0}, i%2 == 0, &sum)
				sum.Add(w.act(who, contributor.Disable{Reason: "troll", Discount: true}, domain.CommandID{}))
				sum.Add(w.act(who, contributor.Enable{Reason: "no troll"}, domain.CommandID{}))
				for range 40 {
					w.step()
				}
				w.quiesce()
			}
		})
	}
	if sum.Messages == 0 || sum.Restored == 0 || sum.Halted == 0 || sum.Resumed == 0 || sum.Reopened == 0 || sum.Accepted == 0 || sum.Merged == 0 {
		t.Errorf("in all of them together nothing of some kind happened: %+v", sum)
	}
}

// hanging gives those messages, and all that hang from them.
func (w *world) hanging(from []domain.MessageID) map[domain.MessageID]bool {
	all := map[domain.MessageID]bool{}
	for _, id := range from {
		all[id] = true
	}
	for _, s := range folded(w.t, w.log) {
		for _, t := range s.trees {
			for _, m := range t.Messages {
				all[m.ID] = all[m.ID] || m.Parent >= 0 && all[t.Messages[m.Parent].ID]
			}
		}
	}
	return all
}

// meddle restores a message of a purge, as a moderator may, and deletes the first
// other one that stands: what that takes is given.
func (w *world) meddle(gone Effect) (deleted []domain.MessageID) {
	w.t.Helper()
	if len(gone.Deleted) == 0 {
		return nil
	}
	before, _ := w.standing()
	w.must(OnTree{Do: tree.Restore{Message: gone.Deleted[0]}})
	ids := slices.SortedFunc(maps.Keys(before), domain.MessageID.Compare)
	w.must(OnTree{Do: tree.Delete{Message: ids[0], Reason: "by itself"}})
	after, _ := w.standing()
	for _, id := range ids {
		if !after[id] {
			deleted = append(deleted, id)
		}
	}
	return deleted
}

// purgeAndReverse checks both; with meddle a moderator restores a message in
// between, and deletes another one.
func (w *world) purgeAndReverse(who domain.ContributorID, scope contributor.PurgeScope, meddle bool, sum *Effect) {
	w.t.Helper()
	act := w.id()
	before, states := w.standing()
	gone := w.act(who, contributor.OrderPurge{Act: act, Scope: scope, Reason: "spam"}, act)
	after, _ := w.standing()
	if len(before)-len(after) != gone.Messages {
		w.t.Errorf("%d messages are gone, %d were foreseen", len(before)-len(after), gone.Messages)
	}
	var deleted []domain.MessageID
	if meddle {
		deleted = w.meddle(gone)
	}
	back := w.act(who, contributor.ReversePurge{Act: act, Reason: "a mistake"}, act)
	now, nowStates := w.standing()
	hidden := w.hanging(deleted)
	for id := range before {
		if want := !hidden[id]; now[id] != want {
			w.t.Errorf("message %s is there again: %t, want %t", id, now[id], want)
		}
	}
	for id := range now {
		if !before[id] {
			w.t.Errorf("message %s, which was deleted before, came back", id)
		}
	}
	for id, state := range states {
		if !meddle && !scope.Ban && nowStates[id] != state && gone.Reopened+gone.Accepted+gone.Rejected+gone.Merged+back.Accepted == 0 && state != domain.Growing && state != domain.PromptLotteryWaiting {
			w.t.Errorf("tree %s was %s, and is %s", id, state, nowStates[id])
		}
	}
	end := len(w.log.All())
	if again, err := w.engine.Preview(context.Background(), []domain.ContributorID{who}, contributor.ReversePurge{Act: act}); err != nil || again.Trees != 0 {
		w.t.Errorf("reversed once more it would do %+v, %v", again, err)
	}
	w.must(OnContributor{Contributor: who, Do: contributor.ReversePurge{Act: act}})
	if w.quiesce(); len(w.log.All()) != end {
		w.t.Error("reversed once more it does something")
	}
	sum.Add(gone)
	sum.Add(back)
}

// Of an owner's accounts nothing is counted twice, where they wrote in one tree.
func TestPreviewOfAccounts(t *testing.T) {
	w := newWorld(t, 3, 6, 50, nil)
	defer w.close()
	for range 1000 {
		w.step()
	}
	w.quiesce()
	ctx, accounts, act := context.Background(), w.members[:3], w.id()
	foreseen, err := w.engine.Preview(ctx, accounts, contributor.OrderPurge{Act: act})
	if err != nil {
		t.Fatal(err)
	}
	var did Effect
	for _, who := range accounts {
		res := w.must(OnContributor{Contributor: who, Do: contributor.OrderPurge{Act: act}})
		x, err := w.engine.CarryOut(ctx, who, act, res)
		if err != nil {
			t.Fatal(err)
		}
		did.Add(x)
	}
	sorted := func(ids []domain.MessageID) []domain.MessageID {
		return slices.SortedFunc(slices.Values(ids), domain.MessageID.Compare)
	}
	if diff := cmp.Diff(sorted(foreseen.Deleted), sorted(did.Deleted)); diff != "" || foreseen.Halted != did.Halted || did.Messages == 0 {
		t.Errorf("%d trees halted, %d foreseen; messages (-foreseen +deleted):\n%s", did.Halted, foreseen.Halted, diff)
	}
}
