package commands

import (
	"context"
	"testing"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// An ordered purge is carried out also when the engine stopped right behind the
// order, and once; so is its reversal.
func TestPurgesOutlastStops(t *testing.T) {
	w := newWorld(t, 2, 3, 1, nil)
	author, act := w.members[0], w.id()
	task, _ := w.must(RequestTask{Contributor: author, Language: "en", Kind: domain.TaskInitialPrompt}).Task()
	w.must(OnTree{Do: tree.Acknowledge{Task: task.Task, FrontendID: "m"}})
	w.must(OnTree{Do: tree.SubmitText{Task: task.Task, By: author, FrontendID: "m", Text: "What is a ring?"}})
	w.close()
	stream := domain.ContributorStream(author)
	behind := func(e domain.Event, id byte) {
		t.Helper()
		version := domain.Version(0)
		for _, r := range w.log.All() {
			if r.Stream == stream {
				version = r.Version
			}
		}
		own, err := w.log.Own(context.Background(), domain.Place(string(stream), 2))
		if err != nil {
			t.Fatal(err)
		}
		claim := own.Claim()
		r := domain.Recorded{
			ID: domain.EventID{id}, Stream: stream, Version: version + 1, Schema: 1, Time: claim.Time, Epoch: claim.Epoch, Command: w.id(),
			Position: domain.Position{Partition: claim.Position.Partition, Seq: claim.Position.Seq + 1}, Actor: domain.ByModerator("m"), Payload: e,
		}
		if err := own.Append(context.Background(), []domain.Recorded{r}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second start has nothing to do
			w.open(nil)
			w.close()
		}
	}
	count := func(cause domain.EventID) (deleted, restored, resumed, completed int) {
		for _, r := range w.log.All() {
			switch e := r.Payload.(type) {
			case tree.MessageDeleted:
				if r.Cause == cause {
					deleted++
				}
			case tree.MessageRestored:
				if r.Cause == cause {
					restored++
				}
			case tree.StateChanged:
				if r.Cause == cause && e.From == domain.HaltedByModerator {
					resumed++
				}
			case contributor.PurgeCompleted:
				if r.Cause == cause {
					completed++
				}
			}
		}
		return deleted, restored, resumed, completed
	}
	behind(contributor.PurgeOrdered{Act: act, Reason: "spam"}, 1)
	if d, _, _, c := count(domain.EventID{1}); d != 1 || c != 1 {
		t.Errorf("%d deletions and %d completions follow from the order, want 1 of each", d, c)
	}
	behind(contributor.PurgeReversed{Act: act, Reason: "a mistake"}, 2)
	if _, restored, resumed, c := count(domain.EventID{2}); restored != 1 || resumed != 1 || c != 1 {
		t.Errorf("%d restorations, %d resumptions and %d completions follow from the reversal, want 1 of each", restored, resumed, c)
	}
}
